// The queue: rows with the exact bytes to be sent, numbered without gaps, on disk before anything is shown (RD34). A row
// leaves only on an answer that is final (RD36).
import { read, readAll, write, wait } from "./database.js";
import { signRow } from "./device.js";

const KEEP_MS = 4 * 24 * 3600 * 1000; // what this phone used up: longer than any chain lives

export const listRows = async (database) => (await readAll(database, "rows")).sort((a, b) => a.number - b.number);

/** Write a row for `path` and `body`, and what it uses up (`handle`, `step`, `uses`); return it, ready to be sent.
 *
 * `about` = the voucher's handle: rows about one voucher arrive in order. `after` = the key of the row that it takes back.
 */
export async function addRow(database, device, { path, body, handle = null, step = null, uses = 0, minor = 0, shown = {}, about = handle, after = null, at }) {
  const key = crypto.randomUUID();
  const text = JSON.stringify(body);
  for (;;) {
    const number = ((await read(database, "facts", "number")) ?? 0) + 1;
    const signature = await signRow(device.keys, { key, device: device.id, number, body: text });
    const row = { key, number, device: device.id, path, body: text, signature, handle, step, uses, minor, shown, about, after, at, served_at: null, tries: 0, next_at: 0 };
    const written = await write(database, ["facts", "rows", "used"], async ({ facts, rows, used }) => {
      if (((await wait(facts.get("number"))) ?? 0) !== number - 1) return false; // another tab was faster
      facts.put(number, "number");
      rows.put(row);
      if (handle) used.put({ key, handle, step, uses, at, undone: false, refused: false, settled: null });
      return true;
    });
    if (written) return row;
  }
}

/** Take an undo into account at once: what it takes back is neither used nor served any more. */
export const markUndone = (database, key) =>
  write(database, ["rows", "used"], async ({ rows, used }) => {
    for (const store of [rows, used]) {
      const found = await wait(store.get(key));
      if (found) store.put({ ...found, undone: true });
    }
  });

/** Write that green is shown without an answer; it travels beside the row and changes none of its bytes. */
export function markServed(database, key, { at, minor }) {
  return write(database, ["rows"], async ({ rows }) => {
    const row = { ...(await wait(rows.get(key))), served_at: at, minor };
    rows.put(row);
    return row;
  });
}

/** Take back a row that the server did not keep and wants more of: its number is free again. Not if others came after. */
export const withdrawRow = (database, { key, number }) =>
  write(database, ["facts", "rows", "used"], async ({ facts, rows, used }) => {
    if ((await wait(facts.get("number"))) !== number) return false;
    facts.put(number - 1, "number");
    rows.delete(key);
    used.delete(key);
    return true;
  });

/** Remember that sending failed, and when to try again (RD36): five times after 5 s, then every 40 s, for ever. */
export function putOff(database, key, { at, retryAfter = 0 }) {
  return write(database, ["rows"], async ({ rows }) => {
    const row = await wait(rows.get(key));
    if (!row) return null;
    const tries = row.tries + 1;
    const fresh = { ...row, tries, next_at: at + Math.max(retryAfter, tries <= 5 ? 5 : 40) * 1000 };
    rows.put(fresh);
    return fresh;
  });
}

/** Take a final answer: the row leaves the queue, and stays readable. */
export function settleRow(database, key, { status, content, at }) {
  return write(database, ["rows", "done", "used"], async ({ rows, done, used }) => {
    const row = await wait(rows.get(key));
    if (!row) return null;
    const good = status === 201;
    const settled = { ...row, status, content, settled_at: at, seen: !needsEyes(row, status) };
    rows.delete(key);
    done.put(settled);
    const use = await wait(used.get(key));
    if (use) used.put({ ...use, settled: at, refused: !good && !row.served_at });
    const taken = row.after && !good ? await wait(used.get(row.after)) : null;
    if (taken) used.put({ ...taken, undone: false }); // the undo was refused: it is used after all
    return settled;
  });
}

/** Whether somebody has to be told: served and refused (RD38), or taken after the screen had said no (RD39). */
export const needsEyes = (row, status) =>
  row.served_at ? status !== 201 && !row.undone : status === 201 && row.left === true;

/** Remember that the guest was sent on while the row still waited: a late yes is news then. */
export const markLeft = (database, key) =>
  write(database, ["rows"], async ({ rows }) => {
    const row = await wait(rows.get(key));
    if (row) rows.put({ ...row, left: true });
  });

/** Return answered rows that somebody has to see. */
export const listNews = async (database) => (await readAll(database, "done")).filter(({ seen }) => seen === false);

export const markSeen = (database, key) =>
  write(database, ["done"], async ({ done }) => {
    const row = await wait(done.get(key));
    if (row) done.put({ ...row, seen: true });
  });

/** Forget what was answered, seen, and is older than any code. */
export function sweep(database, at) {
  return write(database, ["done", "used"], async ({ done, used }) => {
    for (const row of await wait(done.getAll())) if (row.seen && row.settled_at < at - KEEP_MS) done.delete(row.key);
    for (const use of await wait(used.getAll())) if (use.settled && use.settled < at - KEEP_MS) used.delete(use.key);
  });
}

/** Return all rows as text for a dying phone: whatever is needed to send them from elsewhere (RD37). */
export async function exportRows(database) {
  const rows = await listRows(database);
  return JSON.stringify({ kind: "bacao counter rows", rows }, null, 1);
}

