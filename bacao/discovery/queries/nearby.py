"""What is good here and now: places around a point, open at a minute, priced and ranked (discovery.md, 3 to 9)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from bacao.discovery.queries.live import find_view, get_index_age_seconds
from bacao.discovery.queries.simple import LIMIT_MAX, Nearby, Wanted, list_simply
from bacao.discovery.queries.standing import get_standings
from bacao.discovery.queries.viewer import Viewer, price_for, read_viewer
from bacao.discovery.queries.weighing import NearbyItem, Viewpoint, personal
from bacao.discovery.rules import USUAL, Facts, Figures, Hours, score_terms
from bacao.kit.geo import longest_walk_m
from bacao.places.queries import list_places_by_id, open_pattern_ids

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.discovery.index.asking import Query
    from bacao.discovery.index.view import Hit, View
    from bacao.discovery.models import PlaceStanding
    from bacao.discovery.queries.serving import Answer
    from bacao.places.models import Place

RADIUS_MAX_M = 5_000
WITHOUT_PRICES_SECONDS = 300.0


def list_nearby(
    *,
    lat: float,
    lon: float,
    radius_m: int,
    at: datetime,
    category: str | None = None,
    party: int = 1,
    open_now: bool = True,
    price_minor: int | None = None,
    walk_minutes: int | None = None,
    limit: int = 20,
    viewer: "User | None" = None,
    tags: frozenset[str] = frozenset(),
    tries_new: bool = False,
    now: datetime | None = None,
) -> Nearby:
    """Return the best `limit` places inside a circle for one viewer at one minute; `now`, where that is another.

    `category` = code of a leaf or a branch; `price_minor` = most one will pay per head; `walk_minutes` = longest walk.
    `tags` = all of which a place must have. `tries_new` keeps slots for new places, unless the viewer switched personal
    ranking off. Where nothing answers, the radius is doubled once and the nearest place is named instead. Ties by place
    id. Without an index, or where it does not know what is asked about, the database answers within one kilometre.
    """
    wanted = Wanted(category, open_now, price_minor, walk_minutes, tags, tries_new)
    view, radius_m = find_view(), min(radius_m, RADIUS_MAX_M)
    if view is not None and view.covers(lat, lon, 2 * radius_m):
        age = get_index_age_seconds(now or at) or 0.0
        found = _ask_index(view, lat, lon, radius_m, at, party, wanted, min(limit, LIMIT_MAX), viewer, age)
        if found:
            return found
    sight = Viewpoint(lat, lon, at, party, personal(viewer), open_pattern_ids(at))
    return list_simply(sight, wanted, radius_m=radius_m, limit=limit)


def _ask_index(
    view: "View", lat: float, lon: float, radius_m: int, at: datetime, party: int, wanted: Wanted, limit: int,
    user: "User | None", age: float,
) -> Nearby | None:  # fmt: skip
    """Return the index's answer, None where it does not know what is asked about."""
    from bacao.discovery.index.asking import Query, Unanswerable
    from bacao.discovery.queries.serving import private_nearby, seeded

    viewer = read_viewer(user, at)
    walk_m = radius_m if wanted.walk_minutes is None else longest_walk_m(wanted.walk_minutes)
    query = Query(
        lat, lon, min(radius_m, walk_m), int(at.timestamp() // 60), party, wanted.category, wanted.tags,
        budget_minor=wanted.price_minor, open_now=wanted.open_now, keys=viewer.keys & set(view.frame.keys),
        count=limit, fit=viewer.fit,
    )  # fmt: skip
    if wanted.tries_new and viewer.is_tried_on:
        query = seeded(query, viewer.unit_id)
    try:
        pricing = partial(price_for, viewer, at=at, party=party)
        answer = private_nearby(view, query, own=viewer.own, price=pricing, survey=True, widest_m=2 * radius_m)
    except Unanswerable:
        return None
    found = _described(view, answer, viewer, at, age)
    return replace(found, items=_beside_plain(view, query, found.items)) if query.keys else found


def _beside_plain(view: "View", query: "Query", items: list[NearbyItem]) -> list[NearbyItem]:
    """Return the places with what somebody would pay there who holds nothing, where that is more."""
    from bacao.discovery.index import kernel as k

    plain = replace(query, keys=frozenset(), budget_minor=None)
    rows = view.weigh(plain, [item.place.pk for item in items]).tolist()
    paid = {row[k.SHOP_ID]: row[k.PER_HEAD] for row in rows}
    return [
        replace(item, plain_per_head_minor=paid.get(item.place.pk))
        if item.price and paid.get(item.place.pk, 0) > item.price.per_head_minor
        else item
        for item in items
    ]


def _described(view: "View", answer: "Answer", viewer: Viewer, at: datetime, age: float) -> Nearby:
    """Return an answer with the places it names. Two statements."""
    has_prices = age <= WITHOUT_PRICES_SECONDS
    items = describe_hits(view, [*answer.hits, *([answer.nearest] if answer.nearest else [])], viewer, at)
    if not has_prices:
        items = [without_price(item) for item in items]
    by_id = {item.place.pk: item for item in items}
    shown = [by_id[hit.shop_id] for hit in answer.hits if hit.shop_id in by_id]
    if not has_prices:
        shown.sort(key=lambda item: (-item.score, item.place.pk))
    return Nearby(
        shown, answer.radius_m, nearest=by_id.get(answer.nearest.shop_id) if answer.nearest else None,
        total=answer.total, unknown_hours=answer.untold, age_seconds=age, has_prices=has_prices,
        number=answer.number, lot=answer.lot,
    )  # fmt: skip


def describe_hits(view: "View", hits: "Sequence[Hit]", viewer: Viewer, at: datetime) -> list[NearbyItem]:
    """Return the places that hits name, ready for a page; what was removed meanwhile is left out."""
    ids = [hit.shop_id for hit in hits]
    places, standings = list_places_by_id(ids), get_standings(ids)
    median = dict(zip((code for code, _ in view.frame.categories), view.frame.medians, strict=True))
    return [
        _item(hit, places[hit.shop_id], standings[hit.shop_id], median, viewer, at)
        for hit in hits
        if hit.shop_id in places
    ]


def _item(
    hit: "Hit", place: "Place", standing: "PlaceStanding", median: dict[str, int], viewer: Viewer, at: datetime
) -> NearbyItem:
    facts = Facts(
        distance_m=hit.distance_dm // 10,
        per_head_minor=hit.per_head_minor or None,
        median_minor=median.get(place.category_id) or None,
        review_count=standing.review_count,
        stars_hundredths=standing.stars_hundredths,
        arrivals_30_days=standing.arrivals_30_days,
        hours=Hours.OPEN if hit.is_open else Hours.CLOSED if hit.hours_known else Hours.UNKNOWN,
        minutes_left=None if hit.closes is None else hit.closes - int(at.timestamp() // 60),
        saved_on=viewer.saved.get(place.pk),
        today=timezone.localdate(at),
        visits=viewer.visits.get(place.pk, 0),
        tried_points=hit.terms["exploration"],
    )
    figures = Figures(hit.payable_minor, hit.listed_minor, hit.heads, hit.how, hit.is_exact, hit.paid_minor)
    until = None if hit.closes is None else datetime.fromtimestamp(hit.closes * 60, UTC)
    price = None if hit.how == USUAL else figures
    return NearbyItem(place, price, standing, facts, score_terms(facts), until)


def without_price(item: NearbyItem) -> NearbyItem:
    """Return a place as one sees it whose price nobody knows."""
    facts = replace(item.facts, per_head_minor=None)
    return replace(item, price=None, facts=facts, terms=score_terms(facts))
