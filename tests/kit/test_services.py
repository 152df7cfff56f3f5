"""News, token buckets, the operator's calendar."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction

from bacao.kit.models import OutboxEvent, RateBucket
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.services import announce, announce_many, delete_idle_buckets, set_calendar_day, take_token


@pytest.mark.django_db
def test_news_of_one_transaction_carry_its_number() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        announce(kind="place", ref_id=7)
        announce_many(kind="note", ref_ids=[8, 9])
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        number = cursor.fetchone()[0]
    assert list(OutboxEvent.objects.order_by("id").values_list("kind", "ref_id", "tx")) == [
        ("place", 7, number), ("note", 8, number), ("note", 9, number),
    ]  # fmt: skip


@pytest.mark.django_db
def test_news_of_what_did_not_happen_are_not_told() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        announce(kind="place", ref_id=7)
        1 / 0  # noqa: B018  # the service fails after announcing
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_a_bucket_empties_and_fills_again(at: datetime) -> None:
    def take(seconds: float) -> bool:
        return take_token(key="door", capacity=3, refill_per_second=0.5, at=at + timedelta(seconds=seconds))

    assert [take(0) for _ in range(4)] == [True, True, True, False]
    assert [take(1.9), take(2), take(2)] == [False, True, False]
    assert [take(3600) for _ in range(4)] == [True, True, True, False]
    assert take_token(key="another door", capacity=1, refill_per_second=0, at=at)


@pytest.mark.django_db
def test_a_clock_that_runs_backwards_fills_nothing(at: datetime) -> None:
    assert take_token(key="door", capacity=1, refill_per_second=1, at=at)
    assert not take_token(key="door", capacity=1, refill_per_second=1, at=at - timedelta(hours=1))
    assert not take_token(key="door", capacity=1, refill_per_second=1, at=at + timedelta(seconds=0.5))


def naive_take(key: str, capacity: float, at: datetime, meet: Barrier) -> bool:
    """Take a token by reading first and writing after, as one would without the guard."""
    bucket = RateBucket.objects.get(key=key)
    meet.wait(timeout=5)
    if bucket.tokens < 1:
        return False
    RateBucket.objects.filter(key=key).update(tokens=bucket.tokens - 1)
    return True


def at_once(count: int, act: Callable[[], bool]) -> int:
    """Run `act` in `count` threads and return how many said yes."""

    def one(_: int) -> bool:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return sum(threads.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_share_three_tokens(at: datetime) -> None:
    RateBucket.objects.create(key="naive", tokens=3, refilled_at=at)
    meet = Barrier(8)
    assert at_once(8, lambda: naive_take("naive", 3, at, meet)) == 8, (
        "the race does not happen; this test proves nothing"
    )

    meet = Barrier(8)

    def guarded() -> bool:
        meet.wait(timeout=5)
        return take_token(key="door", capacity=3, refill_per_second=0, at=at)

    assert at_once(8, guarded) == 3


@pytest.mark.django_db(transaction=True)
def test_a_token_is_gone_even_if_the_rest_of_the_request_fails(at: datetime) -> None:
    """A guess that is refused must not give the token back: the bucket will not be part of another transaction."""
    with pytest.raises(RuntimeError), transaction.atomic():
        take_token(key="door", capacity=1, refill_per_second=0, at=at)
    assert take_token(key="door", capacity=1, refill_per_second=0, at=at)


@pytest.mark.django_db
def test_idle_buckets_are_forgotten(at: datetime) -> None:
    take_token(key="old", capacity=5, refill_per_second=1, at=at - timedelta(days=2))
    take_token(key="new", capacity=5, refill_per_second=1, at=at)
    assert delete_idle_buckets(before=at - timedelta(days=1)) == 1
    assert RateBucket.objects.get().key == "new"


@pytest.mark.django_db
def test_the_operator_s_day_replaces_an_earlier_word() -> None:
    set_calendar_day(day=date(2026, 11, 25), kind="restday", source="mistake")
    set_calendar_day(day=date(2026, 11, 25), kind="public_holiday", source="notice 12/2026")
    assert get_calendar_overlay() == {date(2026, 11, 25): "public_holiday"}
