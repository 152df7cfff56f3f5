// A paid bill lives: its seconds run, which a screenshot cannot do.
const clock = document.querySelector("[data-clock]");

if (clock) {
  const tick = () => {
    clock.textContent = new Date().toLocaleTimeString("en-GB");
    setTimeout(tick, 1000 - (Date.now() % 1000));
  };
  tick();
}
