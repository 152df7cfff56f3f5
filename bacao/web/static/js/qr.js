// Draws the counter's symbol: pure black squares on white, whole modules, quiet zone 3; bacao/web/qr.py draws the same.
import { encode } from "../vendor/uqr/index.mjs";

const QUIET_ZONE = 3;

/** Return an SVG: 47 digits at level Q are version 2, 25 × 25 modules; a signed code takes level M, 41 × 41. */
export function drawQr(text, ecc = "Q") {
  const { data, size } = encode(text, { ecc, boostEcc: false, border: 0 });
  const wide = size + 2 * QUIET_ZONE;
  let runs = "";
  data.forEach((row, y) => {
    for (let x = 0; x < size; x++) {
      if (!row[x]) continue;
      let length = 1;
      while (row[x + length]) length++;
      runs += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h${length}v1h-${length}z`;
      x += length;
    }
  });
  return `<svg viewBox="0 0 ${wide} ${wide}" shape-rendering="crispEdges" aria-hidden="true"><path fill="#fff" d="M0 0h${wide}v${wide}h-${wide}z"/><path fill="#000" d="${runs}"/></svg>`;
}

/** Give the symbol's box the largest width at which a module is a whole number of the screen's pixels. */
export function fitQr(box) {
  const svg = box.querySelector("svg");
  const modules = svg.viewBox.baseVal.width;
  const pixel = 1 / (window.devicePixelRatio || 1);
  const room = box.parentElement.clientWidth - parseFloat(getComputedStyle(box.parentElement).paddingLeft) * 2;
  box.style.inlineSize = `${Math.max(1, Math.floor(room / modules / pixel)) * modules * pixel}px`;
}
