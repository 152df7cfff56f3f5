"""Races of quotes and holds: one outcome each, whoever comes first, repeats, or is killed.

One of the files of the catalogue of races (pricing.md, section 13): each race shows itself with its guard removed, and
not with it. Real connections in threads. `BACAO_ROUNDS` = how often each is run (3 unless told otherwise; 1000 for a
night).
"""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from bacao.accounts.models import User
from bacao.kit.paths import ROOT
from bacao.offers.models import Offer
from bacao.offers.services import set_offer_state, take_units
from bacao.orders.models import Hold, Order, Quote
from bacao.orders.services import (
    capture_hold,
    expire_holds,
    expire_orders,
    place_order,
    release_hold,
    take_quote,
)
from tests.factories import make_user
from tests.orders.arena import ROUNDS, Arena, atomically, sql
from tests.orders.conftest import order_of, quote_of, sell
from tests.orders.crowd import LATE, Race, empty, people, take, used

pytestmark = pytest.mark.django_db(transaction=True)


def test_rc5_a_retry_counts_once(arena: Arena, buyer: User, at: datetime) -> None:
    version = sell(stock=50)
    arena.run([lambda: take_units(offer_id=version.offer_id, user_id=buyer.pk, quantity=1, per_person=None, at=at)] * 3)
    assert used(version) == 3, "without a key of its own each try counts"
    for round in range(ROUNDS):
        empty(version)
        id, now = uuid4(), at + round * timedelta(hours=1)
        quote = quote_of(buyer, version, now)
        said = arena.codes([take(quote, now, id=id)] * 6)
        assert set(said) <= {"ok", "busy"}
        assert "ok" in said
        assert (used(version), Hold.objects.filter(pk=id).count()) == (1, 1)


def test_rc9_capture_expiry_cancel_and_release_at_one_instant(arena: Arena, at: datetime) -> None:
    version, meet = sell(stock=500), threading.Barrier(4)
    naive = take_quote(quote_id=quote_of(make_user(), version, at).pk, user=User.objects.last(), at=at)

    def look_then_leave() -> bool:
        is_held = Hold.objects.get(pk=naive.pk).state == "held"
        meet.wait(30)
        return is_held

    assert arena.run([look_then_leave] * 4) == [True] * 4, "the race did not show itself: all four would go on"
    release_hold(hold=naive, at=at)
    for round in range(ROUNDS * 4):
        user = make_user()
        hold = take_quote(quote_id=quote_of(user, version, at).pk, user=user, at=at)
        end = hold.expires_at - timedelta(seconds=1) if round % 2 else hold.expires_at
        works: list[Race] = [
            atomically(lambda hold=hold, end=end: capture_hold(hold=hold, at=end)),
            lambda hold=hold, end=end: release_hold(hold=hold, at=end),
            lambda hold=hold: expire_holds(at=hold.expires_at),
            lambda hold=hold, end=end: release_hold(hold=hold, at=end),
        ]
        before = used(version)
        arena.codes(works)
        hold.refresh_from_db()
        assert hold.state in {"captured", "released", "expired"}
        assert used(version) == before - (hold.state != "captured"), "what was left came back once, or not at all"


KILLED = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from uuid import UUID
from django.db import connection, transaction
from bacao.accounts.models import User
from bacao.orders.services import place_order
connection.settings_dict["NAME"] = sys.argv[1]
quote, order, user, at, when = sys.argv[2:]
place = lambda: place_order(user=User.objects.get(pk=user), quote_id=UUID(quote), quantity=2, id=UUID(order),
                            at=datetime.fromisoformat(at))
if when == "before":
    with transaction.atomic():
        place()
        os.kill(os.getpid(), signal.SIGKILL)
place()
os.kill(os.getpid(), signal.SIGKILL)
"""


def die(quote: Quote, order_id: UUID, at: datetime, when: str) -> None:
    """Place an order in a process that is killed before or after the commit, and never answers."""
    name = str(connection.settings_dict["NAME"])
    arguments = [name, str(quote.pk), str(order_id), str(quote.user_id), at.isoformat(), when]
    ended = subprocess.run(  # our own Python on our own words
        [sys.executable, "-c", KILLED, *arguments], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert ended.returncode == -signal.SIGKILL


def test_rc12_killed_before_or_after_the_commit_and_asked_again(buyer: User, at: datetime) -> None:
    version = sell(stock=10)
    quote, id = quote_of(buyer, version, at), uuid4()
    die(quote, id, at, "before")
    assert (Order.objects.count(), Hold.objects.count(), used(version)) == (0, 0, 0)
    die(quote, id, at, "after")
    committed = Order.objects.get()
    again = place_order(user=buyer, quote_id=quote.pk, quantity=2, at=at + LATE, id=id)
    assert (again, again.number) == (committed, committed.number)
    assert (Order.objects.count(), Hold.objects.count(), used(version)) == (1, 1, 2)
    place_order(user=buyer, quote_id=quote_of(buyer, version, at).pk, quantity=2, at=at)
    assert used(version) == 4, "without the key of the first try the buyer has two orders"


def test_rc13_pausing_while_many_buy(arena: Arena, at: datetime) -> None:
    """Whoever holds before the pause is honoured, everybody after it hears why; nobody falls in between."""
    version, buyers = sell(stock=100), people(16)
    state, meet = version.offer.state, threading.Barrier(2)

    def look_then_take() -> bool:
        is_live = Offer.objects.get(pk=version.offer_id).state == "live"
        meet.wait(30)
        meet.wait(30)
        return is_live

    def pause_between() -> None:
        meet.wait(30)
        set_offer_state(offer=version.offer, state="paused", by=None, at=at)
        meet.wait(30)

    assert arena.run([look_then_take, pause_between])[0] is True, "who looked before it would sell after it"
    for round in range(ROUNDS):
        set_offer_state(offer=version.offer, state=state, by=None, at=at)
        empty(version)
        now = at + round * timedelta(hours=1)
        works = [take(quote_of(buyer, version, now), now) for buyer in buyers]
        works.insert(8, lambda: set_offer_state(offer=version.offer, state="paused", by=None, at=at))
        said = Counter(arena.codes(works))
        assert set(said) <= {"ok", "version_withdrawn"}
        assert used(version) == said["ok"] - 1


def test_rc15_the_expiry_job_twice_at_once(arena: Arena, at: datetime) -> None:
    version, meet = sell(stock=100), threading.Barrier(4)
    order_of(make_user(), version, at)

    def list_then_release() -> int:
        due = Order.objects.filter(paid_at=None, cancelled_at=None, expires_at__lte=at + LATE)
        found = len(due)
        meet.wait(30)
        return found

    assert arena.run([list_then_release] * 4) == [1] * 4, "the race did not show itself: four would release it"
    expire_orders(at=at + LATE)
    for round in range(ROUNDS):
        now = at + (round + 1) * timedelta(hours=1)
        for user in people(6):
            order_of(user, version, now)
            other = make_user()
            take_quote(quote_id=quote_of(other, version, now).pk, user=other, at=now)
        assert used(version) == 12
        jobs: list[Race] = [lambda now=now: expire_orders(at=now + LATE)] * 4
        jobs += [lambda now=now: expire_holds(at=now + LATE)] * 4
        ended = arena.run(jobs)
        assert (sum(ended), used(version)) == (12, 0)


def test_rc17_two_browsers_and_one_cart(arena: Arena, buyer: User, at: datetime) -> None:
    version, meet = sell(stock=100), threading.Barrier(3)
    naive = quote_of(buyer, version, at)

    def look_then_hold() -> bool:
        is_free = not Hold.objects.filter(quote=naive).exists()
        meet.wait(30)
        return is_free

    assert arena.run([look_then_hold] * 3) == [True] * 3, "the race did not show itself: three would hold"
    for round in range(ROUNDS):
        empty(version)
        now = at + round * timedelta(hours=1)
        quote = quote_of(buyer, version, now)
        outcomes = arena.run(
            [lambda quote=quote, now=now: place_order(user=buyer, quote_id=quote.pk, quantity=2, at=now)] * 3
        )
        assert len({order.pk for order in outcomes}) == 1, "the others see the first one's order"
        assert (used(version), Hold.objects.filter(quote=quote).count()) == (2, 1)


def test_pr40_who_waits_too_long_hears_it(arena: Arena, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that somebody keeps is waited for so long and no longer; of one cart, more than two do not wait at all."""
    from bacao.orders import rules

    monkeypatch.setattr(rules, "LOCK_SECONDS", 1)
    version, buyers, kept, done = sell(stock=100), people(2), threading.Event(), threading.Event()

    def keep_the_row() -> None:
        with transaction.atomic():
            sql("SELECT FROM offers_offerstock WHERE offer_id = %s FOR UPDATE", version.offer_id)
            kept.set()
            done.wait(60)

    def want(quote: Quote) -> str:
        kept.wait(60)
        try:
            return str(take(quote, at)())
        except Exception as error:
            return str(getattr(error, "code", error))

    quotes = [quote_of(buyer, version, at) for buyer in buyers]

    def all_want() -> list[str]:
        try:
            return crowd.run([lambda: want(quotes[0])] * 5 + [lambda: want(quotes[1])])
        finally:
            done.set()

    crowd = Arena()
    _, said = arena.run([keep_the_row, all_want])
    crowd.close()
    assert said == ["busy"] * 6
    assert used(version) == 0
    assert arena.codes([take(quotes[0], at)]) == ["ok"]
