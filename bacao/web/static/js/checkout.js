// The quantity's two buttons, and the total that follows. Without this the number is typed and the server adds up.
const money = (minor) => {
  const [whole, cents] = [Math.floor(minor / 100), minor % 100];
  const tail = cents ? "." + String(cents).padStart(2, "0").replace(/0+$/, "") : "";
  return "¥" + whole.toLocaleString("en") + tail;
};

for (const stepper of document.querySelectorAll("[data-stepper]")) {
  const input = stepper.querySelector("input");
  const [less, more] = stepper.querySelectorAll("button");
  const price = Number(stepper.dataset.price);
  const show = () => {
    const quantity = Math.min(Number(input.max), Math.max(1, Math.floor(Number(input.value)) || 1));
    less.disabled = quantity <= 1;
    more.disabled = quantity >= Number(input.max);
    if (!price) return quantity;
    const total = price * quantity;
    const used = Math.min(total, Number(document.querySelector("[data-credit]")?.dataset.credit ?? 0));
    document.querySelector("#total").textContent = money(total);
    for (const pay of document.querySelectorAll("[data-pay]")) pay.textContent = money(total - used);
    for (const off of document.querySelectorAll("[data-credit-used]")) off.textContent = "−" + money(used);
    return quantity;
  };
  for (const button of [less, more]) {
    button.hidden = false;
    button.addEventListener("click", () => {
      input.value = show() + Number(button.dataset.step);
      show();
    });
  }
  input.addEventListener("input", show);
  input.addEventListener("change", () => (input.value = show()));
  show();
}

// one press is one order, even on a slow network
document.getElementById("buy")?.addEventListener("submit", () => {
  const button = document.querySelector('button[form="buy"]');
  setTimeout(() => (button.disabled = true));
});
window.addEventListener("pageshow", () => {
  const button = document.querySelector('button[form="buy"]');
  if (button) button.disabled = false;
});

// how long the price is still kept: said by the minute, and once it is over, that it will be looked at again
const kept = document.querySelector("[data-kept-until]");
if (kept) {
  const left = kept.querySelector("[data-minutes]");
  const say = () => {
    const minutes = Math.ceil((new Date(kept.dataset.keptUntil) - Date.now()) / 60_000);
    left.textContent = " · " + (minutes > 0 ? left.dataset.minutes.replace("{}", minutes) : left.dataset.over);
    left.hidden = false;
    if (minutes > 0) setTimeout(say, 15_000);
  };
  say();
}
