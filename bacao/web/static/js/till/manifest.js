// What a counter must know to serve alone: this shop's vouchers with the ends of their chains, offers, keys, limits
// (RD8). Asked for at each opening and every five minutes; changes only, where the server can tell them.
import { read, wait, write } from "./database.js";

export const MANIFEST_EVERY_MS = 5 * 60 * 1000;

export const findManifest = (database) => read(database, "facts", "manifest");

/** Fetch what changed and keep it; return {status, content} of the answer. */
export async function refreshManifest(database, api, clock) {
  const before = await findManifest(database);
  const asked = clock.now();
  const drawn = (await read(database, "facts", "number")) ?? 0;
  const answer = await api.get(`/manifest?since=${before?.number ?? 0}&drawn=${drawn}`, 15000);
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

/** Return what a voucher of the manifest was sold as, undefined where it is not told. */
export const offerOf = (manifest, voucher) => manifest.offers.find(({ version }) => version === voucher.version);

/** Return the offer that a signed code names: its number modulo 2^24. */
export const offerNamed = (manifest, number) => manifest.offers.find(({ offer }) => offer % 2 ** 24 === number);

/** Give leases back that another counter waits for; nothing of them is served alone until the next manifest (RD28). */
export async function returnLeases(database, api) {
  const { status, content } = await api.get("/leases");
  if (status !== 200 || !content.asked?.length) return;
  const drawn = await write(database, ["facts", "vouchers"], async ({ facts, vouchers }) => {
    for (const handle of content.asked) {
      const voucher = await wait(vouchers.get(handle));
      if (voucher) vouchers.put({ ...voucher, leased: false, returned: true });
    }
    return (await wait(facts.get("number"))) ?? 0;
  });
  await api.post("/leases", { returned: content.asked, drawn });
}
