"""Races for budgets, refunds and late money.

One of the files of the catalogue of races (pricing.md, section 13): each race shows itself with its guard removed, and
not with it. Real connections in threads. `BACAO_ROUNDS` = how often each is run (3 unless told otherwise; 1000 for a
night).
"""

import threading
from collections import Counter
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from bacao.accounts.models import User
from bacao.ledger.models import Pending
from bacao.ledger.queries import get_total, list_rooms, list_wrong_sums
from bacao.ledger.rules import BUDGET_SPENT, CONTROL, PERIOD_SPENT, Transfer
from bacao.ledger.services import LimitReached, allocate_budget, open_period, pend, void_pendings
from bacao.offers.models import OfferStock, OfferVersion
from bacao.orders.models import Payment, Refund, Voucher
from bacao.orders.services import (
    cancel_order,
    expire_orders,
    record_chargeback,
    request_refund,
    start_payment,
)
from bacao.orders.services.pay import apply_payment_news
from tests.factories import make_user
from tests.orders.arena import CONNECTIONS, ROUNDS, Arena, sql, unguarded
from tests.orders.conftest import order_of, sell
from tests.orders.crowd import LATE, empty, people, used
from tests.orders.machine import paid_news

pytestmark = pytest.mark.django_db(transaction=True)


def give(code: str, at: datetime) -> None:
    """Open a budget of ¥10, in all or of a day or week."""
    if code.startswith("control.budget."):
        allocate_budget(id=uuid4(), code=code, amount_minor=1000, origin={}, at=at)
    else:
        open_period(code=code, begins_at=at, limit_minor=1000)


@pytest.mark.parametrize(
    ("code", "spent"),
    [
        ("control.budget.race", BUDGET_SPENT),
        ("control.budget_day.7.20261121", PERIOD_SPENT),
        ("control.budget_week.7.2026-W47", PERIOD_SPENT),
    ],
)
def test_rc4_a_budget_shared_by_many_orders(arena: Arena, at: datetime, code: str, spent: str) -> None:
    """Reading what is left and claiming it then passes the budget where neither lock nor constraint stands."""
    with transaction.atomic():
        give(code, at)
    account, leg = (sql("SELECT id FROM ledger_account WHERE code = %s", name)[0][0] for name in (code, spent))
    meet = threading.Barrier(6)
    write = """INSERT INTO ledger_pending (id, debit_id, credit_id, amount_minor, kind, content_hash, origin,
        effective_at) VALUES (%s, %s, %s, 300, 'held', '', '{}', now())"""

    def claim_naively() -> None:
        left = list_rooms([code])[code]
        meet.wait(30)
        if left >= 300:
            sql(write, uuid4(), account, leg)

    with unguarded("ledger_account", "ledger_account_debit_at_most_credit"):
        arena.run([claim_naively] * 6)
        assert list_rooms([code])[code] < 0, "the race did not show itself"
        with transaction.atomic():
            void_pendings(ids=Pending.objects.values_list("pk", flat=True), at=at)
    for round in range(ROUNDS):
        mine = f"{code}.{round}"

        def claim(mine: str = mine) -> str:
            try:
                with transaction.atomic():
                    if spent == PERIOD_SPENT:  # the first claim of a day or week opens its account, many at once
                        give(mine, at)
                    pend(transfers=[Transfer(uuid4(), "held", mine, spent, 300, at)])
            except LimitReached:
                return "gone"
            return "held"

        if spent == BUDGET_SPENT:
            with transaction.atomic():
                give(mine, at)
        assert Counter(arena.run([claim] * 12)) == {"held": 3, "gone": 9}
        assert list_rooms([mine])[mine] == 100


def bought(user: User, version: OfferVersion, at: datetime) -> Voucher:
    order = order_of(user, version, at)
    start_payment(order=order, at=at)
    apply_payment_news(provider="sandbox", news=paid_news(order), at=at)
    return order.vouchers.get()


def test_rc14_a_slot_comes_back_once_and_never_by_a_chargeback(arena: Arena, buyer: User, at: datetime) -> None:
    version, meet = sell(stock=100), threading.Barrier(4)
    naive = bought(buyer, version, at)

    def give_back_naively() -> bool:
        uses_left = Voucher.objects.get(pk=naive.pk).uses_left
        meet.wait(30)
        return uses_left == 1

    assert arena.run([give_back_naively] * 4) == [True] * 4, "the race did not show itself: four would give it back"
    for _ in range(ROUNDS):
        empty(version)
        voucher, other = bought(buyer, version, at), bought(buyer, version, at)
        payment = Payment.objects.get(order=voucher.order_id)
        refund = [lambda voucher=voucher: request_refund(voucher=voucher, by=buyer, at=at)] * 4
        charge = [lambda payment=payment: record_chargeback(payment=payment, at=at)] * 3
        arena.codes([*refund, *charge])
        (cause,) = Refund.objects.filter(order=voucher.order_id).values_list("cause", flat=True)
        assert used(version) == (1 if cause == "asked" else 2)
        assert Payment.objects.get(pk=payment.pk).refunded_minor == 3800
        assert record_chargeback(payment=payment, at=at) is None
        request_refund(voucher=other, by=buyer, at=at)
    assert get_total() == 0
    assert list_wrong_sums() == []


def test_rc18_late_money_for_the_last_unit(arena: Arena, at: datetime) -> None:
    """Several paid after their time; one unit is left. Looking first would book all of them."""
    version, meet = sell(stock=6), threading.Barrier(4)

    def look_then_book() -> bool:
        stock = OfferStock.objects.get(offer=version.offer_id)
        meet.wait(30)
        return stock.used < 6

    assert arena.run([look_then_book] * 4) == [True] * 4, "the race did not show itself"
    for round in range(ROUNDS):
        empty(version)
        now = at + round * timedelta(hours=1)
        orders = [order_of(user, version, now) for user in people(6)]
        for order in orders:
            start_payment(order=order, at=now)
        expire_orders(at=now + LATE)
        OfferStock.objects.filter(offer=version.offer_id).update(used=5)
        works = [
            lambda order=order, now=now: apply_payment_news(provider="sandbox", news=paid_news(order), at=now + LATE)
            for order in orders
        ]
        assert Counter(arena.run(works)) == {"late_credited": 1, "late_refunded": 5}
        assert used(version) == 6
    assert Refund.objects.filter(cause="late_payment", amount_minor=3800).count() == 5 * ROUNDS
    assert get_total() == 0
    assert list_wrong_sums(CONTROL) == []
    cancel_order(order=order_of(make_user(), sell(), at), at=at)
    assert CONNECTIONS >= 6
