// Reads films from standard input, answers each as a JSON line: at which look zxing alone and the counter's scanner read
// it (-1 = never). `node scan.mjs <vendor/zxing> <looks.js>`. A film is a JSON line {width, height, frames, text} and its
// gray bytes. Both get as many looks as there are frames.
import { readFileSync } from "node:fs";

const [zxing, looksFile] = process.argv.slice(2);
const { prepareZXingModule, readBarcodes } = await import(`${zxing}/es/reader/index.js`);
const { Looks } = await import(looksFile);
const OPTIONS = { formats: ["QRCodeModel2"], tryHarder: true, maxNumberOfSymbols: 1 };
prepareZXingModule({ overrides: { wasmBinary: readFileSync(`${zxing}/reader/zxing_reader.wasm`) } });

const plain = (text) => text.replace(/\s+/g, " ").trim();

async function* films() {
  let head = null;
  let held = Buffer.alloc(0);
  for await (const piece of process.stdin) {
    held = Buffer.concat([held, piece]);
    for (;;) {
      if (!head) {
        const end = held.indexOf(10);
        if (end < 0) break;
        head = JSON.parse(held.subarray(0, end).toString());
        held = held.subarray(end + 1);
      }
      const size = head.width * head.height;
      if (held.length < size * head.frames) break;
      yield { ...head, pictures: Array.from({ length: head.frames }, (_, i) => held.subarray(i * size, (i + 1) * size)) };
      held = held.subarray(size * head.frames);
      head = null;
    }
  }
}

function colours(gray) {
  const data = new Uint8ClampedArray(4 * gray.length);
  for (let i = 0; i < gray.length; i++) data.set([gray[i], gray[i], gray[i], 255], 4 * i);
  return data;
}

/** Return the number of the first look that reads the text, and the CPU milliseconds of a look. */
async function look(film, see) {
  const began = process.cpuUsage();
  const spent = (looks) => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000 / looks;
  };
  for (const [number, gray] of film.pictures.entries()) {
    const found = (await readBarcodes(see(colours(gray), film.width, film.height), OPTIONS))[0]?.text ?? "";
    if (plain(found) === plain(film.text)) return { look: number, ms: spent(number + 1) };
  }
  return { look: -1, ms: spent(film.pictures.length) };
}

for await (const film of films()) {
  const looks = new Looks();
  const alone = await look(film, (data, width, height) => ({ data, width, height, colorSpace: "srgb" }));
  const ours = await look(film, (data, width, height) => looks.next(data, width, height).picture);
  console.log(JSON.stringify({ alone, ours }));
}
