// The member scanned the shop's code: one press uses a voucher here; the same key however often it has to be sent.
import { sessionApi, isFinal } from "./till/api.js";
import { newKey } from "./till/bytes.js";

const page = document.querySelector("[data-shop-page]");
const english = document.documentElement.lang === "en";
const TRIES_MS = [0, 1000, 2500, 5000];

const money = (minor) => `¥${(minor / 100).toFixed(2).replace(/\.?0+$/, "")}`;
const minorOf = (text) => Math.round(Number(text.replace("．", ".")) * 100);

async function use(form) {
  form.dataset.key ??= newKey();
  const said = { voucher: form.dataset.voucher };
  if (form.bill) said.bill_minor = minorOf(form.bill.value);
  if (form.uses) said.uses = Number(form.uses.value);
  const button = form.querySelector("button");
  button.disabled = true;
  for (const pause of TRIES_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const answer = await sessionApi.post(page.dataset.address, said, { headers: { "Idempotency-Key": form.dataset.key } });
    const { status, content } = answer;
    if (!content.outcome || status >= 500) continue;
    if (status === 201) return show(content);
    if (isFinal(answer)) delete form.dataset.key;
    button.disabled = false;
    form.querySelector("[data-refused]").textContent = content.text?.[english ? "en" : "zh"] ?? content.outcome;
    return;
  }
  button.disabled = false;
  form.querySelector("[data-refused]").textContent = english
    ? "No answer yet. Press again: it never counts twice. Or show the clerk the code in your wallet."
    : "还没收到回答。再按一次，不会扣两次；或者把卡包里的码给店员扫。";
}

/** Green, with seconds that run: a picture of this screen stands still. */
function show(content) {
  const part = (name) => document.querySelector(`[data-served-${name}]`);
  part("title").textContent = content.title[english ? "en" : "zh"];
  part("charge").textContent = content.charge_minor ? `${english ? "Pay" : "付"} ${money(content.charge_minor)}` : english ? "Nothing to pay" : "不用付钱";
  part("digits").textContent = content.digits.replace(/^(...)/, "$1 ");
  const since = Date.now();
  const run = () => {
    part("clock").textContent = `${new Date().toLocaleTimeString("en-GB")} · ${Math.floor((Date.now() - since) / 1000)} s`;
    setTimeout(run, 1000);
  };
  run();
  document.querySelector("dialog[data-served]").showModal();
  navigator.vibrate?.([80, 60, 160]);
}

for (const form of document.querySelectorAll("[data-use]"))
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    use(form);
  });
