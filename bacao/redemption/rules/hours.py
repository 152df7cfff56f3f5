"""When a voucher can be used: inside hours in OSM's grammar, or from their next beginning on."""

from datetime import datetime, tzinfo

from bacao.kit.calendar import Overlay
from bacao.kit.hours import Span, expand_hours

DAYS_AHEAD = 8


def spans_ahead(hours: str, at: datetime, *, overlay: Overlay, zone: tzinfo) -> list[Span]:
    """Return the half-open spans of today and the next seven days that are not over yet, in order."""
    spans = expand_hours(hours, first=at.astimezone(zone).date(), days=DAYS_AHEAD, overlay=overlay, zone=zone)
    return [span for span in spans if span[1] > at]


def next_start(hours: str, at: datetime, *, overlay: Overlay, zone: tzinfo) -> datetime | None:
    """Return `at` itself inside the hours (half open), else when they begin next, None where not within eight days."""
    spans = spans_ahead(hours, at, overlay=overlay, zone=zone)
    return max(spans[0][0], at) if spans else None
