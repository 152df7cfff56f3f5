"""When a voucher can be used: inside hours in OSM's grammar, or from their next beginning on."""

from datetime import datetime, tzinfo

from bacao.kit.calendar import Overlay
from bacao.kit.hours import expand_hours

DAYS_AHEAD = 8


def next_start(hours: str, at: datetime, *, overlay: Overlay, zone: tzinfo) -> datetime | None:
    """Return `at` itself inside the hours (half open), else when they begin next, None where not within eight days."""
    spans = expand_hours(hours, first=at.astimezone(zone).date(), days=DAYS_AHEAD, overlay=overlay, zone=zone)
    return next((max(start, at) for start, end in spans if end > at), None)
