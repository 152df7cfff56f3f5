"""What a bill costs under one offer, and which one offer is best. Integer minor units throughout (PR1, PR2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from bacao.kit.text import Text
from bacao.ledger.rules import largest_remainder

from .terms import CARD, MERCHANT, PACKAGE, PERCENT_OFF, PLATFORM, THRESHOLD_OFF, VOUCHER, Terms, say_amount

FUNDER_SAYS = {
    MERCHANT: Text("店家让利", "The shop takes off"),
    PLATFORM: Text("拔草补贴", "Bacao takes off"),
}
PARTNER_SAYS = Text("合作方补贴", "A partner takes off")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the receipt above "you pay"; a discount is negative. The lines add up to what is paid."""

    label: Text
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Price:
    """What is paid under one offer. `payable_minor` is the whole cost: paid before coming plus paid at the counter.

    `steps` = list price and what each funder takes off. `funders` = ((party, minor units), ...), summing to
    `saving_minor` (IN10). `heads` = people (or uses of a card) the amounts are for; `basis` says so in words.
    """

    offer_id: int
    version_id: int
    kind: str
    list_minor: int
    payable_minor: int
    saving_minor: int
    per_head_minor: int
    steps: tuple[Step, ...]
    funders: tuple[tuple[str, int], ...]
    heads: int
    basis: Text


@dataclass(frozen=True, slots=True)
class _Amounts:
    """The figures of a price before it is put into words."""

    list_minor: int
    payable_minor: int
    heads: int

    @property
    def saving_per_head(self) -> Fraction:
        return Fraction(self.list_minor - self.payable_minor, self.heads)


def discount_on_bill(terms: Terms, bill_minor: int) -> int:
    """Return what comes off a bill at the counter, in minor units; 0 where the offer does not reach it.

    For a voucher that is its face (its price was paid before); a package or a card has no bill. A percentage is
    floored, never the payable (PR2); nothing falls below 0 (PR6).
    """
    if not terms.needs_bill or bill_minor < max(terms.threshold_minor, 1):
        return 0
    if terms.kind == PERCENT_OFF:
        off = bill_minor * terms.percent_basis_points // 10000
        return off if terms.cap_minor is None else min(off, terms.cap_minor)
    return min(terms.face_minor, bill_minor)


def split_by_funders(discount_minor: int, funders: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Split a discount by the funders' basis points, by largest remainder; an odd unit goes to the first (PR4)."""
    shares = tuple(funders)
    parts = largest_remainder(discount_minor, [points for _, points in shares])
    return tuple((party, part) for (party, _), part in zip(shares, parts, strict=True))


def price_of(terms: Terms, bill_minor: int | None = None, party: int = 1) -> Price | None:
    """Return what is paid under these terms, or None where they do not apply or would make things dearer.

    Packages and cards have their own list price. A voucher without a bill is priced as what is bought (face and
    price); percent-off and threshold-off without a bill have no price.
    """
    amounts = _amounts(terms, bill_minor, party)
    return _price(terms, amounts, bill_minor) if amounts and amounts.payable_minor <= amounts.list_minor else None


def best_single(offers: Iterable[Terms], *, usual_minor: int | None, party: int = 1) -> Price | None:
    """Return the price under the one offer that saves most per head, or None where none saves anything.

    The bill is `usual_minor` × party (DS6). Ties: lower payable, then smaller offer id. A card asks for several
    visits at once, so it is chosen only where no other offer saves.
    """
    bill = usual_minor * party if usual_minor else None
    priced = [(terms, amounts) for terms in offers if (amounts := _amounts(terms, bill, party))]
    saving = [pair for pair in priced if pair[1].saving_per_head > 0]
    if not saving:
        return None
    terms, amounts = min(
        saving,
        key=lambda pair: (pair[0].kind == CARD, -pair[1].saving_per_head, pair[1].payable_minor, pair[0].offer_id),
    )
    return _price(terms, amounts, bill)


def _amounts(terms: Terms, bill_minor: int | None, party: int) -> _Amounts | None:
    if terms.kind == PACKAGE:
        units = -(-party // terms.party_size)
        if any(limit is not None and units > limit for limit in (terms.stock_left, terms.per_person, terms.per_order)):
            return None
        return _Amounts(terms.list_minor * units, terms.price_minor * units, max(party, terms.party_size))
    if terms.kind == CARD:
        return _Amounts(terms.list_minor, terms.price_minor, terms.uses)
    if bill_minor is None:
        return _Amounts(terms.face_minor, terms.price_minor, party) if terms.kind == VOUCHER else None
    gain = discount_on_bill(terms, bill_minor) - terms.price_minor
    return _Amounts(bill_minor, bill_minor - gain, party) if gain > 0 else None


def _price(terms: Terms, amounts: _Amounts, bill_minor: int | None) -> Price:
    saving = amounts.list_minor - amounts.payable_minor
    funders = split_by_funders(saving, terms.funders)
    return Price(
        offer_id=terms.offer_id,
        version_id=terms.version_id,
        kind=terms.kind,
        list_minor=amounts.list_minor,
        payable_minor=amounts.payable_minor,
        saving_minor=saving,
        per_head_minor=-(-amounts.payable_minor // amounts.heads),
        steps=(
            Step(_list_label(terms, bill_minor), amounts.list_minor),
            *(Step(FUNDER_SAYS.get(party, PARTNER_SAYS), -part) for party, part in funders if part),
        ),
        funders=funders,
        heads=amounts.heads,
        basis=_basis(terms, amounts, bill_minor),
    )


def _list_label(terms: Terms, bill_minor: int | None) -> Text:
    if terms.kind in (PERCENT_OFF, THRESHOLD_OFF) or (terms.kind == VOUCHER and bill_minor is not None):
        return Text("账单", "Bill")
    return Text("券面值", "Voucher worth") if terms.kind == VOUCHER else Text("原价", "List price")


def _basis(terms: Terms, amounts: _Amounts, bill_minor: int | None) -> Text:
    """Say what the figures assume, so that nobody takes an assumption for a promise."""
    heads = amounts.heads
    if terms.kind == CARD:
        return Text(f"{heads} 次", f"{heads} uses")
    if terms.kind == PACKAGE:
        return Text(f"{heads} 人", f"for {heads}")
    if bill_minor is None:
        return Text("一张券", "one voucher")
    bill = say_amount(bill_minor)
    if terms.kind == VOUCHER:
        now, then = say_amount(terms.price_minor), say_amount(amounts.payable_minor - terms.price_minor)
        return Text(f"按账单 {bill}：买券 {now}，到店付 {then}", f"on a bill of {bill}: {now} now, {then} there")
    return Text(f"按账单 {bill}", f"on a bill of {bill}")
