// Bills at the counter: the pad, a guest's code by camera, and sound when one is paid.
import { Scanner } from "./scanner.js";
import { signal, wakeSound } from "./signals.js";

const page = document.querySelector("[data-bills]");
const pad = page.querySelector("[data-pad]");
addEventListener("pointerdown", wakeSound, { once: true });

if (pad) {
  const amount = page.querySelector("#amount");
  pad.hidden = false;
  pad.addEventListener("click", ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    if (!key) return;
    const next = key === "back" ? amount.value.slice(0, -1) : amount.value + key;
    if (/^\d{0,6}(\.\d{0,2})?$/.test(next)) amount.value = next;
  });
}

const guest = page.querySelector("[data-guest]");
const scan = guest?.querySelector("[data-scan]");
if (scan && navigator.mediaDevices) {
  const video = page.querySelector("[data-video]");
  scan.hidden = false;
  scan.addEventListener("click", async () => {
    video.hidden = false;
    const scanner = new Scanner(video, (text) => {
      if (!/^(\d{47}|\d{253})$/.test(text)) return;
      scanner.paused = true;
      guest.querySelector("#typed").value = text;
      guest.requestSubmit();
    });
    await scanner.start().catch(() => (video.hidden = true));
  });
}

// what is new since the page was opened is heard: rising tones for paid, a low one for a guest who waits with cash
const known = new Set();
const look = (aloud) => {
  for (const row of page.querySelectorAll("[data-fresh], [data-waits]")) {
    const name = row.dataset.fresh ? `paid ${row.dataset.fresh}` : `waits ${row.dataset.waits}`;
    if (known.has(name)) continue;
    known.add(name);
    if (aloud) signal(row.dataset.fresh ? "green" : "wait");
  }
};
look(false);
const next = () => {
  const { answered } = page.querySelector("[data-answered]")?.dataset ?? {};
  if (answered) setTimeout(() => location.assign(answered), 4000); // the pad is wanted again
};
// a list that says nothing new stays as it is: under a finger, a keyboard, a screen reader
let told = "";
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const says = detail.serverResponse.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
  detail.shouldSwap &&= says !== told;
  told = says;
});
document.body.addEventListener("htmx:afterSwap", () => {
  look(true);
  if (page.querySelector(".bills__open")) next();
});
