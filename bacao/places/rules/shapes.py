"""One point that stands for a shape, always inside it. Points are (longitude, latitude); pure."""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

Point = tuple[float, float]
Ring = Sequence[Point]


def point_on_surface(rings: Sequence[Ring]) -> Point:
    """Return a point inside an area of outer and inner rings (even-odd rule), closed or not.

    The centroid of the area if it lies inside, else the middle of the widest stretch on a level near the middle of the
    height that passes through no corner.
    """
    middle = _centroid(rings)
    if middle and _inside(middle, rings):
        return middle
    levels = sorted({y for ring in rings for _, y in ring})
    centre = (levels[0] + levels[-1]) / 2
    between = sorted(((low + high) / 2 for low, high in pairwise(levels)), key=lambda y: abs(y - centre))
    stretches = ((right - left, (left + right) / 2, y) for y in between[:5] for left, right in _stretches(rings, y))
    _, x, y = max(stretches, default=(0.0, *rings[0][0]))
    return x, y


def middle_of_line(points: Sequence[Point]) -> Point:
    """Return the point half-way along a line."""
    lengths = [hypot(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(points)]
    left = sum(lengths) / 2
    for length, ((x1, y1), (x2, y2)) in zip(lengths, pairwise(points), strict=True):
        if length and left <= length:
            return x1 + (x2 - x1) * left / length, y1 + (y2 - y1) * left / length
        left -= length
    return points[0]


def join_rings(lines: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """Join lines end to end into rings, whatever their order and direction; what stays open is closed by a straight."""
    waiting = [list(line) for line in lines if len(line) > 1]
    rings = []
    while waiting:
        ring = waiting.pop(0)
        while ring[0] != ring[-1]:
            following = next((line for line in waiting if ring[-1] in (line[0], line[-1])), None)
            if following is None:
                break
            waiting.remove(following)
            ring += following[1:] if following[0] == ring[-1] else following[-2::-1]
        if len(ring) > 2:
            rings.append(ring if ring[0] == ring[-1] else [*ring, ring[0]])
    return rings


def _edges(rings: Sequence[Ring]) -> list[tuple[Point, Point]]:
    return [edge for ring in rings for edge in pairwise([*ring, ring[0]])]


def _stretches(rings: Sequence[Ring], y: float) -> list[tuple[float, float]]:
    """Return the stretches of a level that lie inside."""
    crossings = sorted(
        x1 + (x2 - x1) * (y - y1) / (y2 - y1) for (x1, y1), (x2, y2) in _edges(rings) if (y1 > y) != (y2 > y)
    )
    return list(zip(crossings[::2], crossings[1::2], strict=True))


def _inside(point: Point, rings: Sequence[Ring]) -> bool:
    return any(left < point[0] < right for left, right in _stretches(rings, point[1]))


def _centroid(rings: Sequence[Ring]) -> Point | None:
    """Return the centroid of the largest ring (shoelace formula), or None where it has no area."""
    best, found = 0.0, None
    for ring in rings:
        x0, y0 = ring[0]  # near the origin, for precision
        area = x_sum = y_sum = 0.0
        for (x1, y1), (x2, y2) in _edges([[(x - x0, y - y0) for x, y in ring]]):
            cross = x1 * y2 - x2 * y1
            area, x_sum, y_sum = area + cross, x_sum + (x1 + x2) * cross, y_sum + (y1 + y2) * cross
        if abs(area) > best:
            best, found = abs(area), (x0 + x_sum / (3 * area), y0 + y_sum / (3 * area))
    return found
