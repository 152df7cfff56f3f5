// Sends a press of the clerk: one key a press, the same key and bytes however often it has to be sent (RD36, X25).

const PAUSES_MS = [0, 700, 1500, 3000];
const PATIENCE_MS = 8000;

/** Return a random UUID; crypto.randomUUID exists on secure pages only. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Return a press, ready to be sent and sent again. */
export function makePress(path, body) {
  return { path, key: newKey(), body: JSON.stringify(body) };
}

/** Send a press until something with an `outcome` comes back; null where nothing did. */
export async function send(press) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "content-type": "application/json", "Idempotency-Key": press.key, "X-CSRFToken": token };
  for (const pause of PAUSES_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const answer = await fetch(press.path, {
        method: "POST",
        headers,
        body: press.body,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const content = await answer.json();
      if (content.outcome && answer.status < 500) return content;
    } catch {
      // no network, no answer, or a page instead of one: the same press goes out again
    }
  }
  return null;
}
