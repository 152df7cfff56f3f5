// What to charge; the server computes it again (bacao/offers/rules/price.py, discount_on_bill).

/** Return what an offer takes off a bill, in minor units. */
export function discountOf(offer, billMinor) {
  if (billMinor < offer.threshold_minor) return 0;
  if (!offer.percent_basis_points) return Math.min(offer.face_minor, billMinor);
  return Math.min(Math.floor((billMinor * offer.percent_basis_points) / 10000), offer.cap_minor ?? Infinity);
}

/** Return what the clerk charges: the bill less the discount, nothing where everything was paid before. */
export const chargeOf = (offer, billMinor) => (offer.needs_bill ? billMinor - discountOf(offer, billMinor) : 0);

/** Return what a redemption is worth, for the limits of serving alone. */
export const worthOf = (offer, voucher, { bill_minor: bill, uses = 1 }) =>
  offer.needs_bill ? discountOf(offer, bill) : (voucher ?? offer).worth_minor * uses;
