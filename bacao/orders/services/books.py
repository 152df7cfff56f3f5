"""What purchases write into the books: the recipes of docs/algorithms/settlement.md, one function each."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid5

from bacao.ledger.rules import Credit, Debit, Posting
from bacao.offers.rules import PARTNER, PLATFORM
from bacao.orders import rules
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


def posting_of_credit_returned(refund: Refund, user_id: int, at: datetime) -> Posting:
    """What was paid with credit goes back to it."""
    return Posting(
        id=uuid5(refund.pk, "credit"),
        kind="credit_returned",
        entries=[
            Debit(rules.unredeemed_account(refund.order_id), refund.credit_minor),
            Credit(rules.credit_account(user_id), refund.credit_minor),
        ],
        origin=_origin_of(refund),
        effective_at=at,
    )


def entries_of_bill(
    *,
    order_id: UUID,
    total_minor: int,
    uses: Iterable[tuple[UUID, int]],
    funded: Iterable[tuple[int, Iterable[tuple[str, int]]]],
    merchant_id: int,
    fee_basis_points: int,
) -> list[Debit | Credit]:
    """Return the entries of a settled bill: what the guest pays now and paid for the vouchers used, and what others
    fund, becomes the shop's, less the fee on all of it, floored.

    `uses` = (order of a voucher, what its uses carry of the price), `funded` = (offer, (party, amount) ...). The
    shop's own part of the discount moves no money.
    """
    debits = [Debit(rules.unredeemed_account(order_id), total_minor)]
    debits += [Debit(rules.unredeemed_account(voucher_order), paid) for voucher_order, paid in uses]
    for offer_id, funders in funded:
        parts = dict(funders)
        debits.append(Debit(f"expense.subsidy.{offer_id}", parts.get(PLATFORM, 0)))
        debits.append(Debit(f"asset.receivable.partner.{offer_id}", parts.get(PARTNER, 0)))
    through = sum(debit.amount_minor for debit in debits)
    fee = through * fee_basis_points // 10000
    return [
        *debits,
        Credit(f"liab.payable.merchant.{merchant_id}", through - fee),
        Credit("income.commission", fee),
    ]


def _origin_of(refund: Refund) -> dict[str, str]:
    origin = {"order": str(refund.order_id), "refund": str(refund.pk)}
    return origin | ({"voucher": str(refund.voucher_id)} if refund.voucher_id else {})
