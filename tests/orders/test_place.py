"""Placing, cancelling and letting orders lapse; stock under two hundred buyers at once."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from bacao.accounts.models import User
from bacao.kit.text import Refused
from bacao.ledger.queries import get_total
from bacao.offers.models import OfferStock, OfferVersion, PersonalUse
from bacao.offers.services import NotOnSale
from bacao.orders.models import Order, Voucher
from bacao.orders.services import (
    AlreadyPaid,
    Busy,
    OrderIdTaken,
    PersonalLimit,
    QuotaGone,
    WrongQuantity,
    cancel_order,
    expire_orders,
    place_order,
)
from tests.factories import make_user
from tests.orders.conftest import order_of, quote_of, sell


def used(version: OfferVersion) -> int:
    return OfferStock.objects.get(offer=version.offer_id).used


def place(user: User, version: OfferVersion, at: datetime, quantity: int = 1, **more: Any) -> Order:
    return order_of(user, version, at, quantity, **more)


@pytest.mark.django_db
def test_an_order_pins_price_terms_and_stock(buyer: User, version: OfferVersion, at: datetime) -> None:
    order = place(buyer, version, at, 2)
    assert (order.quantity, order.unit_price_minor, order.unit_list_minor, order.total_minor) == (2, 3800, 5000, 7600)
    assert order.state == "waiting"
    assert order.expires_at == at + timedelta(minutes=15)
    assert order.number.startswith("BC261121")
    assert "随时" in order.refund_terms_zh
    assert "any time" in order.refund_terms_en
    assert used(version) == 2
    assert not order.vouchers.exists()


@pytest.mark.django_db
def test_x24_an_order_holds_at_most_ten(buyer: User, at: datetime) -> None:
    version = sell(per_order=10)
    few = sell(per_order=3)
    for wrong in (0, 11):
        with pytest.raises(WrongQuantity):
            place(buyer, version, at, wrong)
    with pytest.raises(WrongQuantity, match="1 to 3"):
        place(buyer, few, at, 4)
    assert place(buyer, version, at, 10).quantity == 10
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.update(quantity=11, total_minor=11 * F("unit_price_minor"))


@pytest.mark.django_db
def test_limits_of_the_offer_are_kept_and_nothing_is_left_behind(buyer: User, at: datetime) -> None:
    version = sell(stock=3, per_person=2)
    place(buyer, version, at, 2)
    with pytest.raises(PersonalLimit):
        place(buyer, version, at)
    with pytest.raises(QuotaGone):
        place(make_user("阿良"), version, at, 2)
    assert Order.objects.count() == 1
    assert used(version) == 2
    counted = PersonalUse.objects.filter(offer=version.offer_id)
    assert sorted(row.identity[:5] for row in counted) == ["phone", "user-"], "the account and the number behind it"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"state": "paused"},
        {"state": "ended"},
        {"sale_from": datetime.fromisoformat("2026-11-22T00:00+08:00")},
        {"sale_until": datetime.fromisoformat("2026-11-21T12:00+08:00")},
    ],
)
def test_only_what_is_on_sale_now_is_sold(buyer: User, at: datetime, fields: dict[str, object]) -> None:
    version = sell(**fields)
    with pytest.raises(NotOnSale):
        place(buyer, version, at)
    assert used(version) == 0


@pytest.mark.django_db
def test_a_closed_shop_sells_nothing(buyer: User, version: OfferVersion, at: datetime) -> None:
    shop = version.offer.place
    shop.state, shop.closed_at = "closed", at
    shop.save()
    with pytest.raises(NotOnSale):
        place(buyer, version, at)


@pytest.mark.django_db
def test_what_is_free_is_paid_at_once_without_a_provider(buyer: User, at: datetime) -> None:
    version = sell(kind="percent_off", valid_days=7)
    order = place(buyer, version, at, 2)
    assert order.state == "paid"
    vouchers = Voucher.objects.filter(order=order).order_by("unit")
    assert [(voucher.unit, voucher.paid_minor, voucher.uses_left) for voucher in vouchers] == [(1, 0, 1), (2, 0, 1)]
    assert vouchers[0].valid_until == datetime.fromisoformat("2026-11-29T00:00+08:00")
    assert get_total() == 0


@pytest.mark.django_db
def test_pressing_twice_is_one_order(buyer: User, version: OfferVersion, at: datetime) -> None:
    id = uuid4()
    assert place(buyer, version, at, id=id) == place(buyer, version, at, id=id)
    assert used(version) == 1
    with pytest.raises(OrderIdTaken):
        place(make_user("阿良"), version, at, id=id)


@pytest.mark.django_db
def test_cancelling_returns_the_stock_once(buyer: User, version: OfferVersion, at: datetime) -> None:
    order = place(buyer, version, at, 2)
    cancel_order(order=order, at=at)
    cancel_order(order=order, at=at)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert used(version) == 0


@pytest.mark.django_db
def test_a_paid_order_is_not_cancelled(buyer: User, at: datetime) -> None:
    order = place(buyer, sell(kind="percent_off"), at)
    with pytest.raises(AlreadyPaid):
        cancel_order(order=order, at=at)


@pytest.mark.django_db
def test_unpaid_orders_lapse_at_their_time_and_not_before(buyer: User, version: OfferVersion, at: datetime) -> None:
    order = place(buyer, version, at, 2)
    assert expire_orders(at=order.expires_at - timedelta(microseconds=1)) == 0
    assert expire_orders(at=order.expires_at) == 1
    assert expire_orders(at=order.expires_at) == 0
    order.refresh_from_db()
    assert order.state == "expired"
    assert used(version) == 0


@pytest.mark.django_db
def test_statements_of_placing_an_order(buyer: User, version: OfferVersion, at: datetime) -> None:
    """Queue and number, quote, hold, order, personal counter, stock: as many as before there were quotes."""
    quote = quote_of(buyer, version, at)
    with CaptureQueriesContext(connection) as captured:
        place_order(user=buyer, quote_id=quote.pk, quantity=1, at=at, id=uuid4())
    own = [query["sql"][:80] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(own) == 6, own
    with CaptureQueriesContext(connection) as captured:
        quote_of(buyer, version, at)
    assert len(captured) == 3, "version (the page's own), standing promise, new promise"


def in_threads(works: Sequence[Callable[[], object]]) -> None:
    """Run works at the same time, each on a connection of its own."""

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_rc1_naive_check_then_act_oversells() -> None:
    """The race is real: reading the stock and writing it back lets more than one buyer have the last unit."""
    version = sell(stock=1)
    OfferStock.objects.filter(offer=version.offer_id).update(limit=None)  # the table's own guard is out of the way
    barrier, sold = threading.Barrier(8), []

    def buy_naively() -> None:
        with transaction.atomic():
            stock = OfferStock.objects.get(offer=version.offer_id)
            barrier.wait(10)
            if stock.used + 1 <= 1:
                stock.used += 1
                stock.save()
                sold.append(1)

    in_threads([buy_naively] * 8)
    assert len(sold) > 1, "the race did not show itself"


@pytest.mark.django_db(transaction=True)
def test_rc1_two_hundred_buyers_fifty_left(at: datetime) -> None:
    version = sell(stock=50)
    buyers = [make_user(f"人{n}") for n in range(200)]
    quotes = {buyer.pk: quote_of(buyer, version, at).pk for buyer in buyers}
    gate, outcomes = threading.Semaphore(40), []  # as many at once as the server's connections allow

    def buy(user: User) -> None:
        with gate:
            try:
                place_order(user=user, quote_id=quotes[user.pk], quantity=1, at=at)
                outcomes.append("bought")
            except Refused as refused:
                outcomes.append(refused.code)
            finally:
                connection.close()

    in_threads([lambda user=user: buy(user) for user in buyers])
    assert Counter(outcomes) == {"bought": 50, "quota_gone": 150}
    assert Order.objects.count() == 50
    assert used(version) == 50


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_instant_are_one_order(buyer: User, version: OfferVersion, at: datetime) -> None:
    """Three are served one after another, the others are told to press again: nobody waits in a long queue (PR40)."""
    id, found = uuid4(), []
    quote = quote_of(buyer, version, at)

    def press() -> None:
        try:
            found.append(place_order(user=buyer, quote_id=quote.pk, quantity=1, at=at, id=id).number)
        except Busy as busy:
            found.append(busy.code)

    in_threads([press] * 8)
    assert len(found) == 8
    assert len(set(found) - {"busy"}) == 1
    assert used(version) == 1


@pytest.mark.django_db(transaction=True)
def test_rc9_rc15_lapse_against_cancel_has_one_outcome(version: OfferVersion, at: datetime) -> None:
    """Ten orders, each ended by four racers at once: every unit returns exactly once."""
    orders = [place(make_user(f"人{n}"), version, at) for n in range(10)]
    late = at + timedelta(minutes=20)
    works = [lambda: expire_orders(at=late)] * 4
    works += [lambda order=order: cancel_order(order=order, at=late) for order in orders]
    in_threads(works)
    assert used(version) == 0
    assert {order.state for order in Order.objects.all()} <= {"expired", "cancelled"}
