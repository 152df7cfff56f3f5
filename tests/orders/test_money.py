"""Refunds, uses and books of purchases: no order of events loses a fen or gives one twice."""

import json
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from bacao.accounts.models import User
from bacao.ledger.models import Transaction
from bacao.ledger.queries import get_balance, get_total, list_wrong_sums
from bacao.offers.models import OfferStock, OfferVersion
from bacao.offers.queries import get_current_version, get_terms
from bacao.offers.rules import price_of, split_by_funders
from bacao.orders.gateways import VerifiedEvent
from bacao.orders.gateways.sandbox import SandboxGateway
from bacao.orders.models import Order, Payment, PaymentEvent, Refund, Voucher
from bacao.orders.queries import get_voucher, list_usable_vouchers
from bacao.orders.rules import PaymentNews, number_of, parts_of_uses, valid_until
from bacao.orders.services import (
    NotEnoughUses,
    NotRefundable,
    OrderRow,
    cancel_order,
    expire_orders,
    load_orders,
    mark_unused,
    mark_used,
    process_payment_event,
    record_callback,
    refund_expired,
    request_refund,
    start_payment,
)
from bacao.orders.services.pay import apply_payment_news
from tests.factories import make_user
from tests.orders.conftest import order_of, sell
from tests.orders.machine import PurchaseMachine, confirm, paid_news
from tests.orders.test_place import in_threads


def start(user: User, version: OfferVersion, at: datetime, quantity: int = 1) -> Order:
    order = order_of(user, version, at, quantity)
    start_payment(order=order, at=at)
    return order


def buy(user: User, version: OfferVersion, at: datetime, quantity: int = 1) -> list[Voucher]:
    """Order and pay; return the vouchers."""
    order = start(user, version, at, quantity)
    assert apply_payment_news(provider="sandbox", news=paid_news(order), at=at) == "credited"
    return [get_voucher(voucher.pk) for voucher in order.vouchers.order_by("unit")]


def used(version: OfferVersion) -> int:
    return OfferStock.objects.get(offer=version.offer_id).used


def test_numbers_and_deadlines() -> None:
    at = datetime.fromisoformat("2026-11-21T23:30+08:00")
    assert number_of(at.date(), 42) == "BC26112100042"
    assert number_of(at.date(), 123456) == "BC261121123456"
    assert valid_until(at, 0) == datetime.fromisoformat("2026-11-22T00:00+08:00")
    assert valid_until(at, 90) == datetime.fromisoformat("2027-02-20T00:00+08:00")
    assert parts_of_uses(100, 3) == [34, 33, 33]


@pytest.mark.django_db
def test_vouchers_are_issued_at_payment(buyer: User, version: OfferVersion, at: datetime) -> None:
    vouchers = buy(buyer, version, at, 2)
    assert [(voucher.unit, voucher.paid_minor, voucher.uses_total) for voucher in vouchers] == [
        (1, 3800, 1),
        (2, 3800, 1),
    ]
    assert list_usable_vouchers(buyer, at) == vouchers
    assert list_usable_vouchers(buyer, vouchers[0].valid_until) == []
    assert get_balance(f"liab.unredeemed.{vouchers[0].order_id}").balance_minor == 7600


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"amount_minor": 3799}, "mismatch"),
        ({"amount_minor": 3801}, "mismatch"),
        ({"currency": "USD"}, "mismatch"),
        ({"merchant": "other"}, "mismatch"),
        ({"order_number": "BC0"}, "unknown_order"),
        ({"state": "open"}, "noted"),
        ({"state": "closed"}, "noted"),
    ],
)
def test_gw4_only_exactly_what_was_asked_is_credited(
    buyer: User, version: OfferVersion, at: datetime, change: dict[str, Any], outcome: str
) -> None:
    order = start(buyer, version, at)
    assert apply_payment_news(provider="sandbox", news=paid_news(order, **change), at=at) == outcome
    order.refresh_from_db()
    assert order.state == "waiting"
    assert not Voucher.objects.exists()
    assert not Transaction.objects.exists()


@pytest.mark.django_db
def test_rf1_a_refund_before_use_is_full_and_returns_the_unit(buyer: User, version: OfferVersion, at: datetime) -> None:
    first, second = buy(buyer, version, at, 2)
    refund = request_refund(voucher=first, by=buyer, at=at)
    assert (refund.amount_minor, refund.uses, refund.confirmed_at) == (3800, 1, None)
    assert request_refund(voucher=first, by=buyer, at=at) == refund
    assert Refund.objects.count() == 1
    assert used(version) == 1
    order = first.order_id
    assert get_balance(f"liab.unredeemed.{order}").balance_minor == 3800
    assert get_balance(f"liab.refund_due.{order}").balance_minor == 3800
    assert confirm(refund, at) == "confirmed"
    assert confirm(refund, at) == "duplicate"
    assert get_balance(f"liab.refund_due.{order}").balance_minor == 0
    assert get_balance("asset.provider.sandbox").balance_minor == 3800
    assert list_usable_vouchers(buyer, at) == [second]


@pytest.mark.django_db
def test_a_used_voucher_is_not_refunded_in_one_tap(buyer: User, version: OfferVersion, at: datetime) -> None:
    (voucher,) = buy(buyer, version, at)
    mark_used(voucher=voucher, uses=1)
    with pytest.raises(NotRefundable):
        request_refund(voucher=voucher, by=buyer, at=at)
    assert used(version) == 1


@pytest.mark.django_db
def test_a_partly_used_card_returns_the_rest_to_the_fen(buyer: User, at: datetime) -> None:
    version = sell(kind="card", price_minor=1000, list_minor=1500, uses=3)
    (card,) = buy(buyer, version, at)
    assert card.uses_total == 3
    assert mark_used(voucher=card, uses=1) == 334
    refund = request_refund(voucher=card, by=buyer, at=at)
    assert (refund.amount_minor, refund.uses) == (666, 2)
    card.refresh_from_db()
    assert (card.uses_left, card.left_minor) == (0, 0)
    assert used(version) == 1, "a unit that was used in part does not return"


@pytest.mark.django_db
def test_a_use_undone_after_the_refund_can_be_refunded_too(buyer: User, at: datetime) -> None:
    """X28: the voucher does not come to life, but its money does not get stuck either."""
    version = sell(kind="card", price_minor=1000, list_minor=1500, uses=3)
    (card,) = buy(buyer, version, at)
    mark_used(voucher=card, uses=2)
    request_refund(voucher=card, by=buyer, at=at)
    card.refresh_from_db()
    assert mark_unused(voucher=card, uses=2) == 667
    assert refund_expired(at=card.valid_until) == 1
    assert sum(refund.amount_minor for refund in Refund.objects.all()) == 1000
    assert Payment.objects.get().refunded_minor == 1000


@pytest.mark.django_db
def test_uses_are_guarded(buyer: User, at: datetime) -> None:
    version = sell(kind="card", uses=3)
    (card,) = buy(buyer, version, at)
    stale = get_voucher(card.pk)
    mark_used(voucher=card, uses=2)
    for wrong in (0, 2, -1):
        with pytest.raises(NotEnoughUses):
            mark_used(voucher=stale, uses=wrong)
    assert stale.uses_redeemed == 2, "what it did not know it has read again"
    mark_used(voucher=stale, uses=1)
    with pytest.raises(NotEnoughUses):
        mark_unused(voucher=card, uses=4)
    assert mark_unused(voucher=card, uses=3) == card.paid_minor


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"uses_redeemed": 4},
        {"uses_redeemed": -1},
        {"uses_redeemed": 2, "uses_refunded": 2},
        {"redeemed_minor": 10001},
        {"redeemed_minor": 5001, "refunded_minor": 5000},
        {"uses_redeemed": 3},
    ],
)
def test_in7_the_table_itself_refuses_more_than_was_sold(buyer: User, at: datetime, change: dict[str, int]) -> None:
    (card,) = buy(buyer, sell(kind="card", uses=3), at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Voucher.objects.filter(pk=card.pk).update(**change)


@pytest.mark.django_db
def test_in6_the_table_itself_refuses_refunds_beyond_the_capture(
    buyer: User, version: OfferVersion, at: datetime
) -> None:
    buy(buyer, version, at)
    for change in ({"refunded_minor": 3801}, {"captured_minor": 3801}, {"captured_minor": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payment.objects.update(**change)


@pytest.mark.django_db
def test_x20_what_expires_unused_is_refunded_by_itself(buyer: User, version: OfferVersion, at: datetime) -> None:
    first, second = buy(buyer, version, at, 2)
    mark_used(voucher=second, uses=1)
    assert refund_expired(at=first.valid_until - timedelta(microseconds=1)) == 0
    assert refund_expired(at=first.valid_until) == 1
    assert refund_expired(at=first.valid_until) == 0
    assert (Refund.objects.get().voucher, Refund.objects.get().cause) == (first, "expired")


@pytest.mark.django_db
def test_free_vouchers_are_given_back_without_money(buyer: User, at: datetime) -> None:
    version = sell(kind="percent_off", stock=5)
    order = order_of(buyer, version, at)
    refund = request_refund(voucher=order.vouchers.get(), by=buyer, at=at)
    assert (refund.amount_minor, refund.payment, refund.confirmed_at) == (0, None, at)
    assert used(version) == 0
    assert not Transaction.objects.exists()


@pytest.mark.django_db
def test_x56_terms_are_those_of_the_day_of_purchase(
    buyer: User, version: OfferVersion, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bacao.kit.text import Text
    from bacao.orders import rules

    (voucher,) = buy(buyer, version, at)
    agreed = voucher.order.refund_terms_zh
    monkeypatch.setattr(rules, "REFUND_TERMS", Text("不退", "No refunds"))
    assert get_voucher(voucher.pk).order.refund_terms_zh == agreed
    assert request_refund(voucher=voucher, by=buyer, at=at).amount_minor == 3800


@pytest.mark.django_db
def test_in10_each_fen_of_the_discount_has_a_funder(buyer: User, at: datetime) -> None:
    """Odd sums, three funders, a card: the parts are the difference between list and price, to the fen."""
    funders = (("platform", 3334), ("partner", 3333), ("merchant", 3333))
    for price, worth in ((3800, 5000), (1, 2), (999, 1000), (1, 10000)):
        version = sell(price_minor=price, list_minor=worth)
        terms = get_terms(get_current_version(version.offer_id))
        seen = price_of(terms)
        assert seen
        assert sum(minor for _, minor in seen.funders) == seen.list_minor - seen.payable_minor == worth - price
        parts = split_by_funders(worth - price, funders)
        assert sum(minor for _, minor in parts) == worth - price
        (voucher,) = buy(buyer, version, at)
        assert voucher.order.unit_list_minor - voucher.order.unit_price_minor == worth - price


@pytest.mark.django_db
def test_in12_nothing_is_paid_without_the_books(
    buyer: User, version: OfferVersion, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bacao.orders.services import pay

    order = start(buyer, version, at)

    def broken(**_: object) -> None:
        raise RuntimeError("the books are shut")

    monkeypatch.setattr(pay, "post_many", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        apply_payment_news(provider="sandbox", news=paid_news(order), at=at)
    order.refresh_from_db()
    assert order.state == "waiting"
    assert order.payment.captured_minor == 0


@pytest.mark.django_db
def test_forged_callbacks_cannot_fill_the_disk(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    from bacao.orders.services import events

    monkeypatch.setattr(events, "REFUSALS_KEPT", 5.0)
    for n in range(20):
        assert not record_callback(provider="sandbox", headers={"webhook-id": f"x{n}"}, body=b"{}", at=at)
    assert PaymentEvent.objects.count() == 5


@pytest.mark.django_db
def test_a_forged_callback_cannot_take_the_place_of_the_true_one(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"webhook-id": "ntc_true", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    assert not record_callback(provider="sandbox", headers=headers, body=b"{}", at=at)
    monkeypatch.setattr(SandboxGateway, "parse_callback", lambda *_: VerifiedEvent("ntc_true"))
    assert record_callback(provider="sandbox", headers=headers, body=b"{}", at=at)
    assert PaymentEvent.objects.filter(event_id="ntc_true", outcome="").count() == 1


class Killed(BaseException):
    """The worker dies here."""


def killed_at(line: int, work: Callable[[], object]) -> bool:
    """Run work and die at its n-th line inside bacao/orders/services; return whether it lived."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if "bacao/orders/services" not in frame.f_code.co_filename:
            return None
        if event == "line":
            count += 1
            if count == line:
                raise Killed
        return trace

    sys.settrace(trace)
    try:
        work()
    except Killed:
        sys.settrace(None)
        assert connection.connection
        connection.connection.close()  # with the worker its connection goes, and what was not committed
        connection.connect()
        return False
    finally:
        sys.settrace(None)
    return True


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_line_converges_to_one_posting(buyer: User, version: OfferVersion, at: datetime) -> None:
    """money.md, section 9, 5: between event and processing, and after each line of the processing itself."""
    order = start(buyer, version, at)
    data = {"merchant": "bacao", "order": order.number, "state": "paid", "amount": 3800, "currency": "CNY"}
    body = json.dumps({"type": "payment", "data": data})
    event = PaymentEvent.objects.create(provider="sandbox", event_id="one", headers={}, body=body.encode())
    deaths = 0
    while not killed_at(deaths + 1, lambda: process_payment_event(event_id=event.pk, at=at)):
        deaths += 1
        assert not Transaction.objects.exists()
        assert not Voucher.objects.exists()
        assert PaymentEvent.objects.get().processed_at is None
    assert deaths > 20
    assert process_payment_event(event_id=event.pk, at=at) == "credited"
    assert Transaction.objects.count() == 1
    assert Voucher.objects.count() == 1
    assert get_total() == 0


@pytest.mark.django_db(transaction=True)
def test_job_and_event_commit_together(
    at: datetime, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[..., list[str]]
) -> None:
    """A crash between storing the event and enqueuing its job leaves neither (libraries.md, trap 11)."""
    monkeypatch.setattr(SandboxGateway, "parse_callback", lambda *_: VerifiedEvent("one"))
    line = 0
    while not killed_at(line + 1, lambda: record_callback(provider="sandbox", headers={}, body=b"{}", at=at)):
        line += 1
        assert PaymentEvent.objects.count() == 0 or run_jobs() != []
        PaymentEvent.objects.all().delete()
    assert line > 3
    assert run_jobs() == ["orders.process_payment_event"]


@pytest.mark.django_db(transaction=True)
def test_rc9_payment_against_lapse_has_one_outcome(version: OfferVersion, at: datetime) -> None:
    """Naively both act on what they read; guarded, it is paid, or lapsed and then honoured late: the stock tells."""
    late, barrier, acted = at + timedelta(minutes=15), threading.Barrier(2), []
    naive = start(make_user("小满"), version, at)

    def act_naively() -> None:
        is_waiting = Order.objects.get(pk=naive.pk).state == "waiting"
        barrier.wait(10)
        acted.append(is_waiting)

    in_threads([act_naively] * 2)
    assert acted == [True, True], "the race did not show itself"
    cancel_order(order=naive, at=at)
    for n in range(6):
        order = start(make_user(f"人{n}"), version, at)
        news = paid_news(order)

        def hear(news: PaymentNews = news) -> None:
            apply_payment_news(provider="sandbox", news=news, at=late)

        in_threads([lambda: expire_orders(at=late), hear, hear])
        order.refresh_from_db()
        assert order.state == "paid"
        assert order.vouchers.count() == 1
    assert used(version) == 6
    assert Transaction.objects.filter(kind="paid").count() == 6


@pytest.mark.django_db(transaction=True)
def test_in6_refund_storm(version: OfferVersion, at: datetime) -> None:
    """Naively, eight taps at once refund the same voucher several times; with the lock they refund it once."""
    buyer = make_user("小满")
    naive, real = buy(buyer, version, at, 2)
    barrier, refunds = threading.Barrier(8), []

    def refund_naively() -> None:
        voucher = Voucher.objects.get(pk=naive.pk)
        barrier.wait(10)
        if voucher.uses_left:
            refunds.append(voucher.left_minor)

    in_threads([refund_naively] * 8)
    assert len(refunds) > 1, "the race did not show itself"
    in_threads([lambda: request_refund(voucher=real, by=buyer, at=at)] * 8)
    assert Refund.objects.count() == 1
    assert Payment.objects.get().refunded_minor == 3800
    assert used(version) == 1


@pytest.mark.django_db(transaction=True)
def test_use_against_refund_has_one_outcome(version: OfferVersion, at: datetime) -> None:
    """Naively the counter and the refund both find the use free; guarded, one of them is told that it is gone."""
    buyer, barrier, free = make_user("小满"), threading.Barrier(2), []
    (naive,) = buy(buyer, version, at)

    def look_naively() -> None:
        uses_left = Voucher.objects.get(pk=naive.pk).uses_left
        barrier.wait(10)
        free.append(uses_left)

    in_threads([look_naively] * 2)
    assert free == [1, 1], "the race did not show itself"
    for voucher in buy(buyer, version, at, 8):

        def use(voucher: Voucher = voucher) -> None:
            with suppress(NotEnoughUses), transaction.atomic():
                mark_used(voucher=voucher, uses=1)

        def refund(voucher: Voucher = voucher) -> None:
            with suppress(NotRefundable):
                request_refund(voucher=voucher, by=buyer, at=at)

        in_threads([use, refund])
        voucher.refresh_from_db()
        assert voucher.uses_redeemed + voucher.uses_refunded == 1


@pytest.mark.django_db
def test_a_history_is_loaded_with_its_money(buyer: User, at: datetime) -> None:
    package, free = sell(), sell(kind="percent_off")
    card = sell(kind="card", price_minor=1000, list_minor=1500, uses=3)
    day = timedelta(days=1)
    rows = [
        OrderRow(buyer.pk, package.pk, 2, at - 9 * day),
        OrderRow(buyer.pk, package.pk, 1, at - 8 * day, refunded_at=at - 7 * day),
        OrderRow(buyer.pk, package.pk, 1, at - 6 * day, cancelled_at=at - 6 * day + timedelta(minutes=15)),
        OrderRow(buyer.pk, free.pk, 1, at - 5 * day),
        OrderRow(buyer.pk, free.pk, 1, at - 5 * day, refunded_at=at - 4 * day),
        OrderRow(buyer.pk, card.pk, 1, at - 4 * day),
    ]
    loaded = load_orders(rows=rows, at=at)
    assert [one.order.state for one in loaded] == ["paid", "paid", "expired", "paid", "paid", "paid"]
    assert [len(one.vouchers) for one in loaded] == [2, 1, 0, 1, 1, 1]
    assert len({one.order.number for one in loaded}) == 6
    assert loaded[1].order.is_refunded
    assert get_balance("asset.provider.sandbox").balance_minor == 7600 + 1000
    assert Refund.objects.filter(confirmed_at=None).count() == 0
    assert get_total() == 0
    assert list_wrong_sums() == []
    OfferStock.objects.filter(offer=package.offer_id).update(used=2)
    request_refund(voucher=loaded[0].vouchers[0], by=buyer, at=at)
    assert used(package) == 1, "what was bought in the past can be given back like anything else"


@pytest.mark.django_db
def test_x65_no_order_of_events_loses_or_makes_money() -> None:
    run_state_machine_as_test(
        PurchaseMachine,
        settings=settings(
            max_examples=8, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
