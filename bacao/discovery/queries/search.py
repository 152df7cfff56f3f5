"""Search over places and notes by words, sounds and meaning (U04, DS16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.discovery.queries.documents import Candidate, every, find_notes, find_places, lexeme, some
from bacao.discovery.queries.gazetteer import get_gazetteer
from bacao.discovery.queries.nearby import list_nearby
from bacao.discovery.queries.weighing import NearbyItem, Viewpoint, personal, weigh_places
from bacao.discovery.rules import (
    READING,
    TEXT,
    Hours,
    Known,
    Understood,
    fuzzy_points,
    name_points,
    prepare,
    tokens_of_query,
    understand,
)
from bacao.kit.geo import cells_around
from bacao.notes.queries import list_notes_by_id
from bacao.places.queries import list_places_by_id, open_pattern_ids

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.notes.models import Note

QUERY_LENGTH_MAX = 80
WEIGHED_MAX = 50
ENOUGH = 5
NEAR_AREA_M = {"street": 500, "station": 800}
RADIUS_WITHOUT_WORDS_M = 3_000
AROUND_LESS = 1_000  # for being near the street that was asked for, not on it
SIBLING = READING - 3_000  # a shop of the kind above the one asked for


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Places as on the list of what is near, notes, what was understood, and from where distances are measured."""

    understood: Understood
    places: list[NearbyItem]
    notes: list["Note"]
    measured_from: Known | None = None


def search(
    *,
    text: str,
    language: str,
    lat: float,
    lon: float,
    at: datetime,
    limit: int = 20,
    notes_limit: int = 12,
    party: int = 1,
    viewer: "User | None" = None,
) -> SearchResult:
    """Return what answers `text` around a point, best first.

    Text points weigh more than everything else: an exact name comes first wherever it is. Ties by place id. Notes in
    the reader's `language` come before others.
    """
    text = text[:QUERY_LENGTH_MAX]
    understood = understand(text, get_gazetteer())
    if not (understood.rest or understood.chips):
        return SearchResult(understood, [], [])
    area = understood.area
    if area and area.latitude is not None and area.longitude is not None:
        lat, lon = area.latitude, area.longitude
    view = Viewpoint(lat, lon, at, understood.party or party, personal(viewer), open_pattern_ids(at))
    places = _find_places(text, understood, view)[:limit]
    notes = _find_notes(text, understood, language, [item.place.pk for item in places[:ENOUGH]], notes_limit)
    return SearchResult(understood, places, notes, area)


def _find_places(text: str, understood: Understood, view: Viewpoint) -> list[NearbyItem]:
    """Return the places weighed: the sum of text points and score decides."""
    if not (understood.rest or understood.area or understood.category):
        return _find_around(understood, view)
    points = _points_of_places(text, understood, view)
    best = sorted(points, key=lambda place_id: -points[place_id])[:WEIGHED_MAX]
    items = [item for item in weigh_places(list_places_by_id(best).values(), view) if _fits(item, understood)]
    return sorted(items, key=lambda item: (-points[item.place.pk] - item.score, item.place.pk))


def _find_around(understood: Understood, view: Viewpoint) -> list[NearbyItem]:
    """Return what is near, for a query that only names a price, a party or "open now"."""
    return list_nearby(
        lat=view.lat,
        lon=view.lon,
        radius_m=RADIUS_WITHOUT_WORDS_M,
        at=view.at,
        party=view.party,
        open_now=understood.open_now,
        price_minor=understood.price_minor,
        viewer=view.viewer,
        limit=WEIGHED_MAX,
    ).items


def _fits(item: NearbyItem, understood: Understood) -> bool:
    """Return whether a place keeps to the price and the hours asked for."""
    if understood.open_now and item.hours is not Hours.OPEN:
        return False
    per_head = item.facts.per_head_minor
    return understood.price_minor is None or (per_head is not None and per_head <= understood.price_minor)


def _points_of_places(text: str, understood: Understood, view: Viewpoint) -> dict[int, int]:
    """Return text points by place id: exact answers first, forgiving ones only where there are few of those."""
    category, rest = understood.category, understood.rest
    inside, around = _on_area(understood.area), _around_area(understood.area)
    area, kind = some([inside, around]), lexeme(f"c:{category.code}") if category else ""
    by_name = _all_of(text) if understood.chips else ""
    points: dict[int, int] = {}

    def add(query: str, *, otherwise: int) -> None:
        for candidate in find_places(query, lat=view.lat, lon=view.lon):
            if candidate.ref_id not in points:
                points[candidate.ref_id] = _text_points(candidate, text, rest) or otherwise

    add(some([every([inside, kind, _all_of(rest)]), by_name]), otherwise=TEXT if rest else READING)
    if around:
        add(every([around, kind, _all_of(rest)]), otherwise=(TEXT if rest else READING) - AROUND_LESS)
    if len(points) < ENOUGH and category and category.parent:
        add(every([area, lexeme(f"c:{category.parent}"), _all_of(rest)]), otherwise=SIBLING)

    def forgive(query: str, words: str) -> None:
        for candidate in find_places(query, lat=view.lat, lon=view.lon):
            found = _text_points(candidate, text, rest) or fuzzy_points(
                prepare(words), candidate.names, candidate.sound
            )
            if found:
                points.setdefault(candidate.ref_id, found)

    if len(points) < ENOUGH and rest:
        forgive(every([area, kind, _forgiving(rest)]), rest)
    if not points and understood.chips:  # what was understood may be part of a name: 面包 of 面包树
        forgive(_forgiving(text), text)
    return points


def _text_points(candidate: Candidate, text: str, rest: str) -> int:
    """Return how well a candidate's names answer the whole query, or what was not understood of it."""
    asked = {text, rest} if rest else {text}
    return max(name_points(prepare(words), candidate.names, candidate.sound) for words in asked)


def _on_area(area: Known | None) -> str:
    """Return a tsquery for the places of a district, or on a street; of a station none is on it."""
    return lexeme(f"{area.kind[0]}:{area.code}") if area else ""


def _around_area(area: Known | None) -> str:
    """Return a tsquery for the places around a street or a station."""
    if area is None or area.kind not in NEAR_AREA_M or area.latitude is None or area.longitude is None:
        return ""
    cells = cells_around(area.latitude, area.longitude, NEAR_AREA_M[area.kind])
    return some(lexeme(f"x:{cell}") for cell in cells)


def _all_of(text: str) -> str:
    """Return a tsquery that wants every strict token of a text."""
    return every(map(lexeme, tokens_of_query(text)[0]))


def _forgiving(text: str) -> str:
    """Return a tsquery that wants any token that survives a slip of the finger, or is only heard."""
    return some(map(lexeme, tokens_of_query(text)[1]))


def _find_notes(text: str, understood: Understood, language: str, place_ids: Sequence[int], limit: int) -> list["Note"]:
    """Return notes with all the words, or about the right kind of place; then notes about the places found."""
    category = understood.category
    area = some([_on_area(understood.area), _around_area(understood.area)])
    filters = every([area, lexeme(f"c:{category.code}") if category else ""])
    hits = find_notes(some([every([filters, _all_of(understood.rest)]), _all_of(text)]))
    if len(hits) < ENOUGH and understood.rest:
        known = {hit.ref_id for hit in hits}
        about = find_notes(some(lexeme(f"n:{place_id}") for place_id in place_ids))
        hits += [hit for hit in about if hit.ref_id not in known]
    wanted = prepare(understood.rest or text)
    best = sorted(hits, key=lambda hit: -name_points(wanted, hit.names, hit.sound))[:limit]
    notes = list_notes_by_id(hit.ref_id for hit in best)
    found = [notes[hit.ref_id] for hit in best if hit.ref_id in notes]
    return sorted(found, key=lambda note: note.language != language)
