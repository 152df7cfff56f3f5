"""Which offers on a bill may stand together, and how the exact search sees them (pricing.md, section 6)."""

from collections.abc import Sequence

from .combine import NO_CAP, Candidate, Line, Op
from .terms import PERCENT_OFF, THRESHOLD_OFF, VOUCHER, Terms

BILL_KINDS = (PERCENT_OFF, THRESHOLD_OFF, VOUCHER)
"""The kinds that apply to a whole bill, in the published order of calculation."""


def agree(one: Terms, other: Terms) -> bool:
    """Return whether two offers may stand together: each accepts a tag of the other, neither is exclusive (PR20)."""
    if one.exclusive or other.exclusive:
        return False
    return bool(set(one.stack_tags) & set(other.stack_accepts) and set(other.stack_tags) & set(one.stack_accepts))


def bill_offers(offers: Sequence[Terms]) -> list[Terms]:
    """Return the offers on a whole bill that can take something off one, in the published order of calculation."""
    kept = [terms for terms in offers if terms.kind in BILL_KINDS and _has_worth(terms)]
    return sorted(kept, key=lambda terms: (BILL_KINDS.index(terms.kind), terms.offer_id))


def bill_candidates(offers: Sequence[Terms]) -> list[Candidate]:
    """Return the offers on a whole bill as candidates of the exact search; the bill is `bill_line(...)`."""
    kept = bill_offers(offers)
    return [_candidate(terms, [other for other in kept if other is not terms]) for terms in kept]


def bill_line(bill_minor: int) -> list[Line]:
    """Return a bill of which only the amount is known."""
    return [Line(0, bill_minor)]


def _has_worth(terms: Terms) -> bool:
    if terms.kind == PERCENT_OFF:
        return terms.percent_basis_points > 0 and terms.cap_minor != 0
    return terms.face_minor > (terms.price_minor if terms.kind == VOUCHER else 0)


def _candidate(terms: Terms, others: Sequence[Terms]) -> Candidate:
    refused = frozenset(other.offer_id for other in others if not agree(terms, other))
    whole, threshold = frozenset({0}), max(terms.threshold_minor, 1)
    if terms.kind == PERCENT_OFF:
        cap = NO_CAP if terms.cap_minor is None else terms.cap_minor
        return Candidate(
            terms.offer_id, Op.PERCENT, 3, whole, basis_points=terms.percent_basis_points, cap_minor=cap,
            threshold_minor=threshold, excludes=refused,
        )  # fmt: skip
    if terms.kind == THRESHOLD_OFF:
        tiers = ((threshold, terms.face_minor),)
        return Candidate(terms.offer_id, Op.TIERS, 3, whole, threshold_minor=threshold, tiers=tiers, excludes=refused)
    return Candidate(
        terms.offer_id, Op.VOUCHER, 4, whole, face_minor=terms.face_minor, price_minor=terms.price_minor,
        threshold_minor=threshold, excludes=refused,
    )  # fmt: skip
