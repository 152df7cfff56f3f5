"""Changing opening hours: one pattern for all places that keep it, its spans worked out ahead (DS4)."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from bacao.kit.hours import check_hours, expand_hours, tidy_hours
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.services import announce
from bacao.places.models import OpeningPattern, OpeningSpan, Place

SPAN_DAYS = 9  # today and the eight days that follow


@transaction.atomic
def set_hours(*, place: Place, expression: str, at: datetime) -> Place:
    """Give a place its opening hours in OSM's grammar; the empty string makes them unknown.

    :raises kit.hours.BadHours: saying from which character on it cannot be read
    """
    patterns = find_or_make_patterns({expression}, at=at)
    place.hours = patterns.get(expression)
    place.updated_at = at
    place.save(update_fields=["hours", "updated_at"])
    announce(kind="place", ref_id=place.pk)
    return place


def find_or_make_patterns(expressions: Iterable[str], *, at: datetime) -> dict[str, OpeningPattern]:
    """Return the pattern of each expression as it was written, expanded; empty ones are left out.

    :raises kit.hours.BadHours: for the first that cannot be read
    """
    tidy = {expression: tidy_hours(expression) for expression in expressions if expression.strip()}
    for expression in tidy.values():
        check_hours(expression)
    wanted = sorted(set(tidy.values()))
    OpeningPattern.objects.bulk_create([OpeningPattern(expression=text) for text in wanted], ignore_conflicts=True)
    patterns = {pattern.expression: pattern for pattern in OpeningPattern.objects.filter(expression__in=wanted)}
    _expand([pattern.pk for pattern in patterns.values() if _is_stale(pattern, at)], at=at)
    return {written: patterns[text] for written, text in tidy.items()}


def _is_stale(pattern: OpeningPattern, at: datetime) -> bool:
    return pattern.expanded_until is None or pattern.expanded_until <= at


@transaction.atomic
def refresh_opening_spans(*, at: datetime) -> int:
    """Work out the spans of every pattern for today and the next eight days; return how many patterns there are."""
    return _expand(list(OpeningPattern.objects.values_list("pk", flat=True)), at=at)


def _expand(pattern_ids: list[int], *, at: datetime) -> int:
    """Replace the spans of some patterns; two who try at once come one after the other, in the order of ids."""
    if not pattern_ids:
        return 0
    zone, overlay = timezone.get_default_timezone(), get_calendar_overlay()
    first = at.astimezone(zone).date()
    until = datetime.combine(first + timedelta(days=SPAN_DAYS), time(), zone)
    patterns = list(OpeningPattern.objects.select_for_update().filter(pk__in=pattern_ids).order_by("pk"))
    spans = [
        OpeningSpan(pattern=pattern, span=DateTimeTZRange(start, end))
        for pattern in patterns
        for start, end in expand_hours(pattern.expression, first=first, days=SPAN_DAYS, overlay=overlay, zone=zone)
    ]
    OpeningSpan.objects.filter(pattern__in=patterns).delete()
    OpeningSpan.objects.bulk_create(spans, batch_size=2000)
    OpeningPattern.objects.filter(pk__in=pattern_ids).update(expanded_until=until)
    return len(patterns)
