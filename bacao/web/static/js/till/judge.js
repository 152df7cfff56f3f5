// May this phone serve this code by itself? Pure: everything it needs is given (RD6, RD9, RD28 to RD31, section 13).
import { stepAt, verify } from "../chain.js";
import { worthOf } from "./amounts.js";
import { offerNamed, offerOf } from "./manifest.js";

const SKEW_MINUTES = 1;
const UNPROVEN = { verdict: "ok", step: null }; // digits have no chain: the shop's own risk (RD15)

/** Return what this phone itself took from a voucher: uses the manifest does not know of, the highest step, the last. */
export function ownUse(entries, manifest) {
  const counted = entries.filter(({ undone, refused }) => !undone && !refused);
  const unknown = counted.filter(({ settled }) => !settled || settled >= (manifest?.asked ?? 0));
  return {
    uses: unknown.reduce((sum, { uses }) => sum + uses, 0),
    step: Math.max(-1, ...entries.map(({ step }) => step ?? -1)),
    last: counted.sort((a, b) => b.at - a.at)[0],
  };
}

/** Return {items, minor} of rows that were served and not answered yet: what the limits count. */
export function servedAlone(rows) {
  const open = rows.filter(({ path, served_at: served, undone }) => path === "/redemptions" && served && !undone);
  return { items: open.length, minor: open.reduce((sum, { minor }) => sum + minor, 0) };
}

/** Return how many more may be served without network; 0 where none may. */
export function leftAlone(manifest, rows, now) {
  if (!mayServeAlone(manifest, now)) return 0;
  const { items, minor } = servedAlone(rows);
  return minor >= manifest.caps.hard_minor ? 0 : Math.max(0, manifest.caps.hard_items - items);
}

export const mayServeAlone = (manifest, now) =>
  Boolean(manifest?.offline) && now < Date.parse(manifest.valid_until);

/** Return whether this phone should be brought online soon (the soft limit of RD29). */
export function nearLimit(manifest, rows) {
  const { items, minor } = servedAlone(rows);
  return Boolean(manifest) && (items >= manifest.caps.soft_items || minor >= manifest.caps.soft_minor);
}

/** Judge a token's chain at an instant; {verdict, step} as chain.js. A signed one brings its own anchor. */
export function judgeChain(token, voucher, highest, now) {
  const anchors = token.version === 3 ? { [token.day]: token.anchor } : voucher.anchors;
  return verify(token.handle, token.value, anchors, stepAt(now), highest);
}

/** Return {serve: true, step, minor} or {serve: false, reason, at}; `at` = when it can be used, where that is known.
 *
 * `token` = decoded, or {handle, typed} of digits that the manifest knows; `signed` = whether its signature is good (BC3);
 * `voucher` = its row of the manifest or undefined, `own` = from `ownUse`, `rows` = all that wait, `said` = {bill_minor, uses, vouchers} of the clerk.
 */
export function judgeAlone({ token, signed, voucher, own, manifest, rows, said, now }) {
  const no = (reason, at) => ({ serve: false, reason, at });
  if (!manifest) return no("needs_network");
  if (token.version === 3 ? !signed : !voucher) return no(token.version === 3 ? "forged" : "newer");
  const offer = voucher ? offerOf(manifest, voucher) : offerNamed(manifest, token.offer);
  if (!offer) return no("unknown_offer");
  const left = (voucher?.uses_left ?? 1) - own.uses;
  if (left < (said.uses ?? 1)) return no("used_here");
  const highest = Math.max(own.step, voucher?.highest_step ?? -1);
  const { verdict, step } = token.typed ? UNPROVEN : judgeChain(token, voucher, highest, now);
  if (verdict !== "ok") return no(verdict);
  if (token.typed && !(manifest.typing && voucher.typed)) return no("typed_alone");
  if (voucher && now >= Date.parse(voucher.valid_until) + SKEW_MINUTES * 60000) return no("expired");
  if (!mayServeAlone(manifest, now)) return no("stale");
  if (offer.asks_member || voucher?.returned || said.vouchers > 1) return no("needs_network");
  const opens = nextStart(offer, now);
  if (opens !== now) return no("not_now", opens);
  if (offer.needs_bill && said.bill_minor < offer.threshold_minor) return no("below_threshold");
  const minor = worthOf(offer, voucher, said);
  const spent = servedAlone(rows);
  if (spent.items >= manifest.caps.hard_items || spent.minor + minor > manifest.caps.hard_minor) return no("over_cap");
  if (!voucher?.leased && minor > manifest.caps.item_minor) return no("over_cap");
  if (token.typed && minor > manifest.typing.most_minor) return no("typed_dear");
  return { serve: true, step, minor };
}

/** Return `now` where an offer can be used now, else when it can be next; null where not within the days told. */
export function nextStart({ spans }, now) {
  if (!spans) return now; // it has no hours of its own
  const next = spans.find(([, until]) => now < Date.parse(until));
  return next ? Math.max(now, Date.parse(next[0])) : null;
}
