"""Orders: placed with their stock, cancelled, and given up when nobody pays."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app as jobs

from bacao.kit.text import Refused, Text
from bacao.offers.queries import get_current_version, get_terms
from bacao.offers.rules import say_amount
from bacao.offers.services import NotOnSale, return_units, take_units
from bacao.orders import rules
from bacao.orders.models import Order, Payment, Voucher

from .vouchers import make_vouchers

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.offers.models import OfferVersion


class PriceChanged(Refused):
    """The price is not the one that the buyer saw; `price_minor` is the new one."""

    code = "price_changed"

    def __init__(self, seen_minor: int, price_minor: int) -> None:
        self.price_minor = price_minor
        seen, now = say_amount(seen_minor), say_amount(price_minor)
        super().__init__(
            Text(
                f"价格刚从 {seen} 变成 {now}，没有扣款。看过新价格再决定。",
                f"The price just went from {seen} to {now}. Nothing was charged; look at the new price first.",
            )
        )


class WrongQuantity(Refused):
    """An order holds at least one unit and at most what the offer allows (X24)."""

    code = "wrong_quantity"
    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(Text(f"一单可买 1 到 {most} 份。", f"One order can hold 1 to {most}."))


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
    offer_id: int,
    quantity: int,
    note_id: int | None = None,
    seen_price_minor: int,
    at: datetime,
    id: UUID | None = None,
) -> Order:
    """Take units of an offer for somebody and write the order; what is free is paid at once.

    `seen_price_minor` = price of one unit on the page the buyer saw. `id` is made by that page: pressing twice gives
    the same order.

    :raises PriceChanged, WrongQuantity: the page was out of date
    :raises SoldOut, PersonalLimitReached, NotOnSale: from the offer
    :raises OrderIdTaken: the id is another person's
    """
    id = id or uuid4()
    if earlier := _find_earlier(id, user):
        return earlier
    try:
        with transaction.atomic():
            return _place(id, user, offer_id, quantity, note_id, seen_price_minor, at)
    except IntegrityError:
        # The other press of the same button was faster.
        if earlier := _find_earlier(id, user):
            return earlier
        raise


def _find_earlier(id: UUID, user: "User") -> Order | None:
    earlier = Order.objects.filter(pk=id).first()
    if earlier and earlier.user_id != user.pk:
        raise OrderIdTaken
    return earlier


def _place(
    id: UUID, user: "User", offer_id: int, quantity: int, note_id: int | None, seen_price_minor: int, at: datetime
) -> Order:
    """Check, write, and take the stock last, so that its row is locked as shortly as can be (PR40)."""
    version = get_current_version(offer_id)
    merchant_id = version.offer.place.merchant_id
    if merchant_id is None or version.offer.place.closed_at:
        raise NotOnSale
    most = min(version.per_order, rules.MOST_PER_ORDER)
    if not 1 <= quantity <= most:
        raise WrongQuantity(most)
    if version.price_minor != seen_price_minor:
        raise PriceChanged(seen_price_minor, version.price_minor)
    order = _write_order(id, user, version, quantity, note_id, at)
    if order.paid_at:
        Voucher.objects.bulk_create(make_vouchers(order, version, merchant_id, at))
    take_units(offer_id=offer_id, user_id=user.pk, quantity=quantity, per_person=version.per_person, at=at)
    return order


def _write_order(
    id: UUID, user: "User", version: "OfferVersion", quantity: int, note_id: int | None, at: datetime
) -> Order:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('orders_number')")
        (position,) = cursor.fetchone()
    return Order.objects.create(
        id=id,
        number=rules.number_of(timezone.localdate(at), position),
        user=user,
        place_id=version.offer.place_id,
        offer_version=version,
        note_id=note_id,
        quantity=quantity,
        unit_price_minor=version.price_minor,
        unit_list_minor=max(get_terms(version).worth_minor, version.price_minor),
        total_minor=quantity * version.price_minor,
        currency=settings.CURRENCY,
        refund_terms_zh=rules.REFUND_TERMS.zh,
        refund_terms_en=rules.REFUND_TERMS.en,
        placed_at=at,
        expires_at=at + rules.HOLD,
        paid_at=None if version.price_minor else at,
    )


@transaction.atomic
def cancel_order(*, order: Order, at: datetime) -> None:
    """Give up an unpaid order and return its stock; cancelling twice changes nothing.

    A job closes the payment, too; money that is already on its way is sent back when it arrives.
    :raises AlreadyPaid:
    """
    if _close(order, at, "asked"):
        for payment in Payment.objects.filter(order=order):
            jobs.configure_task("orders.close_payment").defer(payment_id=str(payment.pk))
        return
    if Order.objects.filter(pk=order.pk, paid_at__isnull=False).exists():
        raise AlreadyPaid


def expire_orders(*, at: datetime) -> int:
    """Give up the orders whose time ran out unpaid, return their stock, and say how many there were.

    Each in a transaction of its own; rows that another run holds are left to it (PR42).
    """
    expired = 0
    while _expire_next(at):
        expired += 1
    return expired


@transaction.atomic
def _expire_next(at: datetime) -> bool:
    due = Order.objects.filter(paid_at=None, cancelled_at=None, expires_at__lte=at).order_by("expires_at")
    order = due.select_related("offer_version").select_for_update(skip_locked=True, of=("self",)).first()
    return order is not None and _close(order, at, Order.EXPIRED_REASON)


def _close(order: Order, at: datetime, reason: str) -> bool:
    """Close an order once, by guarded update, and return its stock; False if it was not open any more."""
    open_order = Order.objects.filter(pk=order.pk, paid_at=None, cancelled_at=None)
    if not open_order.update(cancelled_at=at, cancel_reason=reason):
        return False
    offer_id = order.offer_version.offer_id
    return_units(offer_id=offer_id, user_id=order.user_id, quantity=order.quantity, at=at)
    return True
