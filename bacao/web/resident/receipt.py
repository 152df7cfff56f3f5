"""What a bill costs somebody at a place, line by line, as an ordinary person reads a receipt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.accounts.queries import list_entitlements, list_identities
from bacao.kit.text import Text
from bacao.offers.queries import count_used, list_live_terms
from bacao.offers.rules import (
    PACKAGE,
    VOUCHER,
    Answer,
    Bill,
    NextStep,
    Owned,
    Price,
    Rejected,
    Situation,
    Terms,
    Use,
    best_per_head,
    price_bill,
    say_amount,
)
from bacao.offers.rules.limits import user_identity
from bacao.orders.queries import list_owned

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from bacao.accounts.models import User
    from bacao.orders.models import Quote

NAMED_MOST = 2
WHO_PAYS = {
    "merchant": Text("店家", "the shop"),
    "platform": Text("拔草", "Bacao"),
    "partner": Text("合作方", "a partner"),
}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a person holds at one place: entitlement keys, vouchers, and what they took before by offer id."""

    keys: frozenset[str] = frozenset()
    owned: tuple[Owned, ...] = ()
    used: dict[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt: what it is, who pays for it or where it comes from, and the amount, negative if off."""

    label: Text
    note: Text | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A price with its arithmetic. `buy` = the offer to be bought or taken first, `units` of it, for `buy_minor`.

    `list_minor` + the lines = `payable_minor` = `buy_minor` + `already_minor` + `counter_minor` + `credit_minor`.
    `is_bill` = a bill that is about to be paid: `buy_minor` is paid with the phone, or `counter_minor` to the clerk.
    """

    title: Text
    list_label: Text
    list_minor: int
    lines: tuple[Line, ...]
    payable_minor: int
    per_head_minor: int
    heads: int
    buy_minor: int
    already_minor: int
    counter_minor: int
    buy: Terms | None
    units: int
    rejected: tuple[Rejected, ...] = ()
    next_step: NextStep | None = None
    runner_up: Text | None = None
    bound_minor: int = 0
    is_bill: bool = False
    credit_minor: int = 0

    @property
    def saving_minor(self) -> int:
        """Return what comes off the list price."""
        return self.list_minor - self.payable_minor


def holdings_of(user: "User | AnonymousUser", place_id: int, at: datetime) -> Holdings:
    """Return what somebody holds here. Three statements, and one more where they own a voucher."""
    if not user.is_authenticated:
        return Holdings()
    owned = list_owned(user, place_id, at)
    used = count_used([user_identity(user.pk), *list_identities(user)], place_id, at)
    return Holdings(list_entitlements(user, at), owned, used)


def write_receipt(
    place_id: int, holdings: Holdings, *, bill_minor: int | None, party: int, at: datetime, bill_is_theirs: bool
) -> tuple[Receipt | None, tuple[Rejected, ...]]:
    """Return the receipt of the cheapest way for this party, None where nothing comes off, and what is not used.

    A package is the answer where a head pays less for it than for the bill, unless somebody typed the bill.
    """
    live = list_live_terms([place_id], at).get(place_id, [])
    answer = None
    if bill_minor:
        situation = Situation(Bill.of_amount(bill_minor), at, party, holdings.keys, holdings.owned, holdings.used or {})
        answer = price_bill(live, situation)
    packages = [terms for terms in live if terms.kind == PACKAGE]
    package = best_per_head(packages, usual_minor=None, party=party, keys=holdings.keys)
    rejected = answer.rejected if answer else ()
    if (
        package
        and not bill_is_theirs
        and (answer is None or package.per_head_minor < -(-answer.payable_minor // party))
    ):
        terms = next(terms for terms in packages if terms.offer_id == package.offer_id)
        return _of_package(terms, package, answer, party), rejected
    if answer and answer.uses:
        return _of_answer(answer, party), rejected
    return None, rejected


def receipt_of_bill(quote: "Quote") -> Receipt:
    """Return the receipt of a bill that was quoted just now."""
    answer = quote.answer
    assert answer is not None, "the quote was made for this page"
    whole, credit = _of_answer(answer, quote.party), quote.result["credit"]
    payable, online = whole.payable_minor + quote.undiscounted_minor, quote.tender == "online"
    return replace(
        whole,
        title=whole.title if answer.uses else Text("买单", "Pay the bill"),
        list_minor=quote.unit_list_minor,
        payable_minor=payable,
        per_head_minor=-(-payable // quote.party),
        buy_minor=quote.unit_price_minor - credit if online else 0,
        counter_minor=0 if online else quote.unit_price_minor,
        credit_minor=credit,
        buy=None,
        is_bill=True,
    )


def _of_answer(answer: Answer, party: int) -> Receipt:
    buy = next((use for use in answer.uses if use.bought_minor), None)
    owned = {use.terms.offer_id for use in answer.uses if use.owned_units}
    free = next((use for use in answer.uses if use.terms.offer_id not in owned), None)
    first, second = buy or free, answer.runner_up
    return Receipt(
        title=_say_uses([use.terms.title for use in answer.uses]),
        list_label=Text("账单", "Bill"),
        list_minor=answer.list_minor,
        lines=tuple(_line(use) for use in answer.uses),
        payable_minor=answer.payable_minor,
        per_head_minor=-(-answer.payable_minor // party),
        heads=party,
        buy_minor=answer.bought_minor,
        already_minor=answer.already_paid_minor,
        counter_minor=answer.counter_minor,
        buy=first.terms if first else None,
        units=first.units - first.owned_units if buy and first else 1,
        rejected=answer.rejected,
        next_step=answer.next_step,
        runner_up=_say_second(second.offers, second.payable_minor, second.more_minor) if second else None,
        bound_minor=answer.bound_minor,
    )


def _say_uses(titles: Sequence[Text]) -> Text:
    """Name what a bill uses; of many only how many, as its lines name them all."""
    if len(titles) > NAMED_MOST:
        return Text(f"{len(titles)} 个优惠一起用", f"{len(titles)} offers together")
    return Text(" + ".join(title.zh for title in titles), " + ".join(title.en for title in titles))


def _of_package(terms: Terms, price: Price, bill: Answer | None, party: int) -> Receipt:
    """Return the receipt of a package, with what the bill would cost a head beside it."""
    units = price.payable_minor // terms.price_minor if terms.price_minor else 1
    label = terms.title if units == 1 else Text(f"{terms.title.zh} ×{units}", f"{terms.title.en} ×{units}")
    return Receipt(
        title=terms.title,
        list_label=Text("单点", "One by one"),
        list_minor=price.list_minor,
        lines=(Line(label, _say_funders(price.funders), -price.saving_minor),),
        payable_minor=price.payable_minor,
        per_head_minor=price.per_head_minor,
        heads=price.heads,
        buy_minor=price.payable_minor,
        already_minor=0,
        counter_minor=0,
        buy=terms,
        units=max(units, 1),
        rejected=_beaten_by_package(terms, price, bill, party) if bill else (),
        runner_up=_say_bill(bill) if bill and bill.uses else None,
    )


def _beaten_by_package(terms: Terms, price: Price, bill: Answer, party: int) -> tuple[Rejected, ...]:
    """Return what is not used beside a package: what the bill would have used is beaten by it, so much a head."""
    more = -(-bill.payable_minor // party) - price.per_head_minor
    text = Text(f"不如套餐：一位多 {say_amount(more)}", f"The set is cheaper: {say_amount(more)} a head")
    beaten = tuple(Rejected(use.terms, "beaten_by", text, more, (terms.version_id,)) for use in bill.uses)
    return (*beaten, *(one for one in bill.rejected if one.terms.offer_id != terms.offer_id))


def _say_bill(bill: Answer) -> Text:
    names = [use.terms.title for use in bill.uses]
    whole, pays = say_amount(bill.list_minor), say_amount(bill.payable_minor)
    return Text(
        f"不要套餐、按账单 {whole} 点：{' + '.join(name.zh for name in names)}，{pays}",
        f"Without the set, on a bill of {whole}: {' + '.join(name.en for name in names)}, {pays}",
    )


def _line(use: Use) -> Line:
    title, terms = use.terms.title, use.terms
    if terms.kind == VOUCHER:
        bought = use.units - use.owned_units
        label = Text(f"{title.zh} ×{use.units}", f"{title.en} ×{use.units}") if use.units > 1 else title
        parts = []
        if use.owned_units:
            parts.append(Text(f"你有 {use.owned_units} 张", f"you hold {use.owned_units}"))
        if bought:
            price = say_amount(use.bought_minor)
            parts.append(Text(f"买 {bought} 张 {price}", f"buy {bought} for {price}"))
        note = Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))
        who = _say_funders(use.funders)
        return Line(label, Text(f"{note.zh} · {who.zh}", f"{note.en} · {who.en}"), -use.discount_minor)
    return Line(title, _say_funders(use.funders), -use.discount_minor)


def _say_funders(funders: Iterable[tuple[str, int]]) -> Text:
    """Say who pays a discount: one payer by name, several with their amounts."""
    paid = [(WHO_PAYS[party], amount) for party, amount in funders if amount]
    if len(paid) == 1:
        return Text(f"{paid[0][0].zh}出", f"paid by {paid[0][0].en}")
    return Text(
        " · ".join(f"{who.zh}出 {say_amount(amount)}" for who, amount in paid),
        " · ".join(f"{who.en} {say_amount(amount)}" for who, amount in paid),
    )


def _say_second(offers: Sequence[Terms], payable_minor: int, more_minor: int) -> Text:
    zh, en = "「" + "」+「".join(one.title.zh for one in offers) + "」", " + ".join(one.title.en for one in offers)
    price, more = say_amount(payable_minor), say_amount(more_minor)
    if not more_minor:
        return Text(f"{zh}也是 {price}", f"{en} comes to {price}, too")
    return Text(f"第二便宜是{zh}：{price}，多 {more}", f"Second best is {en}: {price}, {more} more")
