"""Where in the city a point lies: in which district, on which street. Degrees and metres; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians

from bacao.kit.geo import distance_m

Coordinates = Sequence[Sequence[float]]  # GeoJSON: longitude, latitude
DISTRICT_REACH_M = 2_000  # a point outside every outline belongs to the nearest district only this far
STREET_REACH_M = 150
_DEGREE_M = 111_195.0


@dataclass(frozen=True, slots=True)
class Area:
    """A district: its middle and its outline (rings; empty where it was never drawn)."""

    code: str
    latitude: float
    longitude: float
    outline: Sequence[Coordinates]


@dataclass(frozen=True, slots=True)
class Line:
    """A street as a line, and the district it belongs to."""

    code: str
    district: str
    points: Coordinates


def inside_ring(longitude: float, latitude: float, ring: Coordinates) -> bool:
    """Return whether a point lies inside a ring (even-odd rule)."""
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > latitude) != (y2 > latitude) and longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def area_of(latitude: float, longitude: float, areas: Iterable[Area]) -> str | None:
    """Return the district whose outline holds a point, else the nearest middle within reach, else None."""
    nearest: tuple[float, str] | None = None
    for area in areas:
        if sum(inside_ring(longitude, latitude, ring) for ring in area.outline) % 2:
            return area.code
        metres = distance_m(latitude, longitude, area.latitude, area.longitude)
        if metres <= DISTRICT_REACH_M and (nearest is None or metres < nearest[0]):
            nearest = metres, area.code
    return nearest[1] if nearest else None


def line_of(latitude: float, longitude: float, lines: Iterable[Line]) -> str | None:
    """Return the street whose line passes nearest within reach, or None."""
    near = ((metres_to_line(latitude, longitude, line.points), line.code) for line in lines if line.points)
    metres, code = min(near, default=(STREET_REACH_M + 1, ""))
    return code if metres <= STREET_REACH_M else None


def metres_to_line(latitude: float, longitude: float, points: Coordinates) -> float:
    """Return the distance to a line in metres, on a plane that touches the earth at the point."""
    shrink = cos(radians(latitude))
    plane = [((x - longitude) * _DEGREE_M * shrink, (y - latitude) * _DEGREE_M) for x, y in points]
    if len(plane) == 1:
        return hypot(*plane[0])
    return min(_metres_to_segment(*start, *end) for start, end in pairwise(plane))


def _metres_to_segment(x1: float, y1: float, x2: float, y2: float) -> float:
    """Return the distance of the origin to a segment."""
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    share = min(1.0, max(0.0, -(x1 * dx + y1 * dy) / length)) if length else 0.0
    return hypot(x1 + share * dx, y1 + share * dy)
