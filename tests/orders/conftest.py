"""What the tests of purchases share: a buyer, an offer with stock, and the worker's jobs run by hand."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from bacao.accounts.models import User
from bacao.offers.models import OfferStock, OfferVersion
from bacao.offers.queries import get_current_version
from bacao.orders.models import Order, Quote
from bacao.orders.services import place_order, quote_purchase
from bacao.places.models import Place
from tests.factories import make_merchant, make_offer_version, make_place, make_user
from tests.orders.arena import Arena


@pytest.fixture
def buyer() -> User:
    return make_user("小满")


@pytest.fixture
def place(db: None) -> Place:
    """Return a shop that sells nothing yet."""
    return make_place(make_merchant())


@pytest.fixture
def version() -> OfferVersion:
    """A package of ¥38 for things worth ¥50; ten in stock; the platform carries 40 % of the discount."""
    return sell(stock=10)


@pytest.fixture
def arena(transactional_db: None) -> Iterator[Arena]:
    """Return a crowd of threads with connections of their own."""
    crowd = Arena()
    yield crowd
    crowd.close()


def sell(*, stock: int | None = None, **fields: Any) -> OfferVersion:
    """Put an offer of a new shop on sale."""
    funders = (("merchant", 6000), ("platform", 4000))
    version = make_offer_version(make_place(make_merchant()), funders=funders, **fields)
    OfferStock.objects.filter(offer=version.offer_id).update(limit=stock)
    return version


def quote_of(user: User, version: OfferVersion, at: datetime) -> Quote:
    """Look at the checkout of an offer."""
    return quote_purchase(user=user, version=get_current_version(version.offer_id), at=at)


def order_of(user: User, version: OfferVersion, at: datetime, quantity: int = 1, **more: Any) -> Order:
    """Look at the checkout of an offer and press the button."""
    quote = quote_of(user, version, at)
    return place_order(user=user, quote_id=quote.pk, quantity=quantity, at=at, **more)


@pytest.fixture
def run_jobs(db: None) -> Callable[..., list[str]]:
    """Run what waits for the worker, as it would, and return the names of the tasks in order.

    `until` runs jobs scheduled up to then, too, as if that time had come; `only` leaves all other tasks waiting.
    """

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # Django's flush between tests does not know that table

    def run(until: datetime | None = None, only: str = "") -> list[str]:
        names = []
        while job := _take_job(until or timezone.now() + timedelta(milliseconds=1), only):
            name, arguments = job
            names.append(name)
            app.tasks[name].func(**arguments)
        return names

    return run


def _take_job(until: datetime, only: str) -> tuple[str, dict[str, Any]] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, task_name, args FROM procrastinate_jobs
               WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= %s) AND task_name LIKE %s
               ORDER BY scheduled_at NULLS FIRST, id LIMIT 1""",
            [until, f"{only}%"],
        )
        if (row := cursor.fetchone()) is None:
            return None
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [row[0]])
    return row[1], json.loads(row[2])
