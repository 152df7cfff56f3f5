// A clerk who is signed in: the server decides everything, and nothing is kept on the phone. The same questions as a
// till's (till/till.js), so that the page need not know which of the two it has.
import { api, isFinal } from "../till/api.js";
import { decodeToken } from "../chain.js";
import { decodeSigned } from "../till/signed.js";

const PAUSES_MS = [0, 700, 1500, 3000]; // one key a press, the same key and bytes however often it is sent (X25)
const PATIENCE_MS = 8000;
const ASKS = new Set(["bill_needed", "uses_needed", "too_few_uses", "too_few_vouchers", "below_threshold"]);

/** Return a random UUID; crypto.randomUUID exists on secure pages only. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Session {
  constructor(place) {
    this.place = place;
    this.state = { alone: false, unsent: 0, left: 0, may: false, near: false, trouble: 0 };
    this.news = [];
  }

  #row(path, body) {
    return { path, key: newKey(), body: JSON.stringify({ place: this.place, ...body }) };
  }

  async examine(code) {
    const token = code.token ? (decodeToken(code.token) ?? decodeSigned(code.token)) : null;
    return { kind: "found", code, token, preview: null };
  }

  press(found, said = {}) {
    return this.send(this.#row("/redemptions", { ...found.code, ...said }), found);
  }

  undo(key) {
    return this.send(this.#row("/undos", { redemption: key }));
  }

  honour({ code, bill_minor: bill, reason }) {
    return this.send(this.#row("/incidents", { ...code, ...(bill == null ? {} : { bill_minor: bill }), reason }));
  }

  /** Send a row until something with an outcome comes back. */
  async send(row, found = null) {
    for (const pause of PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const answer = await api.post(row.path, row.body, { headers: { "Idempotency-Key": row.key }, patience: PATIENCE_MS });
      const { status, content } = answer;
      if (!content.outcome || status >= 500) continue;
      if (isFinal(answer) && status === 201) return { look: content.outcome === "undone" ? "undone" : "green", content, row };
      if (status === 202) return { look: "member", content, row };
      if (ASKS.has(content.outcome)) return { look: "ask", content, found };
      return { look: "red", content, row, found };
    }
    return { look: "wait", row };
  }

  async leave() {}
  async sync() {}
}
