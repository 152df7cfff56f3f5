"""Orders: placed with their stock, cancelled, and given up when nobody pays."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app as jobs

from bacao.kit.text import Refused, Text
from bacao.orders import rules
from bacao.orders.models import Hold, Order, Payment, Voucher

from .differences import QuoteExpired
from .due import each_due, lock_next
from .holds import Begun, begin_hold, fill_hold, once, release_order
from .vouchers import make_vouchers

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bacao.accounts.models import User


class AlreadyPaid(Refused):
    """A paid order is not cancelled but refunded."""

    code = "already_paid"
    text = Text("这单已经付款。不要了可以退款。", "This order is paid. If you do not want it, ask for a refund.")


class NoLongerOpen(Refused):
    """The order was cancelled, or its time ran out."""

    code = "no_longer_open"
    text = Text(
        "这单已经关闭，没有扣款。可以重新下单。", "This order is closed and nothing was charged. You can order again."
    )


class OrderIdTaken(Refused):
    """The id was used by somebody else's order."""

    code = "order_id_taken"
    text = Text("页面过期了，请重新打开。", "This page is out of date; please open it again.")


def place_order(
    *,
    user: "User",
    quote_id: UUID,
    quantity: int,
    note_id: int | None = None,
    credit_most: int = 0,
    at: datetime,
    id: UUID | None = None,
) -> Order:
    """Hold what a quote promises and write the order; what asks for no money is paid at once.

    `credit_most` = the credit that the buyer was shown: up to so much of the price is paid with it, or it is said that
    it is gone.

    `id` is made by the page: pressing twice gives the same order, and so do two pages of the same quote. A quote that
    ran out is booked all the same where exactly the same would be promised again.

    :raises Difference: what became different, with the old quote and a new one
    :raises WrongQuantity, OrderIdTaken, Busy:
    :raises Quote.DoesNotExist: the person has no such quote
    """
    id = id or uuid4()

    def place(quote_id: UUID) -> Order:
        return once(
            find_earlier=lambda: find_earlier(id, quote_id, user),
            work=lambda: _place(id, user, quote_id, quantity, note_id, credit_most, at),
            user=user,
            at=at,
        )

    try:
        return place(quote_id)
    except QuoteExpired as expired:
        if expired.fresh is None or expired.fresh.offer_version_id != expired.quote.offer_version_id:
            raise
        return place(expired.fresh.pk)


def find_earlier(id: UUID, quote_id: UUID, user: "User") -> Order | None:
    """Return the order of an earlier press. :raises OrderIdTaken: it is somebody else's"""
    earlier = Order.objects.filter(pk=id).first()
    if earlier and earlier.user_id != user.pk:
        raise OrderIdTaken
    return (
        earlier
        or Order.objects.filter(
            user=user, hold__quote=quote_id, hold__state__in=[Hold.State.HELD, Hold.State.CAPTURED]
        ).first()
    )


def _place(
    id: UUID, user: "User", quote_id: UUID, quantity: int, note_id: int | None, credit_most: int, at: datetime
) -> Order:
    """Check, write, and take the stock last, so that its row is locked as shortly as can be (PR40)."""
    begun = begin_hold(
        id=id, quote_id=quote_id, user=user, quantity=quantity, order_id=id, credit_most=credit_most, at=at
    )
    version = begun.quote.version
    order = _write_order(id, user, begun, note_id, at)
    if order.paid_at:
        merchant_id = begun.quote.place.merchant_id
        assert merchant_id is not None, "only shops have offers"
        Voucher.objects.bulk_create(make_vouchers(order, version, merchant_id, at))
    fill_hold(begun=begun, at=at)
    return order


def _write_order(id: UUID, user: "User", begun: Begun, note_id: int | None, at: datetime) -> Order:
    hold, quote, number = begun.hold, begun.quote, begun.number
    return Order.objects.create(
        id=id,
        number=rules.number_of(timezone.localdate(at), number),
        user=user,
        place=quote.place,
        offer_version=quote.version,
        note_id=note_id,
        hold=hold,
        quantity=hold.quantity,
        unit_price_minor=quote.unit_price_minor,
        unit_list_minor=quote.unit_list_minor,
        total_minor=hold.quantity * quote.unit_price_minor,
        credit_minor=begun.credit_minor,
        currency=quote.currency,
        refund_terms_zh=rules.REFUND_TERMS.zh,
        refund_terms_en=rules.REFUND_TERMS.en,
        placed_at=at,
        expires_at=hold.expires_at,
        paid_at=hold.ended_at,
    )


@transaction.atomic
def cancel_order(*, order: Order, at: datetime) -> None:
    """Give up an unpaid order and return its stock; cancelling twice changes nothing.

    A job closes the payment, too; money that is already on its way is sent back when it arrives.
    :raises AlreadyPaid:
    """
    if close_order(order=order, reason="asked", at=at):
        _end_payment(order)
        return
    if Order.objects.filter(pk=order.pk, paid_at__isnull=False).exists():
        raise AlreadyPaid


def expire_orders(*, at: datetime) -> int:
    """Give up the orders whose time ran out unpaid, return their stock, and say how many there were.

    Each in a transaction of its own; rows that another run holds are left to it (PR42).
    """
    return each_due(lambda: _expire_next(at))


def _expire_next(at: datetime) -> bool:
    order = _lock_next(Order.objects.filter(paid_at=None, cancelled_at=None, expires_at__lte=at))
    return order is not None and close_order(order=order, reason=Order.EXPIRED_REASON, at=at)


def close_withdrawn(*, at: datetime) -> int:
    """Give up the unpaid orders of offers that were withdrawn, and say how many there were (PR36).

    Their payments are closed by a job; money that is already on its way is sent back when it arrives.
    """
    return each_due(lambda: _close_next_withdrawn(at))


def _close_next_withdrawn(at: datetime) -> bool:
    due = Order.objects.filter(paid_at=None, cancelled_at=None, offer_version__offer__state="withdrawn")
    order = _lock_next(due)
    if order is None or not close_order(order=order, reason=Order.WITHDRAWN_REASON, at=at):
        return False
    _end_payment(order)
    return True


def _lock_next(due: "QuerySet[Order]") -> Order | None:
    return lock_next(due.select_related("offer_version", "hold").order_by("expires_at"))


def _end_payment(order: Order) -> None:
    for payment in Payment.objects.filter(order=order):
        jobs.configure_task("orders.close_payment").defer(payment_id=str(payment.pk))


def close_order(*, order: Order, reason: str, at: datetime) -> bool:
    """Close an order once, by guarded update, and give back what it held; False if it was not open any more."""
    open_order = Order.objects.filter(pk=order.pk, paid_at=None, cancelled_at=None)
    if not open_order.update(cancelled_at=at, cancel_reason=reason):
        return False
    release_order(order=order, at=at)
    return True
