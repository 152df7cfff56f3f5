"""Jobs of a worker that died are done by another; what ended long ago is forgotten."""

from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

from bacao.kit.jobs import retry_stalled_jobs


def add_job(status: str, queueing_lock: str | None) -> int:
    """Write a job that no living worker has in its hands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args, status, queueing_lock) "
            "values ('default', 'x', '{}', %s, %s) returning id",
            [status, queueing_lock],
        )
        return int(cursor.fetchone()[0])


def statuses() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("select id, status from procrastinate_jobs")
        return dict(cursor.fetchall())


def retry() -> None:
    async_to_sync(retry_stalled_jobs.func)(SimpleNamespace(app=app), 0)


@pytest.mark.django_db
def test_a_stalled_job_is_put_back() -> None:
    stalled = add_job("doing", None)
    retry()
    assert statuses() == {stalled: "todo"}


@pytest.mark.django_db(transaction=True)
def test_one_that_was_asked_for_again_is_dropped_and_does_not_stop_the_others() -> None:
    add_job("doing", "the same")
    waiting = add_job("todo", "the same")
    other = add_job("doing", None)
    retry()
    assert statuses() == {waiting: "todo", other: "todo"}
