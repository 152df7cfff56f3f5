// The shop's code on the counter's own screen: for a dead camera or a long queue the member scans (RD16 to RD18).
import { part } from "./screen.js";
import { language, words } from "./words.js";
import { STEP_SECONDS, stepAt } from "../chain.js";
import { drawQr, fitQr } from "../qr.js";
import { signal } from "../signals.js";
import { api } from "../till/api.js";
import { checkDigits, liveAddress } from "../till/shop_code.js";

const LOOK_EVERY_MS = 3000;
const screen = part("shop-screen");

/** Show the code until the screen is closed. */
export function showShopCode(till) {
  let shown = 0;
  let newest = null;
  const say = (text, look = "") => {
    part("shop-said").textContent = text;
    part("shop-said").className = `door-screen__said ${look}`;
  };
  const tick = async () => {
    if (!screen.open) return;
    part("shop-check").hidden = !till.alone; // online the line appears by itself
    const now = till.clock.now();
    const step = stepAt(now);
    if (step !== shown) {
      shown = step;
      const address = await liveAddress(till.manifest.shop, location.host, now);
      part("shop-symbol").innerHTML = drawQr(address, "M");
      fitQr(part("shop-symbol"));
    }
    part("shop-life").textContent = words.newCode(STEP_SECONDS - (Math.floor(now / 1000) % STEP_SECONDS));
    setTimeout(tick, 1000);
  };
  /** While online, what a member redeems by the code appears here by itself. */
  const look = async () => {
    if (!screen.open) return;
    const { status, content } = await api.get("/redemptions");
    const latest = status === 200 ? content.redemptions?.find(({ proof }) => proof === "shop") : null;
    if (latest && newest !== null && latest.redemption !== newest) {
      say(`${latest.title[language]} · ${words.here}`, "is-good");
      signal("green");
    }
    if (status === 200) newest = latest?.redemption ?? "";
    setTimeout(look, LOOK_EVERY_MS);
  };
  const verify = async () => {
    const chargeMinor = Math.round(Number(part("shop-amount").value) * 100);
    const digits = part("shop-digits").value.replace(/\D/g, "");
    if (digits.length !== 6 || !Number.isFinite(chargeMinor)) return;
    const found = await checkDigits(till.database, till.manifest.shop, { digits, chargeMinor, now: till.clock.now() });
    const said = { ok: words.digitsOk, used: words.digitsUsed, wrong: words.digitsWrong, locked: words.digitsLocked }[found];
    say(said, found === "ok" ? "is-good" : "is-bad");
    signal(found === "ok" ? "green" : "red");
    if (found === "ok") part("shop-digits").value = "";
  };
  say("");
  part("shop-verify").onclick = verify;
  part("shop-close").onclick = () => screen.close();
  screen.showModal();
  tick();
  look();
}
