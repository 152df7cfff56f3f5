// Who stands here: a tile and a PIN, once a shift (RD50).
import { part } from "./screen.js";
import { words } from "./words.js";
import { signal, wakeSound } from "../signals.js";
import { api } from "../till/api.js";
import { isPin, unlock } from "../till/clerks.js";
import { read } from "../till/database.js";

const SHIFT_MS = 12 * 3600 * 1000;
const PAUSE_MS = 2000;
const LONGEST_PIN = 6;
const SHORTEST_PIN = 4;
const screen = part("clerks");

const name = (clerk) => {
  const tile = Object.assign(document.createElement("button"), { type: "button", className: "tile" });
  const initial = Object.assign(document.createElement("b"), { textContent: [...clerk.name][0], ariaHidden: "true" });
  tile.append(initial, Object.assign(document.createElement("span"), { textContent: clerk.name }));
  return tile;
};

/** Return who unlocked this phone in this shift, or undefined. */
export async function clerkOfShift(till) {
  const kept = await read(till.database, "facts", "clerk");
  if (!kept || till.clock.now() - kept.at > SHIFT_MS) return undefined;
  return till.manifest?.clerks.find(({ id }) => id === kept.id);
}

/** Ask who stands here; resolves with the clerk, null where the shop has no tiles. */
export function askClerk(till) {
  const clerks = till.manifest?.clerks ?? [];
  if (!clerks.length) return Promise.resolve(null);
  return new Promise((known) => {
    const tiles = part("tiles");
    const pin = part("pin");
    tiles.hidden = false;
    pin.hidden = true;
    part("clerks-title").textContent = words.whoAreYou;
    tiles.replaceChildren(
      ...clerks.map((clerk) => {
        const tile = name(clerk);
        tile.addEventListener("click", () => {
          wakeSound();
          tiles.hidden = true;
          askPin(till, clerk, (right) => {
            if (!right) return askClerk(till).then(known);
            screen.close();
            till.rememberClerk(clerk).then(() => known(clerk));
          });
        });
        return tile;
      }),
    );
    if (!screen.open) screen.showModal();
  });
}

/** Take a PIN of four to six digits. Shorter ones are tried here, so that nobody has to press "done"; one that was given up,
 * or waited with, was a try like any other. */
function askPin(till, clerk, done) {
  let entry = "";
  let busy = false;
  let pause = 0;
  part("pin").hidden = false;
  part("clerks-title").textContent = clerk.name;
  const show = (hint = "") => {
    part("pin-dots").textContent = "●".repeat(entry.length) + "○".repeat(Math.max(0, SHORTEST_PIN - entry.length));
    part("pin-hint").textContent = hint;
  };
  const attempt = async () => {
    const answer = await unlock(till.database, api, clerk, entry);
    if (answer.outcome === "unlocked") return done(true);
    entry = "";
    signal("red");
    show(answer.outcome === "pin_wrong" ? words.pinWrong(answer.tries_left) : words.pinLocked);
  };
  /** Only one key, or one try, at a time. */
  const alone = async (work) => {
    if (busy) return;
    busy = true;
    await work();
    busy = false;
  };
  const take = async (key) => {
    clearTimeout(pause);
    const full = entry.length >= SHORTEST_PIN;
    if (/^\d$/.test(key)) entry += key;
    else if (full) await attempt();
    else entry = entry.slice(0, -1);
    if (key === "away") return done(false);
    if (full && key === "back") return;
    show();
    if (entry.length < SHORTEST_PIN) return;
    if (entry.length === LONGEST_PIN || (await isPin(clerk, entry))) await attempt();
    else pause = setTimeout(() => alone(attempt), PAUSE_MS);
  };
  const press = (key) => alone(() => take(key));
  part("pin-pad").onclick = ({ target }) => {
    const key = target.closest("button")?.dataset.key;
    if (key) press(key);
  };
  screen.onkeydown = (event) => {
    if (/^\d$/.test(event.key)) press(event.key);
    else if (event.key === "Backspace") press("back");
    else if (event.key === "Escape") event.preventDefault();
  };
  show();
}

screen.addEventListener("cancel", (event) => event.preventDefault());
