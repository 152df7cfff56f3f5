"""Quotes: what something costs somebody, pinned to versions for ten minutes (PR34)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from bacao.accounts.queries import list_entitlements
from bacao.kit.calendar import calendar_version
from bacao.kit.text import Text
from bacao.offers.queries import get_terms
from bacao.offers.rules import EVERYONE, price_of
from bacao.offers.rules.screen import say_audience
from bacao.offers.services import NotOnSale, SoldOut
from bacao.orders import rules
from bacao.orders.models import Quote
from bacao.orders.queries import find_open_quote

from .differences import NotForYou

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.offers.models import OfferVersion

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
    if terms.has_budget and not terms.most_off_minor:
        raise NotOnSale(
            Text("这个优惠在店里买单时自动用上。", "It applies by itself when the bill is paid at the shop.")
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
        result={"funders": price.funders if price else [], "budget": terms.most_off_minor if terms.has_budget else 0},
        ruleset=rules.RULESET,
        calendar_version=calendar_version(),
        quoted_at=at,
        expires_at=at + rules.QUOTE,
    )


def is_sold(version: "OfferVersion", at: datetime) -> bool:
    """Return whether an instant lies in the window in which a version's terms are sold, half open (PR12)."""
    return (version.sale_from is None or version.sale_from <= at) and (
        version.sale_until is None or at < version.sale_until
    )


@transaction.atomic
def forget_quotes(*, at: datetime) -> int:
    """Drop the quotes that nobody took, days after they ran out, and return how many there were."""
    return Quote.objects.filter(holds=None, expires_at__lt=at - KEPT).delete()[0]
