// Twelve digits without network (RD15): what a shop that takes the risk lets its phones know of them, 20 bits each.
import { fromBase64, hmacSha256, utf8 } from "./bytes.js";
import { read, readAll, wait, write } from "./database.js";

const TAG_HEX = 5;
const A_MINUTE = { ms: 60000, most: 5 };
const AN_HOUR = { ms: 3600000, most: 20 };

/** Return the tag of a code under the shop's key, as the manifest tells it of each voucher. */
export async function typedTag(key, code) {
  const mac = await hmacSha256(fromBase64(key), utf8(code));
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, TAG_HEX);
}

/** Return the handle of the one voucher whose tag a code has; null for none, and for two. */
export async function handleOfTyped(database, manifest, code) {
  if (!manifest?.typing) return null;
  const tag = await typedTag(manifest.typing.key, code);
  const found = (await readAll(database, "vouchers")).filter(({ typed }) => typed === tag);
  return found.length === 1 ? found[0].handle : null;
}

/** Return whether too many wrong codes were typed lately. */
export async function isTypingClosed(database, now) {
  const wrong = (await read(database, "facts", "typed")) ?? [];
  return [A_MINUTE, AN_HOUR].some(({ ms, most }) => wrong.filter((at) => at > now - ms).length >= most);
}

/** Count a code that nothing here knows: guesses are few without network, too (RD14). */
export const countWrongTyped = (database, now) =>
  write(database, ["facts"], async ({ facts }) => {
    const before = (await wait(facts.get("typed"))) ?? [];
    facts.put([...before.filter((at) => at > now - AN_HOUR.ms), now], "typed");
  });
