// The counter's codes, the same rules as bacao/redemption/rules (tests/redemption/test_chain_twin.py compares them).
// SHA-256 of one block is written out: crypto.subtle is asynchronous, needs HTTPS and is slow for 2880 tiny hashes.

export const STEP_SECONDS = 30;
export const STEPS_PER_DAY = 2880;
export const SKEW_STEPS = 2;
export const PRACTICE = 1;
export const BC2 = 2;
const DIGITS = 47;
const BODY_BITS = 152n;
const DOMAIN = [66, 67, 82, 50]; // "BCR2"

const K = new Uint32Array(64);
const START = new Uint32Array(8);
for (let n = 0, p = 2; n < 64; p++) {
  let prime = true;
  for (let d = 2; d * d <= p; d++)
    if (p % d === 0) {
      prime = false;
      break;
    }
  if (!prime) continue;
  if (n < 8) START[n] = (Math.sqrt(p) % 1) * 4294967296;
  K[n++] = (Math.cbrt(p) % 1) * 4294967296;
}
const W = new Uint32Array(64);
const turn = (x, n) => (x >>> n) | (x << (32 - n));

/** Write the first 14 bytes of SHA-256(message), message ≤ 55 bytes, over message[13..27]. */
function nextLink(message, words) {
  words.fill(0);
  for (let i = 0; i < message.length; i++) words[i >> 2] |= message[i] << (24 - 8 * (i & 3));
  words[message.length >> 2] |= 0x80 << (24 - 8 * (message.length & 3));
  words[15] = message.length * 8;
  W.set(words);
  for (let i = 16; i < 64; i++) {
    const a = W[i - 15],
      b = W[i - 2];
    W[i] = W[i - 16] + W[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const sum = [a + START[0], b + START[1], c + START[2], d + START[3]];
  for (let i = 0; i < 14; i++) message[13 + i] = sum[i >> 2] >>> (24 - 8 * (i & 3));
}

const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** A walk along a chain: `value` is the last 14 of the 27 bytes that are hashed. All in hex. */
function walk(handle, day, value) {
  const message = new Uint8Array(27);
  message.set(DOMAIN);
  message.set(unhex(handle), 4);
  new DataView(message.buffer).setUint32(9, day);
  message.set(unhex(value), 13);
  const words = new Uint32Array(16);
  return { step: () => nextLink(message, words), value: message.subarray(13) };
}

/** Return the step of an instant (milliseconds since 1970), counted from 1970. */
export const stepAt = (ms) => Math.floor(ms / 1000 / STEP_SECONDS);

/** Return what is `times` links further along a day's chain. */
export function chainHash(handle, day, value, times) {
  const at = walk(handle, day, value);
  for (let i = 0; i < times; i++) at.step();
  return hex(at.value);
}

/** Return the value shown at a step of the day, 0 … 2879. */
export const valueOf = (seed, handle, day, stepOfDay) => chainHash(handle, day, seed, STEPS_PER_DAY - 1 - stepOfDay);

/** Return the end of a day's chain. */
export const anchorOf = (seed, handle, day) => chainHash(handle, day, seed, STEPS_PER_DAY);

/** Return the 47 digits of a token. */
export function encodeToken({ version, handle, value }) {
  return ((BigInt(version) << BODY_BITS) | BigInt(`0x${handle}${value}`)).toString().padStart(DIGITS, "0");
}

/** Return {version, handle, value} of exactly 47 digits below 2^156, or null. */
export function decodeToken(text) {
  if (!/^[0-9]{47}$/.test(text)) return null;
  const number = BigInt(text);
  const version = number >> BODY_BITS;
  if (version > 15n) return null;
  const body = (number & ((1n << BODY_BITS) - 1n)).toString(16).padStart(38, "0");
  return { version: Number(version), handle: body.slice(0, 10), value: body.slice(10) };
}

/** Return the 47 digits a phone shows at a step, from its seeds by UTC day; null for a day it does not hold. */
export function tokenAt(seeds, handle, step) {
  const day = Math.floor(step / STEPS_PER_DAY);
  if (!seeds[day]) return null;
  return encodeToken({ version: BC2, handle, value: valueOf(seeds[day], handle, day, step % STEPS_PER_DAY) });
}

/** Return the 253 digits of the signed form at a step (RD9); null where the phone holds no head for that day. */
export function signedTokenAt(heads, seeds, handle, step) {
  const day = Math.floor(step / STEPS_PER_DAY);
  if (!heads?.[day] || !seeds[day]) return null;
  return BigInt(`0x${heads[day]}${valueOf(seeds[day], handle, day, step % STEPS_PER_DAY)}`).toString();
}

/** Judge a shown value against anchors by UTC day; see rules/chain.py. */
export function verify(handle, value, anchors, now, highest = -1) {
  for (const day of new Set([now - SKEW_STEPS, now + SKEW_STEPS].map((step) => Math.floor(step / STEPS_PER_DAY)))) {
    if (!anchors[day]) continue;
    const anchor = unhex(anchors[day]);
    const at = walk(handle, day, value);
    for (let count = 0; count < STEPS_PER_DAY; count++) {
      at.step();
      if (!at.value.every((byte, i) => byte === anchor[i])) continue;
      const step = day * STEPS_PER_DAY + count;
      if (step < now - SKEW_STEPS) return { verdict: "old", step };
      if (step > now + SKEW_STEPS) return { verdict: "early", step };
      return { verdict: step > highest ? "ok" : "replayed", step };
    }
  }
  return { verdict: "forged", step: null };
}

const QUASIGROUP = [
  "0317598642",
  "7092154863",
  "4206871359",
  "1750983426",
  "6123045978",
  "3674209581",
  "5869720134",
  "8945362017",
  "9438617205",
  "2581436790",
];

/** Return Damm's check digit; it is '0' exactly where a code with its check digit is right. */
export const dammDigit = (digits) => [...digits].reduce((state, digit) => QUASIGROUP[state][digit], "0");

/** Return whether a text is twelve digits whose last one checks the others. */
export const isTypedCode = (text) => /^[0-9]{12}$/.test(text) && dammDigit(text) === "0";

/** Return whether a typed code is kept for practice. */
export const isPractice = (code) => code.startsWith("0000");

/** Return a code as people read it: 4321 0987 6544. */
export const grouped = (code) => code.match(/.{1,4}/g)?.join(" ") ?? "";
