"""Quotes: what something costs somebody, pinned to versions for ten minutes (PR34)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from bacao.accounts.queries import list_entitlements
from bacao.kit.calendar import calendar_version
from bacao.kit.text import Text
from bacao.offers.queries import count_used, get_terms, list_live_terms, list_terms
from bacao.offers.rules import EVERYONE, price_of
from bacao.offers.rules.answer import Answer, Use
from bacao.offers.rules.best import price_bill
from bacao.offers.rules.screen import say_audience
from bacao.offers.rules.situation import Bill, Owned, Situation
from bacao.offers.services import NotOnSale, SoldOut
from bacao.orders import rules
from bacao.orders.models import Quote
from bacao.orders.queries import find_open_quote, list_usable_vouchers_at

from .differences import NotForYou

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.offers.models import OfferVersion
    from bacao.places.models import Place

KEPT = timedelta(days=2)


def quote_purchase(*, user: "User", version: "OfferVersion", at: datetime) -> Quote:
    """Promise a price for a unit of what an offer sells now; an earlier promise is kept, unless the new price is lower.

    `version` comes from `offers.queries.get_current_version`.

    What has a budget and is taken before the bill is known claims the most that it can take off.

    :raises NotOnSale: not live, outside its sale window, its shop closed, or what it could take off has no end
    :raises SoldOut: nothing is left
    :raises NotForYou: it is for people who hold other keys
    """
    terms, place = get_terms(version), version.offer.place
    if version.offer.state != "live" or place.closed_at or place.merchant_id is None or not is_sold(version, at):
        raise NotOnSale
    if terms.stock_left == 0:
        raise SoldOut(0, Text("已经售罄。", "It is sold out."))
    has_budget = terms.budget_minor is not None or terms.budget_day_minor is not None
    most_off = terms.cap_minor or terms.face_minor
    if has_budget and not most_off:
        raise NotOnSale(
            Text("这个补贴在店里买单时自动用上。", "It applies by itself when the bill is paid at the shop.")
        )
    keys = frozenset() if terms.audience == EVERYONE else list_entitlements(user, at)
    if not terms.audience.admits(keys):
        raise NotForYou(say_audience(terms.audience.missing(keys)))
    standing = find_open_quote(user, version.offer_id, at)
    if standing and is_sold(standing.version, at) and standing.unit_price_minor <= version.price_minor:
        return standing
    price = price_of(terms)
    return Quote.objects.create(
        user=user,
        place=place,
        offer_version=version,
        unit_price_minor=version.price_minor,
        unit_list_minor=max(terms.worth_minor, version.price_minor),
        currency=settings.CURRENCY,
        keys=sorted(terms.audience.admitted_by(keys)),
        result={"funders": price.funders if price else [], "budget": most_off if has_budget else 0},
        ruleset=rules.RULESET,
        calendar_version=calendar_version(),
        quoted_at=at,
        expires_at=at + rules.QUOTE,
    )


def quote_bill(*, user: "User", place: "Place", bill_minor: int, party: int = 1, at: datetime) -> Quote:
    """Promise the exact best price of a bill of so much, for so many people, with whatever the person holds.

    What is to be paid is `unit_price_minor`: what is left of the bill, and what is bought on the way; what was paid
    for vouchers before is not asked for again.

    :raises NotOnSale: the shop is closed for good, or is none
    """
    if place.closed_at or place.merchant_id is None:
        raise NotOnSale
    offers = list_live_terms([place.pk], at).get(place.pk, [])
    keys = list_entitlements(user, at)
    situation = Situation(
        bill=Bill.of_amount(bill_minor),
        at=at,
        party=party,
        keys=keys,
        owned=_list_owned(user, place, at),
        used=count_used(user.pk, place.pk, at),
        calendar_version=calendar_version(),
    )
    answer = price_bill(offers, situation)
    return Quote.objects.create(
        kind=Quote.Kind.BILL,
        user=user,
        place=place,
        bill_minor=bill_minor,
        party=party,
        unit_price_minor=answer.pay_now_minor,
        unit_list_minor=answer.list_minor,
        currency=settings.CURRENCY,
        keys=sorted({key for use in answer.uses for key in use.admitted_by}),
        result=_write_down(answer),
        ruleset=answer.ruleset,
        calendar_version=situation.calendar_version,
        quoted_at=at,
        expires_at=at + rules.QUOTE,
    )


def _list_owned(user: "User", place: "Place", at: datetime) -> tuple[Owned, ...]:
    """Return the vouchers somebody can use at a place now, under the terms they bought."""
    vouchers = list_usable_vouchers_at(user, place, at)
    terms = list_terms({voucher.order.offer_version_id for voucher in vouchers}) if vouchers else {}
    return tuple(
        Owned(
            terms[voucher.order.offer_version_id],
            units=voucher.uses_left,
            first_use=voucher.uses_redeemed,
            expires_at=voucher.valid_until,
        )
        for voucher in vouchers
    )


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


def is_sold(version: "OfferVersion", at: datetime) -> bool:
    """Return whether an instant lies in the window in which a version's terms are sold, half open (PR12)."""
    return (version.sale_from is None or version.sale_from <= at) and (
        version.sale_until is None or at < version.sale_until
    )


@transaction.atomic
def forget_quotes(*, at: datetime) -> int:
    """Drop the quotes that nobody took, days after they ran out, and return how many there were."""
    return Quote.objects.filter(holds=None, expires_at__lt=at - KEPT).delete()[0]
