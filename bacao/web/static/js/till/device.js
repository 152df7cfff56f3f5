// The phone's own key, which no script can read out, and how it becomes a counter: it asks, the owner agrees (RD49).
import { openDatabase, putFact, read } from "./database.js";
import { toBase64, utf8 } from "./bytes.js";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" };

/** Return this phone's memory, null where the browser cannot keep a key and rows: no HTTPS, or told to keep nothing. */
export async function findMemory() {
  try {
    return globalThis.crypto?.subtle ? await openDatabase() : null;
  } catch {
    return null;
  }
}

/** Return the device of this phone: {id, place, state, keys, digits, expires_at}, or undefined. */
export const findDevice = (database) => read(database, "facts", "device");

/** Ask to stand at a place; return the device, which waits for its owner. Throws the server's answer if it refuses. */
export async function askToStand(database, api, place, name) {
  const keys = await crypto.subtle.generateKey(ECDSA, false, ["sign"]);
  const publicKey = toBase64(await crypto.subtle.exportKey("raw", keys.publicKey));
  const { status, content } = await api.post("/devices", { place, name, public_key: publicKey });
  if (status !== 201) throw content;
  const device = { id: content.device, place, keys, state: "waiting", digits: content.digits, expires_at: content.expires_at };
  await putFact(database, "device", device);
  return device;
}

/** Ask what became of the device; return it as it is now. A phone that lost its login is no counter any more. */
export async function refreshDevice(database, api, device) {
  const { status, content } = await api.get(`/devices/${device.id}`);
  if (status !== 200 && status !== 401) return device;
  const fresh = status === 200 ? { ...device, state: content.outcome, shop: content.place } : { ...device, state: "revoked" };
  if (fresh.state !== device.state || !device.shop) await putFact(database, "device", fresh);
  return fresh;
}

/** Return the signature of a row: ECDSA P-256 with SHA-256 over key, device, number and the exact body (RD40). */
export async function signRow(keys, { key, device, number, body }) {
  const message = utf8(`${key}\n${device}\n${number}\n${body}`);
  return toBase64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, message));
}
