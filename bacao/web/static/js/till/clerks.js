// A clerk is a tile and a PIN (RD50). Online the server counts wrong ones; alone the phone checks a slow hash.
import { fromBase64, toBase64, utf8 } from "./bytes.js";
import { putFact, read } from "./database.js";

const WRONG_MOST = 5;

/** Return whether a PIN is the clerk's, by the verifier of the manifest: PBKDF2-HMAC-SHA256, 32 bytes. */
export async function isPin(clerk, pin) {
  const key = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: fromBase64(clerk.salt), iterations: clerk.rounds };
  return toBase64(await crypto.subtle.deriveBits(how, key, 256)) === clerk.verifier;
}

/** Try a PIN: {outcome: "unlocked" | "pin_wrong" | "pin_locked", tries_left}. The server's word counts where there is one. */
export async function unlock(database, api, clerk, pin) {
  const wrong = (await read(database, "facts", `wrong.${clerk.id}`)) ?? 0;
  const { status, content } = await api.post(`/clerks/${clerk.id}/unlock`, { pin }, { patience: 3000 });
  if (status && content.outcome && status < 500 && status !== 401) {
    await putFact(database, `wrong.${clerk.id}`, 0);
    return content;
  }
  if (wrong >= WRONG_MOST) return { outcome: "pin_locked", tries_left: 0 };
  const right = await isPin(clerk, pin);
  await putFact(database, `wrong.${clerk.id}`, right ? 0 : wrong + 1);
  return right ? { outcome: "unlocked" } : { outcome: "pin_wrong", tries_left: WRONG_MOST - wrong - 1 };
}
