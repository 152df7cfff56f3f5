"""Reads of offers: live terms for lists, one offer or version with its terms, a shop's own list."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import F, Func, JSONField, OuterRef, Q, QuerySet
from django.utils import timezone

from bacao.kit.bulk import copy_rows
from bacao.kit.calendar import DayKind
from bacao.kit.hours import Span, expand_hours
from bacao.kit.queries import get_calendar_overlay

from .models import Offer, OfferFunder, OfferVersion, StateChange
from .rules import KINDS, PARTIES, Item, Terms

if TYPE_CHECKING:
    import numpy as np

_PLAIN = (
    "title_zh", "title_en", "terms_zh", "terms_en", "price_minor", "list_minor", "face_minor", "percent_basis_points",
    "threshold_minor", "cap_minor", "uses", "party_size", "per_person", "per_order", "sale_from", "sale_until",
    "valid_days", "weekly_hours", "exclusive",
)  # fmt: skip
"""What `Terms` and `OfferVersion` call by the same name."""
_JOINED = ("offer_id", "pk", "offer__place_id", "offer__kind", "offer__stock__limit", "offer__stock__used", "items",
           "stack_tags", "stack_accepts")  # fmt: skip


_AMOUNTS = ("price_minor", "list_minor", "face_minor", "percent_basis_points", "threshold_minor")


def list_live_terms(place_ids: Iterable[int], at: datetime) -> dict[int, list[Terms]]:
    """Return what can be had at each place at this instant, by place id, oldest offer first.

    Live, current version, inside its sale window and weekly hours (both half open, PR12), units left. Places without
    any are left out. One statement, and one more for the calendar where an offer has hours of its own.
    """
    versions = OfferVersion.objects.filter(
        Q(sale_from=None) | Q(sale_from__lte=at),
        Q(sale_until=None) | Q(sale_until__gt=at),
        Q(offer__stock__limit=None) | Q(offer__stock__used__lt=F("offer__stock__limit")),
        is_current=True,
        offer__state=Offer.State.LIVE,
        offer__place__in=list(place_ids),
    )
    rows = versions.order_by("offer_id").values_list(*_JOINED, _shares(), *_PLAIN)
    found = [_make_terms(row[: len(_JOINED) + 1], row[len(_JOINED) + 1 :]) for row in rows]
    overlay = _overlay() if any(terms.weekly_hours for terms in found) else frozenset()
    live: dict[int, list[Terms]] = {}
    for terms in found:
        if not terms.weekly_hours or _within_hours(terms.weekly_hours, at, overlay):
            live.setdefault(terms.place_id, []).append(terms)
    return live


_TAGS = "array_to_string(version.stack_tags, chr(31)) || chr(30) || array_to_string(version.stack_accepts, chr(31))"
_LIVE = """offers_offerversion AS version
    JOIN offers_offer AS offer ON offer.id = version.offer_id
    JOIN offers_offerstock AS stock ON stock.offer_id = offer.id
    WHERE version.is_current AND offer.state = 'live' AND (stock."limit" IS NULL OR stock.used < stock."limit")"""
NEVER_MINUTE = 2**31 - 1
UNITS_MOST = 65_535


class LiveOffers(NamedTuple):
    """Live offers as numbers, and the texts that two of their columns number."""

    rows: "np.ndarray"
    hours: list[str]
    stackings: list[tuple[frozenset[str], frozenset[str]]]


def copy_live_offers(place_ids: Collection[int] | None = None) -> LiveOffers:
    """Return the live, current versions that have units left, of some places or all, whatever their times.

    `kind` = place in rules.KINDS · `cap_minor` -1 = none · `units` = most that one can have, at most UNITS_MOST ·
    sale window in whole minutes since 1970, UTC, 0 and NEVER_MINUTE where it is open · `hours`, `stacking` = places in
    the lists of texts.
    """
    some = "" if place_ids is None else "AND offer.place_id = ANY(%(ids)s::int8[])"
    values: dict[str, Any] = {"ids": list(place_ids or ()), "kinds": list(KINDS)}
    with connection.cursor() as cursor:
        for name, column in (("hours", "version.weekly_hours"), ("stackings", _TAGS)):
            cursor.execute(f"SELECT DISTINCT {column} FROM {_LIVE} {some} ORDER BY 1", values)  # noqa: S608  # constants
            values[name] = [text for (text,) in cursor.fetchall()]
    columns = {
        "offer_id": ("i8", "offer.id"),
        "shop_id": ("i8", "offer.place_id"),
        "kind": ("i4", "array_position(%(kinds)s::text[], offer.kind::text) - 1"),
        **{name: ("i4", f"version.{name}") for name in _AMOUNTS},
        "cap_minor": ("i4", "coalesce(version.cap_minor, -1)"),
        "party": ("i4", "version.party_size"),
        "units": (
            "i4",
            f'least({UNITS_MOST}, version.per_order, version.per_person, stock."limit" - stock.used)',
        ),
        "sale_from": ("i4", "coalesce(ceil(extract(epoch FROM version.sale_from) / 60), 0)"),
        "sale_until": ("i4", f"coalesce(floor(extract(epoch FROM version.sale_until) / 60), {NEVER_MINUTE})"),
        "hours": ("i4", "array_position(%(hours)s::text[], version.weekly_hours::text) - 1"),
        "exclusive": ("i4", "version.exclusive::int4"),
        "stacking": ("i4", f"array_position(%(stackings)s::text[], {_TAGS}) - 1"),
    }
    pairs = [text.split(chr(30)) for text in values["stackings"]]
    stackings = [(_tag_set(tags), _tag_set(accepts)) for tags, accepts in pairs]
    return LiveOffers(copy_rows(columns, f"{_LIVE} {some}", values), values["hours"], stackings)


def _tag_set(joined: str) -> frozenset[str]:
    return frozenset(filter(None, joined.split(chr(31))))


def list_place_ids_of_offers(offer_ids: Iterable[int]) -> list[int]:
    """Return the places that offers belong to."""
    return list(Offer.objects.filter(pk__in=list(offer_ids)).order_by().values_list("place", flat=True).distinct())


def get_offer(offer_id: int) -> Offer:
    """Return an offer with its place, merchant and stock. :raises Offer.DoesNotExist:"""
    return Offer.objects.select_related("place__merchant", "place__category", "stock").get(pk=offer_id)


def get_version(version_id: int) -> OfferVersion:
    """Return a version ready for `get_terms`, with its place and merchant. :raises OfferVersion.DoesNotExist:"""
    return _with_terms().select_related("offer__place__merchant", "offer__stock").get(pk=version_id)


def list_versions_by_id(version_ids: Iterable[int]) -> dict[int, OfferVersion]:
    """Return versions as `get_version` does, by id, in one go."""
    return _with_terms().select_related("offer__place__merchant", "offer__stock").in_bulk(set(version_ids))


def get_current_version(offer_id: int) -> OfferVersion:
    """Return the version an offer sells now, ready for `get_terms`. :raises OfferVersion.DoesNotExist:"""
    versions = _with_terms().select_related("offer__place__merchant", "offer__stock")
    return versions.get(offer=offer_id, is_current=True)


def list_offers_of_place(place_id: int) -> list[OfferVersion]:
    """Return the current version of each offer of a place in any state, newest offer first (`.offer` is loaded)."""
    return list_offers_of_places([place_id])


def list_offers_of_places(place_ids: Iterable[int]) -> list[OfferVersion]:
    """Return the same of several places at once."""
    versions = _with_terms().filter(offer__place__in=list(place_ids), is_current=True)
    return list(versions.order_by("-offer_id"))


def list_versions(offer_id: int) -> list[OfferVersion]:
    """Return every version of an offer, newest first."""
    return list(_with_terms().filter(offer=offer_id).select_related("offer__stock", "created_by").order_by("-number"))


def list_state_changes(offer_id: int) -> list[StateChange]:
    """Return when an offer was put on sale, paused or ended, newest first, with who did it."""
    return list(StateChange.objects.filter(offer=offer_id).select_related("by").order_by("-changed_at", "-pk"))


def get_terms(version: OfferVersion) -> Terms:
    """Return a version as a value, with the stock that is left. Costs statements unless it came from this file."""
    offer, shares = version.offer, getattr(version, "shares", None)
    if shares is None:
        shares = [[row.party, row.share_basis_points] for row in version.funders.all()]
    joined = (
        offer.pk, version.pk, offer.place_id, offer.kind, offer.stock.limit, offer.stock.used, version.items,
        version.stack_tags, version.stack_accepts, shares,
    )  # fmt: skip
    return _make_terms(joined, [getattr(version, name) for name in _PLAIN])


def list_terms(version_ids: Iterable[int]) -> dict[int, Terms]:
    """Return the terms of versions by version id, whatever is on sale now, in one statement."""
    rows = OfferVersion.objects.filter(pk__in=list(version_ids)).values_list(*_JOINED, _shares(), *_PLAIN)
    split = len(_JOINED) + 1
    return {row[1]: _make_terms(row[:split], row[split:]) for row in rows}


def _make_terms(joined: Sequence[Any], plain: Iterable[Any]) -> Terms:
    """Build the value from the columns `_JOINED` with the shares after them, and the columns `_PLAIN`."""
    offer_id, version_id, place_id, kind, limit, used, items, tags, accepts, shares = joined
    return Terms(
        offer_id=offer_id,
        version_id=version_id,
        place_id=place_id,
        kind=kind,
        items=tuple(Item(**item) for item in items),
        stock=limit,
        stock_left=None if limit is None else limit - used,
        stack_tags=tuple(tags),
        stack_accepts=tuple(accepts),
        funders=tuple(sorted(((party, points) for party, points in shares), key=_rank_of_funder)),
        **dict(zip(_PLAIN, plain, strict=True)),
    )


def _rank_of_funder(share: tuple[str, int]) -> int:
    return PARTIES.index(share[0])


def _shares() -> ArraySubquery:
    """Return who funds a version as [[party, basis points], ...]."""
    pair = Func("party", "share_basis_points", function="jsonb_build_array", output_field=JSONField())
    return ArraySubquery(OfferFunder.objects.filter(version=OuterRef("pk")).values_list(pair))


def _with_terms() -> QuerySet[OfferVersion]:
    """Return all versions with what `get_terms` reads: offer, stock and shares, in one statement."""
    return OfferVersion.objects.select_related("offer__stock").annotate(shares=_shares())


def _overlay() -> frozenset[tuple[date, DayKind]]:
    return frozenset(get_calendar_overlay().items())


def _within_hours(expression: str, at: datetime, overlay: frozenset[tuple[date, DayKind]]) -> bool:
    today = timezone.localdate(at)
    return any(start <= at < end for start, end in _spans(expression, today, overlay))


@lru_cache(maxsize=4096)
def _spans(expression: str, today: date, overlay: frozenset[tuple[date, DayKind]]) -> tuple[Span, ...]:
    """Return the spans that can contain an instant of `today`; hours past midnight belong to the day before (PR12)."""
    zone = timezone.get_default_timezone()
    return tuple(expand_hours(expression, first=today - timedelta(days=1), days=2, overlay=dict(overlay), zone=zone))
