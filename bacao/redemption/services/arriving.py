"""Arrivals that a paid bill proves, and what becomes of a visit when its proof is taken back (U43)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from bacao.kit.services import announce
from bacao.orders.queries import get_bill, list_bills_of_visit
from bacao.orders.rules import UNDO_BILL
from bacao.orders.services import undo_bill
from bacao.redemption import rules
from bacao.redemption.models import Arrival, Redemption

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.orders.models import Order


@transaction.atomic
def note_bill(*, order_id: UUID) -> Arrival | None:
    """Count the visit of a settled bill, where somebody showed that they were there and it is not counted yet.

    What shows it: the counter's live code, or the clerk. A bill paid from anywhere else waits until a clerk recognises
    the guest. Several proofs within four hours are one visit; asking twice changes nothing.
    """
    bill = get_bill(order_id)
    order = bill.order
    if bill.settled_at is None or bill.undone_at is not None or not bill.presence:
        return None
    recent = Arrival.objects.filter(user=order.user_id, place=order.place_id, void_at=None)
    if recent.filter(arrived_at__gt=bill.settled_at - rules.SAME_VISIT).exists():
        return None
    arrival, _ = Arrival.objects.get_or_create(
        order=order,
        defaults={
            "place_id": order.place_id,
            "user_id": order.user_id,
            "kind": Arrival.Kind.BILL,
            "arrived_at": bill.settled_at,
        },
    )
    announce(kind="visit", ref_id=order.place_id)
    return arrival


@transaction.atomic
def take_bill_back(
    *, order_id: UUID, merchant_id: int | None, within: timedelta = UNDO_BILL, by: "User | None", at: datetime
) -> "Order":
    """Undo a bill, and its visit; otherwise as `orders.services.undo_bill`."""
    order = undo_bill(order_id=order_id, merchant_id=merchant_id, within=within, by=by, at=at)
    arrival = Arrival.objects.filter(order=order, void_at=None).first()
    if arrival:
        pass_visit_on(arrival=arrival, at=at)
        announce(kind="visit", ref_id=order.place_id)
    return order


def pass_visit_on(*, arrival: Arrival, at: datetime) -> None:
    """Lean a visit on what else proves it, a voucher used or a bill paid since; void it where nothing does."""
    until = arrival.arrived_at + rules.SAME_VISIT
    others = Redemption.objects.filter(
        place=arrival.place_id,
        voucher__user=arrival.user_id,
        undo=None,
        arrival=None,
        redeemed_at__gte=arrival.arrived_at,
        redeemed_at__lt=until,
    )
    rows = Arrival.objects.filter(pk=arrival.pk)
    if heir := others.order_by("redeemed_at", "pk").first():
        rows.update(kind=Arrival.Kind.REDEMPTION, redemption=heir, order=None, arrived_at=heir.redeemed_at)
        return
    bills = list_bills_of_visit(arrival.user_id, arrival.place_id, arrival.arrived_at, until)
    counted = set(Arrival.objects.filter(order__in=[bill.pk for bill in bills]).values_list("order", flat=True))
    bill = next((one for one in bills if one.order_id not in counted), None)
    if bill:
        rows.update(kind=Arrival.Kind.BILL, redemption=None, order=bill.order_id, arrived_at=bill.settled_at)
    else:
        rows.update(void_at=at)
