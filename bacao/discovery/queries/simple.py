"""Here and now from PostgreSQL: the simple list that answers while there is no index, and single places.

The same rules and the same order as the index, slower, and within one kilometre.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.discovery.queries.weighing import (
    NearbyItem,
    Sight,
    Viewpoint,
    as_items,
    best_prices,
    look_at,
    price_sights,
)
from bacao.discovery.rules.exploration import Lot
from bacao.kit.geo import cells_around, distance_m, walking_minutes
from bacao.offers.rules import Price
from bacao.places.queries import Spot, list_spots_in_cells, open_pattern_ids

if TYPE_CHECKING:
    from bacao.places.models import Place

RADIUS_MAX_M = 1_000
NEAREST_USABLE_M = 2_500
LIMIT_MAX = 60
PRICED_AT_ONCE = (64, 256)  # then all that is left: three statements at most, mostly one


@dataclass(frozen=True, slots=True)
class Nearby:
    """An answer: the best places, or none and then the nearest that would do, if there is one in twice the radius.

    `total` = how many are in the circle and pass the filters (where a highest price is asked for: and keep to it);
    `unknown_hours` = places left out only because nobody told when they are open. `is_simple` = no index was there.
    `age_seconds` = for how long nobody looked after the index, `has_prices` = it is not too old for prices (DS11);
    `number` = the base and the delta that answered; `lot` = the draw that filled the slots kept for new places.
    """

    items: list[NearbyItem]
    radius_m: int
    nearest: NearbyItem | None = None
    total: int = 0
    unknown_hours: int = 0
    is_simple: bool = False
    age_seconds: float = 0.0
    has_prices: bool = True
    number: tuple[int, int] = (0, 0)
    lot: Lot | None = None

    @property
    def age_minutes(self) -> int:
        """Return the age in whole minutes."""
        return int(self.age_seconds // 60)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a place must be to be listed. `price_minor` is per head."""

    category: str | None = None
    open_now: bool = True
    price_minor: int | None = None
    walk_minutes: int | None = None
    tags: frozenset[str] = frozenset()
    tries_new: bool = False  # of the index only: the simple list keeps no slots


def list_simply(view: Viewpoint, wanted: Wanted, *, radius_m: int, limit: int) -> Nearby:
    """Return what `list_nearby` does, within one kilometre."""
    radius_m = min(radius_m, RADIUS_MAX_M)
    if wanted.tags:
        return Nearby([], radius_m, is_simple=True)  # moods are known to the index alone
    spots, unknown = _spots_inside(view, radius_m, wanted)
    best, total = _best(look_at(spots, view), view, wanted, min(limit, LIMIT_MAX))
    if best:
        return Nearby(as_items(best), radius_m, total=total, unknown_hours=unknown, is_simple=True)
    further, _ = _spots_inside(view, radius_m * 2, replace(wanted, walk_minutes=None))
    nearest = _nearest(further, view, wanted.price_minor)
    return Nearby([], radius_m, nearest=nearest, unknown_hours=unknown, is_simple=True)


def nearest_usable(place: "Place", at: datetime) -> NearbyItem | None:
    """Return the nearest other place of the same kind that is open and has an offer usable now, or None (U08)."""
    view = Viewpoint(place.latitude, place.longitude, at, open_until=open_pattern_ids(at))
    spots, _ = _spots_inside(view, NEAREST_USABLE_M, Wanted(place.category_id))
    sights = price_sights(look_at([spot for spot in spots if spot.place_id != place.pk], view), view)
    usable = sorted((sight for sight in sights if sight.price), key=_by_distance)[:1]
    return as_items(usable)[0] if usable else None


def price_places(places: Iterable["Place"], at: datetime, party: int = 1) -> dict[int, Price]:
    """Return the best price at each place that has an offer which saves something, by place id.

    Hours are the caller's: a place that is shut has no price one could have now.
    """
    return best_prices({place.pk: place.usual_minor for place in places}, at, party)


def _spots_inside(view: Viewpoint, radius_m: int, wanted: Wanted) -> tuple[list[Spot], int]:
    """Return the spots of a circle that are open if need be, and how many failed for want of opening hours."""
    near = [
        spot
        for spot in list_spots_in_cells(cells_around(view.lat, view.lon, radius_m), wanted.category)
        if _within(spot, view, radius_m, wanted.walk_minutes)
    ]
    if not wanted.open_now:
        return near, 0
    unknown = sum(spot.hours_id is None for spot in near)
    return [spot for spot in near if spot.hours_id in view.open_until], unknown


def _within(spot: Spot, view: Viewpoint, radius_m: int, walk_minutes: int | None) -> bool:
    metres = distance_m(view.lat, view.lon, spot.latitude, spot.longitude)
    return metres <= radius_m and (walk_minutes is None or walking_minutes(metres) <= walk_minutes)


def _best(sights: list[Sight], view: Viewpoint, wanted: Wanted, limit: int) -> tuple[list[Sight], int]:
    """Return the best sights that keep to the price, and how many there are.

    Prices are looked up from the highest possible score down, until none that is left can reach the list any more:
    the same answer as pricing all of them (section 5). Who asks for a highest price has all of them priced.
    """
    if wanted.price_minor is not None:
        fitting = [sight for sight in price_sights(sights, view) if _affordable(sight, wanted.price_minor)]
        return sorted(fitting, key=_by_score)[:limit], len(fitting)
    left = sorted(sights, key=lambda sight: -sight.ceiling)
    best: list[Sight] = []
    for count in (*PRICED_AT_ONCE, len(left)):
        if not left or (len(best) == limit and left[0].ceiling < best[-1].score):
            break
        best = sorted([*best, *price_sights(left[:count], view)], key=_by_score)[:limit]
        left = left[count:]
    return best, len(sights)


def _nearest(spots: list[Spot], view: Viewpoint, price_minor: int | None) -> NearbyItem | None:
    sights = look_at(spots, view)
    if price_minor is not None:
        sights = [sight for sight in price_sights(sights, view) if _affordable(sight, price_minor)]
    nearest = sorted(sights, key=_by_distance)[:1]
    return as_items(nearest if price_minor is not None else price_sights(nearest, view))[0] if nearest else None


def _affordable(sight: Sight, price_minor: int) -> bool:
    """Return whether a head pays at most `price_minor`; a place whose prices nobody told does not count."""
    return sight.facts.per_head_minor is not None and sight.facts.per_head_minor <= price_minor


def _by_score(sight: Sight) -> tuple[int, int]:
    return -sight.score, sight.spot.place_id


def _by_distance(sight: Sight) -> tuple[int, int]:
    return sight.facts.distance_m, sight.spot.place_id
