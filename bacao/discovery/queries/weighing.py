"""Places seen from one point at one minute: their facts, the points of each term, and the price."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from bacao.discovery.queries.standing import get_standings, list_usual_amounts
from bacao.discovery.rules import VALUE_POINTS_MAX, Facts, Figures, Hours, Reason, explain, score_terms
from bacao.kit.geo import distance_m, walking_minutes
from bacao.kit.text import Text
from bacao.notes.queries import list_saved_places
from bacao.offers.queries import list_live_terms
from bacao.offers.rules import Price, Terms, best_per_head
from bacao.places.queries import Spot, list_places_by_id
from bacao.redemption.queries import list_arrivals

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.discovery.models import PlaceStanding
    from bacao.places.models import Place

WORTH_SAYING = 50  # points; less is a difference nobody would walk for
CHIPS_MAX = 2
SAID_BY_A_ROW = {"distance", "quality"}


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """From where, when and for how many a place is looked at. `viewer` is nobody, or a person who allowed it."""

    lat: float
    lon: float
    at: datetime
    party: int = 1
    viewer: "User | None" = None
    open_until: dict[int, datetime] = field(default_factory=dict)  # opening pattern -> until when it is open


@dataclass(frozen=True, slots=True)
class Sight:
    """A spot with its facts and points; `terms` hold the price only once somebody asked for it."""

    spot: Spot
    facts: Facts
    standing: "PlaceStanding"
    open_until: datetime | None
    terms: dict[str, int]
    price: Price | None = None

    @property
    def score(self) -> int:
        """Return the sum of the terms' points."""
        return sum(self.terms.values())

    @property
    def ceiling(self) -> int:
        """Return the highest score that any price could give it (discovery.md, section 5)."""
        return self.score - self.terms["value"] + VALUE_POINTS_MAX


@dataclass(frozen=True, slots=True)
class NearbyItem:
    """One place as a list shows it: facts, price, and the points of each term of its score (DS13).

    `plain_per_head_minor` = what a head would pay who holds nothing, where that is more.
    """

    place: "Place"
    price: Price | Figures | None
    standing: "PlaceStanding"
    facts: Facts
    terms: dict[str, int]
    open_until: datetime | None
    plain_per_head_minor: int | None = None

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
    def is_from(self) -> bool:
        """Return whether there may be a lower price than the one that is shown."""
        return isinstance(self.price, Figures) and not self.price.is_exact

    @property
    def hours(self) -> Hours:
        """Return whether it is open, shut, or nobody knows."""
        return self.facts.hours

    @property
    def saved(self) -> bool:
        """Return whether the viewer keeps it for later."""
        return self.facts.saved_on is not None

    @property
    def explanation(self) -> list[Reason]:
        """Return a sentence for each term, with its points; they add up to the score."""
        return explain(self.facts, self.terms, walking_minutes=self.walking_minutes)

    @property
    def chips(self) -> list[Reason]:
        """Return at most two reasons worth a glance: those in favour, and that it shuts soon."""
        said = [reason for reason in self.explanation if reason.term not in SAID_BY_A_ROW]
        soon = self.hours is Hours.OPEN
        speaking = (r for r in said if r.points >= WORTH_SAYING or (soon and r.term == "time_left"))
        return list(speaking)[:CHIPS_MAX]

    @property
    def reasons(self) -> list[Text]:
        """Return the sentences, strongest first, without those that a row says anyway."""
        return [reason.text for reason in self.explanation if reason.term not in SAID_BY_A_ROW]


def personal(viewer: "User | None") -> "User | None":
    """Return the viewer whose history may be read: signed in, and personal ranking not switched off (U30)."""
    return viewer if viewer and viewer.is_authenticated and viewer.personal_ranking else None


def look_at(spots: Sequence[Spot], view: Viewpoint) -> list[Sight]:
    """Return each spot with its facts and points, not yet priced: as if one paid what is usual there."""
    ids = [spot.place_id for spot in spots]
    standings, usual = get_standings(ids), list_usual_amounts()
    saved = list_saved_places(view.viewer, ids) if view.viewer else {}
    visits = Counter(arrival.place_id for arrival in list_arrivals(view.viewer)) if view.viewer else Counter()
    sights = []
    for spot in spots:
        standing = standings[spot.place_id]
        hours, until = hours_at(spot, view.open_until)
        facts = Facts(
            distance_m=round(distance_m(view.lat, view.lon, spot.latitude, spot.longitude)),
            per_head_minor=spot.usual_minor,
            median_minor=usual.get(spot.category),
            review_count=standing.review_count,
            stars_hundredths=standing.stars_hundredths,
            arrivals_30_days=standing.arrivals_30_days,
            hours=hours,
            minutes_left=int((until - view.at).total_seconds() // 60) if until else None,
            saved_on=timezone.localdate(saved[spot.place_id]) if spot.place_id in saved else None,
            today=timezone.localdate(view.at),
            visits=visits[spot.place_id],
        )
        sights.append(Sight(spot, facts, standing, until, score_terms(facts)))
    return sights


def price_sights(sights: Sequence[Sight], view: Viewpoint) -> list[Sight]:
    """Return the sights with the best price usable now, in the order given. A shop that is shut has no price."""
    usual = {sight.spot.place_id: sight.spot.usual_minor for sight in sights if sight.facts.hours is not Hours.CLOSED}
    prices = best_prices(usual, view.at, view.party)
    return [_priced(sight, prices.get(sight.spot.place_id)) for sight in sights]


def best_prices(usual_minor: dict[int, int | None], at: datetime, party: int) -> dict[int, Price]:
    """Return the best price now by place id; places where no offer saves anything are left out."""
    prices = {
        place_id: best_for(terms, usual_minor=usual_minor[place_id], party=party)
        for place_id, terms in list_live_terms(usual_minor, at).items()
    }
    return {place_id: price for place_id, price in prices.items() if price}


def best_for(offers: Iterable[Terms], *, usual_minor: int | None, party: int) -> Price | None:
    """Return the lowest price a head for a party that holds nothing, None where no offer makes it lower."""
    return best_per_head(offers, usual_minor=usual_minor, party=party)


def as_items(sights: Sequence[Sight]) -> list[NearbyItem]:
    """Return the sights with their places, ready for a page. One statement."""
    places = list_places_by_id(sight.spot.place_id for sight in sights)
    return [
        NearbyItem(places[sight.spot.place_id], sight.price, sight.standing, sight.facts, sight.terms, sight.open_until)
        for sight in sights
    ]


def spot_of(place: "Place") -> Spot:
    """Return the little of a loaded place that ranking needs."""
    return Spot(place.pk, place.latitude, place.longitude, place.category_id, place.hours_id, place.usual_minor)


def weigh_places(places: Iterable["Place"], view: Viewpoint) -> list[NearbyItem]:
    """Return each place with its facts, points and price, in the order given."""
    rows = list(places)
    sights = price_sights(look_at([spot_of(place) for place in rows], view), view)
    return [
        NearbyItem(place, sight.price, sight.standing, sight.facts, sight.terms, sight.open_until)
        for place, sight in zip(rows, sights, strict=True)
    ]


def hours_at(place: "Place | Spot", open_until: dict[int, datetime]) -> tuple[Hours, datetime | None]:
    """Return whether a place is open, shut or keeps hours nobody told, and until when it is open."""
    if place.hours_id is None:
        return Hours.UNKNOWN, None
    until = open_until.get(place.hours_id)
    return (Hours.OPEN, until) if until else (Hours.CLOSED, None)


def _priced(sight: Sight, price: Price | None) -> Sight:
    if price is None:
        return sight
    facts = replace(sight.facts, per_head_minor=price.per_head_minor)
    return replace(sight, price=price, facts=facts, terms=score_terms(facts))
