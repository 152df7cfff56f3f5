// Keeps a voucher's code alive: a new symbol each 30 s from seeds held by this phone, with or without network.
import { STEP_SECONDS, grouped, signedTokenAt, stepAt, tokenAt } from "./chain.js";
import { drawQr, fitQr } from "./qr.js";
import { listenForTrouble } from "./trouble.js";

const LOOK_EVERY_MS = 3000;
const AGREED_MS = 45000; // an agreement holds for a minute
const keyOf = (voucher) => `bacao.code.${voucher}`;
const english = document.documentElement.lang === "en";

/** Return the seeds kept for a voucher, or null. `offset` = the server's clock less this phone's, in milliseconds. */
export function keptSeeds(voucher) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(voucher)));
  } catch {
    return null;
  }
}

/** Fetch and keep the seeds of a voucher; return them, or those kept before where there is no network. */
export async function loadSeeds(voucher) {
  try {
    const answer = await fetch(`/vouchers/${voucher}/seeds`, { headers: { accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    const { now, ...seeds } = await answer.json();
    const kept = { ...seeds, offset: now - Date.now() };
    try {
      localStorage.setItem(keyOf(voucher), JSON.stringify(kept));
    } catch {
      /* a full or closed store: this visit still works */
    }
    return kept;
  } catch {
    return keptSeeds(voucher);
  }
}

/** Forget the seeds of vouchers that are not in this wallet any more. */
export function forgetOthers(vouchers) {
  const wanted = new Set(vouchers.map(keyOf));
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith("bacao.code.") && !wanted.has(key)) localStorage.removeItem(key);
  } catch {
    /* a closed store keeps nothing */
  }
}

/** Show the code of `section` (resident/code.html) until it leaves the page; turn green when the counter takes it. */
export async function keepAlive(section) {
  const voucher = section.dataset.code;
  const symbol = section.querySelector("[data-symbol]");
  const ring = section.querySelector("[data-ring]");
  const life = section.querySelector("[data-life]");
  let seeds = keptSeeds(voucher);
  const other = section.querySelector("[data-other]");
  let shown = 0;
  let lock = null;
  let signed = false; // the larger form, for a counter that has not heard of this voucher yet (RD10)

  const draw = () => {
    const now = Date.now() + (seeds?.offset ?? 0);
    const step = stepAt(now);
    if (seeds && step !== shown && !document.hidden) {
      const long = signed ? signedTokenAt(seeds.heads, seeds.seeds, seeds.handle, step) : null;
      const token = long ?? tokenAt(seeds.seeds, seeds.handle, step);
      symbol.innerHTML = token ? drawQr(token, long ? "M" : "Q") : "";
      other.setAttribute("aria-pressed", String(Boolean(long)));
      if (token) fitQr(symbol);
      else
        life.textContent = english
          ? "This phone has been offline too long: connect once, or read the digits."
          : "离线太久了：连一次网，或念数字。";
      shown = step;
    }
    const left = STEP_SECONDS - (Math.floor(now / 1000) % STEP_SECONDS);
    ring.style.strokeDasharray = `${(left / STEP_SECONDS) * 100} 100`;
    if (seeds?.seeds[Math.floor(step / 2880)])
      life.textContent = english ? `New code in ${left} s.` : `${left} 秒后换新码，截图没有用。`;
    return now;
  };

  const tick = () => {
    if (section.isConnected) setTimeout(tick, 1000 - (draw() % 1000) + 5);
  };

  const hold = async () => {
    if (document.hidden) return;
    try {
      lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      lock = null;
    }
  };

  const look = async () => {
    if (!section.isConnected) return;
    if (!document.hidden && navigator.onLine) {
      try {
        const answer = await fetch(`/vouchers/${voucher}/state`);
        if (answer.ok && served(section, await answer.json())) return;
      } catch {
        /* no network: the code works on, the page looks again */
      }
    }
    setTimeout(look, LOOK_EVERY_MS);
  };

  other.hidden = false;
  other.addEventListener("click", () => {
    signed = !signed;
    shown = 0;
    draw();
  });
  document.addEventListener("visibilitychange", () => {
    hold();
    shown = 0;
  });
  window.addEventListener("resize", () => symbol.firstElementChild && fitQr(symbol));
  fitQr(symbol);
  confirmFirst(section, voucher);
  listenForTrouble(section.parentElement.querySelector("[data-trouble]"));
  hold();
  tick();
  seeds = (await loadSeeds(voucher)) ?? seeds;
  if (seeds) {
    shown = 0;
    section.querySelector("[data-digits]").replaceChildren(
      ...grouped(seeds.typed)
        .split(" ")
        .map((group) => Object.assign(document.createElement("span"), { textContent: group })),
    );
  }
  setTimeout(look, LOOK_EVERY_MS);
}

/** An offer that asks the member: the code is covered until they press, and the server is told if it can be (RD22). */
function confirmFirst(section, voucher) {
  const cover = section.querySelector("[data-cover]");
  cover?.querySelector("button").addEventListener("click", () => {
    cover.remove();
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const agree = () =>
      fetch("/confirmations", {
        method: "POST",
        headers: { "content-type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify({ voucher }),
      }).catch(() => {});
    agree();
    const again = setInterval(() => (section.isConnected ? document.hidden || agree() : clearInterval(again)), AGREED_MS);
  });
}

/** Show green if the counter consumed a use since this page was made; return whether the watch is over. */
function served(section, state) {
  if (state.uses_left === Number(section.dataset.uses)) return false;
  const dialog = section.parentElement.querySelector("[data-served]");
  if (!dialog || state.uses_left > Number(section.dataset.uses) || !state.key || state.key === section.dataset.key) {
    location.reload(); // undone, refunded or bought elsewhere: the page is simply out of date
    return true;
  }
  dialog.querySelector("[data-served-text]").textContent = state.used;
  dialog.querySelector("[data-served-charge]").textContent = state.charge && (english ? "Pay " : "付 ") + state.charge;
  dialog.showModal();
  navigator.vibrate?.([80, 60, 160]);
  dialog.addEventListener("close", () => {
    location.href = dialog.querySelector("[data-served-on]").href;
  });
  return true;
}
