// BC3, the symbol that explains itself: for vouchers newer than the last manifest (RD9 to RD11). 253 digits, 840 bits.
import { fromBase64, join, utf8 } from "./bytes.js";

const DIGITS = 253;
const FIELDS = [
  ["version", 4],
  ["key", 4],
  ["handle", 40],
  ["day", 32],
  ["offer", 24],
  ["anchor", 112],
  ["signature", 512],
  ["value", 112],
];
const BITS = 840n;
const HEAD_BYTES = 27;

const hexOf = (number, bits) => number.toString(16).padStart(bits / 4, "0");
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

/** Return {version: 3, key, handle, day, offer, anchor, signature, value, head} of 253 digits, or null. */
export function decodeSigned(text) {
  if (text.length !== DIGITS || !/^[0-9]+$/.test(text)) return null;
  const number = BigInt(text);
  if (number >> BITS) return null;
  const found = {};
  let left = BITS;
  for (const [name, bits] of FIELDS) {
    left -= BigInt(bits);
    const value = (number >> left) & ((1n << BigInt(bits)) - 1n);
    found[name] = bits >= 40 ? hexOf(value, bits) : Number(value);
  }
  if (found.version !== 3) return null;
  return { ...found, head: hexOf(number >> (BITS - BigInt(8 * HEAD_BYTES)), 8 * HEAD_BYTES) };
}

/** Return whether the head of a symbol was signed by one of the shop's issuing keys ({id, public_key}). */
export async function isOurs(signed, keys) {
  const key = keys.find(({ id }) => id === signed.key);
  if (!key) return false;
  const message = join(utf8("BCS3"), bytesOf(signed.head));
  return verifyEd25519(fromBase64(key.public_key), bytesOf(signed.signature), message);
}

async function verifyEd25519(publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch {
    const { verifyAsync } = await import("../../vendor/noble/index.js"); // before Safari 17, Firefox 129, Chrome 137
    return verifyAsync(signature, message, publicKey).catch(() => false);
  }
}
