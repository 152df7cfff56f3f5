"""Search over places and notes by words, sounds and meaning (U04, DS16)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.discovery.queries.documents import Candidate, every, find_notes, find_places, lexeme, some
from bacao.discovery.queries.gazetteer import get_gazetteer
from bacao.discovery.queries.nearby import NearbyItem, Viewpoint, list_nearby, personal, weigh_places
from bacao.discovery.rules import (
    READING,
    Hours,
    Known,
    Understood,
    fuzzy_points,
    name_points,
    prepare,
    runs_of,
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
WEIGHED_MAX = 60
ENOUGH = 5
NEAR_AREA_M = {"street": 500, "station": 800}
RADIUS_WITHOUT_WORDS_M = 3_000
SIBLING_POINTS = READING - 3_000


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
    party: int = 1,
    viewer: "User | None" = None,
) -> SearchResult:
    """Return what answers `text` around a point, best first.

    Text points weigh more than everything else: an exact name comes first wherever it is. Ties by place id. Notes in
    the reader's `language` come before others that answer as well.
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
    return SearchResult(understood, places, _find_notes(text, understood, language, limit), area)


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
    area = _area_filter(understood.area)
    category = understood.category
    filters = every([area, lexeme(f"c:{category.code}") if category else ""])
    rest = _all_of(understood.rest)
    by_meaning = every([filters, rest])
    by_name = _all_of(text) if understood.chips else ""
    points: dict[int, int] = {}

    def add(query: str, *, reading: int = 0, forgiving: bool = False) -> None:
        for candidate in find_places(query, lat=view.lat, lon=view.lon) if query else ():
            if candidate.ref_id not in points:
                found = _text_points(candidate, text, understood, reading, forgiving)
                if found:
                    points[candidate.ref_id] = found

    add(some(f"({part})" for part in (by_meaning, by_name) if part), reading=READING)
    if len(points) < ENOUGH and category and category.parent:
        add(every([area, lexeme(f"c:{category.parent}"), rest]), reading=SIBLING_POINTS)
    if len(points) < ENOUGH and understood.rest:
        _, loose = tokens_of_query(understood.rest)
        add(every([filters, some(map(lexeme, loose))]) if loose else "", forgiving=True)
    return points


def _text_points(candidate: Candidate, text: str, understood: Understood, reading: int, forgiving: bool) -> int:
    """Return how well a candidate's names answer; `reading` = points for having the right kind and area alone."""
    points = name_points(prepare(text), candidate.names, candidate.sound)
    if understood.rest:
        rest = prepare(understood.rest)
        points = max(points, name_points(rest, candidate.names, candidate.sound))
        if not points and forgiving:
            points = fuzzy_points(rest, candidate.names, candidate.sound)
    elif understood.chips:
        points = max(points, reading)
    return points


def _area_filter(area: Known | None) -> str:
    """Return a tsquery for the places of an area: in the district, or on or around the street or station."""
    if area is None:
        return ""
    if area.kind == "district" or area.latitude is None or area.longitude is None:
        return lexeme(f"{area.kind[0]}:{area.code}")
    cells = cells_around(area.latitude, area.longitude, NEAR_AREA_M[area.kind])
    return some([lexeme(f"s:{area.code}"), *(lexeme(f"x:{cell}") for cell in cells)])


def _all_of(text: str) -> str:
    """Return a tsquery that wants every strict token of a text."""
    return every(map(lexeme, tokens_of_query(text)[0]))


def _any_run_of(text: str) -> str:
    """Return a tsquery that wants all tokens of one of the words of a text."""
    return some(f"({_all_of(run)})" for run in runs_of(text))


def _find_notes(text: str, understood: Understood, language: str, limit: int) -> list["Note"]:
    """Return notes: all words in them, about the right kind of place; then those with one of the words."""
    area, category = understood.area, understood.category
    filters = every([_area_filter(area), lexeme(f"c:{category.code}") if category else ""])
    rest = _all_of(understood.rest)
    by_meaning = every([filters, rest])
    hits = find_notes(some([f"({part})" for part in (by_meaning, _all_of(text)) if part]))
    if not hits and understood.rest:
        hits = find_notes(every([filters, _any_run_of(understood.rest)]))
    wanted = prepare(understood.rest or text)
    ranked = sorted(hits, key=lambda hit: -name_points(wanted, hit.names, hit.sound))[: limit * 2]
    notes = list_notes_by_id(hit.ref_id for hit in ranked)
    found = [notes[hit.ref_id] for hit in ranked if hit.ref_id in notes]
    return sorted(found, key=lambda note: note.language != language)[:limit]
