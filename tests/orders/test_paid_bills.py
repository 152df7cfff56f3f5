"""Bills that are paid: vouchers burned once, books to the fen, everything back where it is undone."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from bacao.accounts.models import User
from bacao.ledger.queries import Budget, get_balance, get_budget, get_total, list_wrong_sums
from bacao.offers.models import OfferStock
from bacao.offers.queries import get_current_version
from bacao.orders.models import Bill, BillUse, Hold, Order, Refund
from bacao.orders.queries import get_credit
from bacao.orders.services import (
    CreditGone,
    NoSuchBill,
    RequestAnswered,
    TooLateToUndo,
    VoucherGone,
    WrongBill,
    accept_bill,
    ask_bill,
    expire_orders,
    place_bill,
    place_order,
    quote_bill,
    quote_purchase,
    request_refund,
    start_payment,
    undo_bill,
)
from bacao.orders.services.pay import apply_payment_news
from bacao.places.models import Place
from tests.factories import make_merchant, make_user, make_voucher
from tests.orders.guests import give_credit, offer, owed, own, place_one
from tests.orders.machine import confirm, paid_news

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def pay(order: Order, at: datetime) -> str:
    start_payment(order=order, at=at)
    news = paid_news(order, amount_minor=order.money_minor)
    outcome = apply_payment_news(provider="sandbox", news=news, at=at)
    order.refresh_from_db()
    return outcome


def test_a_bill_paid_online_with_an_own_voucher(buyer: User, place: Place, at: datetime) -> None:
    """¥100: ¥10 off from ¥80 (platform 40 %), the own voucher of ¥50 for ¥44, fee 2.5 %."""
    voucher = own(place, buyer, at)
    less = offer(place, at, "threshold_off", platform=4000, threshold_minor=8000, face_minor=1000)
    order = place_one(buyer, place, at)
    voucher.refresh_from_db()
    assert (order.total_minor, order.kind, order.state, voucher.uses_left) == (4000, "bill", "waiting", 0)
    assert (order.bill.discount_minor, OfferStock.objects.get(offer=less.pk).used) == (1600, 1)
    assert pay(order, at + MINUTE) == "credited"
    bill = Bill.objects.get()
    assert (order.state, bill.settled_at, bill.charge_minor) == ("paid", at + MINUTE, 0)
    through = 4000 + 4400 + 400  # the guest now, the guest before, the platform's part
    assert owed(place) == through - through * 250 // 10000
    assert get_balance(f"liab.unredeemed.{order.pk}").balance_minor == 0
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 0
    assert get_balance(f"expense.subsidy.{less.pk}").balance_minor == 400
    assert (get_total(), list_wrong_sums()) == (0, [])
    assert not order.vouchers.exists()


def test_undoing_gives_everything_back(buyer: User, place: Place, at: datetime) -> None:
    voucher = own(place, buyer, at)
    help_ = offer(place, at, "subsidy", platform=10000, percent_basis_points=1000, cap_minor=800, budget_minor=5000)
    give_credit(buyer, 1000, at)
    order = place_one(buyer, place, at)
    assert (order.total_minor, order.credit_minor, order.money_minor) == (4200, 1000, 3200)
    assert get_credit(buyer.pk) == 0, "claimed while it is being paid"
    pay(order, at)
    assert get_budget(f"control.budget.{help_.pk}") == Budget(5000, 0, 800)
    for _ in range(2):
        undo_bill(order_id=order.pk, merchant_id=place.merchant_id, by=None, at=at + 60 * MINUTE)
    (refund,) = Refund.objects.all()
    assert (refund.cause, refund.amount_minor, refund.credit_minor) == ("undone", 3200, 1000)
    assert confirm(refund, at) == "confirmed"
    voucher.refresh_from_db()
    assert (voucher.uses_left, voucher.left_minor, get_credit(buyer.pk), owed(place)) == (1, 4400, 1000, 0)
    assert get_budget(f"control.budget.{help_.pk}") == Budget(5000, 0, 0)
    assert OfferStock.objects.get(offer=help_.pk).used == 0
    assert get_balance("asset.provider.sandbox").balance_minor == 4400, "what the voucher cost is still here"
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 4400
    assert (get_total(), list_wrong_sums(), list_wrong_sums("cny.control")) == (0, [], [])
    assert Order.objects.get(pk=order.pk).is_refunded


def test_undoing_has_its_time_and_its_shop(buyer: User, place: Place, at: datetime) -> None:
    order = place_one(buyer, place, at)
    with pytest.raises(NoSuchBill):
        undo_bill(order_id=order.pk, merchant_id=place.merchant_id, by=None, at=at)
    pay(order, at)
    with pytest.raises(NoSuchBill):
        undo_bill(order_id=order.pk, merchant_id=make_merchant().pk, by=None, at=at)
    with pytest.raises(TooLateToUndo):
        undo_bill(order_id=order.pk, merchant_id=place.merchant_id, by=None, at=at + timedelta(minutes=60, seconds=1))
    later = at + timedelta(days=30)
    undo_bill(order_id=order.pk, merchant_id=place.merchant_id, within=timedelta(days=30), by=None, at=later)
    assert owed(place) == 0


def test_paid_at_the_counter_only_what_the_shop_funds(buyer: User, place: Place, at: datetime) -> None:
    """No money proves the bill: no subsidy, nothing to be bought, no credit; own vouchers are as good as ever."""
    voucher = own(place, buyer, at)
    offer(place, at, "subsidy", platform=10000, percent_basis_points=1000, cap_minor=800)
    shops = offer(place, at, "threshold_off", threshold_minor=8000, face_minor=1000)
    give_credit(buyer, 1000, at)
    order = place_one(buyer, place, at, tender="counter", undiscounted_minor=1000)
    bill = order.bill
    assert (order.total_minor, order.credit_minor, bill.charge_minor) == (0, 0, 4000)
    used = [use["offer"] for use in order.hold.quote.result["uses"]]
    assert used == [shops.pk, voucher.order.version.offer_id]
    for _ in range(2):
        accept_bill(order_id=order.pk, place_id=place.pk, by=None, at=at + MINUTE)
    bill.refresh_from_db()
    assert (bill.presence, bill.settled_at) == ("counter", at + MINUTE)
    assert owed(place) == 4400 - 110, "the voucher's price; the cash is the shop's already"
    assert get_credit(buyer.pk) == 1000
    undo_bill(order_id=order.pk, merchant_id=place.merchant_id, by=None, at=at + MINUTE)
    voucher.refresh_from_db()
    assert (owed(place), voucher.uses_left) == (0, 1)


def test_a_bill_that_nobody_pays_gives_its_vouchers_back(buyer: User, place: Place, at: datetime) -> None:
    voucher = own(place, buyer, at)
    give_credit(buyer, 700, at)
    order = place_one(buyer, place, at)
    start_payment(order=order, at=at)
    assert expire_orders(at=at + 5 * MINUTE) == 1
    voucher.refresh_from_db()
    assert (voucher.uses_left, get_credit(buyer.pk)) == (1, 700)
    late = paid_news(order, amount_minor=order.money_minor)
    assert apply_payment_news(provider="sandbox", news=late, at=at + 6 * MINUTE) == "late_credited"
    voucher.refresh_from_db()
    order.refresh_from_db()
    assert (voucher.uses_left, order.state, get_credit(buyer.pk)) == (0, "paid", 0)
    assert (get_total(), list_wrong_sums()) == (0, [])


def test_late_money_for_a_voucher_that_is_gone_goes_back(buyer: User, place: Place, at: datetime) -> None:
    voucher = own(place, buyer, at)
    order = place_one(buyer, place, at)
    start_payment(order=order, at=at)
    expire_orders(at=at + 5 * MINUTE)
    request_refund(voucher=voucher, by=buyer, at=at + 5 * MINUTE)
    late = paid_news(order, amount_minor=order.money_minor)
    assert apply_payment_news(provider="sandbox", news=late, at=at + 6 * MINUTE) == "late_refunded"
    assert owed(place) == 0


def test_nothing_to_pay_is_paid_at_once(buyer: User, place: Place, at: datetime) -> None:
    own(place, buyer, at)
    give_credit(buyer, 9000, at)
    order = place_one(buyer, place, at, bill=6000)
    assert (order.state, order.money_minor, get_credit(buyer.pk)) == ("paid", 0, 8000)
    assert Bill.objects.get().settled_at == at
    undo_bill(order_id=order.pk, merchant_id=None, by=None, at=at)
    assert get_credit(buyer.pk) == 9000


def test_what_became_different_is_said_with_both_prices(buyer: User, place: Place, at: datetime) -> None:
    voucher = own(place, buyer, at)
    quote = quote_bill(user=buyer, place=place, bill_minor=10000, at=at)
    request_refund(voucher=voucher, by=buyer, at=at)
    with pytest.raises(VoucherGone) as gone:
        place_bill(user=buyer, quote_id=quote.pk, at=at)
    assert gone.value.prices and gone.value.prices.zh == "原来 ¥50，现在 ¥100"
    assert (Order.objects.filter(kind="bill").count(), BillUse.objects.count(), Hold.objects.count()) == (0, 0, 0)


def test_credit_at_the_checkout(buyer: User, place: Place, at: datetime) -> None:
    """Two vouchers of ¥44, ¥50 of credit; one is given back: money first."""
    sold = offer(place, at, "voucher", price_minor=4400, face_minor=5000)
    give_credit(buyer, 5000, at)
    quote = quote_purchase(user=buyer, version=get_current_version(sold.pk), at=at)
    order = place_order(user=buyer, quote_id=quote.pk, quantity=2, credit_most=5000, at=at)
    assert (order.total_minor, order.money_minor, get_credit(buyer.pk)) == (8800, 3800, 0)
    pay(order, at)
    assert get_balance(f"liab.unredeemed.{order.pk}").balance_minor == 8800
    refunds = [request_refund(voucher=voucher, by=buyer, at=at) for voucher in order.vouchers.all()]
    assert [(one.amount_minor, one.credit_minor) for one in refunds] == [(3800, 600), (0, 4400)]
    assert (get_credit(buyer.pk), get_balance(f"liab.unredeemed.{order.pk}").balance_minor) == (5000, 0)
    assert (get_total(), list_wrong_sums()) == (0, [])


def test_credit_that_was_spent_meanwhile(buyer: User, place: Place, at: datetime) -> None:
    give_credit(buyer, 5000, at)
    first, second = (quote_bill(user=buyer, place=place, bill_minor=5000, at=at) for _ in range(2))
    place_bill(user=buyer, quote_id=first.pk, at=at)
    with pytest.raises(CreditGone) as gone:
        place_bill(user=buyer, quote_id=second.pk, at=at)
    assert gone.value.fresh and gone.value.fresh.result["credit"] == 0


def test_a_clerks_request_is_answered_once(buyer: User, place: Place, at: datetime) -> None:
    request = ask_bill(id=uuid4(), place_id=place.pk, bill_minor=8000, at=at)
    assert ask_bill(id=request.pk, place_id=place.pk, bill_minor=8000, at=at).code == request.code
    quotes = [quote_bill(user=user, place=place, bill_minor=8000, at=at) for user in (buyer, make_user())]
    order = place_bill(user=buyer, quote_id=quotes[0].pk, request_id=request.pk, at=at)
    assert order.bill_request.pk == request.pk
    assert Bill.objects.get().presence == "counter"
    with pytest.raises(RequestAnswered):
        place_bill(user=quotes[1].user, quote_id=quotes[1].pk, request_id=request.pk, at=at)
    assert Order.objects.count() == 1


@pytest.mark.parametrize("bill", [0, -5, 10_000_001])
def test_what_cannot_be_a_bill(buyer: User, place: Place, at: datetime, bill: int) -> None:
    with pytest.raises(WrongBill):
        quote_bill(user=buyer, place=place, bill_minor=bill, at=at)
    with pytest.raises(WrongBill):
        ask_bill(id=uuid4(), place_id=place.pk, bill_minor=bill, at=at)


def test_no_service_bug_may_write_this(buyer: User, place: Place, at: datetime) -> None:
    own(place, buyer, at)
    order = place_one(buyer, place, at)
    pay(order, at)
    foreign = make_voucher(
        get_current_version(offer(place, at, "voucher", price_minor=1, face_minor=2).pk), make_user()
    )
    for statement, values in (
        ("UPDATE orders_bill SET settled_at = now()", ()),
        ("UPDATE orders_bill SET bill_minor = bill_minor + 1", ()),
        ("UPDATE orders_bill SET ledger_id = NULL", ()),
        ("DELETE FROM orders_bill", ()),
        ("UPDATE orders_billuse SET uses = 2", ()),
        ("DELETE FROM orders_billuse", ()),
        ("INSERT INTO orders_billuse (hold_id, voucher_id, uses, paid_minor) VALUES (%s, %s, 1, 0)",
         (order.hold_id, foreign.pk)),
        ("UPDATE orders_order SET credit_minor = total_minor + 1", ()),
        ("UPDATE orders_order SET credit_returned_minor = 1 WHERE kind = 'bill'", ()),
        ("UPDATE orders_order SET kind = 'purchase' WHERE kind = 'bill'", ()),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
