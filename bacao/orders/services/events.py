"""What a provider tells us by itself: stored byte for byte, then believed or not, then processed once (GW1, GW3)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from procrastinate.contrib.django import app as jobs

from bacao.kit.services import take_token
from bacao.orders.gateways import CallbackRefused, get_gateway
from bacao.orders.models import PaymentEvent
from bacao.orders.rules import PaymentNews

from .pay import apply_payment_news
from .refund import apply_refund_news

REFUSALS_KEPT, REFUSALS_A_SECOND = 200.0, 0.1
"""How many forged callbacks are kept: what strangers send must not fill the disk."""

log = structlog.get_logger("bacao.orders")


def record_callback(*, provider: str, headers: Mapping[str, str], body: bytes, at: datetime) -> bool:
    """Verify and store a callback, have a job process it, and return whether it is believed.

    A second delivery only counts up. What is refused (forged, tampered with, stale) is stored under a number of ours,
    so that it cannot take the place of the true event.
    """
    try:
        event_id = get_gateway(provider).parse_callback(headers, body, at).event_id
    except CallbackRefused as refusal:
        log.warning("callback_refused", provider=provider, reason=str(refusal))
        _store_refused(provider, headers, body, str(refusal), at)
        return False
    with transaction.atomic():
        event, is_new = PaymentEvent.objects.get_or_create(
            provider=provider, event_id=event_id, defaults={"headers": dict(headers), "body": body}
        )
        if is_new:
            jobs.configure_task("orders.process_payment_event").defer(event_id=event.pk)
        else:
            PaymentEvent.objects.filter(pk=event.pk).update(times=F("times") + 1)
    return True


def _store_refused(provider: str, headers: Mapping[str, str], body: bytes, reason: str, at: datetime) -> None:
    key = f"refused-callbacks-{provider}"
    if not take_token(key=key, capacity=REFUSALS_KEPT, refill_per_second=REFUSALS_A_SECOND, at=at):
        return
    content = repr(sorted(headers.items())).encode() + body
    PaymentEvent.objects.get_or_create(
        provider=provider,
        event_id=f"refused-{hashlib.sha256(content).hexdigest()[:40]}",
        defaults={"headers": dict(headers), "body": body, "processed_at": at, "outcome": f"refused: {reason}"},
    )


@transaction.atomic
def process_payment_event(*, event_id: int, at: datetime) -> str:
    """Do what a stored event asks for, once, and return its outcome; everything commits together or not at all."""
    event = PaymentEvent.objects.select_for_update().get(pk=event_id)
    if event.processed_at:
        return event.outcome
    try:
        news = get_gateway(event.provider).read_event(bytes(event.body))
    except CallbackRefused as refusal:
        outcome = f"refused: {refusal}"
    else:
        if isinstance(news, PaymentNews):
            outcome = apply_payment_news(provider=event.provider, news=news, at=at)
        else:
            outcome = apply_refund_news(provider=event.provider, news=news, at=at)
    PaymentEvent.objects.filter(pk=event_id).update(processed_at=at, outcome=outcome)
    return outcome
