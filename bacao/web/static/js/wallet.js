// The wallet and the page of a voucher: a living code, seeds kept for all vouchers, sorted by where the phone is.
import { forgetOthers, keepAlive, loadSeeds } from "./code.js";

const MOVED_METRES = 150;

const vouchersOf = (root) => [...root.querySelectorAll("[data-usable]")].map((row) => row.dataset.pass);

function start(root) {
  const code = root.querySelector("[data-code]");
  if (code) keepAlive(code);
}

/** Keep what the vouchers of the wallet need to be shown without network, one after another. */
async function keepAll(root) {
  const open = root.querySelector("[data-code]")?.dataset.code;
  for (const voucher of vouchersOf(root)) {
    if (voucher === open) continue;
    await loadSeeds(voucher);
    navigator.serviceWorker?.controller?.postMessage({ keep: `/vouchers/${voucher}` });
  }
}

const metres = (a, b) => {
  const north = (a.latitude - b.latitude) * 111320;
  const east = (a.longitude - b.longitude) * 111320 * Math.cos((a.latitude * Math.PI) / 180);
  return Math.hypot(north, east);
};

/** Ask for the wallet as seen from where the phone is, if it may tell and has moved. */
async function sortByPosition(root) {
  if (!root.dataset.latitude || !navigator.geolocation) return;
  const permission = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
  if (permission?.state !== "granted") return;
  navigator.geolocation.getCurrentPosition(
    async ({ coords }) => {
      const asked = { latitude: Number(root.dataset.latitude), longitude: Number(root.dataset.longitude) };
      if (metres(coords, asked) < MOVED_METRES) return;
      const near = `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)}`;
      try {
        const html = await (await fetch(`/wallet?near=${near}`)).text();
        const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-wallet]");
        if (!fresh) return;
        root.replaceWith(fresh);
        start(fresh);
      } catch {
        /* no network: the order stays as it was */
      }
    },
    () => {},
    { maximumAge: 60000, timeout: 8000 },
  );
}

const root = document.querySelector("[data-wallet]");
start(root);
if (root.dataset.latitude) {
  forgetOthers(vouchersOf(root));
  keepAll(root);
  sortByPosition(root);
}
navigator.serviceWorker?.register("/wallet-worker.js").catch(() => {});
