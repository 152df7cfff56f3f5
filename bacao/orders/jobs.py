"""Background shells of purchases: they load ids, read the clock and call one service."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from bacao.orders import queries, services
from bacao.orders.gateways import ProviderUnreachable
from bacao.orders.rules import QUERY_AFTER_SECONDS

LEFT_BEHIND, REFUND_LEFT_BEHIND = timedelta(minutes=1), timedelta(hours=2)
log = structlog.get_logger("bacao.orders")
PATIENT = RetryStrategy(max_attempts=12, exponential_wait=2, retry_exceptions=[ProviderUnreachable])


@app.task(name="orders.process_payment_event", retry=RetryStrategy(max_attempts=5, exponential_wait=2))
def process_payment_event(event_id: int) -> None:
    """Do what a provider's message asks for."""
    services.process_payment_event(event_id=event_id, at=timezone.now())


@app.task(name="orders.query_payment")
def query_payment(payment_id: str, attempt: int) -> None:
    """Ask for a payment that nobody spoke of yet, and come back later (GW5)."""
    payment = queries.get_payment(UUID(payment_id))
    if payment.captured_at or payment.order.cancelled_at:
        return
    later = QUERY_AFTER_SECONDS[attempt + 1 :]
    if later:
        wait = later[0] - QUERY_AFTER_SECONDS[attempt]
        query_payment.configure(schedule_in={"seconds": wait}).defer(payment_id=payment_id, attempt=attempt + 1)
    try:
        services.ask_provider(payment_id=payment.pk, at=timezone.now())
    except ProviderUnreachable as unreachable:
        log.warning("provider_unreachable", reason=str(unreachable))


@app.task(name="orders.close_payment", retry=PATIENT)
def close_payment(payment_id: str) -> None:
    """End the payment of an order that its buyer gave up."""
    services.ask_provider(payment_id=UUID(payment_id), close=True, at=timezone.now())


@app.task(name="orders.send_refund", retry=PATIENT)
def send_refund(refund_id: str) -> None:
    """Have the provider send money back."""
    services.send_refund(refund_id=UUID(refund_id), at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="orders.expire_orders", queueing_lock="orders.expire_orders", lock="orders.expire_orders")
def expire_orders(timestamp: int) -> None:
    """End the unpaid payments of orders whose time ran out, then give the stock back (GW5, PR42).

    Where the provider does not answer, the stock is given back all the same: its page stopped taking money a minute
    ago, and money that arrives nevertheless finds its way (PR41).
    """
    at = timezone.now()
    try:
        for payment_id in queries.list_due_payments(at):
            services.ask_provider(payment_id=payment_id, close=True, at=at)
    except ProviderUnreachable as unreachable:
        log.warning("provider_unreachable", reason=str(unreachable))
    services.expire_orders(at=at)
    services.expire_holds(at=at)


@app.periodic(cron="27 4 * * *")
@app.task(name="orders.forget_quotes", queueing_lock="orders.forget_quotes")
def forget_quotes(timestamp: int) -> None:
    """Drop promises that nobody took and that ran out long ago."""
    services.forget_quotes(at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="orders.close_withdrawn", queueing_lock="orders.close_withdrawn")
def close_withdrawn(timestamp: int) -> None:
    """Close what is unpaid of offers that were withdrawn (PR36)."""
    services.close_withdrawn(at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="orders.pick_up_left", queueing_lock="orders.pick_up_left", lock="orders.pick_up_left")
def pick_up_left(timestamp: int) -> None:
    """Do again what a killed worker left behind: messages never processed, refunds that nobody confirmed."""
    at = timezone.now()
    for event_id in queries.list_left_events(at - LEFT_BEHIND):
        services.process_payment_event(event_id=event_id, at=at)
    try:
        for refund_id in queries.list_left_refunds(at - REFUND_LEFT_BEHIND):
            services.send_refund(refund_id=refund_id, at=at)
    except ProviderUnreachable as unreachable:
        log.warning("provider_unreachable", reason=str(unreachable))
