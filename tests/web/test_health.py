"""`/health` is green when the site can serve, red with the reason when it cannot."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from bacao.kit.services import announce
from bacao.web.resident.views import health


def ask(client: Client) -> tuple[int, dict[str, object]]:
    answer = client.get("/health")
    return answer.status_code, answer.json()


def let_a_job_wait(minutes: int) -> None:
    """Put a job into the queue as if it had been asked for some minutes ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args) values ('default', 'x', '{}') returning id"
        )
        [job] = cursor.fetchone()
        cursor.execute(
            "update procrastinate_events set at = %s where job_id = %s",
            [timezone.now() - timedelta(minutes=minutes), job],
        )


@pytest.mark.django_db
def test_a_site_at_rest_is_green(client: Client) -> None:
    status, report = ask(client)
    assert status == 200
    assert report["status"] == "ok"
    assert report["worker_lag_seconds"] == 0


@pytest.mark.django_db
def test_a_job_that_waits_is_told_and_turns_red_after_five_minutes(client: Client) -> None:
    let_a_job_wait(4)
    status, report = ask(client)
    assert status == 200
    assert report["worker_lag_seconds"] == pytest.approx(240, abs=10)
    let_a_job_wait(6)
    assert ask(client)[0] == 503


@pytest.mark.django_db
def test_a_job_for_later_is_not_late(client: Client) -> None:
    let_a_job_wait(60)
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set scheduled_at = %s", [timezone.now() + timedelta(hours=1)])
    assert ask(client)[1]["worker_lag_seconds"] == 0


@pytest.mark.django_db
def test_news_that_nobody_reads_turn_it_red(client: Client) -> None:
    announce(kind="place", ref_id=1)
    assert ask(client)[0] == 200
    with connection.cursor() as cursor:
        cursor.execute("update kit_outboxevent set recorded_at = %s", [timezone.now() - timedelta(minutes=6)])
    assert ask(client)[0] == 503


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_and_not_a_crash(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(at: object) -> float:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(health, "get_job_lag_seconds", away)
    status, report = ask(client)
    assert status == 503
    assert report["database"] == "DatabaseError"
    assert report["status"] == "failing"
