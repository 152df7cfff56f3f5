"""Workdays, rest days, public holidays and make-up workdays (调休) of China; pure, the overlay is passed in.

Source: the yearly notice of the State Council as published by the `holidays` package, overridden by the
operator's table (pricing.md, PR13 to PR15).
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from importlib import metadata
from typing import Literal, NamedTuple

import holidays

DayKind = Literal["workday", "restday", "public_holiday", "makeup_workday"]
Overlay = Mapping[date, DayKind]
_DAY = timedelta(days=1)


class _Notice(NamedTuple):
    """What is known of one year: the days that are named, and the weekend days worked in exchange."""

    named: frozenset[date]
    makeup: frozenset[date]


@lru_cache(maxsize=64)
def _notice(year: int) -> _Notice:
    table = holidays.country_holidays("CN", years=(year, year + 1))  # a notice may move a day of the year before
    return _Notice(*(frozenset(day for day in days if day.year == year) for days in (table, table.weekend_workdays)))


def is_confirmed(year: int, overlay: Overlay) -> bool:
    """Return whether the make-up days of a year are known: published, or entered by the operator (PR15)."""
    return bool(_notice(year).makeup) or any(
        day.year == year and kind == "makeup_workday" for day, kind in overlay.items()
    )


def _rests(day: date) -> bool:
    named, makeup = _notice(day.year)
    return day in named or (day.weekday() >= 5 and day not in makeup)


def _run(day: date) -> Iterator[date]:
    """Yield the unbroken run of published rest days around a rest day."""
    yield day
    for step in (_DAY, -_DAY):
        other = day + step
        while _rests(other):
            yield other
            other += step


def _published_kind(day: date) -> DayKind:
    """Return what the notice makes of a date.

    The notice speaks of runs ("1 to 7 October"), the package only names the days that would else be worked: Sunday
    2026-10-04 is missing there. A rest day belongs to the holiday when its run holds a named day.
    """
    named, makeup = _notice(day.year)
    if day in makeup:
        return "makeup_workday"
    if day in named:
        return "public_holiday"
    if not _rests(day):
        return "workday"
    return "public_holiday" if makeup and any(other in _notice(other.year).named for other in _run(day)) else "restday"


def day_kind(day: date, overlay: Overlay) -> DayKind:
    """Return the kind of a date; the overlay wins (PR14).

    In a year whose notice is not out yet the days fixed by law are holidays and all others go by their weekday (PR15).
    """
    return overlay.get(day) or _published_kind(day)


@lru_cache(maxsize=1)
def calendar_version() -> str:
    """Return which published table days off are read from (PR14)."""
    return f"holidays {metadata.version('holidays')}"


def is_working_day(day: date, overlay: Overlay) -> bool:
    """Return whether people work on a date."""
    return day_kind(day, overlay) in ("workday", "makeup_workday")
