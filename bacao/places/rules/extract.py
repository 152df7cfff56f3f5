"""An extract of OpenStreetMap in memory: what is on the map, and where. Pure; filled from JSON or from .osm.pbf."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bacao.places.rules.shapes import Point, join_rings, middle_of_line, point_on_surface

KEYS = ("amenity", "shop", "craft", "leisure", "tourism")  # what makes an element a thing people may go to


class Thing(NamedTuple):
    """An element with tags; `kind` is node, way or relation."""

    kind: str
    id: int
    tags: dict[str, str]

    @property
    def ref(self) -> str:
        """Return its name in OpenStreetMap: node/4711."""
        return f"{self.kind}/{self.id}"


class Member(NamedTuple):
    """What a relation is made of; `points` where the file writes them beside it."""

    kind: str
    id: int
    role: str
    points: Sequence[Point] = ()


@dataclass(slots=True)
class Extract:
    """Several files read together: ways of one may run over nodes of another."""

    things: dict[tuple[str, int], Thing] = field(default_factory=dict)
    nodes: dict[int, Point] = field(default_factory=dict)
    ways: dict[int, Sequence[int]] = field(default_factory=dict)
    drawn: dict[int, Sequence[Point]] = field(default_factory=dict)  # ways written with their points
    relations: dict[int, Sequence[Member]] = field(default_factory=dict)
    centers: dict[tuple[str, int], Point] = field(default_factory=dict)
    repeated: int = 0  # things that came more than once

    def add(self, thing: Thing) -> None:
        """Keep a thing; the first of several with the same number counts."""
        if (thing.kind, thing.id) in self.things:
            self.repeated += 1
        self.things.setdefault((thing.kind, thing.id), thing)

    def position(self, thing: Thing) -> Point | None:
        """Return a point inside the thing's outline, or None where the files do not say where it is."""
        if thing.kind == "node":
            return self.nodes.get(thing.id)
        place = self._of_way(thing.id) if thing.kind == "way" else self._of_relation(thing.id)
        return place or self.centers.get((thing.kind, thing.id))

    def _points(self, way: int) -> Sequence[Point]:
        drawn = self.drawn.get(way)
        return drawn or [self.nodes[node] for node in self.ways.get(way, ()) if node in self.nodes]

    def _of_way(self, way: int) -> Point | None:
        points = self._points(way)
        if len(points) > 3 and points[0] == points[-1]:
            return point_on_surface([points])
        return middle_of_line(points) if points else None

    def _of_relation(self, relation: int) -> Point | None:
        members = self.relations.get(relation, ())
        lines = [member.points or self._points(member.id) for member in members if member.kind == "way"]
        if rings := join_rings(lines):
            return point_on_surface(rings)
        nodes = (self.nodes.get(member.id) for member in members if member.kind == "node")
        return next(filter(None, nodes), None)


class BadElement(ValueError):
    """An element lacks its type, number or position; `number` counts from 1."""

    def __init__(self, number: int, why: str) -> None:
        self.number, self.why = number, why
        super().__init__(f"element {number}: {why}")


def read_overpass(elements: Sequence[dict[str, Any]], extract: Extract) -> None:
    """Add the elements of an answer of the Overpass API (`out body`, `out center` or `out geom`).

    :raises BadElement: saying which and why
    """
    for number, element in enumerate(elements, start=1):
        try:
            _read_element(element, extract)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise BadElement(number, why) from None


def _read_element(element: dict[str, Any], extract: Extract) -> None:
    kind, number = element["type"], int(element["id"])
    if kind == "node":
        extract.nodes[number] = _point(element)
    elif kind == "way":
        extract.ways.setdefault(number, element.get("nodes", ()))
        if geometry := element.get("geometry"):
            extract.drawn[number] = [_point(point) for point in geometry if point]
    elif kind == "relation":
        extract.relations.setdefault(number, [_member(member) for member in element.get("members", ())])
    if center := element.get("center"):
        extract.centers[kind, number] = _point(center)
    if (tags := element.get("tags")) and kind in ("node", "way", "relation"):
        extract.add(Thing(kind, number, {str(key): str(value) for key, value in tags.items()}))


def _member(member: dict[str, Any]) -> Member:
    points = [_point(point) for point in member.get("geometry", ()) if point]
    return Member(member["type"], int(member["ref"]), member.get("role", ""), points)


def _point(place: dict[str, Any]) -> Point:
    longitude, latitude = float(place["lon"]), float(place["lat"])
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError(f"{latitude}, {longitude} is not on Earth")
    return longitude, latitude
