// Speaks to the counter's API (docs/guide/till-api.md). `status` 0 = nothing came back.

/** Return the token that tells a person's session from a device's own login. */
const formToken = () => ({ "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value });

async function ask(path, options, patience) {
  const began = performance.now();
  try {
    const answer = await fetch(path, { cache: "no-store", ...options, signal: AbortSignal.timeout(patience) });
    const content = await answer.json();
    const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
    return { status: answer.status, content, retryAfter, travelled: performance.now() - began };
  } catch {
    return { status: 0, content: {}, retryAfter: 0, travelled: 0 };
  }
}

const speak = (asWho) => ({
  get: (path, patience = 8000) => ask(path, { headers: { accept: "application/json" } }, patience),
  /** `body` is sent as it is where it is text: a row's bytes never change. */
  post: (path, body, { headers = {}, patience = 8000 } = {}) =>
    ask(
      path,
      {
        method: "POST",
        headers: { "content-type": "application/json", ...asWho(), ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      },
      patience,
    ),
});

/** The phone speaks by its own login, a cookie that no script can read. */
export const api = speak(() => ({}));
/** Whoever signed in on this page speaks. */
export const sessionApi = speak(formToken);

const STORED = new Set([201, 404, 409, 410]);

/** Whether the server has decided for ever: only then may a row leave the queue (RD36). */
export const isFinal = ({ status, content }) => STORED.has(status) && Boolean(content?.outcome);
