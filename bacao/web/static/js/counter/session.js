// A clerk who is signed in: the server decides everything, and nothing is kept on the phone. The same questions as a
// till's (till/till.js), so that the page need not know which of the two it has.
import { isFinal, sessionApi } from "../till/api.js";
import { newKey } from "../till/bytes.js";
import { decodeToken } from "../chain.js";
import { decodeSigned } from "../till/signed.js";

const PAUSES_MS = [0, 700, 1500, 3000]; // one key a press, the same key and bytes however often it is sent (X25)
const PATIENCE_MS = 8000;

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
      const answer = await sessionApi.post(row.path, row.body, { headers: { "Idempotency-Key": row.key }, patience: PATIENCE_MS });
      const { status, content } = answer;
      if (!content.outcome || status >= 500) continue;
      if (isFinal(answer) && status === 201) return { look: content.outcome === "undone" ? "undone" : "green", content, row };
      if (status === 202) return { look: "member", content, row };
      if (status === 422 && content.preview) return { look: "ask", content, found };
      return { look: "red", content, row, found };
    }
    return { look: "wait", row };
  }

  async leave() {}
  async sync() {}
}
