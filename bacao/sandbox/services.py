"""What the sandbox does: open a payment, take or decline it, answer its merchants, call them back."""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from procrastinate.contrib.django import app as jobs

from bacao.kit.text import Refused, Text
from bacao.sandbox import rules
from bacao.sandbox.models import SandboxNotice, SandboxPayment, SandboxRefund

NOTICE_TIMEOUT_SECONDS = 5.0
QUESTION_TOLERANCE = timedelta(seconds=300)


class UnknownRequest(Refused):
    """An address that no merchant signed, or one that was changed on the way."""

    code = "unknown_request"
    text = Text(
        "这个付款链接无效，没有扣款。请回到商家重新下单。",
        "This payment link is not valid and nothing was charged. Please go back to the shop and order again.",
    )
    status = 400


class NotOpen(Refused):
    """The payment can no longer be made."""

    code = "not_open"
    text = Text("这笔付款已经结束，没有再扣款。", "This payment has ended; nothing more was charged.")


class QuestionRefused(Exception):
    """A server's question whose signature or age is wrong, or that makes no sense; `status` is HTTP's."""

    def __init__(self, reason: str, status: int) -> None:
        self.status = status
        super().__init__(reason)


def open_payment(*, fields: Mapping[str, str], at: datetime) -> SandboxPayment:
    """Return the payment that a merchant's signed address asks for; the same address gives the same payment.

    :raises UnknownRequest: not signed so, or another amount for the same order
    """
    request = rules.read_request(fields, settings.SANDBOX_SECRET)
    if request is None or request.merchant != settings.SANDBOX_MERCHANT:
        raise UnknownRequest
    payment, _ = SandboxPayment.objects.get_or_create(
        merchant=request.merchant,
        merchant_order=request.order,
        defaults={
            "id": f"pay_{secrets.token_urlsafe(18)}",
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "subject": request.subject,
            "return_url": request.return_url,
            "notify_url": request.notify_url,
            "expires_at": request.expires_at,
            "created_at": at,
        },
    )
    if (payment.amount_minor, payment.currency) != (request.amount_minor, request.currency):
        raise UnknownRequest
    if payment.failure:
        payment.failure = ""  # a new try
        payment.save(update_fields=["failure"])
    return payment


def load_payments(*, payments: Iterable[tuple[str, int, datetime]]) -> None:
    """Write payments of the past: (the merchant's order, minor units, paid at); a demo city's buyers paid here, too."""
    SandboxPayment.objects.bulk_create(
        [
            SandboxPayment(
                id=f"pay_{secrets.token_urlsafe(18)}",
                merchant=settings.SANDBOX_MERCHANT,
                merchant_order=order,
                amount_minor=amount_minor,
                taken_minor=amount_minor,
                currency=settings.CURRENCY,
                state=SandboxPayment.State.PAID,
                expires_at=paid_at,
                created_at=paid_at,
                paid_at=paid_at,
                told_from=paid_at,
            )
            for order, amount_minor, paid_at in payments
        ],
        batch_size=2000,
    )


@transaction.atomic
def choose(*, payment_id: str, way: str, at: datetime) -> SandboxPayment:
    """Do what the payer, or a tester, chose on the hosted page, and call the merchant back.

    `way` = pay, decline, or one of `rules.FAULTS`. Choosing again when it is paid changes nothing.
    :raises NotOpen: closed, or its time is over (money that comes late may still be asked for by a tester)
    :raises SandboxPayment.DoesNotExist:
    """
    payment = SandboxPayment.objects.select_for_update().get(pk=payment_id)
    if payment.state == SandboxPayment.State.PAID:
        return payment
    if payment.state == SandboxPayment.State.CLOSED or (at >= payment.expires_at and way != rules.LATE):
        raise NotOpen
    if way == rules.DECLINE:
        payment.failure = "card_declined"
        payment.save(update_fields=["failure"])
        _notify(payment, "failed", "", at)
        return payment
    payment.state, payment.paid_at, payment.failure = SandboxPayment.State.PAID, at, ""
    payment.taken_minor = payment.amount_minor - (way == rules.WRONG_AMOUNT)
    payment.told_from = max(at, payment.expires_at + rules.TOLD_LATE) if way == rules.LATE else at
    payment.save()
    if way != rules.SILENT:
        _notify(payment, "paid", way, at)
    return payment


def _notify(payment: SandboxPayment, state: str, fault: str, at: datetime) -> None:
    """Write a callback and have a job deliver it once the merchant may know."""
    data = _describe(payment, at, state)
    _call_back(payment, "payment", data, fault, max(at, payment.told_from or at), at)


def _call_back(
    payment: SandboxPayment, kind: str, data: dict[str, Any], fault: str, due_at: datetime, at: datetime
) -> None:
    if not payment.notify_url:
        return
    notice = SandboxNotice.objects.create(
        id=f"ntc_{secrets.token_hex(12)}",
        payment=payment,
        body=json.dumps({"type": kind, "data": data}, ensure_ascii=False),
        fault=fault,
        created_at=at,
    )
    jobs.configure_task("sandbox.deliver_notice", schedule_at=due_at).defer(notice_id=notice.pk)


def _describe(payment: SandboxPayment, at: datetime, state: str = "") -> dict[str, Any]:
    """Return a payment as the merchant is told of it at an instant."""
    if not state:
        known = payment.state != SandboxPayment.State.PAID or (payment.told_from or at) <= at
        state = payment.state if known else SandboxPayment.State.CLOSED if at >= payment.expires_at else "open"
    return {
        "merchant": payment.merchant,
        "order": payment.merchant_order,
        "payment": payment.pk,
        "state": state,
        "amount": payment.taken_minor if state == "paid" else payment.amount_minor,
        "currency": payment.currency,
        "failure": payment.failure,
    }


def deliver_notice(*, notice_id: str, at: datetime) -> bool:
    """Call the merchant once (five times where a tester asked for that) and return whether it took the message.

    Signed afresh each time; if it is not taken, a job tries again 5 s, 30 s, 2 min and 10 min later.
    """
    notice = SandboxNotice.objects.select_related("payment").get(pk=notice_id)
    if notice.delivered_at:
        return True
    answers = [_send(notice, at) for _ in range(rules.COPIES if notice.fault == rules.DUPLICATES else 1)]
    is_taken = all(answer.isdigit() and answer.startswith("2") for answer in answers)
    SandboxNotice.objects.filter(pk=notice_id).update(
        attempts=F("attempts") + 1, last_answer=answers[-1][:80], delivered_at=at if is_taken else None
    )
    if not is_taken and notice.attempts < len(rules.RETRY_AFTER_SECONDS):
        wait = {"seconds": rules.RETRY_AFTER_SECONDS[notice.attempts]}
        jobs.configure_task("sandbox.deliver_notice", schedule_in=wait).defer(notice_id=notice_id)
    return is_taken


def _send(notice: SandboxNotice, at: datetime) -> str:
    """Post one signed callback and return the status, or what went wrong."""
    secret = "somebody-else" if notice.fault == rules.BAD_SIGNATURE else settings.SANDBOX_SECRET
    sent_at = at - rules.BACKDATED if notice.fault == rules.OLD_TIMESTAMP else at
    headers = rules.notice_headers(secret, notice.pk, notice.body, sent_at)
    try:
        answer = httpx.post(
            notice.payment.notify_url, content=notice.body.encode(), headers=headers, timeout=NOTICE_TIMEOUT_SECONDS
        )
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    return str(answer.status_code)


def answer(*, verb: str, headers: Mapping[str, str], body: bytes, at: datetime) -> tuple[bytes, str]:
    """Return the answer to a merchant's signed question (query, close, refund, query-refund) and its signature.

    :raises QuestionRefused:
    """
    secret, sent = settings.SANDBOX_SECRET, headers.get("sandbox-sent", "")
    content = f"{sent}.{body.decode(errors='replace')}"
    if not hmac.compare_digest(rules.sign(secret, verb, content), headers.get("sandbox-signature", "")):
        raise QuestionRefused("bad signature", 401)
    if abs(at.timestamp() - int(sent)) > QUESTION_TOLERANCE.total_seconds():
        raise QuestionRefused("stale", 401)
    if verb not in ANSWERS:
        raise QuestionRefused("unknown verb", 404)
    said = json.dumps(ANSWERS[verb](json.loads(body), at), ensure_ascii=False)
    return said.encode(), rules.sign(secret, f"answer-{verb}", f"{sent}.{said}")


def _find(order: str) -> SandboxPayment | None:
    payments = SandboxPayment.objects.select_for_update()
    return payments.filter(merchant=settings.SANDBOX_MERCHANT, merchant_order=order).first()


@transaction.atomic
def _query(question: dict[str, Any], at: datetime) -> dict[str, Any]:
    payment = _find(question["order"])
    return _describe(payment, at) if payment else _unknown(question)


@transaction.atomic
def _close(question: dict[str, Any], at: datetime) -> dict[str, Any]:
    payment = _find(question["order"])
    if payment is None:
        return _unknown(question)
    if payment.state == SandboxPayment.State.OPEN:
        payment.state = SandboxPayment.State.CLOSED
        payment.save(update_fields=["state"])
    return _describe(payment, at)


@transaction.atomic
def _refund(question: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Send money back once per number; more than was taken is refused."""
    payment, number, amount = _find(question["order"]), str(question["refund"]), int(question["amount"])
    if payment is None:
        return {**_unknown(question), "state": "failed", "failure": "unknown_payment"}
    refund = SandboxRefund.objects.filter(pk=number).first()
    if refund is None:
        returned = payment.refunds.filter(state="confirmed").aggregate(sum=Sum("amount_minor", default=0))["sum"]
        fits = 0 < amount <= payment.taken_minor - returned
        refund = SandboxRefund.objects.create(
            id=number,
            payment=payment,
            amount_minor=amount,
            state="confirmed" if fits else "failed",
            failure="" if fits else "more_than_taken",
            created_at=at,
        )
        _call_back(payment, "refund", _describe_refund(refund), "", at, at)
    return _describe_refund(refund)


def _query_refund(question: dict[str, Any], at: datetime) -> dict[str, Any]:
    refund = SandboxRefund.objects.filter(pk=question["refund"]).first()
    return _describe_refund(refund) if refund else _unknown(question)


def _describe_refund(refund: SandboxRefund) -> dict[str, Any]:
    return {
        "merchant": settings.SANDBOX_MERCHANT,
        "refund": refund.pk,
        "state": refund.state,
        "amount": refund.amount_minor,
        "failure": refund.failure,
    }


def _unknown(question: dict[str, Any]) -> dict[str, Any]:
    return {"merchant": settings.SANDBOX_MERCHANT, "amount": 0, "currency": "", **question, "state": "unknown"}


ANSWERS = {"query": _query, "close": _close, "refund": _refund, "query-refund": _query_refund}
