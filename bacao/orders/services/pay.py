"""Payments: asked for, captured once, and what follows from money that arrived."""

from datetime import datetime
from uuid import uuid5

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from procrastinate.contrib.django import app as jobs

from bacao.kit.text import Refused
from bacao.ledger.services import post_many
from bacao.orders import rules
from bacao.orders.gateways import get_gateway
from bacao.orders.models import Order, Payment, Refund, Voucher
from bacao.orders.rules import PaymentNews

from .bills import settle_bill
from .books import posting_of_payment
from .differences import HoldExpired
from .holds import begin_hold, capture_hold, fill_hold
from .place import AlreadyPaid, NoLongerOpen, close_order
from .refund import give_money_back
from .vouchers import make_vouchers

MISMATCH = "mismatch"
log = structlog.get_logger("bacao.orders")


@transaction.atomic
def start_payment(*, order: Order, at: datetime, site: str = "", language: str = "zh-hans") -> str:
    """Ask for the money of an order and return the provider's page, on which the buyer decides.

    Nobody is spoken to here: the address itself is the signed request. A job will ask the provider if it stays
    silent (GW5). Starting again gives the same payment. `site` = this site as the buyer's browser sees it.

    :raises AlreadyPaid, NoLongerOpen:
    """
    if order.paid_at:
        raise AlreadyPaid
    if order.cancelled_at or at >= order.pay_until:
        raise NoLongerOpen
    payment, is_new = Payment.objects.get_or_create(
        order=order,
        defaults={"provider": settings.PAYMENT_PROVIDERS[0], "amount_minor": order.money_minor, "created_at": at},
    )
    is_new_try = payment.failure not in {"", MISMATCH}
    if is_new_try:
        Payment.objects.filter(pk=payment.pk, captured_at=None).update(failure="", failed_at=None)
    if is_new or is_new_try:
        wait = {"seconds": rules.QUERY_AFTER_SECONDS[0]}
        jobs.configure_task("orders.query_payment", schedule_in=wait).defer(payment_id=str(payment.pk), attempt=0)
    gateway = get_gateway(payment.provider)
    return gateway.checkout_url(
        order, expires_at=order.pay_until, site=site or settings.BASE_URL, language=language, at=at
    )


@transaction.atomic
def apply_payment_news(*, provider: str, news: PaymentNews, at: datetime) -> str:
    """Do what news of a payment asks for, at most once, and return what became of it.

    A monotone machine: paid is never undone by late news of anything else (GW3). `credited`, `late_credited` (paid
    after the hold, stock was still there), `late_refunded` (it was not), `duplicate`, `failed`, `noted`, `mismatch`
    (never credited, GW4), `unknown_order`.
    """
    payment = (
        Payment.objects.select_related(
            "order__offer_version", "order__place__merchant", "order__hold__quote", "order__user"
        )
        .select_for_update(of=("self", "order"))
        .filter(provider=provider, order__number=news.order_number)
        .first()
    )
    if payment is None:
        log.error("payment_news_unknown_order", provider=provider, order=news.order_number)
        return "unknown_order"
    order = payment.order
    if payment.captured_at:
        return "duplicate"
    if news.state != rules.PAID:
        if news.failure:
            Payment.objects.filter(pk=payment.pk).update(failure=news.failure, failed_at=at)
        return "failed" if news.failure else "noted"
    if not rules.matches(
        news,
        merchant=get_gateway(provider).merchant,
        order_number=order.number,
        amount_minor=payment.amount_minor,
        currency=order.currency,
    ):
        log.error("payment_news_mismatch", order=order.number, news=repr(news))
        Payment.objects.filter(pk=payment.pk).update(failure=MISMATCH, failed_at=at)
        return MISMATCH
    return _credit(payment, news.provider_ref, at)


def _credit(payment: Payment, provider_ref: str, at: datetime) -> str:
    """Capture a payment whose row is locked: books, then vouchers, or the way back."""
    order = payment.order
    Payment.objects.filter(pk=payment.pk).update(
        provider_ref=provider_ref,
        captured_minor=payment.amount_minor,
        captured_at=at,
        failure="",
        failed_at=None,
    )
    post_many(postings=[posting_of_payment(payment, at)])
    if not order.cancelled_at and _capture(order, at):
        _issue(order, at)
        return "credited"
    if _take_again(order, at):
        _issue(order, at)
        return "late_credited"
    give_money_back(order=order, amount_minor=payment.amount_minor, cause=Refund.Cause.LATE_PAYMENT, at=at)
    return "late_refunded"


def _issue(order: Order, at: datetime) -> None:
    """Hand over what was paid for: vouchers, or a bill that counts."""
    if order.kind == Order.Kind.BILL:
        settle_bill(order=order, at=at)
        return
    Order.objects.filter(pk=order.pk).update(paid_at=at, cancelled_at=None, cancel_reason="", hold=order.hold)
    merchant_id = order.place.merchant_id
    assert merchant_id is not None, "only shops have offers"
    Voucher.objects.bulk_create(make_vouchers(order, order.version, merchant_id, at))


def _capture(order: Order, at: datetime) -> bool:
    """Keep for good what an open order holds; where its time is over, the order ends here before any job saw it."""
    if order.hold is None:
        return True
    try:
        capture_hold(hold=order.hold, at=at)
    except HoldExpired:
        close_order(order=order, reason=Order.EXPIRED_REASON, at=at)
        order.cancel_reason = Order.EXPIRED_REASON
        return False
    return True


def _take_again(order: Order, at: datetime) -> bool:
    """Try once to hold an expired order's quote again, at the quoted versions (PR41); what a buyer cancelled stays so.

    An order that was loaded from elsewhere has no quote to go back to.
    """
    if order.cancel_reason != Order.EXPIRED_REASON or order.hold is None:
        return False
    try:
        with transaction.atomic():
            begun = begin_hold(
                id=uuid5(order.pk, "late"),
                quote_id=order.hold.quote_id,
                user=order.user,
                quantity=order.quantity,
                order_id=order.pk,
                credit_most=order.credit_minor,
                at=at,
                is_late=True,
            )
            fill_hold(begun=begun, at=at)
    except (Refused, IntegrityError):  # refused, or another order of the same quote was faster
        return False
    order.hold = begun.hold
    return True
