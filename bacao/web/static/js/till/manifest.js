// What a counter must know to serve alone: this shop's vouchers with the ends of their chains, offers, keys, limits
// (RD8). Asked for at each opening and every five minutes; changes only, where the server can tell them.
import { read, write } from "./database.js";

export const MANIFEST_EVERY_MS = 5 * 60 * 1000;

export const findManifest = (database) => read(database, "facts", "manifest");

/** Fetch what changed and keep it; return {status, content} of the answer. */
export async function refreshManifest(database, api, clock) {
  const before = await findManifest(database);
  const asked = clock.now();
  const answer = await api.get(`/manifest?since=${before?.number ?? 0}`, 15000);
  if (answer.status !== 200 || answer.content.outcome !== "manifest") return answer;
  clock.set(answer.content.server_time, answer.travelled);
  await keepManifest(database, answer.content, { asked, offset: clock.offset });
  return answer;
}

/** Write a manifest: everything anew where it says `since: 0`, else what changed. */
export function keepManifest(database, content, { asked, offset }) {
  const { vouchers: fresh, gone, ...head } = content;
  return write(database, ["facts", "vouchers"], ({ facts, vouchers }) => {
    if (!content.since) vouchers.clear();
    for (const handle of gone) vouchers.delete(handle);
    for (const voucher of fresh) vouchers.put(voucher);
    facts.put({ ...head, asked }, "manifest");
    facts.put(offset, "offset");
  });
}

/** Return the offer of a voucher as the counter shows it, or undefined. */
export const offerOf = (manifest, number) => manifest.offers.find(({ offer }) => offer === number);
