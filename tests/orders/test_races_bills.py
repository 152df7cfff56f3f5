"""Races of bills: a voucher, a budget and a credit are spent once, whoever comes first.

Each race shows itself with its guard removed, and not with it.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from bacao.accounts.models import User
from bacao.ledger.queries import get_budget
from bacao.ledger.rules import Credit, Debit
from bacao.ledger.services import post
from bacao.offers.models import Offer
from bacao.orders.models import Bill, Hold, Order, Quote, Voucher
from bacao.orders.queries import get_credit
from bacao.orders.services import (
    NoLongerOpen,
    NotEnoughUses,
    VoucherGone,
    accept_bill,
    expire_orders,
    mark_used,
    place_bill,
    quote_bill,
    undo_bill,
)
from bacao.places.models import Place
from tests.factories import make_user
from tests.orders.arena import ROUNDS, Arena, sql, unguarded
from tests.orders.guests import give_credit, offer, owed, own, place_one

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def placing(quote: Quote, at: datetime) -> Callable[[], object]:
    return lambda: place_bill(user=quote.user, quote_id=quote.pk, at=at)


def test_race_two_devices_and_one_quote(arena: Arena, buyer: User, place: Place, at: datetime) -> None:
    voucher = own(place, buyer, at, units_per_bill=1)
    meet, quote = threading.Barrier(4), quote_bill(user=buyer, place=place, bill_minor=9000, at=at)

    def look_then_hold() -> bool:
        taken = Hold.objects.filter(quote=quote.pk).exists()
        meet.wait(30)
        return not taken

    assert arena.run([look_then_hold] * 4) == [True] * 4, "the race did not show itself: each would go on"
    for _ in range(ROUNDS):
        quote = quote_bill(user=buyer, place=place, bill_minor=9000, at=at)
        orders = [one for one in arena.run([placing(quote, at)] * 6) if isinstance(one, Order)]
        assert orders, "somebody got through"
        assert len({order.pk for order in orders}) == Order.objects.filter(kind="bill", cancelled_at=None).count() == 1
        assert expire_orders(at=at + 10 * MINUTE) == 1
        voucher.refresh_from_db()
        assert voucher.uses_left == 1


def test_race_one_voucher_in_two_bills(arena: Arena, buyer: User, place: Place, at: datetime) -> None:
    voucher = own(place, buyer, at, units_per_bill=1)
    meet = threading.Barrier(4)

    def read_then_write() -> bool:
        with transaction.atomic():
            mine = Voucher.objects.get(pk=voucher.pk)
            meet.wait(30)
            if not mine.uses_left:
                return False
            sql("UPDATE orders_voucher SET uses_redeemed = uses_redeemed + 1 WHERE id = %s", voucher.pk)
            return True

    guards = ("orders_voucher_used_within_sold", "orders_voucher_no_use_no_money")
    with unguarded("orders_voucher", *guards):
        assert arena.run([read_then_write] * 4).count(True) == 4, "the race did not show itself"
        sql("UPDATE orders_voucher SET uses_redeemed = 0 WHERE id = %s", voucher.pk)
    for _ in range(ROUNDS):
        quotes = [quote_bill(user=buyer, place=place, bill_minor=9000 + n, at=at) for n in range(4)]

        def counter() -> object:
            with transaction.atomic():
                try:
                    return mark_used(voucher=Voucher.objects.get(pk=voucher.pk), uses=1)
                except NotEnoughUses:
                    return "used"

        said = arena.run([*(placing(quote, at) for quote in quotes), counter])
        winners = [one for one in said if isinstance(one, Order) or type(one) is int]
        losers = [one for one in said if isinstance(one, VoucherGone) or one == "used"]
        assert (len(winners), len(losers)) == (1, 4)
        if not expire_orders(at=at + 10 * MINUTE):
            sql("UPDATE orders_voucher SET uses_redeemed = 0, redeemed_minor = 0 WHERE id = %s", voucher.pk)
        voucher.refresh_from_db()
        assert (voucher.uses_left, voucher.left_minor) == (1, 4400)


def test_race_the_last_yuan_of_a_budget(arena: Arena, place: Place, at: datetime) -> None:
    """That reading and then claiming passes a budget is shown by RC4; here it is whole bills that want it."""
    for number in range(ROUNDS):
        help_ = offer(place, at, "subsidy", platform=10000, percent_basis_points=1000, cap_minor=800, budget_minor=800)
        guests = [make_user(f"客{number}{n}") for n in range(6)]
        quotes = [quote_bill(user=guest, place=place, bill_minor=8000, at=at) for guest in guests]
        said = arena.codes([placing(quote, at) for quote in quotes])
        assert Counter(said) == {"ok": 1, "budget_gone": 5}
        assert get_budget(f"control.budget.{help_.pk}").left_minor == 0
        Offer.objects.filter(pk=help_.pk).update(state="ended")


def test_race_the_same_credit_twice(arena: Arena, place: Place, at: datetime) -> None:
    rich, meet = make_user("有余额"), threading.Barrier(4)
    give_credit(rich, 3000, at)
    account, away = f"liab.credit.customer.{rich.pk}", "liab.unredeemed.naive"
    with transaction.atomic():
        post(id=uuid4(), kind="open", entries=[Debit("asset.bank", 1), Credit(away, 1)], origin={}, effective_at=at)
    ids = [sql("SELECT id FROM ledger_account WHERE code = %s", code)[0][0] for code in (account, away)]

    def claim_naively() -> None:
        has = get_credit(rich.pk)
        meet.wait(30)
        if has >= 3000:
            sql("""INSERT INTO ledger_pending (id, debit_id, credit_id, amount_minor, kind, content_hash, origin,
                effective_at) VALUES (%s, %s, %s, 3000, 'held', '', '{}', now())""", uuid4(), *ids)  # fmt: skip

    with unguarded("ledger_account", "ledger_account_debit_at_most_credit"):
        arena.run([claim_naively] * 4)
        (claimed,) = sql("SELECT pending_debit_minor FROM ledger_account WHERE code = %s", account)[0]
        assert claimed == 12000, "the race did not show itself"
        sql("""INSERT INTO ledger_resolution (pending_id, outcome, resolved_at)
            SELECT id, 'voided', now() FROM ledger_pending WHERE debit_id = %s""", ids[0])  # fmt: skip
    for _ in range(ROUNDS):
        quotes = [quote_bill(user=rich, place=place, bill_minor=5000 + n, at=at) for n in range(5)]
        said = arena.codes([placing(quote, at) for quote in quotes])
        assert Counter(said) == {"ok": 1, "credit_gone": 4}
        assert get_credit(rich.pk) == 0
        expire_orders(at=at + 10 * MINUTE)
        assert get_credit(rich.pk) == 3000


def test_race_taking_the_cash_against_lapsing_and_undoing(
    arena: Arena, buyer: User, place: Place, at: datetime
) -> None:
    voucher = own(place, buyer, at)
    for number in range(ROUNDS * 2):
        order = place_one(buyer, place, at, tender="counter")
        end = at + 5 * MINUTE - timedelta(seconds=number % 2)
        taking = [lambda order=order, end=end: accept_bill(order_id=order.pk, place_id=place.pk, by=None, at=end)] * 3
        said = arena.run([*taking, lambda: expire_orders(at=at + 5 * MINUTE)])
        expire_orders(at=at + 5 * MINUTE)  # a row that somebody works on is left to the next run
        assert all(isinstance(one, Order | int | NoLongerOpen) for one in said)
        bill = Bill.objects.get(pk=order.pk)
        voucher.refresh_from_db()
        assert bool(bill.settled_at) == (voucher.uses_left == 0)
        if bill.settled_at:
            undo = [lambda order=order: undo_bill(order_id=order.pk, merchant_id=None, by=None, at=at + 6 * MINUTE)] * 4
            assert all(isinstance(one, Order) for one in arena.run(undo))
        voucher.refresh_from_db()
        assert (voucher.uses_left, owed(place)) == (1, 0), "all of it came back, once"
