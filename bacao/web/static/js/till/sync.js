// Sends rows, now and later: at once when somebody waits, then by itself until the server has decided (RD35, RD36).
import { isFinal } from "./api.js";
import { listRows, putOff, settleRow } from "./rows.js";

export const PATIENCE_MS = 1500;
export const TROUBLE_TRIES = 14; // then somebody should look; the row stays
const LATER_MS = 15000;

/** Send a row's own bytes, however often: the same key, number and signature each time. */
export function postRow(api, row, device, patience) {
  const headers = { "Idempotency-Key": row.key, "Counter-Number": String(row.number), "Counter-Signature": row.signature };
  if (row.device !== device.id) headers["Counter-Device"] = row.device;
  if (row.served_at) headers["Counter-Served-At"] = new Date(row.served_at).toISOString();
  return api.post(row.path, row.body, { headers, patience });
}

/** Send every row that is due, in order; return {answered: rows, reached: whether the server spoke}.
 *
 * Rows about one voucher go in order, an undo behind what it takes back. The first silence ends the round.
 */
export async function sendDue(database, api, device, { now, all = false }) {
  const answered = [];
  let reached = null;
  const held = new Set(); // vouchers with a row that was not answered in this round
  for (const row of await listRows(database)) {
    if (held.has(row.about)) continue;
    if (row.about) held.add(row.about);
    if (!all && row.next_at > now()) continue;
    const answer = await postRow(api, row, device, LATER_MS);
    reached = answer.status > 0;
    if (isFinal(answer)) {
      const settled = await settleRow(database, row.key, { ...answer, at: now() });
      held.delete(row.about);
      if (settled) answered.push(settled);
    } else await putOff(database, row.key, { at: now(), retryAfter: answer.retryAfter });
    if (!reached) break;
  }
  return { answered, reached };
}
