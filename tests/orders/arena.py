"""Races on a real PostgreSQL: many threads with connections of their own that start at the same moment."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from bacao.kit.text import Refused

ROUNDS = int(os.environ.get("BACAO_ROUNDS", "3"))
CONNECTIONS = 24


class Arena:
    """A crowd of threads; connections stay open from one round to the next, for opening them takes longest."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(CONNECTIONS)
        self.opened: list[Any] = []

    def run(self, works: Sequence[Callable[[], object]], *, together: bool = True) -> list[Any]:
        """Do works at the same time and return what each returned, or the exception that it ended with.

        `together` = all start at one moment; otherwise as many as there are connections, and the others follow.
        """
        assert not together or len(works) <= CONNECTIONS, "they would wait for each other for ever"
        start = threading.Barrier(len(works)) if together else None

        def one(work: Callable[[], object]) -> object:
            connection.ensure_connection()
            if start:
                start.wait(60)
            try:
                return work()
            except Exception as error:
                return error

        return list(self.pool.map(one, works))

    def codes(self, works: Sequence[Callable[[], object]], *, together: bool = True) -> list[str]:
        """Return "ok" or the code of the refusal for each; anything else that was raised fails the test."""
        said = []
        for outcome in self.run(works, together=together):
            if isinstance(outcome, Exception) and not isinstance(outcome, Refused):
                raise outcome
            said.append(outcome.code if isinstance(outcome, Refused) else "ok")
        return said

    def close(self) -> None:
        """Close every thread's connection with its thread."""
        barrier = threading.Barrier(CONNECTIONS)

        def leave() -> None:
            barrier.wait(60)
            connection.close()

        for _ in range(CONNECTIONS):
            self.pool.submit(leave)
        self.pool.shutdown()


def atomically(work: Callable[[], object]) -> Callable[[], object]:
    """Return the work in a transaction of its own."""

    def in_transaction() -> object:
        with transaction.atomic():
            return work()

    return in_transaction


def sql(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def unguarded(table: str, *constraints: str, triggers: Sequence[str] = ()) -> Iterator[None]:
    """Take guards of a table away; what the race leaves behind must be put in order before they come back."""
    kept = [
        (name, sql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", name)[0][0])
        for name in constraints
    ]
    for name, _ in kept:
        sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for trigger in triggers:
        sql(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    try:
        yield
    finally:
        for trigger in triggers:
            sql(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
        for name, definition in kept:
            sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
