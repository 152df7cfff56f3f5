"""Arrivals by week, and the line that is drawn of them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

WEEKS = 8
WIDTH, HEIGHT, TOP, BOTTOM, SIDE = 640, 190, 34, 30, 24
"""The drawing's own units; the page scales it."""


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days that end on `last`: all arrivals, and those of people who had never come before."""

    last: date
    arrivals: int
    first_visits: int

    @property
    def first(self) -> date:
        """The day it begins."""
        return self.last - timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Point:
    """A week on the drawing; `x` and the heights of both lines in the drawing's units."""

    week: Week
    x: float
    y: float
    y_first: float
    is_last: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The last weeks as a drawing: a line for all arrivals, an area for first visits."""

    points: Sequence[Point]
    path: str
    area: str
    width: int = WIDTH
    height: int = HEIGHT
    ground: int = HEIGHT - BOTTOM


def weeks_of(visits: Iterable[tuple[datetime, bool]], today: date) -> list[Week]:
    """Return the last eight spans of seven days, oldest first, the last one ending today.

    `visits` = (local time, whether it was a first visit); older ones are left out.
    """
    arrivals, firsts = [0] * WEEKS, [0] * WEEKS
    for when, is_first in visits:
        ago = (today - when.date()).days // 7
        if 0 <= ago < WEEKS:
            arrivals[WEEKS - 1 - ago] += 1
            firsts[WEEKS - 1 - ago] += is_first
    return [
        Week(today - timedelta(days=7 * (WEEKS - 1 - number)), arrivals[number], firsts[number])
        for number in range(WEEKS)
    ]


def draw_line(weeks: Sequence[Week]) -> Line:
    """Return the drawing of some weeks; the highest one touches the top."""
    most = max([1, *(week.arrivals for week in weeks)])
    step = (WIDTH - 2 * SIDE) / (len(weeks) - 1)
    ground = HEIGHT - BOTTOM

    def height(number: int) -> float:
        return round(ground - (ground - TOP) * number / most, 1)

    points = [
        Point(week, round(SIDE + step * i, 1), height(week.arrivals), height(week.first_visits), i == len(weeks) - 1)
        for i, week in enumerate(weeks)
    ]
    area = _smooth([(point.x, point.y_first) for point in points])
    return Line(
        points=points,
        path=_smooth([(point.x, point.y) for point in points]),
        area=f"{area} V{ground} H{points[0].x} Z",
    )


def falls_two_weeks_running(weeks: Sequence[Week]) -> bool:
    """Return whether arrivals fell twice in a row (M01)."""
    before, middle, last = (week.arrivals for week in weeks[-3:])
    return before > middle > last


def _smooth(points: Sequence[tuple[float, float]]) -> str:
    """Return an SVG path through the points that leaves and meets each of them level: it never overshoots one."""
    path = f"M{points[0][0]} {points[0][1]}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = round((x0 + x1) / 2, 1)
        path += f" C{middle} {y0} {middle} {y1} {x1} {y1}"
    return path
