// "It did not work" (没用上): one press tells us, and starts the clock (RD44, RD46). A position only if the phone gives it.
import { sessionApi } from "./till/api.js";

const PATIENCE_MS = 5000;
const english = document.documentElement.lang === "en";

/** Return where the phone is, null where it may not or does not say. */
const position = () =>
  new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) => resolve({ latitude, longitude, accuracy_m: accuracy }),
      () => resolve(null),
      { maximumAge: 60000, timeout: PATIENCE_MS },
    );
  });

/** Let the buttons of a voucher's dialog report what happened. */
export function listenForTrouble(dialog) {
  const said = dialog.querySelector("[data-trouble-said]");
  const paid = dialog.querySelector("[name=paid]");
  for (const button of dialog.querySelectorAll("[data-reason]"))
    button.addEventListener("click", async () => {
      said.textContent = english ? "One moment…" : "稍等…";
      button.disabled = true;
      const report = { voucher: dialog.dataset.trouble, reason: button.dataset.reason, presence: await position() };
      const minor = Math.round(Number(paid.value) * 100);
      if (minor > 0) report.paid_minor = minor;
      const { status, content } = await sessionApi.post("/incidents", report);
      said.textContent =
        content.text?.[english ? "en" : "zh"] ??
        (english ? "No network: not sent yet. Press again once connected." : "没有网络，还没发出去。连上再按一次。");
      button.disabled = false;
      if (status === 201) for (const other of dialog.querySelectorAll("[data-reason]")) other.hidden = true;
    });
}
