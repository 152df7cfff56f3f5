"""Reads of offers: live terms for lists, one offer or version with its terms, a shop's own list."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, JSONField, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from bacao.kit.calendar import DayKind
from bacao.kit.hours import Span, expand_hours
from bacao.kit.queries import get_calendar_overlay
from bacao.ledger.queries import list_rooms

from ..models import Offer, OfferFunder, OfferVersion, Quota, StateChange
from ..rules import EVERYONE, PARTIES, Audience, Item, Terms
from ..rules.limits import budget_of, period_budgets_of

Overlay = frozenset[tuple[date, DayKind]]
_PLAIN = (
    "title_zh", "title_en", "terms_zh", "terms_en", "price_minor", "list_minor", "face_minor", "percent_basis_points",
    "threshold_minor", "cap_minor", "uses", "party_size", "per_person", "per_order", "sale_from", "sale_until",
    "valid_days", "weekly_hours", "only_here", "stands_alone", "rank", "group", "threshold_on_running", "step_minor",
    "max_times", "target_minor", "units_per_bill", "list_only", "party_min", "party_max", "person_period",
    "person_days", "per_day", "per_slot", "budget_minor", "budget_day_minor", "budget_week_minor",
    "use_from", "use_until",
)  # fmt: skip
"""What `Terms` and `OfferVersion` call by the same name."""
_JOINED = ("offer_id", "pk", "offer__place_id", "offer__kind", "offer__stock__limit", "offer__stock__used", "items",
           "stack_tags", "stack_accepts", "audience_any", "audience_none", "tiers", "excluded_categories",
           "blackout_dates")  # fmt: skip


def list_live_terms(place_ids: Iterable[int], at: datetime) -> dict[int, list[Terms]]:
    """Return what can be had at each place at this instant, by place id, oldest offer first.

    Live, current version, inside its sale and use windows and weekly hours (all half open, PR12), on no blackout date,
    units left, whoever may have it. Places without any are left out. One statement, one more for the calendar where
    an offer has hours of its own, and one more where an offer counts its units by day.
    """
    versions = OfferVersion.objects.filter(
        *(Q(**{f"{name}_from": None}) | Q(**{f"{name}_from__lte": at}) for name in ("sale", "use")),
        *(Q(**{f"{name}_until": None}) | Q(**{f"{name}_until__gt": at}) for name in ("sale", "use")),
        Q(offer__stock__limit=None) | Q(offer__stock__used__lt=F("offer__stock__limit")),
        is_current=True,
        offer__state=Offer.State.LIVE,
        offer__place__in=list(place_ids),
    )
    rows = versions.order_by("offer_id").values_list(*_JOINED, _shares(), *_PLAIN)
    found = [_make_terms(row[: len(_JOINED) + 1], row[len(_JOINED) + 1 :]) for row in rows]
    overlay = read_overlay() if any(terms.weekly_hours for terms in found) else frozenset()
    taken, budgets = _taken_today(found, at), _list_budgets_left(found, at)
    live: dict[int, list[Terms]] = {}
    for terms in found:
        if terms.per_day is not None:
            left = max(terms.per_day - taken.get(terms.offer_id, 0), 0)
            terms = replace(terms, stock_left=left if terms.stock_left is None else min(left, terms.stock_left))
        if terms.offer_id in budgets:
            terms = replace(terms, budget_left_minor=budgets[terms.offer_id])
        if terms.stock_left != 0 and is_usable(terms, at, overlay):
            live.setdefault(terms.place_id, []).append(terms)
    return live


def is_usable(terms: Terms, at: datetime, overlay: Overlay) -> bool:
    """Return whether an instant lies in an offer's weekly hours and on no blackout date (PR12)."""
    if not terms.weekly_hours:
        return timezone.localdate(at) not in terms.blackout_dates
    return find_span(terms, at, overlay) is not None


def find_span(terms: Terms, at: datetime, overlay: Overlay) -> datetime | None:
    """Return when the weekly hours began in which an instant lies; a night belongs to the day on which it begins."""
    spans = _spans(terms.weekly_hours, timezone.localdate(at), overlay)
    begun = (start for start, end in spans if start <= at < end and start.date() not in terms.blackout_dates)
    return next(begun, None)


def _taken_today(found: Iterable[Terms], at: datetime) -> dict[int, int]:
    """Return the units taken today by offer id, of those that count them by day."""
    ids = [terms.offer_id for terms in found if terms.per_day is not None]
    if not ids:
        return {}
    return dict(
        Quota.objects.filter(offer__in=ids, period=timezone.localdate(at).isoformat()).values_list("offer", "used")
    )


def _list_budgets_left(found: Iterable[Terms], at: datetime) -> dict[int, int]:
    """Return what offers with a budget may still take off now, by offer id; what is held counts as gone (PR39).

    The account of a day or week is opened by its first claim: until then the whole of it is left.
    """
    day = timezone.localdate(at)
    limits = [(terms.offer_id, budget_of(terms.offer_id), 0) for terms in found if terms.budget_minor is not None]
    limits += [
        (terms.offer_id, budget.code, budget.limit_minor)
        for terms in found
        for budget in period_budgets_of(
            terms.offer_id, day, day_minor=terms.budget_day_minor, week_minor=terms.budget_week_minor
        )
    ]
    rooms = list_rooms([code for _, code, _ in limits]) if limits else {}
    left: dict[int, int] = {}
    for offer_id, code, unopened in limits:
        room = rooms.get(code, unopened)
        left[offer_id] = min(left.get(offer_id, room), room)
    return left


def list_place_ids_of_offers(offer_ids: Iterable[int]) -> list[int]:
    """Return the places that offers belong to."""
    return list(Offer.objects.filter(pk__in=list(offer_ids)).order_by().values_list("place", flat=True).distinct())


def list_first_offers(place_ids: Iterable[int] | None = None) -> dict[int, datetime]:
    """Return when each of some places, or of all, began its first offer that ever went on sale, by place id."""
    sold = Offer.objects.exclude(state=Offer.State.DRAFT)
    some = sold if place_ids is None else sold.filter(place__in=list(place_ids))
    return dict(some.order_by().values("place").annotate(first=Min("created_at")).values_list("place", "first"))


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
        version.stack_tags, version.stack_accepts, version.audience_any, version.audience_none, version.tiers,
        version.excluded_categories, version.blackout_dates, shares,
    )  # fmt: skip
    return _make_terms(joined, [getattr(version, name) for name in _PLAIN])


def audience_of(version: OfferVersion) -> Audience:
    """Return who may have a version."""
    return _make_audience(version.audience_any, version.audience_none)


def _make_audience(any_of: Iterable[Iterable[str]], none_of: Iterable[str]) -> Audience:
    return Audience(tuple(map(tuple, any_of)), tuple(none_of)) if any_of or none_of else EVERYONE


def list_terms(version_ids: Iterable[int]) -> dict[int, Terms]:
    """Return the terms of versions by version id, whatever is on sale now, in one statement."""
    rows = OfferVersion.objects.filter(pk__in=list(version_ids)).values_list(*_JOINED, _shares(), *_PLAIN)
    split = len(_JOINED) + 1
    return {row[1]: _make_terms(row[:split], row[split:]) for row in rows}


def _make_terms(joined: Sequence[Any], plain: Iterable[Any]) -> Terms:
    """Build the value from the columns `_JOINED` with the shares after them, and the columns `_PLAIN`."""
    offer_id, version_id, place_id, kind, limit, used, items, tags, accepts, *rest = joined
    any_of, none_of, tiers, excluded, blackouts, shares = rest
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
        audience=_make_audience(any_of, none_of),
        tiers=tuple((least, off) for least, off in tiers),
        excluded_categories=tuple(excluded),
        blackout_dates=tuple(blackouts),
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


def read_overlay() -> Overlay:
    """Return the operator's words on single dates."""
    return frozenset(get_calendar_overlay().items())


@lru_cache(maxsize=4096)
def _spans(expression: str, today: date, overlay: Overlay) -> tuple[Span, ...]:
    """Return the spans that can contain an instant of `today`; hours past midnight belong to the day before (PR12)."""
    zone = timezone.get_default_timezone()
    return tuple(expand_hours(expression, first=today - timedelta(days=1), days=2, overlay=dict(overlay), zone=zone))
