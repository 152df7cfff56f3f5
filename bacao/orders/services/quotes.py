"""Quotes: what something costs somebody, pinned to versions for ten minutes (PR34)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from bacao.kit.text import Text
from bacao.offers.queries import get_terms
from bacao.offers.rules import price_of
from bacao.offers.services import NotOnSale, SoldOut
from bacao.orders import rules
from bacao.orders.models import Quote
from bacao.orders.queries import find_open_quote

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.offers.models import OfferVersion

KEPT = timedelta(days=2)


def quote_purchase(*, user: "User", version: "OfferVersion", at: datetime) -> Quote:
    """Promise a price for a unit of what an offer sells now; an earlier promise is kept, unless the new price is lower.

    `version` comes from `offers.queries.get_current_version`.

    :raises NotOnSale: not live, outside its sale window, or its shop closed
    :raises SoldOut: nothing is left
    """
    terms, place = get_terms(version), version.offer.place
    if version.offer.state != "live" or place.closed_at or place.merchant_id is None or not is_sold(version, at):
        raise NotOnSale
    if terms.stock_left == 0:
        raise SoldOut(0, Text("已经售罄。", "It is sold out."))
    standing = find_open_quote(user, version.offer_id, at)
    if standing and is_sold(standing.offer_version, at) and standing.unit_price_minor <= version.price_minor:
        return standing
    price = price_of(terms)
    return Quote.objects.create(
        user=user,
        place=place,
        offer_version=version,
        unit_price_minor=version.price_minor,
        unit_list_minor=max(terms.worth_minor, version.price_minor),
        currency=settings.CURRENCY,
        explanation={"funders": price.funders if price else []},
        ruleset=rules.RULESET,
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
