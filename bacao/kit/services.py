"""Writes that every chapter needs: news for later chapters, and the token buckets that slow a flood."""

from datetime import date, datetime

from django.db import connection, transaction

from bacao.kit.calendar import DayKind
from bacao.kit.models import CalendarDay, OutboxEvent, RateBucket

ANNOUNCE = "INSERT INTO kit_outboxevent (kind, ref_id)"
"""The beginning of a line of news, as a part of a caller's own statement: `SELECT kind, id` follows."""


def announce(*, kind: str, ref_id: int) -> None:
    """Write one line of news in the caller's transaction; `kind` is place, note, offer, redemption, review or save."""
    OutboxEvent.objects.create(kind=kind, ref_id=ref_id)


def announce_many(*, kind: str, ref_ids: list[int]) -> None:
    """Write the news of a bulk change in one statement."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO kit_outboxevent (kind, ref_id) SELECT %s, unnest(%s::bigint[])", [kind, ref_ids])


_FILLED = "least(%(capacity)s, bucket.tokens + %(rate)s * greatest(0, extract(epoch FROM %(at)s - bucket.refilled_at)))"
_TAKE = f"""
INSERT INTO kit_ratebucket AS bucket (key, tokens, refilled_at)
VALUES (%(key)s, %(capacity)s - 1, %(at)s)
ON CONFLICT (key) DO UPDATE SET tokens = {_FILLED} - 1, refilled_at = greatest(bucket.refilled_at, %(at)s)
WHERE {_FILLED} >= 1
RETURNING tokens
"""  # noqa: S608  # made of constants


def take_token(*, key: str, capacity: float, refill_per_second: float, at: datetime) -> bool:
    """Take a token from the bucket `key` and return whether there was one.

    One statement, committed before this returns: a refusal later in the request does not give the token back. Call
    it before opening a transaction (a durable block refuses to be nested).
    """
    assert capacity >= 1, "a bucket that never holds a whole token refuses everybody"
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "capacity": float(capacity), "rate": refill_per_second, "at": at})
        return cursor.fetchone() is not None


def delete_idle_buckets(*, before: datetime) -> int:
    """Forget the buckets nobody asked since `before` (their keys name people) and return how many."""
    return RateBucket.objects.filter(refilled_at__lt=before).delete()[0]


def delete_news(*, until_tx: int, before: datetime) -> int:
    """Forget news that are older than `before` and that everybody has read, those below `until_tx`; return how many."""
    return OutboxEvent.objects.filter(tx__lt=until_tx, recorded_at__lt=before).delete()[0]


def set_calendar_day(*, day: date, kind: DayKind, source: str) -> CalendarDay:
    """Say what kind of day a date is; it overrides the published table (PR14).

    Opening spans follow at the next `places.services.refresh_opening_spans`.
    """
    return CalendarDay.objects.update_or_create(date=day, defaults={"kind": kind, "source": source})[0]
