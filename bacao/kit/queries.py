"""Reads that every chapter needs."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple, cast

from django.db import connection
from django.db.models import Min, Q
from django.db.models.functions import Coalesce
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from bacao.kit.calendar import DayKind
from bacao.kit.models import CalendarDay, OutboxEvent, RateBucket


def get_calendar_overlay() -> dict[date, DayKind]:
    """Return the operator's words on single dates, to be passed to `kit.calendar` and `kit.hours`."""
    return {day: cast(DayKind, kind) for day, kind in CalendarDay.objects.values_list("date", "kind")}


def list_tokens(buckets: Mapping[str, tuple[float, float]], at: datetime) -> dict[str, float]:
    """Return how many tokens each bucket holds at an instant, taking none; a bucket = (capacity, refill per second)."""
    held = {key: capacity for key, (capacity, _) in buckets.items()}
    for bucket in RateBucket.objects.filter(key__in=held):
        capacity, refill = buckets[bucket.key]
        idle_seconds = max(0.0, (at - bucket.refilled_at).total_seconds())
        held[bucket.key] = min(capacity, bucket.tokens + refill * idle_seconds)
    return held


def get_job_lag_seconds(at: datetime) -> float:
    """Return for how long the oldest job that is due has been waiting for the worker; 0 if none waits."""
    due = ProcrastinateJob.objects.filter(Q(scheduled_at=None) | Q(scheduled_at__lte=at), status="todo")
    asked = Min("procrastinateevent__at", filter=Q(procrastinateevent__type="deferred"))
    oldest = due.annotate(since=Coalesce("scheduled_at", asked)).aggregate(oldest=Min("since"))["oldest"]
    return max(0.0, (at - oldest).total_seconds()) if oldest else 0.0


def count_workers(at: datetime) -> int:
    """Return how many job workers gave a sign of life in the last half minute (they do so every ten seconds)."""
    return ProcrastinateWorker.objects.filter(last_heartbeat__gte=at - timedelta(seconds=30)).count()


def get_news_lag_seconds(*, since_tx: int, seen: Collection[int] = (), at: datetime) -> float:
    """Return the age of the oldest news of transaction `since_tx` or later that is not among those `seen`; else 0."""
    waiting = OutboxEvent.objects.filter(tx__gte=since_tx).exclude(pk__in=seen)
    oldest = waiting.aggregate(oldest=Min("recorded_at"))["oldest"]
    return max(0.0, (at - oldest).total_seconds()) if oldest else 0.0


def get_outbox_number() -> list[int]:
    """Return the numbers of the database and its outbox: a city restored from a backup has others than before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::bigint, 'kit_outboxevent'::regclass::oid::bigint FROM pg_database "
            "WHERE datname = current_database()"
        )
        return list(cursor.fetchone())


class News(NamedTuple):
    """What was announced: ids by kind, the mark to read on from, and the numbers of news read beyond the mark."""

    ids_by_kind: dict[str, set[int]]
    until_tx: int
    seen: list[int]


def read_news(*, since_tx: int, seen: Collection[int] = ()) -> News:
    """Return the news since the mark `since_tx` that are not among those `seen` beyond it (DS8).

    Whoever remembers `until_tx` and `seen` misses nothing, whichever transaction commits first: the mark stops at the
    oldest transaction that still runs, so what that one announces is not behind it. News of quicker ones are read at
    once and remembered by number; a long transaction holds up nobody's news but its own. The mark is asked for
    first, so the rows it covers are there when they are read.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        until_tx: int = cursor.fetchone()[0]
    known = set(seen)
    found: dict[str, set[int]] = {}
    beyond = []
    for number, tx, kind, ref_id in OutboxEvent.objects.filter(tx__gte=since_tx).values_list(
        "pk", "tx", "kind", "ref_id"
    ):
        if number not in known:
            found.setdefault(kind, set()).add(ref_id)
        if tx >= until_tx:
            beyond.append(number)
    return News(found, until_tx, beyond)
