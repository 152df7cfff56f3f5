"""Many orders at once, with their past: for the demo city and for migrations from elsewhere."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bacao.ledger.rules import Posting
from bacao.ledger.services import post_many
from bacao.offers.queries import get_terms, list_versions_by_id
from bacao.offers.services import load_personal_uses
from bacao.orders import rules
from bacao.orders.models import Order, Payment, Refund, Voucher

from .books import posting_of_payment, posting_of_refund_due, posting_of_refund_sent
from .vouchers import make_vouchers

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion

BATCH = 2000


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One past order. Paid unless `cancelled_at` is given; all its vouchers refunded, unused, at `refunded_at`."""

    user_id: int
    version_id: int
    quantity: int
    placed_at: datetime
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    refunded_at: datetime | None = None
    note_id: int | None = None


class LoadedOrder(NamedTuple):
    """An order that was loaded, with its vouchers by unit (none if it was cancelled)."""

    order: Order
    vouchers: list[Voucher]


@transaction.atomic
def load_orders(*, rows: Sequence[OrderRow], at: datetime) -> list[LoadedOrder]:
    """Write past orders with payments, vouchers, refunds and books; return them in the order of the rows.

    What people took counts towards their limits; the stock is not touched, as what was sold in the past is given to
    `offers.services.load_offers`. Nothing may lie after `at`.
    """
    assert all(moment <= at for row in rows for moment in _moments(row)), "a history lies in the past"
    versions = list_versions_by_id(row.version_id for row in rows)
    lists = {version_id: get_terms(version).worth_minor for version_id, version in versions.items()}
    loaded: list[LoadedOrder] = []
    for row, position in zip(rows, _draw_positions(len(rows)), strict=True):
        version = versions[row.version_id]
        order = _order_of(row, version, lists[row.version_id], position)
        merchant_id = version.offer.place.merchant_id
        assert merchant_id is not None, "only shops have offers"
        vouchers = make_vouchers(order, version, merchant_id, order.paid_at) if order.paid_at else []
        for voucher in vouchers if row.refunded_at else []:
            voucher.uses_refunded, voucher.refunded_minor = voucher.uses_total, voucher.paid_minor
        loaded.append(LoadedOrder(order, vouchers))
    payments = _payments_of(loaded)
    refunds = [refund for row, one in zip(rows, loaded, strict=True) for refund in _refunds_of(row, one, payments)]
    Order.objects.bulk_create([one.order for one in loaded], batch_size=BATCH)
    Payment.objects.bulk_create(payments.values(), batch_size=BATCH)
    Voucher.objects.bulk_create([voucher for one in loaded for voucher in one.vouchers], batch_size=BATCH)
    Refund.objects.bulk_create(refunds, batch_size=BATCH)
    post_many(
        postings=[*map(_paid, payments.values()), *(posting for refund in refunds for posting in _returned(refund))]
    )
    load_personal_uses(uses=_kept(rows, loaded))
    return loaded


def _kept(rows: Sequence[OrderRow], loaded: Sequence[LoadedOrder]) -> Counter[tuple[int, int]]:
    """Return how many units each person kept of each offer."""
    kept: Counter[tuple[int, int]] = Counter()
    for row, (order, _) in zip(rows, loaded, strict=True):
        if order.paid_at and not row.refunded_at:
            kept[order.version.offer_id, order.user_id] += order.quantity
    return kept


def _moments(row: OrderRow) -> list[datetime]:
    return [moment for moment in (row.placed_at, row.paid_at, row.cancelled_at, row.refunded_at) if moment]


def _draw_positions(number: int) -> list[int]:
    """Return running numbers for order numbers in one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('orders_number') FROM generate_series(1, %s)", [number])
        return [position for (position,) in cursor.fetchall()]


def _order_of(row: OrderRow, version: "OfferVersion", list_minor: int, position: int) -> Order:
    return Order(
        id=uuid4(),
        number=rules.number_of(timezone.localdate(row.placed_at), position),
        user_id=row.user_id,
        place_id=version.offer.place_id,
        offer_version=version,
        note_id=row.note_id,
        quantity=row.quantity,
        unit_price_minor=version.price_minor,
        unit_list_minor=max(list_minor, version.price_minor),
        total_minor=row.quantity * version.price_minor,
        currency=settings.CURRENCY,
        refund_terms_zh=rules.REFUND_TERMS.zh,
        refund_terms_en=rules.REFUND_TERMS.en,
        placed_at=row.placed_at,
        expires_at=row.placed_at + rules.HOLD,
        paid_at=None if row.cancelled_at else row.paid_at or row.placed_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=Order.EXPIRED_REASON if row.cancelled_at else "",
    )


def _payments_of(loaded: Sequence[LoadedOrder]) -> dict[UUID, Payment]:
    """Return the captured payment of each order that cost something, by order id; vouchers tell what went back."""
    return {
        order.pk: Payment(
            order=order,
            provider=settings.PAYMENT_PROVIDERS[0],
            amount_minor=order.total_minor,
            captured_minor=order.total_minor,
            refunded_minor=sum(voucher.refunded_minor for voucher in vouchers),
            created_at=order.placed_at,
            captured_at=order.paid_at,
        )
        for order, vouchers in loaded
        if order.paid_at and order.total_minor
    }


def _refunds_of(row: OrderRow, loaded: LoadedOrder, payments: dict[UUID, Payment]) -> list[Refund]:
    if row.refunded_at is None:
        return []
    return [
        Refund(
            order=loaded.order,
            payment=payments.get(loaded.order.pk),
            voucher=voucher,
            uses=voucher.uses_total,
            amount_minor=voucher.paid_minor,
            cause=Refund.Cause.ASKED,
            requested_at=row.refunded_at,
            sent_at=row.refunded_at,
            confirmed_at=row.refunded_at,
        )
        for voucher in loaded.vouchers
    ]


def _paid(payment: Payment) -> Posting:
    assert payment.captured_at is not None, "paid in the past"
    return posting_of_payment(payment, payment.captured_at)


def _returned(refund: Refund) -> list[Posting]:
    if refund.payment is None:
        return []
    due = posting_of_refund_due(refund, refund.requested_at)
    return [due, posting_of_refund_sent(refund, refund.payment.provider, refund.requested_at)]
