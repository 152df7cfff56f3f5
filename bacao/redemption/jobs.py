"""Background shells of the counter: they read the clock and call one service."""

from uuid import UUID

import structlog
from django.utils import timezone
from procrastinate.contrib.django import app

from bacao.orders.services import SETTLED
from bacao.redemption import services

log = structlog.get_logger("bacao.redemption")


@app.periodic(cron="12 * * * *")
@app.task(name="redemption.decide_due", queueing_lock="redemption.decide_due", pass_context=False)
def decide_due(timestamp: int) -> None:
    """Decide the incidents that nobody decided in time (RD47)."""
    services.decide_due(at=timezone.now())


@app.periodic(cron="33 18 * * *")
@app.task(name="redemption.keep_anchors", queueing_lock="redemption.keep_anchors", pass_context=False)
def keep_anchors(timestamp: int) -> None:
    """Work out tomorrow's anchors in the night of the shops' city."""
    services.keep_anchors(at=timezone.now())


@app.periodic(cron="21 19 * * *")
@app.task(name="redemption.reconcile", queueing_lock="redemption.reconcile", pass_context=False)
def reconcile(timestamp: int) -> None:
    """Count the rows that phones drew and never sent (RD40): owners and the desk see it until they arrive."""
    for counter_id, missing in services.count_missing_rows().items():
        log.warning("rows_missing", counter=str(counter_id), numbers=missing)


@app.task(name=SETTLED)
def note_bill(order_id: str) -> None:
    """Count the visit that a paid bill proves."""
    services.note_bill(order_id=UUID(order_id))


@app.periodic(cron="*/10 * * * *")
@app.task(name="redemption.refund_expired", queueing_lock="redemption.refund_expired", lock="redemption.refund_expired")
def refund_expired(timestamp: int) -> None:
    """Refund what expired unused (X20)."""
    services.refund_expired(at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="redemption.refund_waiting", queueing_lock="redemption.refund_waiting", lock="redemption.refund_waiting")
def refund_waiting(timestamp: int) -> None:
    """Refund what waited for a counter, and what is unused of offers that were withdrawn (PR36)."""
    at = timezone.now()
    services.fulfil_wishes(at=at)
    services.refund_withdrawn(at=at)
