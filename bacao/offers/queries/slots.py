"""Whether it is the time of an offer, and in which of its slots."""

from datetime import datetime

from django.utils import timezone

from ..rules import Terms
from .terms import find_span, read_overlay


def is_time(terms: Terms, at: datetime) -> bool:
    """Return whether an offer may be used at an instant: its use window, weekly hours and blackout dates (PR12)."""
    if (terms.use_from and at < terms.use_from) or (terms.use_until and at >= terms.use_until):
        return False
    if not terms.weekly_hours:
        return timezone.localdate(at) not in terms.blackout_dates
    return find_slot(terms, at) is not None


def find_slot(terms: Terms, at: datetime) -> datetime | None:
    """Return when the span of weekly hours began in which an instant lies: the slot whose seats are taken."""
    return find_span(terms, at, read_overlay()) if terms.weekly_hours else None
