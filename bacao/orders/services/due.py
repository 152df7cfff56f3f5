"""What is due is done one by one: each in a transaction of its own, past the rows that another run holds (PR42)."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def each_due(do_next: Callable[[], bool]) -> int:
    """Do the next thing until there is none, and return how many there were."""
    done = 0
    while True:
        with transaction.atomic():
            if not do_next():
                return done
        done += 1


def lock_next(due: "QuerySet[M]") -> M | None:
    """Return the first of some rows that nobody else works on, locked."""
    return due.select_for_update(skip_locked=True, of=("self",)).first()
