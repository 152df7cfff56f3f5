"""What places do by themselves: work out the hours of the days ahead."""

import structlog
from django.utils import timezone
from procrastinate.contrib.django import app

from bacao.kit.calendar import is_confirmed
from bacao.kit.queries import get_calendar_overlay
from bacao.places import services

log = structlog.get_logger(__name__)


@app.periodic(cron="5 * * * *")
@app.task(queueing_lock="refresh_opening_spans", pass_context=False)
def refresh_opening_spans(timestamp: int) -> None:
    """Work out the opening spans of the next days, so that a change of the calendar counts within the hour."""
    at = timezone.now()
    patterns = services.refresh_opening_spans(at=at)
    log.info("places.opening_spans_refreshed", patterns=patterns)


@app.periodic(cron="0 1 * * *")
@app.task(queueing_lock="check_calendar", pass_context=False)
def check_calendar(timestamp: int) -> None:
    """Say daily from 1 December on when the make-up workdays of next year are not known yet (PR15)."""
    today = timezone.localdate()
    if today.month == 12 and not is_confirmed(today.year + 1, get_calendar_overlay()):
        log.warning("calendar.year_unconfirmed", year=today.year + 1)
