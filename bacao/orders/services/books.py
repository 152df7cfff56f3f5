"""What purchases write into the books: the recipes of docs/algorithms/settlement.md, one function each."""

from datetime import datetime
from uuid import uuid5

from bacao.ledger.rules import Credit, Debit, Posting
from bacao.orders.models import Payment, Refund


def posting_of_payment(payment: Payment, at: datetime) -> Posting:
    """The provider holds what the buyer paid; nothing of it is earned before a voucher is used."""
    return Posting(
        id=uuid5(payment.pk, "paid"),
        kind="paid",
        entries=[
            Debit(f"asset.provider.{payment.provider}", payment.amount_minor),
            Credit(f"liab.unredeemed.{payment.order_id}", payment.amount_minor),
        ],
        origin={"order": str(payment.order_id), "payment": str(payment.pk)},
        effective_at=at,
    )


def posting_of_refund_due(refund: Refund, at: datetime) -> Posting:
    """What was paid for unused units is due to the buyer."""
    return Posting(
        id=uuid5(refund.pk, "due"),
        kind="refund_due",
        entries=[
            Debit(f"liab.unredeemed.{refund.order_id}", refund.amount_minor),
            Credit(f"liab.refund_due.{refund.order_id}", refund.amount_minor),
        ],
        origin=_origin_of(refund),
        effective_at=at,
    )


def posting_of_refund_sent(refund: Refund, provider: str, at: datetime) -> Posting:
    """The provider confirmed that the money went back."""
    return Posting(
        id=uuid5(refund.pk, "sent"),
        kind="refunded",
        entries=[
            Debit(f"liab.refund_due.{refund.order_id}", refund.amount_minor),
            Credit(f"asset.provider.{provider}", refund.amount_minor),
        ],
        origin=_origin_of(refund),
        effective_at=at,
    )


def _origin_of(refund: Refund) -> dict[str, str]:
    origin = {"order": str(refund.order_id), "refund": str(refund.pk)}
    return origin | ({"voucher": str(refund.voucher_id)} if refund.voucher_id else {})
