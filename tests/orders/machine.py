"""A machine that buys, pays, uses, undoes, refunds and lets time pass in any order, and compares the books (X65)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bacao.ledger.models import Account
from bacao.ledger.queries import get_balance, get_total, list_wrong_sums
from bacao.ledger.rules import Credit, Debit
from bacao.ledger.services import post
from bacao.offers.models import OfferStock
from bacao.offers.queries import get_current_version, get_terms
from bacao.offers.services import SoldOut
from bacao.orders.models import Order, Payment, Refund, Voucher
from bacao.orders.rules import PaymentNews, RefundNews
from bacao.orders.services import (
    NotRefundable,
    QuotaGone,
    cancel_order,
    expire_orders,
    mark_unused,
    mark_used,
    refund_expired,
    request_refund,
    start_payment,
)
from bacao.orders.services.pay import apply_payment_news
from bacao.orders.services.refund import apply_refund_news
from tests.factories import make_user
from tests.orders.conftest import order_of, sell


def paid_news(order: Order, **changes: Any) -> PaymentNews:
    facts: dict[str, Any] = {
        "merchant": "bacao",
        "order_number": order.number,
        "state": "paid",
        "amount_minor": order.total_minor,
        "currency": "CNY",
        "provider_ref": "pay_1",
    }
    return PaymentNews(**{**facts, **changes})


def confirm(refund: Refund, at: datetime) -> str:
    news = RefundNews("bacao", str(refund.pk), "confirmed", refund.amount_minor)
    return apply_refund_news(provider="sandbox", news=news, at=at)


class PurchaseMachine(RuleBasedStateMachine):
    """Buy, pay, use, undo, refund, lapse, expire, in any order; the books agree after every step (X65)."""

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.at = datetime.fromisoformat("2026-11-21T12:00+08:00")
        self.buyer = make_user("小满")
        self.versions = [
            sell(stock=8),
            sell(kind="card", price_minor=1000, list_minor=1501, uses=3, stock=4),
            sell(kind="voucher", price_minor=8801, face_minor=10000),
            sell(kind="percent_off"),
        ]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize()
    def buy_one_of_each(self) -> None:
        for which in range(len(self.versions)):
            self.place(which, 2, is_paid=True)

    def pick(self, data: st.DataObject, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        return data.draw(st.sampled_from(found)) if found else None

    @rule(which=st.integers(0, 3), quantity=st.integers(1, 3), is_paid=st.booleans())
    def order(self, which: int, quantity: int, is_paid: bool) -> None:
        version = self.versions[which]
        left = get_terms(get_current_version(version.offer_id)).stock_left
        if left is None or quantity <= left:
            self.place(which, quantity, is_paid)
            return
        with pytest.raises((SoldOut, QuotaGone)):
            self.place(which, quantity, is_paid)

    def place(self, which: int, quantity: int, is_paid: bool) -> None:
        version = self.versions[which]
        order = order_of(self.buyer, version, self.at, quantity)
        if order.paid_at:
            return
        start_payment(order=order, at=self.at)
        if is_paid:
            assert apply_payment_news(provider="sandbox", news=paid_news(order), at=self.at) == "credited"

    @rule(data=st.data(), short=st.booleans())
    def hear_of_payment(self, data: st.DataObject, short: bool) -> None:
        payment = self.pick(data, Payment.objects.select_related("order"))
        if payment:
            news = paid_news(payment.order, amount_minor=payment.amount_minor - short)
            apply_payment_news(provider="sandbox", news=news, at=self.at)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if order := self.pick(data, Order.objects.filter(paid_at=None)):
            cancel_order(order=order, at=self.at)

    @rule(data=st.data(), uses=st.sampled_from([1, 1, 1, 2, 3]))
    def use(self, data: st.DataObject, uses: int) -> None:
        voucher = self.pick(data, Voucher.objects.all())
        if voucher is None or voucher.uses_left < uses:
            return
        part = mark_used(voucher=voucher, uses=uses)
        self.book(Debit(f"liab.unredeemed.{voucher.order_id}", part), Credit("liab.payable.merchant.1", part))

    @rule(data=st.data(), uses=st.sampled_from([1, 1, 1, 2, 3]))
    def undo(self, data: st.DataObject, uses: int) -> None:
        voucher = self.pick(data, Voucher.objects.all())
        if voucher is None or voucher.uses_redeemed < uses:
            return
        part = mark_unused(voucher=voucher, uses=uses)
        self.book(Debit("liab.payable.merchant.1", part), Credit(f"liab.unredeemed.{voucher.order_id}", part))

    def book(self, *entries: Debit | Credit) -> None:
        if entries[0].amount_minor:
            post(id=uuid4(), kind="used", entries=entries, origin={}, effective_at=self.at)

    def earned_minor(self) -> int:
        """Return what used vouchers brought to shops and platform, less what the platform added to it."""
        owed = Account.objects.filter(code__startswith="liab.payable.").aggregate(
            sum=Sum(F("credit_minor") - F("debit_minor"), default=0)
        )
        subsidies = sum(get_balance(f"expense.subsidy.{version.offer_id}").balance_minor for version in self.versions)
        return int(owed["sum"]) + get_balance("income.commission").balance_minor - subsidies

    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        voucher = self.pick(data, Voucher.objects.all())
        if voucher is None:
            return
        if voucher.uses_left or voucher.refunds.exists():
            request_refund(voucher=voucher, by=self.buyer, at=self.at)
        else:
            with pytest.raises(NotRefundable):
                request_refund(voucher=voucher, by=self.buyer, at=self.at)

    @rule(data=st.data())
    def confirm_refund(self, data: st.DataObject) -> None:
        if refund := self.pick(data, Refund.objects.filter(payment__isnull=False)):
            confirm(refund, self.at)

    @rule(minutes=st.sampled_from([1, 10, 30, 60 * 24 * 40]))
    def let_time_pass(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        expire_orders(at=self.at)
        refund_expired(at=self.at)

    @invariant()
    def books_agree_with_rows(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        assert get_total() == 0
        assert list_wrong_sums() == []
        held = 0
        owed = {account.code: account.credit_minor - account.debit_minor for account in Account.objects.all()}
        for order in Order.objects.prefetch_related("vouchers", "refunds"):
            unredeemed = owed.get(f"liab.unredeemed.{order.pk}", 0)
            assert unredeemed == sum(voucher.left_minor for voucher in order.vouchers.all())
            due = owed.get(f"liab.refund_due.{order.pk}", 0)
            assert due == sum(refund.amount_minor for refund in order.refunds.all() if not refund.confirmed_at)
            held += unredeemed + due
        earned = sum(voucher.redeemed_minor for voucher in Voucher.objects.all())
        assert self.earned_minor() == earned
        assert get_balance("asset.provider.sandbox").balance_minor == held + earned

    @invariant()
    def stock_agrees_with_orders(self) -> None:
        for version in self.versions:
            orders = Order.objects.filter(offer_version=version)
            waiting = sum(order.quantity for order in orders.filter(paid_at=None, cancelled_at=None))
            sold = Voucher.objects.filter(order__in=orders)
            # a unit given back whole returns; one used in part stays taken, also when the rest comes back later
            whole = Refund.objects.filter(voucher__in=sold, uses=F("voucher__uses_total")).count()
            assert OfferStock.objects.get(offer=version.offer_id).used == waiting + sold.count() - whole
