"""What one press at the counter is worth to whom: pure arithmetic in minor units (money.md, section 3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bacao.kit.text import Text
from bacao.ledger.rules import Credit, Debit, largest_remainder
from bacao.offers.rules import CARD, PARTNER, PLATFORM, Terms, discount_on_bill, split_by_funders

UNDO_WINDOW = timedelta(minutes=60)
SAME_VISIT = timedelta(hours=4)
"""Several vouchers used by one person at one shop within this time are one arrival."""

MOST_CYCLES = 10


@dataclass(frozen=True, slots=True)
class Share:
    """What one use moves: `paid_minor` was paid before, the rest of the discount is carried by its funders."""

    paid_minor: int
    discount_minor: int
    platform_minor: int
    partner_minor: int

    @property
    def moves_money(self) -> bool:
        return bool(self.paid_minor or self.platform_minor or self.partner_minor)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a code holds, for the clerk's eyes. `charge_minor` is None while a bill has to be typed first."""

    voucher: str
    kind: str
    title: Text
    items: tuple[tuple[Text, int], ...]
    terms: Text
    charge_minor: int | None
    needs_bill: bool
    threshold_minor: int
    face_minor: int
    percent_basis_points: int
    cap_minor: int | None
    uses_left: int
    uses_total: int
    vouchers_left: int = 1  # of the same order, this one among them


def charge_of(terms: Terms, bill_minor: int | None) -> int:
    """Return what the clerk charges: the bill less the discount, nothing where everything was paid before."""
    return bill_minor - discount_on_bill(terms, bill_minor) if bill_minor is not None and terms.needs_bill else 0


def shares_of(terms: Terms, *, paid_parts: Sequence[int], first_use: int, bill_minor: int | None) -> list[Share]:
    """Return what each of the next uses moves; `paid_parts` = what was paid for each, `first_use` counts from 0.

    A card's worth is spread over its uses by largest remainder, so that the uses sum to the card exactly. The
    discount is split by its funders use by use (PR4, PR5).
    """
    worth = discount_on_bill(terms, bill_minor or 0) if terms.needs_bill else terms.worth_minor
    worths = largest_remainder(worth, [1] * terms.uses)[first_use:]
    return [_share(terms, paid, max(part - paid, 0)) for paid, part in zip(paid_parts, worths, strict=False)]


def entries_of(
    shares: Iterable[Share], *, order_id: str, offer_id: int, merchant_id: int, fee_basis_points: int
) -> list[Debit | Credit]:
    """Return the entries of a redemption: what was paid and what others fund becomes the shop's, less the fee.

    The fee is floored, so no shop pays an odd fen. The shop's own part of the discount moves no money.
    """
    shares = list(shares)
    paid = sum(share.paid_minor for share in shares)
    platform = sum(share.platform_minor for share in shares)
    partner = sum(share.partner_minor for share in shares)
    fee = (paid + platform + partner) * fee_basis_points // 10000
    return [
        Debit(f"liab.unredeemed.{order_id}", paid),
        Debit(f"expense.subsidy.{offer_id}", platform),
        Debit(f"asset.receivable.partner.{offer_id}", partner),
        Credit(f"liab.payable.merchant.{merchant_id}", paid + platform + partner - fee),
        Credit("income.commission", fee),
    ]


def preview_of(terms: Terms, *, voucher: str, uses_left: int, uses_total: int) -> Preview:
    """Return what the clerk is shown of a voucher before anything is consumed."""
    return Preview(
        voucher=voucher,
        kind=terms.kind,
        title=Text(terms.title_zh or terms.title_en, terms.title_en or terms.title_zh),
        items=tuple((Text(item.zh or item.en, item.en or item.zh), item.quantity) for item in terms.items),
        terms=Text(terms.terms_zh or terms.terms_en, terms.terms_en or terms.terms_zh),
        charge_minor=None if terms.needs_bill else 0,
        needs_bill=terms.needs_bill,
        threshold_minor=terms.threshold_minor,
        face_minor=terms.face_minor,
        percent_basis_points=terms.percent_basis_points,
        cap_minor=terms.cap_minor,
        uses_left=uses_left,
        uses_total=uses_total if terms.kind == CARD else 1,
    )


def _share(terms: Terms, paid_minor: int, discount_minor: int) -> Share:
    parts = dict(split_by_funders(discount_minor, terms.funders))
    return Share(paid_minor, discount_minor, parts.get(PLATFORM, 0), parts.get(PARTNER, 0))
