// Looks for the counter's symbol in camera frames, away from the page. Every second look decodes the mean of the last
// four frames, stretched to full contrast: poor light is where most scans fail (RD23, RD25).
import { prepareZXingModule, readBarcodes } from "../vendor/zxing/es/reader/index.js";

const FRAMES = 4;
const OPTIONS = { formats: ["QRCodeModel2"], tryHarder: true, maxNumberOfSymbols: 1 };

prepareZXingModule({
  overrides: { locateFile: (file) => new URL(`../vendor/zxing/reader/${file}`, import.meta.url).href },
  fireImmediately: true,
});

const recent = [];
let looks = 0;

/** Keep the green channel of the last frames: it carries most of what a camera sees. */
function remember(data, size) {
  const gray = recent.length === FRAMES ? recent.shift() : new Uint8Array(size);
  for (let i = 0; i < size; i++) gray[i] = data[4 * i + 1];
  recent.push(gray);
}

function stretchedMean(width, height) {
  const size = width * height;
  const sums = new Uint16Array(size);
  for (const frame of recent) for (let i = 0; i < size; i++) sums[i] += frame[i];
  let low = 65535;
  let high = 0;
  for (const sum of sums) {
    if (sum < low) low = sum;
    if (sum > high) high = sum;
  }
  const picture = new ImageData(width, height);
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < size; i++) {
    const value = (sums[i] - low) * scale;
    picture.data.set([value, value, value, 255], 4 * i);
  }
  return picture;
}

self.onmessage = async ({ data: { buffer, width, height } }) => {
  const size = width * height;
  if (recent[0] && recent[0].length !== size) recent.length = 0;
  const pixels = new Uint8ClampedArray(buffer);
  remember(pixels, size);
  const averaged = looks++ % 2 === 1 && recent.length === FRAMES;
  const picture = averaged ? stretchedMean(width, height) : new ImageData(pixels, width, height);
  let text = "";
  try {
    text = (await readBarcodes(picture, OPTIONS))[0]?.text ?? "";
  } catch (error) {
    self.postMessage({ failed: String(error) });
    return;
  }
  self.postMessage({ text, averaged });
};
