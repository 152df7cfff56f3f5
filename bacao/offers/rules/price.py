"""What a bill costs under one offer. Integer minor units throughout (PR1, PR2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from bacao.kit.text import Text
from bacao.ledger.rules import largest_remainder

from .steps import after_step, rows_of
from .terms import CARD, MERCHANT, PACKAGE, PARTIES, PLATFORM, VOUCHER, Terms, say_amount

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
    """What is paid under one offer or several: `payable_minor` is the whole cost, before coming and at the counter.

    `offers` = ids of what is used, in order of calculation; `offer_id`, `version_id`, `kind` = the one that takes off
    most. `before_minor` = paid before coming. `steps` = list price and what each funder (of a combination: each offer)
    takes off. `funders` = ((party, minor units), ...), summing to `saving_minor` (IN10). `heads` = people (or uses of a
    card) the amounts are for; `basis` says so in words.
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
    offers: tuple[int, ...] = ()
    before_minor: int = 0

    @property
    def is_combination(self) -> bool:
        """Whether several offers make it together."""
        return len(self.offers) > 1


@dataclass(frozen=True, slots=True)
class _Amounts:
    """The figures of a price before it is put into words."""

    list_minor: int
    payable_minor: int
    heads: int


def discount_on_bill(terms: Terms, bill_minor: int) -> int:
    """Return what comes off a bill at the counter, in minor units; 0 where the offer does not reach it.

    For a voucher that is the face of one unit (its price was paid before); packages and cards have no bill, and what
    names items has no discount on an amount. A percentage is floored, never the payable (PR2); nothing falls below 0.
    """
    if bill_minor <= 0 or bill_minor < terms.threshold_minor or not terms.is_for_bill:
        return 0
    if terms.kind == VOUCHER:
        return min(terms.face_minor, bill_minor)
    lefts = (after_step(row.op, row.rate, row.second, bill_minor, bill_minor)[1] for row in rows_of(terms)
             if row.threshold <= bill_minor)  # fmt: skip
    return bill_minor - min(lefts, default=bill_minor)


def split_by_funders(discount_minor: int, funders: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Split a discount by the funders' basis points, by largest remainder; an odd unit goes to the first (PR4)."""
    shares = tuple(funders)
    parts = largest_remainder(discount_minor, [points for _, points in shares])
    return tuple((party, part) for (party, _), part in zip(shares, parts, strict=True))


def add_up(shares: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return who pays how much in all, in the house's order, without those who pay nothing."""
    total: dict[str, int] = {}
    for party, part in shares:
        total[party] = total.get(party, 0) + part
    return tuple((party, total[party]) for party in PARTIES if total.get(party))


def price_of(terms: Terms, bill_minor: int | None = None, party: int = 1) -> Price | None:
    """Return what is paid under these terms, or None where they do not apply or would make things dearer.

    Packages and cards have their own list price. A voucher without a bill is priced as what is bought (face and
    price); percent-off and threshold-off without a bill have no price.
    """
    amounts = _amounts(terms, bill_minor, party)
    return _price(terms, amounts, bill_minor) if amounts and amounts.payable_minor <= amounts.list_minor else None


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
        offers=(terms.offer_id,),
        before_minor=terms.price_minor if terms.needs_bill else amounts.payable_minor,
    )


def _list_label(terms: Terms, bill_minor: int | None) -> Text:
    if not terms.needs_bill:
        return Text("原价", "List price")
    return Text("券面值", "Voucher worth") if bill_minor is None else Text("账单", "Bill")


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
