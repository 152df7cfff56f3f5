"""Refunds: any time before use, by themselves at expiry, and for money that came too late (money.md, section 7)."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q
from procrastinate.contrib.django import app as jobs

from bacao.kit.text import Refused, Text
from bacao.ledger.services import post_many
from bacao.offers.services import return_claims
from bacao.orders.gateways import get_gateway
from bacao.orders.models import Order, Payment, Refund, Voucher
from bacao.orders.queries import HAS_USES_LEFT, lock_voucher
from bacao.orders.rules import RefundNews

from .books import posting_of_credit_returned, posting_of_refund_due, posting_of_refund_sent
from .due import each_due, lock_next
from .holds import claims_of_order, return_budget

if TYPE_CHECKING:
    from bacao.accounts.models import User

log = structlog.get_logger("bacao.orders")


class NotRefundable(Refused):
    """Nothing of the voucher is left to be given back."""

    code = "not_refundable"
    text = Text(
        "这张券已经用完，不能退了。如果店里有问题，请联系店家。",
        "This voucher is used up and cannot be refunded. If something went wrong, please talk to the shop.",
    )


@transaction.atomic
def request_refund(*, voucher: Voucher, by: "User | None", at: datetime, cause: str = Refund.Cause.ASKED) -> Refund:
    """Give back all uses that a voucher has left, and what was paid for them; pressing twice gives the same refund.

    The unit returns to the stock, and its budget, if none of it was used (PR19). `by` = its owner, None = a job.

    :raises NotRefundable: it was used up
    """
    assert by is None or by.pk == voucher.user_id, "one's own vouchers only"
    voucher = lock_voucher(voucher.pk)
    uses, amount = voucher.uses_left, voucher.left_minor
    if not uses:
        return _get_last_refund(voucher)
    Voucher.objects.filter(pk=voucher.pk).update(
        uses_refunded=F("uses_refunded") + uses, refunded_minor=F("refunded_minor") + amount
    )
    if uses == voucher.uses_total:
        return_claims(claims=claims_of_order(order=voucher.order, quantity=1), at=at)
        return_budget(order=voucher.order, id=voucher.pk, at=at)
    return give_money_back(order=voucher.order, amount_minor=amount, cause=cause, at=at, voucher=voucher, uses=uses)


def _get_last_refund(voucher: Voucher) -> Refund:
    last = Refund.objects.filter(voucher=voucher).order_by("requested_at").last()
    if last is None:
        raise NotRefundable
    return last


def refund_expired(*, without: Collection[UUID] = (), at: datetime) -> int:
    """Refund the vouchers whose time is over and return how many there were (X20); each in its own transaction.

    `without` = those that have to wait.
    """
    due = Q(valid_until__lte=at) & ~Q(pk__in=without)
    return each_due(lambda: _refund_next(due, Refund.Cause.EXPIRED, at))


def refund_withdrawn(*, without: Collection[UUID] = (), at: datetime) -> int:
    """Refund what is unused of offers that were withdrawn and return how many vouchers there were (PR36).

    `without` = those that have to wait.
    """
    withdrawn = Q(order__offer_version__offer__state="withdrawn") & ~Q(pk__in=without)
    return each_due(lambda: _refund_next(withdrawn, Refund.Cause.WITHDRAWN, at))


def _refund_next(due: Q, cause: str, at: datetime) -> bool:
    voucher = lock_next(Voucher.objects.filter(HAS_USES_LEFT, due).order_by("valid_until"))
    if voucher is None:
        return False
    request_refund(voucher=voucher, by=None, at=at, cause=cause)
    return True


@transaction.atomic
def record_chargeback(*, payment: Payment, at: datetime) -> Refund | None:
    """Write down that the buyer's bank took the money back: what is unused is void, and none of it returns (PR19, RF8).

    Neither units nor personal caps nor budgets come back, and what was refunded before is not refunded twice: the
    vouchers are locked first, as by every refund.

    :returns: None where nothing unused was left to be taken back
    """
    vouchers = list(Voucher.objects.filter(HAS_USES_LEFT, order=payment.order_id).order_by("pk").select_for_update())
    amount = sum(voucher.left_minor for voucher in vouchers)
    for voucher in vouchers:
        Voucher.objects.filter(pk=voucher.pk).update(
            uses_refunded=F("uses_refunded") + voucher.uses_left,
            refunded_minor=F("refunded_minor") + voucher.left_minor,
        )
    if not amount:
        return None
    refund = _write_refund(payment.order, payment, amount, Refund.Cause.CHARGEBACK, at)
    Refund.objects.filter(pk=refund.pk).update(sent_at=at, confirmed_at=at)
    if refund.amount_minor:
        post_many(postings=[posting_of_refund_sent(refund, payment.provider, at)])
    return refund


def give_money_back(
    *, order: Order, amount_minor: int, cause: str, at: datetime, voucher: Voucher | None = None, uses: int = 0
) -> Refund:
    """Give back what was paid for units or a bill, money first and then credit, in the caller's transaction.

    Money is booked as due and sent by a job; credit is back at once.
    """
    payment = Payment.objects.filter(order=order.pk).first() if amount_minor else None
    refund = _write_refund(order, payment, amount_minor, cause, at, voucher, uses)
    if refund.amount_minor:
        jobs.configure_task("orders.send_refund").defer(refund_id=str(refund.pk))
    else:
        Refund.objects.filter(pk=refund.pk).update(confirmed_at=at)
        refund.confirmed_at = at
    return refund


def _write_refund(
    order: Order,
    payment: Payment | None,
    amount_minor: int,
    cause: str,
    at: datetime,
    voucher: Voucher | None = None,
    uses: int = 0,
) -> Refund:
    """Write a refund and what is due; guarded counters keep all refunds within what was captured and what credit was
    spent (IN6)."""
    money = min(amount_minor, _take_room(payment, amount_minor)) if payment else 0
    credit = amount_minor - money
    if credit:
        room = Order.objects.filter(pk=order.pk, credit_minor__gte=F("credit_returned_minor") + credit)
        assert room.update(credit_returned_minor=F("credit_returned_minor") + credit) == 1, "more than was spent"
    refund = Refund.objects.create(
        order=order,
        payment=payment,
        voucher=voucher,
        uses=uses,
        amount_minor=money,
        credit_minor=credit,
        cause=cause,
        requested_at=at,
    )
    postings = [posting_of_refund_due(refund, at)] if money else []
    postings += [posting_of_credit_returned(refund, order.user_id, at)] if credit else []
    post_many(postings=postings)
    return refund


def _take_room(payment: Payment, wanted_minor: int) -> int:
    """Take up to so much of what was captured and not refunded yet; return how much it was."""
    row = Payment.objects.select_for_update(of=("self",)).get(pk=payment.pk)
    money = min(wanted_minor, row.captured_minor - row.refunded_minor)
    Payment.objects.filter(pk=payment.pk).update(refunded_minor=F("refunded_minor") + money)
    return money


def send_refund(*, refund_id: UUID, at: datetime) -> None:
    """Have the provider send a refund, and book its answer. Only jobs call this: it speaks to another company.

    Where an earlier try ended in the dark, the provider is asked first; the number never changes (RF7).
    :raises ProviderUnreachable: still unknown; to be tried again
    """
    refund = Refund.objects.select_related("payment__order").get(pk=refund_id)
    payment = refund.payment
    if refund.confirmed_at or refund.failed_at or payment is None:
        return
    gateway, number = get_gateway(payment.provider), str(refund.pk)
    was_sent = refund.sent_at is not None
    Refund.objects.filter(pk=refund_id, sent_at=None).update(sent_at=at)
    news = gateway.query_refund(number, at) if was_sent else None
    if news is None or news.state == "unknown":
        news = gateway.refund(payment.order, refund_number=number, amount_minor=refund.amount_minor, at=at)
    apply_refund_news(provider=payment.provider, news=news, at=at)


@transaction.atomic
def apply_refund_news(*, provider: str, news: RefundNews, at: datetime) -> str:
    """Do what news of a refund asks for, at most once; return `confirmed`, `failed`, `duplicate`, `noted`,
    `mismatch` or `unknown_refund`. Only a confirmation closes what is due (RF7)."""
    try:
        number = UUID(news.refund_number)
    except ValueError:
        return "unknown_refund"
    refunds = Refund.objects.select_for_update(of=("self",)).select_related("payment__order")
    refund = refunds.filter(pk=number, payment__provider=provider).first()
    if refund is None or refund.payment is None:
        return "unknown_refund"
    if news.merchant != get_gateway(provider).merchant or news.amount_minor != refund.amount_minor:
        log.error("refund_news_mismatch", refund=str(refund.pk), news=repr(news))
        return "mismatch"
    if refund.confirmed_at:
        return "duplicate"
    if news.state == "failed":
        Refund.objects.filter(pk=refund.pk).update(failed_at=at, failure=news.failure or "failed")
        log.error("refund_failed", refund=str(refund.pk), failure=news.failure)
        return "failed"
    if news.state != "confirmed":
        return "noted"
    Refund.objects.filter(pk=refund.pk).update(confirmed_at=at, failed_at=None, failure="")
    post_many(postings=[posting_of_refund_sent(refund, provider, at)])
    return "confirmed"
