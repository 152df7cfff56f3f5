"""Quotes of bills: the exact best price with whatever a person holds, promised for ten minutes (PR34)."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from bacao.accounts.queries import list_entitlements, list_identities
from bacao.kit.calendar import calendar_version
from bacao.kit.text import Refused, Text
from bacao.offers.queries import count_used, list_live_terms
from bacao.offers.rules import MERCHANT, Terms
from bacao.offers.rules.answer import Answer, Use
from bacao.offers.rules.best import price_bill
from bacao.offers.rules.limits import user_identity
from bacao.offers.rules.situation import Bill as Asked
from bacao.offers.rules.situation import Situation
from bacao.offers.services import NotOnSale
from bacao.orders import rules
from bacao.orders.models import Bill, Quote
from bacao.orders.queries import get_credit, list_owned

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.places.models import Place


class WrongBill(Refused):
    """The amount cannot be a bill."""

    code = "wrong_bill"
    status = 422

    def __init__(self, most_minor: int) -> None:
        most = f"{most_minor // 100:,}"
        super().__init__(Text(f"账单金额要在 0.01 到 {most} 元之间。", f"A bill is between ¥0.01 and ¥{most}."))


def quote_bill(
    *,
    user: "User",
    place: "Place",
    bill_minor: int,
    undiscounted_minor: int = 0,
    party: int = 1,
    tender: str = Bill.Tender.ONLINE,
    without: Collection[UUID] = (),
    at: datetime,
) -> Quote:
    """Promise the exact best price of a bill of so much, for so many people, with whatever the person holds.

    What is to be paid is `unit_price_minor`: what is left of the bill, and what is bought on the way; what was paid
    for vouchers before is not asked for again. `undiscounted_minor` of the bill takes no discount. `without` = own
    vouchers that cannot be used now.

    Paid at the counter, no money goes through us that would prove the bill: only own vouchers and what the shop alone
    funds apply, and no credit.

    :raises NotOnSale: the shop is closed for good, or is none
    :raises WrongBill: no amount, or one above ¥100,000
    """
    if place.closed_at or place.merchant_id is None:
        raise NotOnSale
    if not 0 < bill_minor <= rules.BILL_MOST_MINOR or not 0 <= undiscounted_minor <= bill_minor:
        raise WrongBill(rules.BILL_MOST_MINOR)
    offers = _list_offers(place, tender, at)
    situation = _describe(user, place, bill_minor - undiscounted_minor, party, without, at)
    answer = price_bill(offers, situation)
    pay = answer.pay_now_minor + undiscounted_minor
    quote = Quote.objects.create(
        kind=Quote.Kind.BILL,
        user=user,
        place=place,
        bill_minor=bill_minor,
        undiscounted_minor=undiscounted_minor,
        party=party,
        tender=tender,
        unit_price_minor=pay,
        unit_list_minor=bill_minor,
        currency=settings.CURRENCY,
        keys=sorted({key for use in answer.uses for key in use.admitted_by}),
        result=_write_down(answer) | {"credit": _credit(user, tender, pay)},
        ruleset=answer.ruleset,
        calendar_version=situation.calendar_version,
        quoted_at=at,
        expires_at=at + rules.QUOTE,
    )
    quote.answer = answer
    return quote


def _list_offers(place: "Place", tender: str, at: datetime) -> list[Terms]:
    offers = list_live_terms([place.pk], at).get(place.pk, [])
    return [terms for terms in offers if _is_shops_own(terms)] if tender == Bill.Tender.COUNTER else offers


def _describe(
    user: "User", place: "Place", discountable_minor: int, party: int, without: Collection[UUID], at: datetime
) -> Situation:
    """Return who pays for what, and what they hold, as the search reads it."""
    return Situation(
        bill=Asked.of_amount(discountable_minor),
        at=at,
        party=party,
        keys=list_entitlements(user, at),
        owned=list_owned(user, place.pk, at, without=without),
        used=count_used([user_identity(user.pk), *list_identities(user)], place.pk, at),
        calendar_version=calendar_version(),
    )


def _is_shops_own(terms: Terms) -> bool:
    """Return whether an offer costs nothing beforehand and nobody but the shop pays for it."""
    return not terms.price_minor and all(party == MERCHANT for party, points in terms.funders if points)


def _credit(user: "User", tender: str, pay_minor: int) -> int:
    return min(get_credit(user.pk), pay_minor) if tender == Bill.Tender.ONLINE else 0


def _write_down(answer: Answer) -> dict[str, Any]:
    """Return an answer as it is stored: every amount and every reason, offers by their version."""
    return {
        "payable": answer.payable_minor,
        "counter": answer.counter_minor,
        "bought": answer.bought_minor,
        "already_paid": answer.already_paid_minor,
        "burn": answer.burn_minor,
        "bound": answer.bound_minor,
        "funders": answer.funders,
        "uses": [_write_use(use) for use in answer.uses],
        "rejected": [
            {
                "version": one.terms.version_id,
                "reason": one.reason,
                "amount": one.amount_minor,
                "against": one.against,
                "missing": one.missing,
            }
            for one in answer.rejected
        ],
        "runner_up": answer.runner_up
        and {
            "versions": [terms.version_id for terms in answer.runner_up.offers],
            "payable": answer.runner_up.payable_minor,
        },
    }


def _write_use(use: Use) -> dict[str, Any]:
    return {
        "offer": use.terms.offer_id,
        "version": use.terms.version_id,
        "layer": use.layer,
        "units": use.units,
        "owned": use.owned_units,
        "base": use.base_minor,
        "discount": use.discount_minor,
        "parts": [[part.line, part.amount_minor, part.funders] for part in use.parts],
        "funders": use.funders,
        "keys": use.admitted_by,
    }
