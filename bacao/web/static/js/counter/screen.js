// The answer fills the screen: a colour, a word, a sound, a vibration, what to hand over, what to charge.
import { language, money, words } from "./words.js";
import { signal } from "../signals.js";

export const part = (name) => document.querySelector(`[data-${name}]`);

const answer = part("answer");
export const isAnswered = () => answer.open;
export const closeAnswer = () => answer.open && answer.close();

/** Fill the screen: `look` = green, red, fresh, wait (no network), waiting (for somebody) or undone. `undo` and `honour` are what their buttons do, null = none. */
export function fill(look, { word, charge = "", items = [], uses = "", text = "", next = words.next, on, undo = null, honour = null, practice = false }) {
  answer.className = `answer answer--${look}`;
  part("answer-word").textContent = word;
  part("answer-charge").textContent = charge;
  part("answer-charge").classList.toggle("is-nothing", charge === words.nothing);
  part("answer-items").replaceChildren(...items.map((item) => Object.assign(document.createElement("li"), { textContent: item })));
  part("answer-uses").textContent = uses;
  part("answer-text").textContent = text;
  part("answer-practice").hidden = !practice;
  for (const [name, action] of [["undo", undo], ["honour", honour]]) {
    part(name).hidden = !action;
    part(name).onclick = action;
  }
  const button = part("next");
  button.textContent = next;
  button.onclick = on;
  if (!answer.open) answer.showModal();
  button.focus({ preventScroll: true });
  performance.mark(look);
  signal(look);
}

/** Return what a green screen says of an answer. */
export function greenOf(content, { served = false } = {}) {
  const items = content.items.map((item) => (item.quantity > 1 ? `${item[language]} ×${item.quantity}` : item[language]));
  const bill = content.bill_minor
    ? `${words.billAsk}${money(content.bill_minor).slice(1)} · ${words.off(money(content.bill_minor - content.charge_minor))}`
    : "";
  return {
    word: content.outcome === "honoured" ? words.honoured : words.yes,
    charge: content.charge_minor ? words.charge(money(content.charge_minor)) : words.nothing,
    items: items.length ? items : [content.title[language]],
    uses: content.uses_total > 1 ? words.uses(content.uses_before, content.uses_after) : "",
    text: [bill, content.outcome === "honoured" ? words.honouredText : "", served ? words.servedAlone : ""].filter(Boolean).join(" · "),
  };
}

const clockOf = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** Return an instant as people say it today: 14:00, or with its day. */
function momentOf(at) {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
  const day = words.days[days] ?? new Date(at).toLocaleDateString(language, { weekday: "short", month: "short", day: "numeric" });
  return `${day} ${clockOf(at)}`.trim();
}

/** Return the sentence of a refusal: the server's own, or this phone's. */
export function sentenceOf({ content, reason, at }) {
  if (content?.text) return content.text[language];
  const said = words.reasons[reason] ?? words.reasons.needs_network;
  return typeof said === "function" ? said(at && momentOf(at)) : said;
}

export { clockOf };

document.querySelector("[data-answer]").addEventListener("cancel", (event) => event.preventDefault());
