// The counter: scan or type, answer in full screen, undo. On an enrolled phone it works alone, too (till/till.js); a clerk
// who is signed in asks the server each time (counter/session.js).
import { grouped, isPractice, isTypedCode, PRACTICE } from "./chain.js";
import { discountOf } from "./till/amounts.js";
import { findDevice, findMemory, refreshDevice } from "./till/device.js";
import { MANIFEST_EVERY_MS } from "./till/manifest.js";
import { Till } from "./till/till.js";
import { api } from "./till/api.js";
import { readCode } from "./till/codes.js";
import { markSeen } from "./till/rows.js";
import { askClerk, clerkOfShift } from "./counter/clerks.js";
import { enrol } from "./counter/enrol.js";
import { closeAnswer, fill, greenOf, isAnswered, part, sentenceOf } from "./counter/screen.js";
import { Session } from "./counter/session.js";
import { showShopCode } from "./counter/shop.js";
import { showLog, showQueue, showState } from "./counter/strips.js";
import { language, money, words } from "./counter/words.js";
import { Scanner } from "./scanner.js";
import { signal, wakeSound } from "./signals.js";

const HINT_MS = 4000;
const WANT_PAD_MS = 8000;
const SAME_CODE_MS = 12000; // a guest's phone stays in sight for a while after its code was answered
const MEMBER_MS = 60000;
const COUNTER_MS = 30000;
const ASK_OTHER_MS = 2000;
const SYNC_EVERY_MS = 5000;
const FIRST_SYNC_MS = 2000;
const PRACTISED = "bacao.counter.practised";

const counter = part("counter");
const display = part("display");

let login = null; // a Till or a Session
let mode = "code"; // or "bill", "uses", "vouchers": what the pad is for
let entry = "";
let suggested = false; // the entry is a suggestion: the first digit pressed replaces it
let asked = null; // what was found and a question is about
let practising = null; // {since, steps} while nothing counts
let answered = { seen: "", at: 0 }; // a voucher that was consumed, or the very code that was refused
let scanner = null;
let timers = [];

// --- the pad ---

function show() {
  const shown = { code: grouped(entry), bill: entry && `¥ ${entry}`, uses: entry, vouchers: entry }[mode];
  display.value = shown;
  display.placeholder = { code: words.code, bill: words.billAsk, uses: words.usesAsk, vouchers: words.vouchersAsk }[mode];
  if (mode === "bill") showSum();
  if (mode === "uses" || mode === "vouchers") showCount();
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
  } else if (mode !== "code") entry = /^[1-9]\d?$/.test(entry + key) ? entry + key : key === "0" ? "" : key;
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
  } else if (isPractice(code)) practise(true, "typed");
  else if (practising) practise(false, "red");
  else redeem({ typed: code });
}

// --- the camera ---

async function startCamera() {
  if (scanner) return;
  try {
    scanner = new Scanner(part("video"), seen);
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
  const token = readCode(text);
  if (!token || !login) return;
  if (mode !== "code" || counter.hasAttribute("data-busy") || document.querySelector("dialog[open]")) return;
  const again = answered.seen === token.handle || answered.seen === text;
  if (again && performance.now() - answered.at < SAME_CODE_MS) {
    answered.at = performance.now();
    return;
  }
  performance.mark("decoded");
  if (token.version === PRACTICE) practise(true, "scan");
  else if (practising) practise(false, "red", words.practiceReal);
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

// --- a press ---

/** Run something that takes a moment; nothing else happens meanwhile. What this phone cannot write down is no green. */
async function busily(work) {
  counter.dataset.busy = "";
  timers.forEach(clearTimeout);
  if (scanner) scanner.paused = true;
  try {
    return await work();
  } catch (error) {
    console.error(error);
    fill("red", { word: words.no, text: words.notKept, next: words.again, on: () => nextGuest() });
  } finally {
    delete counter.dataset.busy;
  }
}

const redeem = (code, handle = "") =>
  busily(async () => {
    asked = { code, handle };
    const found = await login.examine(code);
    asked = { ...found, code, handle };
    if (found.kind === "again") return take(await login.send(found.row));
    if (found.kind === "red") return take({ look: "red", ...found });
    const what = questionOf(found.preview);
    if (what) return ask(what, found.preview);
    return take(await login.press(found));
  });

/** Return what the clerk has to say first: the bill, how many uses, how many vouchers; nothing for one plain voucher. */
function questionOf(preview) {
  if (!preview) return null;
  if (preview.needs_bill) return "bill";
  if (preview.uses_left > 1) return "uses";
  return (preview.vouchers_left ?? 1) > 1 ? "vouchers" : null;
}

function take(result) {
  const { look, content, row } = result;
  if (asked && (look === "green" || look === "undone")) asked.consumed = true;
  if (look === "ask") return ask(content.outcome === "uses_needed" || content.outcome === "too_few_uses" ? "uses" : "bill", content.preview);
  if (look === "green") return green(result);
  if (look === "undone") return fill("undone", { word: words.undone, text: content.text?.[language] ?? "", on: nextGuest });
  if (look === "member") return void waitForOther(row, content.outcome);
  if (look === "wait") return waitForAnswer(result);
  return red(result);
}

/** Ask the clerk for the bill, or for how many. */
function ask(what, preview) {
  asked = { ...asked, preview };
  setMode(what);
  part("ask-title").textContent = preview.title[language];
  const terms = [];
  if (what === "bill" && preview.threshold_minor) terms.push(words.from(money(preview.threshold_minor)));
  if (what === "uses") terms.push(words.left(preview.uses_left));
  if (what === "vouchers") terms.push(words.vouchersLeft(preview.vouchers_left));
  part("ask-terms").textContent = [...terms, preview.terms[language]].filter(Boolean).join(" · ");
  if (what !== "bill") entry = "1";
  suggested = what !== "bill";
  show();
}

function billMinor() {
  const [whole, cents = ""] = entry.split(".");
  return entry ? Number(whole) * 100 + Number(cents.padEnd(2, "0")) : 0;
}

/** Show what will be charged; the server computes it again. */
function showSum() {
  const { preview } = asked;
  const bill = billMinor();
  const short = preview.threshold_minor - bill;
  const ready = bill > 0 && short <= 0;
  const charge = money(bill - discountOf(preview, bill));
  const sum = part("ask-sum");
  sum.classList.toggle("is-short", bill > 0 && short > 0);
  sum.textContent = ready ? words.charge(charge) : bill && short > 0 ? words.short(money(short)) : "";
  part("go").textContent = ready ? words.goBill(charge) : words.billFirst;
  part("go").disabled = !ready;
}

function showCount() {
  const count = Number(entry);
  const uses = mode === "uses";
  const left = uses ? asked.preview.uses_left : asked.preview.vouchers_left;
  const ready = count >= 1 && count <= left;
  part("ask-sum").classList.toggle("is-short", count > left);
  part("ask-sum").textContent = ready ? (uses ? words.usesNow(count) : words.uses_vouchers(count)) : words.left(left);
  part("go").textContent = uses ? words.goUses(ready ? count : "") : words.goVouchers(ready ? count : "");
  part("go").disabled = !ready;
}

const go = () => {
  if (asked.honouring) return honour(asked.honouring, null);
  const said = mode === "bill" ? { bill_minor: billMinor() } : { [mode]: Number(entry) };
  return busily(async () => take(await login.press(asked, said)));
};

// --- answers ---

function green({ content, row, served }) {
  const key = content.redemption ?? row.key;
  const undone = content.outcome === "redeemed" ? () => undo(key) : null;
  fill("green", { ...greenOf(content, { served }), undo: undone, on: nextGuest });
}

/** The guest's next code will do: not a no, only not this one. */
const WANTS_FRESH = new Set(["old", "early", "replayed", "newer"]);

function red(result) {
  const { content, reason, kept, row } = result;
  const outcome = content?.outcome ?? reason;
  const fresh = WANTS_FRESH.has(outcome);
  const lost = login instanceof Session && (outcome === "signed_out" || outcome === "not_clerk");
  const usual = { next: words.again, on: () => nextGuest(kept ? row : null) };
  fill(fresh ? "fresh" : "red", {
    word: fresh ? words.fresh : words.no,
    text: sentenceOf(result),
    ...(lost ? { next: words.signIn, on: () => location.assign("/sign-in?next=/counter") } : usual),
    honour: canHonour(outcome) ? () => honour(outcome, kept ? row : null) : null,
  });
}

const NEVER_HONOURED = new Set(["used_here", "already_redeemed", "expired", "forged", "refunded", "replayed", "not_found", "too_late", "signed_out", "not_clerk", "revoked", "already_undone", "over_limit", "below_threshold", "not_now", "wrong_shop", "too_few_uses", "too_few_vouchers", "not_confirmed", "unknown_offer"]);

/** A price is honoured where the failure may be ours or the shop's; a used, expired or forged code is nobody's (RD47). */
const canHonour = (outcome) => Boolean(asked?.code) && !NEVER_HONOURED.has(outcome);

function honour(reason, row) {
  closeAnswer();
  return busily(async () => {
    if (row) await login.leave(row);
    const preview = asked.preview ?? null;
    const bill = mode === "bill" ? billMinor() : undefined;
    asked.honouring = reason; // should the bill be asked for, the next press goes on with this
    take(await login.honour({ code: asked.code, preview, bill_minor: bill, reason }));
  });
}

/** No answer came: the same row can be sent again and never counts twice. */
function waitForAnswer({ row, reason, at }) {
  fill("wait", {
    word: row.number ? words.confirming : words.wait,
    text: row.path === "/undos" ? words.undoWaiting : row.number ? `${words.confirmingText} ${sentenceOf({ reason, at })}` : words.waiting,
    next: words.retry,
    on: () => {
      closeAnswer();
      busily(async () => take(await login.send(row)));
    },
    honour: row.path === "/redemptions" && row.number ? () => nextGuest(row) : null,
  });
  if (row.number) part("honour").lastChild.textContent = words.next;
}

const OTHERS = {
  waiting_for_member: { reason: "not_confirmed", patience: MEMBER_MS },
  waiting_for_counter: { reason: "not_returned", patience: COUNTER_MS },
};

/** The member has to press, too (RD22), or another phone gives its lease back (RD28): ask again until it came, or say no. */
async function waitForOther(row, outcome) {
  const began = performance.now();
  const member = outcome === "waiting_for_member";
  fill("waiting", {
    word: member ? words.waitMember : words.waitCounter,
    text: member ? words.waitMemberText : words.waitCounterText,
    next: words.again,
    on: () => nextGuest(row),
  });
  const { reason, patience } = OTHERS[outcome];
  const mine = asked;
  while (performance.now() - began < patience) {
    await new Promise((resolve) => setTimeout(resolve, ASK_OTHER_MS));
    if (asked !== mine || !isAnswered()) return;
    const result = await login.send(row).catch(() => ({ look: "wait", row }));
    if (asked !== mine || !isAnswered()) return;
    if (result.look !== "member") return take(result);
  }
  take({ look: "red", reason, row, kept: true });
}

/** Go on; a row that still waits for its answer is left behind, and says so when the answer comes. */
async function nextGuest(waiting = null) {
  if (waiting?.number) await login.leave(waiting).catch(console.error);
  answered = { seen: (asked?.consumed ? asked.handle : asked?.code?.token) ?? "", at: performance.now() };
  asked = null;
  closeAnswer();
  part("honour").lastChild.textContent = words.honour;
  setMode("code");
  idle();
  showNews();
}

async function undo(key, pressedAt) {
  closeAnswer();
  await busily(async () => take(await login.undo(key, pressedAt ?? login.clock?.now() ?? Date.now())));
}

/** Tell what happened to rows while nobody looked: a late yes (RD39), a conflict (RD38). */
function showNews() {
  const row = login?.news[0];
  if (!row || isAnswered() || mode !== "code" || counter.hasAttribute("data-busy")) return;
  const title = row.shown?.preview?.title[language] ?? "";
  const on = async () => {
    await markSeen(login.database, row.key);
    await login.reload();
    nextGuest();
  };
  if (row.status === 201)
    return fill("wait", { word: words.late, text: words.lateText(title), next: words.lateGive, on, undo: async () => {
      await markSeen(login.database, row.key);
      await login.reload();
      undo(row.key, row.at);
    } });
  const isUndo = row.path === "/undos";
  fill("wait", { word: isUndo ? words.undoRefused : words.conflict, text: isUndo ? sentenceOf(row) : words.conflictText(title), next: words.seen, on });
}

// --- practice ---

/** Answer a practice code; it never leaves this page (RD51). */
function practise(good, step, text = words.practiceRed) {
  if (!practising) setPractice(true);
  practising.steps.add(step);
  showPractice();
  asked = { handle: "0000000000", consumed: true };
  const over = () => nextGuest();
  const undone = () => {
    practising.steps.add("undo");
    showPractice();
    fill("undone", { word: words.undone, text: words.practiceUndone, on: over, practice: true });
  };
  if (good) fill("green", { word: words.yes, charge: words.nothing, items: [words.practiceTitle], text: words.practiceText, undo: undone, on: over, practice: true });
  else fill("red", { word: words.no, text, next: words.again, on: over, practice: true });
}

/** Say what to try next: green, undo, red. */
function showPractice() {
  const { steps } = practising;
  const done = [steps.has("typed") || steps.has("scan"), steps.has("undo"), steps.has("red")];
  const next = done.indexOf(false);
  part("practice-text").textContent = words.practiceSteps[next < 0 ? done.length : next];
}

function setPractice(on) {
  if (!on && practising?.steps.size && login instanceof Till) {
    const seconds = Math.round((performance.now() - practising.since) / 1000);
    const clerk = login.clerk ? { clerk: login.clerk.id } : {};
    api.post("/drills", { ...clerk, steps: [...practising.steps], seconds });
  }
  practising = on ? { since: performance.now(), steps: new Set() } : null;
  part("practice-strip").hidden = !on;
  if (on) showPractice();
  counter.querySelector(".counter__tool[data-practise]").setAttribute("aria-pressed", String(on));
  if (on) localStorage.setItem(PRACTISED, "1");
  answered = { seen: "", at: 0 };
}

// --- who stands here ---

/** Open the counter: an agreed phone by itself, else whoever signed in, else the owner is asked. */
async function open() {
  const database = await findMemory();
  const device = database ? await findDevice(database) : undefined;
  navigator.serviceWorker?.register("/counter-worker.js", { scope: "/counter" }).catch(() => {});
  if (device && device.state !== "waiting") return openTill();
  if (device && (await refreshDevice(database, api, device)).state === "agreed") return openTill();
  if ("session" in counter.dataset) {
    login = new Session(Number(counter.dataset.place));
    keepFiles(false);
    return begin();
  }
  await enrol(Number(counter.dataset.place));
  location.assign("/counter");
}

/** Let the worker keep the page and all of its files, so that it opens without network. */
function keepFiles(isCounter) {
  navigator.serviceWorker?.ready.then(({ active }) => active.postMessage({ keep: true, counter: isCounter }));
}

async function openTill() {
  const till = await Till.open();
  login = till;
  till.changed = () => showState(till);
  till.told = ({ kind }) => (kind === "login" ? askAgain(till) : showNews());
  let fresh = till.refresh();
  while (!till.manifest) {
    await fresh; // the very first one has to come; everything after works without
    if (till.manifest) break;
    hint(words.firstSync);
    await new Promise((resolve) => setTimeout(resolve, FIRST_SYNC_MS));
    fresh = till.refresh();
  }
  hint("");
  const { device, manifest } = till;
  const shop = manifest?.place ?? device.shop;
  if (shop) part("shop").textContent = shop[language];
  part("shop-code").hidden = !manifest?.shop;
  showState(till);
  keepFiles(true);
  const known = await clerkOfShift(till);
  till.clerk = known ?? (await askClerk(till));
  showClerk(till);
  setInterval(() => till.sync(), SYNC_EVERY_MS);
  setInterval(() => till.refresh(), MANIFEST_EVERY_MS);
  window.addEventListener("online", () => till.sync({ all: true }).then(() => till.refresh()));
  window.addEventListener("offline", () => {
    till.alone = true;
    till.changed();
  });
  document.addEventListener("visibilitychange", () => document.hidden || till.wake());
  navigator.storage?.persist?.(); // asked for, never relied on
  till.sync({ all: true });
  begin(Boolean(till.clerk && !known));
}

function showClerk(till) {
  const name = part("clerk");
  if (name) name.textContent = till.clerk?.name ?? "";
  if (name) name.parentElement.hidden = !till.manifest?.clerks.length;
}

/** The phone's right ended: its rows stay, the owner has to agree again. */
async function askAgain(till) {
  if (part("enrolment").open || isAnswered()) return; // asked again at the next manifest
  till.device = await refreshDevice(till.database, api, till.device);
  if (till.device.state === "agreed") return;
  await enrol(till.device.place);
  location.reload();
}

/** Everything is known: the first time practice opens by itself, the camera where it was allowed before or after a press. */
function begin(pressed = false) {
  if (!localStorage.getItem(PRACTISED)) part("lesson").showModal();
  else if (pressed) startCamera();
  showNews();
  navigator.permissions
    ?.query({ name: "camera" })
    .then((camera) => camera.state === "granted" && startCamera())
    .catch(() => {});
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
  if (isAnswered()) {
    if (event.key === "Escape") event.preventDefault();
    return;
  }
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") {
    event.preventDefault();
    if (mode !== "code" && !part("go").disabled) go();
  } else if (event.key === "Escape" && mode !== "code") nextGuest();
  else if (event.target !== display && /^[\d.]$/.test(event.key)) press(event.key);
  else if (event.target !== display && event.key === "Backspace") press("back");
});
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
part("cancel").addEventListener("click", () => nextGuest());
part("go").addEventListener("click", go);
for (const button of document.querySelectorAll("[data-practise]"))
  button.addEventListener("click", () => setPractice(!practising));
part("lesson-start").addEventListener("click", () => {
  part("lesson").close();
  setPractice(true);
});
part("lesson").addEventListener("close", () => {
  localStorage.setItem(PRACTISED, "1");
  startCamera();
});
part("unsent").addEventListener("click", () => showQueue(login));
part("shop-code").addEventListener("click", () => showShopCode(login));
part("enrol")?.addEventListener("click", () => enrol(Number(counter.dataset.place)).then(() => location.assign("/counter")));
part("switch-clerk")?.addEventListener("click", async () => {
  login.clerk = await askClerk(login);
  showClerk(login);
});
part("log").addEventListener("click", (event) => {
  if (!(login instanceof Till)) return;
  event.preventDefault();
  showLog(login, undo);
});
show();
open();
