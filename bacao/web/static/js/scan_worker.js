// Looks for the counter's symbol in camera frames, away from the page (RD23). The engine is loaded once, from what the
// service worker kept.
import { prepareZXingModule, readBarcodes } from "../vendor/zxing/es/reader/index.js";
import { Looks } from "./looks.js";

const OPTIONS = { formats: ["QRCodeModel2"], tryHarder: true, maxNumberOfSymbols: 1 };

prepareZXingModule({
  overrides: { locateFile: (file) => new URL(`../vendor/zxing/reader/${file}`, import.meta.url).href },
  fireImmediately: true,
});

const looks = new Looks();

self.onmessage = async ({ data: { buffer, width, height } }) => {
  const { picture, averaged } = looks.next(new Uint8ClampedArray(buffer), width, height);
  try {
    self.postMessage({ text: (await readBarcodes(picture, OPTIONS))[0]?.text ?? "", averaged });
  } catch (error) {
    self.postMessage({ failed: String(error) });
  }
};
