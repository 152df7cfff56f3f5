"""Reads of offers: live terms for lists, one offer or version with its terms, a shop's own list."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone

from bacao.kit.hours import expand_hours
from bacao.kit.queries import get_calendar_overlay

from .models import Offer, OfferFunder, OfferVersion
from .rules import PARTIES, Item, Terms


def list_live_terms(place_ids: Iterable[int], at: datetime) -> dict[int, list[Terms]]:
    """Return what can be had at each place at this instant, by place id, oldest offer first.

    Live, current version, inside its sale window and weekly hours (both half open, PR12), units left. Places without
    any are left out. One statement, and one more for the calendar where an offer has hours of its own.
    """
    versions = _with_terms().filter(
        Q(sale_from=None) | Q(sale_from__lte=at),
        Q(sale_until=None) | Q(sale_until__gt=at),
        Q(offer__stock__limit=None) | Q(offer__stock__used__lt=F("offer__stock__limit")),
        is_current=True,
        offer__state=Offer.State.LIVE,
        offer__place__in=list(place_ids),
    )
    found = [get_terms(version) for version in versions.order_by("offer_id")]
    overlay = _overlay() if any(terms.weekly_hours for terms in found) else frozenset()
    live: dict[int, list[Terms]] = {}
    for terms in found:
        if not terms.weekly_hours or _within_hours(terms.weekly_hours, at, overlay):
            live.setdefault(terms.place_id, []).append(terms)
    return live


def get_offer(offer_id: int) -> Offer:
    """Return an offer with its place, merchant and stock. :raises Offer.DoesNotExist:"""
    return Offer.objects.select_related("place__merchant", "place__category", "stock").get(pk=offer_id)


def get_version(version_id: int) -> OfferVersion:
    """Return a version ready for `get_terms`, with its place and merchant. :raises OfferVersion.DoesNotExist:"""
    return _with_terms().select_related("offer__place__merchant", "offer__stock").get(pk=version_id)


def get_current_version(offer_id: int) -> OfferVersion:
    """Return the version an offer sells now, ready for `get_terms`. :raises OfferVersion.DoesNotExist:"""
    versions = _with_terms().select_related("offer__place__merchant", "offer__stock")
    return versions.get(offer=offer_id, is_current=True)


def list_offers_of_place(place_id: int) -> list[OfferVersion]:
    """Return the current version of each offer of a place in any state, newest offer first (`.offer` is loaded)."""
    return list(_with_terms().filter(offer__place=place_id, is_current=True).order_by("-offer_id"))


def list_versions(offer_id: int) -> list[OfferVersion]:
    """Return every version of an offer, newest first."""
    return list(_with_terms().filter(offer=offer_id).order_by("-number"))


def get_terms(version: OfferVersion) -> Terms:
    """Return a version as a value, with the stock that is left. Costs statements unless it came from this file."""
    stock = version.offer.stock
    shares = getattr(version, "shares", None)
    if shares is None:
        shares = [{"party": row.party, "points": row.share_basis_points} for row in version.funders.all()]
    return Terms(
        offer_id=version.offer_id,
        version_id=version.pk,
        place_id=version.offer.place_id,
        kind=version.offer.kind,
        title_zh=version.title_zh,
        title_en=version.title_en,
        terms_zh=version.terms_zh,
        terms_en=version.terms_en,
        items=tuple(Item(**item) for item in version.items),
        price_minor=version.price_minor,
        list_minor=version.list_minor,
        face_minor=version.face_minor,
        percent_basis_points=version.percent_basis_points,
        threshold_minor=version.threshold_minor,
        cap_minor=version.cap_minor,
        uses=version.uses,
        party_size=version.party_size,
        stock=stock.limit,
        stock_left=None if stock.limit is None else stock.limit - stock.used,
        per_person=version.per_person,
        per_order=version.per_order,
        sale_from=version.sale_from,
        sale_until=version.sale_until,
        valid_days=version.valid_days,
        weekly_hours=version.weekly_hours,
        exclusive=version.exclusive,
        funders=tuple((share["party"], share["points"]) for share in sorted(shares, key=_funder_rank)),
    )


def _funder_rank(share: dict[str, object]) -> int:
    return PARTIES.index(str(share["party"]))


def _with_terms() -> QuerySet[OfferVersion]:
    """Return all versions with what `get_terms` reads: offer, stock and shares, in one statement."""
    shares = OfferFunder.objects.filter(version=OuterRef("pk")).values(
        json=JSONObject(party="party", points="share_basis_points")
    )
    return OfferVersion.objects.select_related("offer__stock").annotate(shares=ArraySubquery(shares))


def _overlay() -> frozenset[tuple[date, str]]:
    return frozenset(get_calendar_overlay().items())


def _within_hours(expression: str, at: datetime, overlay: frozenset[tuple[date, str]]) -> bool:
    today = timezone.localdate(at)
    return any(start <= at < end for start, end in _spans(expression, today, overlay))


@lru_cache(maxsize=4096)
def _spans(expression: str, today: date, overlay: frozenset[tuple[date, str]]) -> tuple[tuple[datetime, datetime], ...]:
    """Return the spans that can contain an instant of `today`; hours past midnight belong to the day before (PR12)."""
    zone = timezone.get_default_timezone()
    return tuple(expand_hours(expression, first=today - timedelta(days=1), days=2, overlay=dict(overlay), zone=zone))
