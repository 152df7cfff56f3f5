"""Spans of whole days on the shop's clock."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included; as instants half open."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """Its first instant."""
        return datetime.combine(self.first, time(), timezone.get_default_timezone())

    @property
    def last_moment(self) -> datetime:
        """The beginning of its last day, to be said as a date."""
        return datetime.combine(self.last, time(), timezone.get_default_timezone())

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), timezone.get_default_timezone())


def last_days(count: int, today: date) -> Period:
    """Return the last so many days, today among them."""
    return Period(today - timedelta(days=count - 1), today)


def month_of(day: date) -> Period:
    """Return the month of a day, to its last day."""
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Period(day.replace(day=1), following - timedelta(days=1))


def month_before(day: date) -> Period:
    """Return the month before that of a day."""
    return month_of(day.replace(day=1) - timedelta(days=1))


def read_period(first: str | None, last: str | None, *, default: Period) -> Period:
    """Return the period of two ISO dates; the default where one is missing or not a date, cut to 366 days."""
    try:
        start, end = date.fromisoformat(first or ""), date.fromisoformat(last or "")
    except ValueError:
        return default
    if end < start:
        start, end = end, start
    return Period(max(start, end - timedelta(days=LONGEST_DAYS - 1)), end)
