"""Bills: placed with everything they need, settled when they are paid, taken back whole."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app as jobs

from bacao.kit.text import Refused, Text
from bacao.ledger.services import LimitReached, post, reverse
from bacao.offers.services import return_claims
from bacao.orders import rules
from bacao.orders.models import Bill, BillRequest, Hold, Order, Quote, Refund
from bacao.orders.queries import list_bill_uses

from .bill_uses import give_vouchers_back
from .books import entries_of_bill
from .holds import Begun, begin_hold, capture_hold, claims_of_hold, fill_hold, once
from .needs import credit_claim
from .place import NoLongerOpen, find_earlier
from .refund import give_money_back

if TYPE_CHECKING:
    from bacao.accounts.models import User

SETTLED = "bill.settled"
"""The news that a bill counts, with `order_id`: a job of whoever cares, in the transaction that settled it."""


class RequestAnswered(Refused):
    """Somebody else pays this bill already, or the clerk's request is over."""

    code = "request_answered"
    text = Text(
        "这张账单已经有人在付，或者过时了，请店员再出一次。",
        "Somebody is paying this bill already, or it is over; ask the clerk for it again.",
    )


class NoSuchBill(Refused):
    """There is no such bill at this shop."""

    code = "not_found"
    text = Text("没有这笔买单。", "There is no such bill.")
    status = 404


class TooLateToUndo(Refused):
    """The time in which it could be taken back is over."""

    code = "too_late"
    text = Text(
        "已过可以撤回的时间，请店长退款或联系客服。", "It is too late to take it back; ask the owner or support."
    )


class PaidOut(Refused):
    """The shop's balance holds less than what would go back."""

    code = "paid_out"
    text = Text(
        "这笔钱已经打给店家，请联系客服退款。", "The shop was paid out already; please ask support for the refund."
    )


@transaction.atomic
def place_bill(
    *,
    user: "User",
    quote_id: UUID,
    presence: str = Bill.Presence.NONE,
    request_id: UUID | None = None,
    without: Collection[UUID] = (),
    at: datetime,
    id: UUID | None = None,
) -> Order:
    """Hold what a quoted bill needs and write its order; where no money is to be asked for, it is settled at once.

    `presence` = how the guest showed that they are at the shop. `request_id` = the clerk's request that it answers.
    `without` = own vouchers that cannot be used now, though the quote may count on them.
    `id` is made by the page: pressing twice gives the same order, and so do two devices with the same quote.

    :raises Difference: what became different, with the old quote and a new one
    :raises RequestAnswered, Busy, OrderIdTaken:
    :raises Quote.DoesNotExist: the person has no such quote
    """
    id = id or uuid4()
    quote = Quote.objects.get(pk=quote_id, user=user, kind=Quote.Kind.BILL)
    return once(
        find_earlier=lambda: find_earlier(id, quote_id, user),
        work=lambda: _place(id, user, quote, presence, request_id, without, at),
        user=user,
        at=at,
    )


def _place(
    id: UUID,
    user: "User",
    quote: Quote,
    presence: str,
    request_id: UUID | None,
    without: Collection[UUID],
    at: datetime,
) -> Order:
    begun = begin_hold(
        id=uuid4(),
        quote_id=quote.pk,
        user=user,
        quantity=1,
        order_id=id,
        credit_most=quote.result["credit"],
        without=without,
        at=at,
    )
    order = _write_order(id, user, begun, presence, at)
    if request_id:
        _answer_request(request_id, order, at)
    fill_hold(begun=begun, at=at)
    if begun.hold.state == Hold.State.CAPTURED:
        settle_bill(order=order, at=at)
    return order


def _write_order(id: UUID, user: "User", begun: Begun, presence: str, at: datetime) -> Order:
    """Write the order of a bill and what it says besides; a bill for the counter asks for no money online."""
    quote = begun.quote
    online = quote.tender == Bill.Tender.ONLINE
    total = quote.unit_price_minor if online else 0
    order = Order.objects.create(
        id=id,
        number=rules.number_of(timezone.localdate(at), begun.number),
        kind=Order.Kind.BILL,
        user=user,
        place=quote.place,
        hold=begun.hold,
        quantity=1,
        unit_price_minor=total,
        unit_list_minor=quote.unit_list_minor,
        total_minor=total,
        credit_minor=begun.credit_minor,
        currency=quote.currency,
        refund_terms_zh=rules.BILL_TERMS.zh,
        refund_terms_en=rules.BILL_TERMS.en,
        placed_at=at,
        expires_at=begun.hold.expires_at,
    )
    Bill.objects.create(
        order=order,
        bill_minor=quote.unit_list_minor,
        undiscounted_minor=quote.undiscounted_minor,
        discount_minor=sum(use["discount"] for use in quote.result["uses"]),
        party=quote.party,
        tender=quote.tender,
        charge_minor=0 if online else quote.unit_price_minor,
        check_digits=f"{secrets.randbelow(10**4):04d}",
        presence=presence,
    )
    return order


def _answer_request(request_id: UUID, order: Order, at: datetime) -> None:
    """Answer a clerk's request once, by guarded update; one whose payment was given up may be answered again."""
    rows = BillRequest.objects.filter(pk=request_id, place=order.place, expires_at__gt=at)
    request = rows.select_for_update(of=("self",)).select_related("order").first()
    if request is None or request.user_id not in (None, order.user_id):
        raise RequestAnswered
    if request.order is not None and request.order.cancelled_at is None:
        raise RequestAnswered
    BillRequest.objects.filter(pk=request_id).update(order=order, user=order.user_id)
    Bill.objects.filter(pk=order.pk).update(presence=Bill.Presence.COUNTER)


def settle_bill(*, order: Order, by: "User | None" = None, at: datetime) -> None:
    """Let a paid bill count, in the transaction that captured its hold: books, dates and news.

    The order's row is locked, or new.
    """
    assert order.hold is not None, "a bill is always held first"
    uses = list_bill_uses(order.hold_id)
    merchant = order.place.merchant
    assert merchant is not None, "only shops have bills"
    entries = entries_of_bill(
        order_id=order.pk,
        total_minor=order.total_minor,
        uses=[(use.voucher.order_id, use.paid_minor) for use in uses],
        funded=[(use["offer"], use["funders"]) for use in order.hold.quote.result["uses"]],
        merchant_id=merchant.pk,
        fee_basis_points=merchant.platform_fee_basis_points,
    )
    ledger_id = uuid5(order.pk, "billed") if any(entry.amount_minor for entry in entries) else None
    if ledger_id:
        post(id=ledger_id, kind="billed", entries=entries, origin={"order": str(order.pk)}, effective_at=at)
    settled = Bill.objects.filter(pk=order.pk, settled_at=None)
    rows = settled.update(settled_at=at, settled_by=by, ledger_id=ledger_id)
    assert rows == 1, "a bill is settled once"
    Order.objects.filter(pk=order.pk).update(paid_at=at, cancelled_at=None, cancel_reason="", hold=order.hold)
    order.paid_at, order.cancelled_at, order.cancel_reason = at, None, ""
    jobs.configure_task(SETTLED).defer(order_id=str(order.pk))


@transaction.atomic
def accept_bill(*, order_id: UUID, place_id: int, by: "User | None", at: datetime) -> Order:
    """Let the clerk say that they took the money of a bill paid at the counter; saying it twice changes nothing.

    :raises NoSuchBill: it is none of this shop's, or was to be paid online
    :raises NoLongerOpen: the guest gave it up, or its time is over
    """
    order = _lock(order_id, place_id)
    if order.bill.tender != Bill.Tender.COUNTER:
        raise NoSuchBill
    if order.paid_at:
        return order
    assert order.hold is not None, "a bill is always held first"
    if order.cancelled_at or at >= order.hold.expires_at:
        raise NoLongerOpen
    capture_hold(hold=order.hold, at=at)
    Bill.objects.filter(pk=order.pk).update(presence=Bill.Presence.COUNTER)
    settle_bill(order=order, by=by, at=at)
    return order


@transaction.atomic
def recognise_guest(*, order_id: UUID, place_id: int, at: datetime) -> Order:
    """Let the clerk say that the guest of a paid bill stands before them: then it counts as an arrival.

    :raises NoSuchBill: it is none of this shop's, or not paid
    """
    order = _lock(order_id, place_id)
    if not order.paid_at or order.bill.undone_at:
        raise NoSuchBill
    if Bill.objects.filter(pk=order.pk, presence=Bill.Presence.NONE).update(presence=Bill.Presence.COUNTER):
        jobs.configure_task(SETTLED).defer(order_id=str(order.pk))
    return order


@transaction.atomic
def undo_bill(
    *, order_id: UUID, merchant_id: int | None, within: timedelta = rules.UNDO_BILL, by: "User | None", at: datetime
) -> Order:
    """Take a settled bill back whole: money, credit, vouchers, counters, budgets, books; twice changes nothing.

    `merchant_id` None = the desk, which may undo anybody's. `within` = how long ago it may be.

    :raises NoSuchBill: it is none of this merchant's, or not paid
    :raises TooLateToUndo:
    :raises PaidOut: the shop's balance is smaller than what goes back
    """
    order = _lock(order_id, None)
    bill, hold = order.bill, order.hold
    if bill.settled_at is None or (merchant_id is not None and order.place.merchant_id != merchant_id):
        raise NoSuchBill
    if bill.undone_at:
        return order
    if at > bill.settled_at + within:
        raise TooLateToUndo
    assert hold is not None, "a bill is always held first"
    bill.undone_at, bill.undo_ledger_id = at, uuid5(order.pk, "unbilled") if bill.ledger_id else None
    Bill.objects.filter(pk=order.pk).update(undone_at=at, undone_by=by, undo_ledger_id=bill.undo_ledger_id)
    give_vouchers_back(hold=hold)
    if hold.claims:
        return_claims(claims=claims_of_hold(hold), at=at)
    try:
        _mirror(order, bill, hold, at)
    except LimitReached:
        raise PaidOut from None
    give_money_back(order=order, amount_minor=order.total_minor, cause=Refund.Cause.UNDONE, at=at)
    return order


def _mirror(order: Order, bill: Bill, hold: Hold, at: datetime) -> None:
    """Book the opposite of what the bill booked: between shop, guest and vouchers, and in the budgets."""
    origin = {"order": str(order.pk)}
    if bill.ledger_id and bill.undo_ledger_id:
        reverse(id=bill.undo_ledger_id, reverses=bill.ledger_id, kind="unbilled", origin=origin, effective_at=at)
    for pending in sorted(set(hold.pendings) - {credit_claim(hold.pk)}):
        promised, returned = uuid5(pending, "posted"), uuid5(pending, "returned")
        reverse(id=returned, reverses=promised, kind="returned", origin=origin, effective_at=at)


def _lock(order_id: UUID, place_id: int | None) -> Order:
    rows = Order.objects.filter(kind=Order.Kind.BILL).select_related("hold__quote", "place__merchant", "bill", "user")
    rows = rows if place_id is None else rows.filter(place=place_id)
    order = rows.select_for_update(of=("self",)).filter(pk=order_id).first()
    if order is None:
        raise NoSuchBill
    order.bill.refresh_from_db()
    return order
