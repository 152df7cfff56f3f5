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
    for (const total of document.querySelectorAll("#total, [data-total]")) total.textContent = money(price * quantity);
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
