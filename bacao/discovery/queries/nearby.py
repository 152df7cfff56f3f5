"""What is good here and now: places around a point, open at a minute, priced and ranked (discovery.md, 3 and 8).

This is the form for one city in PostgreSQL. Everything goes through `list_nearby`, `price_places` and
`weigh_places`, so that a faster index can stand behind the same names.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.discovery.queries.standing import get_standings, list_usual_amounts
from bacao.discovery.rules import Facts, Hours, Reason, explain, score_terms
from bacao.kit.geo import cells_around, distance_m, walking_minutes
from bacao.kit.text import Text
from bacao.notes.queries import saved_place_ids
from bacao.offers.queries import list_live_terms
from bacao.offers.rules import Price, best_single
from bacao.places.queries import list_places_in_cells, open_pattern_ids
from bacao.redemption.queries import list_arrivals

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.discovery.models import PlaceStanding
    from bacao.places.models import Place

RADIUS_MAX_M = 5_000
LIMIT_MAX = 60
SAID_BY_A_ROW = {"distance", "quality"}


@dataclass(frozen=True, slots=True)
class NearbyItem:
    """One place as a list shows it: facts, price, and the points of each term of its score (DS13)."""

    place: "Place"
    price: Price | None
    standing: "PlaceStanding"
    facts: Facts
    terms: dict[str, int]
    open_until: datetime | None

    @property
    def score(self) -> int:
        """Return the sum of the terms' points."""
        return sum(self.terms.values())

    @property
    def distance_m(self) -> int:
        """Return the straight-line distance in metres."""
        return self.facts.distance_m

    @property
    def walking_minutes(self) -> int:
        """Return the minutes on foot."""
        return walking_minutes(self.facts.distance_m)

    @property
    def hours(self) -> Hours:
        """Return whether it is open, shut, or nobody knows."""
        return self.facts.hours

    @property
    def saved(self) -> bool:
        """Return whether the viewer keeps it for later."""
        return self.facts.saved

    @property
    def explanation(self) -> list[Reason]:
        """Return a sentence for each term, with its points; they add up to the score."""
        return explain(self.facts, self.terms, walking_minutes=self.walking_minutes)

    @property
    def reasons(self) -> list[Text]:
        """Return the sentences, strongest first, without those that a row says anyway."""
        return [reason.text for reason in self.explanation if reason.term not in SAID_BY_A_ROW]


@dataclass(frozen=True, slots=True)
class Nearby:
    """An answer: the best places, or none and then the nearest that would do, if there is one in twice the radius.

    `total` = how many answered before the list was cut; `unknown_hours` = places left out only because nobody told
    when they are open.
    """

    items: list[NearbyItem]
    radius_m: int
    nearest: NearbyItem | None = None
    total: int = 0
    unknown_hours: int = 0


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """From where, when and for how many a place is looked at. `viewer` is nobody, or a person who allowed it."""

    lat: float
    lon: float
    at: datetime
    party: int = 1
    viewer: "User | None" = None
    open_until: dict[int, datetime] = field(default_factory=dict)  # opening pattern -> until when it is open


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
) -> Nearby:
    """Return the best `limit` places inside a circle for one viewer at one minute.

    `category` = code of a leaf or a branch; `price_minor` = most one will pay per head; `walk_minutes` = longest walk.
    Where nothing answers, the radius is doubled once and the nearest place is named instead. Ties by place id.
    """
    view = Viewpoint(lat, lon, at, party, personal(viewer), open_pattern_ids(at))
    radius_m = min(radius_m, RADIUS_MAX_M)
    items, unknown = _inside(view, radius_m, category, open_now, price_minor, walk_minutes)
    if items:
        items.sort(key=lambda item: (-item.score, item.place.pk))
        return Nearby(items[: min(limit, LIMIT_MAX)], radius_m, total=len(items), unknown_hours=unknown)
    further, _ = _inside(view, radius_m * 2, category, open_now, price_minor, None)
    nearest = min(further, key=lambda item: (item.distance_m, item.place.pk), default=None)
    return Nearby([], radius_m, nearest=nearest, unknown_hours=unknown)


def nearest_usable(place: "Place", at: datetime) -> NearbyItem | None:
    """Return the nearest other place of the same kind that is open and has an offer usable now, or None (U08)."""
    view = Viewpoint(place.latitude, place.longitude, at, open_until=open_pattern_ids(at))
    items, _ = _inside(view, RADIUS_MAX_M // 2, place.category_id, True, None, None)
    usable = [item for item in items if item.price and item.place.pk != place.pk]
    return min(usable, key=lambda item: (item.distance_m, item.place.pk), default=None)


def price_places(places: Iterable["Place"], at: datetime, party: int = 1) -> dict[int, Price]:
    """Return the best price now at each place that has an offer which saves something there, by place id."""
    rows = list(places)
    live = list_live_terms([place.pk for place in rows], at)
    prices = {
        place.pk: best_single(live[place.pk], usual_minor=place.usual_minor, party=party)
        for place in rows
        if place.pk in live
    }
    return {place_id: price for place_id, price in prices.items() if price}


def weigh_places(places: Iterable["Place"], view: Viewpoint) -> list[NearbyItem]:
    """Return each place with its price, facts, score and explanation, in the order given.

    A shop that is shut has no price: an offer is usable now only where somebody can take it now.
    """
    rows = list(places)
    ids = [place.pk for place in rows]
    hours = {place.pk: hours_at(place, view.open_until) for place in rows}
    prices = price_places((place for place in rows if hours[place.pk][0] is not Hours.CLOSED), view.at, view.party)
    standings, usual = get_standings(ids), list_usual_amounts()
    saved = saved_place_ids(view.viewer, ids) if view.viewer else set()
    visits = Counter(arrival.place_id for arrival in list_arrivals(view.viewer)) if view.viewer else Counter()
    items = []
    for place in rows:
        state, until = hours[place.pk]
        price = prices.get(place.pk)
        standing = standings[place.pk]
        facts = Facts(
            distance_m=round(distance_m(view.lat, view.lon, place.latitude, place.longitude)),
            per_head_minor=price.per_head_minor if price else place.usual_minor,
            median_minor=usual.get(place.category_id),
            review_count=standing.review_count,
            stars_hundredths=standing.stars_hundredths,
            arrivals_30_days=standing.arrivals_30_days,
            hours=state,
            minutes_left=int((until - view.at).total_seconds() // 60) if until else None,
            saved=place.pk in saved,
            visits=visits[place.pk],
        )
        items.append(NearbyItem(place, price, standing, facts, score_terms(facts), until))
    return items


def hours_at(place: "Place", open_until: dict[int, datetime]) -> tuple[Hours, datetime | None]:
    """Return whether a place is open, shut or keeps unknown hours, and until when it is open."""
    if place.hours_id is None:
        return Hours.UNKNOWN, None
    until = open_until.get(place.hours_id)
    return (Hours.OPEN, until) if until else (Hours.CLOSED, None)


def personal(viewer: "User | None") -> "User | None":
    """Return the viewer whose history may be read: signed in, and personal ranking not switched off (U30)."""
    return viewer if viewer and viewer.is_authenticated and viewer.personal_ranking else None


def _inside(
    view: Viewpoint,
    radius_m: int,
    category: str | None,
    open_now: bool,
    price_minor: int | None,
    walk_minutes: int | None,
) -> tuple[list[NearbyItem], int]:
    """Return the places of a circle that pass every filter, and how many failed for want of opening hours."""
    near = [
        place
        for place in list_places_in_cells(cells_around(view.lat, view.lon, radius_m), category)
        if _within(place, view, radius_m, walk_minutes)
    ]
    unknown = [place for place in near if place.hours_id is None] if open_now else []
    if open_now:
        near = [place for place in near if place.hours_id in view.open_until]
    return [item for item in weigh_places(near, view) if _affordable(item, price_minor)], len(unknown)


def _within(place: "Place", view: Viewpoint, radius_m: int, walk_minutes: int | None) -> bool:
    metres = distance_m(view.lat, view.lon, place.latitude, place.longitude)
    return metres <= radius_m and (walk_minutes is None or walking_minutes(metres) <= walk_minutes)


def _affordable(item: NearbyItem, price_minor: int | None) -> bool:
    """Return whether a head pays at most `price_minor`; a place whose prices nobody told does not count."""
    if price_minor is None:
        return True
    per_head = item.price.per_head_minor if item.price else item.place.usual_minor
    return per_head is not None and per_head <= price_minor
