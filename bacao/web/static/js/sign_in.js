// The code page: sends itself when the last digit is typed, and counts down to "send again".

const input = document.querySelector("[data-digits]");
input?.addEventListener("input", () => {
  const digits = input.value.normalize("NFKC").replace(/\D/g, "");
  if (digits.length === Number(input.dataset.digits)) {
    input.value = digits;
    input.form.requestSubmit();
  }
});

const again = document.querySelector("[data-wait]");
if (again) {
  const left = again.querySelector("[data-wait-left]");
  let seconds = Number(again.dataset.wait);
  const tick = () => {
    again.disabled = seconds > 0;
    left.textContent = seconds > 0 ? ` ${seconds} s` : "";
    if (seconds-- > 0) setTimeout(tick, 1000);
  };
  tick();
}
