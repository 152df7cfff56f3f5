// The counter: scan or type, answer in full screen, undo. What happens to a voucher is decided by the server alone.
import { decodeToken, grouped, isPractice, isTypedCode, BC2, PRACTICE } from "./chain.js";
import { makePress, send } from "./counter_send.js";
import { language, money, words } from "./counter_words.js";
import { Scanner } from "./scanner.js";
import { signal, wakeSound } from "./signals.js";

const HINT_MS = 4000;
const WANT_PAD_MS = 8000;
const SAME_CODE_MS = 12000; // a guest's phone stays in sight for a while after its code was answered
const PRACTISED = "bacao.counter.practised";

const part = (name) => document.querySelector(`[data-${name}]`);
const counter = part("counter");
const display = part("display");
const answer = part("answer");
const place = Number(counter.dataset.place);

let mode = "code"; // or "bill", "uses": what the pad is for
let entry = "";
let suggested = false; // the entry is a suggestion: the first digit pressed replaces it
let asked = null; // the code a question is about, with its preview
let practising = false;
let redemption = null; // what the undo button takes back
let answered = { text: "", at: 0 };
let scanner = null;
let timers = [];

// --- the pad ---

function show() {
  const shown = { code: grouped(entry), bill: entry && `¥ ${entry}`, uses: entry }[mode];
  display.value = shown;
  display.placeholder = { code: words.code, bill: words.billAsk, uses: words.usesAsk }[mode];
  if (mode === "bill") showSum();
  if (mode === "uses") showUses();
}

function setMode(next) {
  mode = next;
  entry = "";
  counter.dataset.mode = next;
  part("ask").hidden = part("confirm").hidden = next === "code";
  part("camera").hidden = next !== "code";
  part("pad").querySelector("[data-key=clear]").dataset.as = next === "bill" ? "." : "clear";
  part("clear-word").textContent = next === "bill" ? "." : part("clear-word").dataset.word;
  show();
}

function press(key) {
  wakeSound();
  if (display.classList.contains("is-wrong")) {
    display.classList.remove("is-wrong");
    entry = "";
    part("hint").textContent = "";
  }
  if (suggested) entry = "";
  suggested = false;
  if (key === "back") entry = entry.slice(0, -1);
  else if (key === "clear") entry = "";
  else if (mode === "bill") {
    const next = entry === "0" && key !== "." ? key : entry + key;
    if (/^\d{1,6}(\.\d{0,2})?$/.test(next)) entry = next;
  } else if (mode === "uses") entry = /^[1-9]\d?$/.test(entry + key) ? entry + key : key === "0" ? "" : key;
  else if (/^\d$/.test(key) && entry.length < 12) entry += key;
  show();
  if (mode === "code" && entry.length === 12) typed(entry);
}

/** Judge twelve digits here and now: a slip costs no request (RD13). */
function typed(code) {
  if (!isTypedCode(code)) {
    display.classList.add("is-wrong");
    hint(words.typedWrong);
    signal("red");
  } else if (isPractice(code)) practise(true);
  else if (practising) practise(false);
  else redeem({ typed: code });
}

// --- the camera ---

async function startCamera() {
  try {
    scanner ??= new Scanner(part("video"), seen);
    await scanner.start();
    performance.mark("camera");
    part("camera").dataset.on = "";
    part("torch").hidden = !scanner.hasTorch;
    navigator.wakeLock?.request("screen").catch(() => {});
    idle();
  } catch {
    part("start-hint").textContent = words.noCamera;
    part("pad").classList.add("is-wanted");
    scanner = null;
  }
}

/** Take what the camera read, if it is one of our codes; anything else is silence (RD24). */
function seen(text) {
  const token = decodeToken(text);
  if (!token || (token.version !== BC2 && token.version !== PRACTICE)) return;
  if (mode !== "code" || counter.hasAttribute("data-busy") || answer.open) return;
  if (answered.text === token.handle && performance.now() - answered.at < SAME_CODE_MS) {
    answered.at = performance.now();
    return;
  }
  performance.mark("decoded");
  if (token.version === PRACTICE) practise(true);
  else if (practising) practise(false, words.practiceReal);
  else redeem({ token: text }, token.handle);
}

function hint(text) {
  part("hint").textContent = text;
}

/** Wait for the next guest: hints come when nothing is read for a while (RD26). */
function idle() {
  timers.forEach(clearTimeout);
  hint("");
  part("pad").classList.remove("is-wanted");
  if (!scanner) return;
  scanner.paused = false;
  timers = [
    setTimeout(() => hint(words.closer), HINT_MS),
    setTimeout(() => {
      hint(words.type);
      part("pad").classList.add("is-wanted");
    }, WANT_PAD_MS),
  ];
}

// --- asking the server ---

async function redeem(code, handle = "") {
  asked = { ...code, handle };
  await submit(makePress("/redemptions", { place, ...code }));
}

async function submit(pressed) {
  counter.dataset.busy = "";
  timers.forEach(clearTimeout);
  if (scanner) scanner.paused = true;
  const content = await send(pressed);
  delete counter.dataset.busy;
  if (content === null) wait(pressed);
  else take(content);
}

function take(content) {
  const { outcome, preview } = content;
  if (outcome === "bill_needed" || outcome === "uses_needed")
    return ask(outcome === "bill_needed" ? "bill" : "uses", preview);
  if (outcome === "redeemed") return green(content);
  if (outcome === "undone") return fill("undone", { word: words.undone, text: content.text[language] });
  return red(content.text?.[language] ?? "", outcome);
}

/** Ask the clerk for the bill, or for how many uses of a card. */
function ask(what, preview) {
  asked = { ...asked, preview };
  setMode(what);
  part("ask-title").textContent = preview.title[language];
  const terms = [];
  if (what === "bill" && preview.threshold_minor) terms.push(words.from(money(preview.threshold_minor)));
  if (what === "uses") terms.push(words.left(preview.uses_left));
  part("ask-terms").textContent = [...terms, preview.terms[language]].filter(Boolean).join(" · ");
  if (what === "uses") entry = "1";
  suggested = what === "uses";
  show();
}

function billMinor() {
  const [whole, cents = ""] = entry.split(".");
  return entry ? Number(whole) * 100 + Number(cents.padEnd(2, "0")) : 0;
}

/** Show what will be charged; the server computes it again (bacao/offers/rules/price.py, discount_on_bill). */
function showSum() {
  const { preview } = asked;
  const bill = billMinor();
  const short = preview.threshold_minor - bill;
  const percent = Math.floor((bill * preview.percent_basis_points) / 10000);
  const off = preview.percent_basis_points
    ? Math.min(percent, preview.cap_minor ?? Infinity)
    : Math.min(preview.face_minor, bill);
  const ready = bill > 0 && short <= 0;
  const sum = part("ask-sum");
  sum.classList.toggle("is-short", bill > 0 && short > 0);
  sum.textContent = ready ? words.charge(money(bill - off)) : bill && short > 0 ? words.short(money(short)) : "";
  part("go").textContent = ready ? words.goBill(money(bill - off)) : words.billAsk;
  part("go").disabled = !ready;
}

function showUses() {
  const uses = Number(entry);
  const { uses_left: left } = asked.preview;
  const ready = uses >= 1 && uses <= left;
  part("ask-sum").classList.toggle("is-short", uses > left);
  part("ask-sum").textContent = ready ? words.usesNow(uses) : words.left(left);
  part("go").textContent = words.goUses(ready ? uses : "");
  part("go").disabled = !ready;
}

function go() {
  const { preview, handle, ...code } = asked;
  const said = mode === "bill" ? { bill_minor: billMinor() } : { uses: Number(entry) };
  submit(makePress("/redemptions", { place, ...code, ...said }));
}

// --- answers ---

/** Fill the screen: `look` = green, red, wait or undone. */
function fill(
  look,
  {
    word,
    charge = "",
    items = [],
    uses = "",
    text = "",
    next = words.next,
    undo = false,
    on = nextGuest,
    practice = practising,
  },
) {
  answer.className = `answer answer--${look}`;
  part("answer-word").textContent = word;
  part("answer-charge").textContent = charge;
  part("answer-charge").classList.toggle("is-nothing", charge === words.nothing);
  part("answer-items").replaceChildren(
    ...items.map((item) => Object.assign(document.createElement("li"), { textContent: item })),
  );
  part("answer-uses").textContent = uses;
  part("answer-text").textContent = text;
  part("answer-practice").hidden = !practice;
  part("undo").hidden = !undo;
  const button = part("next");
  button.textContent = next;
  button.onclick = on;
  if (!answer.open) answer.showModal();
  button.focus({ preventScroll: true });
  if (scanner) scanner.paused = true;
  performance.mark(look);
  signal(look);
}

function green(content) {
  redemption = content.redemption;
  const items = content.items.map((item) =>
    item.quantity > 1 ? `${item[language]} ×${item.quantity}` : item[language],
  );
  fill("green", {
    word: words.yes,
    charge: content.charge_minor ? words.charge(money(content.charge_minor)) : words.nothing,
    items: items.length ? items : [content.title[language]],
    uses: content.uses_total > 1 ? words.uses(content.uses_before, content.uses_after) : "",
    text: content.bill_minor
      ? `${words.billAsk}${money(content.bill_minor).slice(1)} · ${words.off(money(content.bill_minor - content.charge_minor))}`
      : "",
    undo: true,
  });
}

function red(text, outcome = "") {
  const lost = outcome === "signed_out" || outcome === "not_clerk";
  fill("red", {
    word: words.no,
    text,
    next: lost ? words.signIn : words.again,
    on: lost ? () => location.assign(`/sign-in?next=/counter`) : nextGuest,
  });
}

/** No answer came: the same press can be sent again and never counts twice. */
function wait(pressed) {
  fill("wait", {
    word: words.wait,
    text: pressed.path === "/undos" ? words.undoWaiting : words.waiting,
    next: words.retry,
    on: () => {
      answer.close();
      submit(pressed);
    },
  });
}

function nextGuest() {
  answered = { text: asked?.handle ?? "", at: performance.now() };
  asked = redemption = null;
  if (answer.open) answer.close();
  setMode("code");
  idle();
}

async function undo() {
  if (practising && !redemption) return fill("undone", { word: words.undone, text: words.practiceUndone });
  const pressed = makePress("/undos", { place, redemption });
  answer.close();
  await submit(pressed);
}

// --- practice ---

/** Answer a practice code; it never leaves this page (RD51). */
function practise(good, text = words.practiceRed) {
  if (!practising) setPractice(true);
  asked = { handle: "0000000000" };
  if (good)
    fill("green", {
      word: words.yes,
      charge: words.nothing,
      items: [words.practiceTitle],
      text: words.practiceText,
      undo: true,
    });
  else fill("red", { word: words.no, text, next: words.again });
}

function setPractice(on) {
  practising = on;
  part("practice-strip").hidden = !on;
  counter.querySelector(".counter__tool[data-practise]").setAttribute("aria-pressed", String(on));
  if (on) localStorage.setItem(PRACTISED, "1");
  answered = { text: "", at: 0 };
}

// --- wiring ---

part("clear-word").dataset.word = part("clear-word").textContent;
display.inputMode = "none"; // the pad is the keyboard; a real one works, too
display.addEventListener("beforeinput", (event) => {
  event.preventDefault();
  if (event.inputType.startsWith("delete")) press("back");
  for (const key of event.data ?? event.dataTransfer?.getData("text/plain") ?? "") if (/[\d.]/.test(key)) press(key);
});
document.addEventListener("keydown", (event) => {
  if (answer.open) {
    if (event.key === "Escape") event.preventDefault();
    return;
  }
  if (part("lesson").open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") {
    event.preventDefault();
    if (mode !== "code" && !part("go").disabled) go();
  } else if (event.key === "Escape" && mode !== "code") nextGuest();
  else if (event.target !== display && /^[\d.]$/.test(event.key)) press(event.key);
  else if (event.target !== display && event.key === "Backspace") press("back");
});
answer.addEventListener("cancel", (event) => event.preventDefault());
counter.addEventListener("submit", (event) => event.preventDefault());
part("pad").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) press(button.dataset.as ?? button.dataset.key);
});
part("start").addEventListener("click", () => {
  wakeSound();
  startCamera();
});
part("torch").addEventListener("click", async ({ currentTarget }) => {
  const on = currentTarget.getAttribute("aria-pressed") !== "true";
  currentTarget.setAttribute("aria-pressed", String(on));
  await scanner.setTorch(on).catch(() => {});
});
part("cancel").addEventListener("click", nextGuest);
part("go").addEventListener("click", go);
part("undo").addEventListener("click", undo);
for (const button of document.querySelectorAll("[data-practise]"))
  button.addEventListener("click", () => setPractice(!practising));
part("lesson-start").addEventListener("click", () => {
  part("lesson").close();
  setPractice(true);
});
part("lesson").addEventListener("close", () => localStorage.setItem(PRACTISED, "1"));
if (!localStorage.getItem(PRACTISED)) part("lesson").showModal();
show();

// the camera may open by itself where this clerk allowed it before
navigator.permissions
  ?.query({ name: "camera" })
  .then((camera) => camera.state === "granted" && startCamera())
  .catch(() => {});
