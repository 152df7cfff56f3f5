// The shop's code: a symbol that members scan, and the six digits their green screen shows (RD16 to RD18).
import { stepAt } from "../chain.js";
import { bigEndian, fromBase64, hmacSha256, join, utf8 } from "./bytes.js";
import { read, write, wait } from "./database.js";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CHARACTERS = 10;
const STEPS_BACK = 5;
const MOST_CONFIRMATIONS = 10;
const WRONG_MOST = 5;

function base32(bytes) {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  const padded = (bytes.length * 8) % 5 ? bits << BigInt(5 - ((bytes.length * 8) % 5)) : bits;
  let text = "";
  for (let left = BigInt(Math.ceil((bytes.length * 8) / 5)) - 1n; left >= 0n; left--) text += BASE32[Number((padded >> (left * 5n)) & 31n)];
  return text;
}

/** Return the ten characters of a step. */
export async function liveCode(shop, step) {
  const mac = await hmacSha256(fromBase64(shop.key), join(utf8("live"), bigEndian(step, 8)));
  return base32(mac).slice(0, CHARACTERS);
}

/** Return the address that the counter shows now, in capitals: it fits a smaller symbol so. */
export const liveAddress = async (shop, host, now) =>
  `HTTPS://${host.toUpperCase()}/S/${shop.code}/${await liveCode(shop, stepAt(now))}`;

/** Return the six digits of the n-th confirmation of an amount in a step. */
export async function sixDigits(shop, step, chargeMinor, n) {
  const message = join(utf8("ok"), bigEndian(step, 8), bigEndian(chargeMinor, 8), bigEndian(n, 1));
  const mac = await hmacSha256(fromBase64(shop.key), message);
  const number = mac.slice(0, 8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return String(number % 1000000n).padStart(6, "0");
}

/** Check digits from a member's green screen without network: "ok", "used", "wrong" or "locked"; each counts once. */
export async function checkDigits(database, shop, { digits, chargeMinor, now }) {
  const step = stepAt(now);
  const state = (await read(database, "facts", "confirmed")) ?? { seen: [], wrong: [] };
  const wrong = state.wrong.filter((at) => at > now - 10 * 60000);
  if (wrong.length >= WRONG_MOST) return "locked";
  let found = null;
  for (let back = 0; back < STEPS_BACK && !found; back++)
    for (let n = 0; n < MOST_CONFIRMATIONS && !found; n++)
      if ((await sixDigits(shop, step - back, chargeMinor, n)) === digits) found = `${step - back}.${chargeMinor}.${n}`;
  return write(database, ["facts"], async ({ facts }) => {
    const { seen } = (await wait(facts.get("confirmed"))) ?? state;
    if (!found) facts.put({ seen, wrong: [...wrong, now] }, "confirmed");
    else if (!seen.includes(found)) facts.put({ seen: [...seen.slice(-200), found], wrong: [] }, "confirmed");
    return found ? (seen.includes(found) ? "used" : "ok") : "wrong";
  });
}
