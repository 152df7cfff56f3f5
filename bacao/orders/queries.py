"""Reads of purchases: orders, vouchers, refunds, and what the jobs have to look after."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, F, Prefetch, Q, QuerySet

from bacao.ledger.queries import list_rooms
from bacao.ledger.rules import MONEY
from bacao.offers.queries import is_time, list_terms
from bacao.offers.rules.situation import Owned
from bacao.orders.models import Bill, BillRequest, BillUse, Hold, Order, Payment, PaymentEvent, Quote, Refund, Voucher
from bacao.orders.rules import credit_account

if TYPE_CHECKING:
    from bacao.accounts.models import User

HAS_USES_LEFT = Q(uses_total__gt=F("uses_redeemed") + F("uses_refunded"))


def get_order(order_id: UUID) -> Order:
    """Return an order with its shop, offer, payment, vouchers and refunds. :raises Order.DoesNotExist:"""
    return _orders().prefetch_related("refunds").get(pk=order_id)


def find_order(order_id: UUID, user: "User") -> Order | None:
    """Return somebody's own order as `get_order` does; None if there is none or it is another person's."""
    return _orders().prefetch_related("refunds").filter(pk=order_id, user=user).first()


def list_orders(user: "User", limit: int | None = None) -> list[Order]:
    """Return somebody's orders, newest first, with shop, offer, payment, vouchers and refunds."""
    return list(_orders().prefetch_related("refunds").filter(user=user).order_by("-placed_at")[:limit])


def find_open_quote(user: "User", offer_id: int, at: datetime) -> Quote | None:
    """Return the promise of somebody about an offer that stands longest, None where none stands that is not taken."""
    taken = Q(holds__state__in=["held", "captured"])
    rows = Quote.objects.filter(user=user, offer_version__offer=offer_id, expires_at__gt=at).exclude(taken)
    return rows.select_related("offer_version").order_by("-expires_at").first()


def find_quote(quote_id: UUID, user: "User") -> Quote | None:
    """Return somebody's own quote with its version and offer."""
    rows = Quote.objects.select_related("offer_version__offer", "place__category", "place__merchant")
    return rows.filter(pk=quote_id, user=user).first()


def find_hold(hold_id: UUID, quote_id: UUID, user: "User") -> Hold | None:
    """Return somebody's hold by its id, or the one that holds the quote."""
    holds = Hold.objects.filter(quote__user=user)
    return holds.filter(pk=hold_id).first() or holds.filter(quote=quote_id, state__in=["held", "captured"]).first()


def get_voucher(voucher_id: UUID) -> Voucher:
    """Return a voucher with its order, shop, offer and owner. :raises Voucher.DoesNotExist:"""
    return _vouchers().get(pk=voucher_id)


def find_voucher(voucher_id: UUID, user: "User") -> Voucher | None:
    """Return somebody's own voucher as `get_voucher` does; None if there is none or it is another person's."""
    return _vouchers().filter(pk=voucher_id, user=user).first()


def lock_voucher(voucher_id: UUID) -> Voucher:
    """Return a voucher and hold its row until the caller's transaction ends. :raises Voucher.DoesNotExist:"""
    return _vouchers().select_for_update(of=("self",)).get(pk=voucher_id)


def list_vouchers(user: "User") -> list[Voucher]:
    """Return all of somebody's vouchers, used ones too, newest first, with refunds."""
    return list(_vouchers().prefetch_related("refunds").filter(user=user).order_by("-issued_at", "order_id", "unit"))


def list_usable_vouchers(user: "User", at: datetime) -> list[Voucher]:
    """Return the vouchers somebody can use at an instant, the one that ends first at the top."""
    rows = _vouchers().filter(HAS_USES_LEFT, user=user, valid_until__gt=at)
    return list(rows.order_by("valid_until", "issued_at", "order_id", "unit"))


def list_owned(user: "User", place_id: int, at: datetime, without: Collection[UUID] = ()) -> tuple[Owned, ...]:
    """Return what somebody owns and may use at a place now, under the terms they bought; one statement, or two.

    What ends first stands first. `without` = vouchers that cannot be used now.
    """
    return _owned(_usable(user, at).filter(order__place=place_id).exclude(pk__in=without), at).get(place_id, ())


def list_owned_anywhere(user: "User", at: datetime) -> dict[int, tuple[Owned, ...]]:
    """Return the same of every place, by place id."""
    return _owned(_usable(user, at), at)


def _usable(user: "User", at: datetime) -> QuerySet[Voucher]:
    rows = Voucher.objects.select_related("order").filter(HAS_USES_LEFT, user=user, valid_until__gt=at)
    return rows.order_by("valid_until", "issued_at", "order_id", "unit")


def _owned(rows: Iterable[Voucher], at: datetime) -> dict[int, tuple[Owned, ...]]:
    vouchers = list(rows)
    terms = list_terms({voucher.order.version_id for voucher in vouchers}) if vouchers else {}
    owned: dict[int, tuple[Owned, ...]] = {}
    for voucher in vouchers:
        bought, gone = terms[voucher.order.version_id], voucher.uses_redeemed + voucher.uses_refunded
        if is_time(bought, at):
            one = Owned(bought, units=voucher.uses_left, first_use=gone, expires_at=voucher.valid_until)
            owned[bought.place_id] = (*owned.get(bought.place_id, ()), one)
    return owned


def get_credit(user_id: int) -> int:
    """Return what somebody has as credit and no open order claims, in minor units."""
    code = credit_account(user_id)
    return max(list_rooms([code], MONEY).get(code, 0), 0)


def list_vouchers_by_id(voucher_ids: Iterable[UUID]) -> dict[UUID, Voucher]:
    """Return vouchers by id with order and merchant and no more, for there may be many; unknown ids are left out."""
    rows = Voucher.objects.select_related("order", "merchant").filter(pk__in=list(voucher_ids))
    return {voucher.pk: voucher for voucher in rows}


def list_vouchers_of_order(order_id: UUID) -> list[Voucher]:
    """Return the vouchers of an order by unit."""
    return list(_vouchers().filter(order=order_id).order_by("unit"))


def list_bill_uses(hold_id: UUID | None) -> list[BillUse]:
    """Return the own vouchers that a bill's hold took, with them."""
    return list(BillUse.objects.select_related("voucher").filter(hold=hold_id).order_by("voucher"))


def find_bill_request(code: str, at: datetime) -> BillRequest | None:
    """Return what a clerk asks for under a code, with its shop; None where it is over, unless it was answered."""
    rows = BillRequest.objects.select_related("place__category", "place__merchant", "order__bill").filter(code=code)
    return rows.filter(Q(expires_at__gt=at) | Q(order__isnull=False)).first()


def get_bill_request(request_id: UUID) -> BillRequest:
    """Return what a clerk asked for, with its shop and answer. :raises BillRequest.DoesNotExist:"""
    return BillRequest.objects.select_related("place", "order__bill", "user").get(pk=request_id)


def find_request_for(user: "User", at: datetime) -> BillRequest | None:
    """Return the newest bill that a clerk asks somebody by name to pay and that nobody answered."""
    rows = BillRequest.objects.select_related("place").filter(user=user, order=None, expires_at__gt=at)
    return rows.order_by("-asked_at").first()


def list_bills(
    place_ids: Iterable[int], since: datetime, until: datetime | None = None, limit: int | None = None
) -> list[Bill]:
    """Return the bills of some places that count, or wait for the clerk, placed since an instant; newest first.

    `.order` with place, user and the clerk's request, and `.settled_by` are loaded; undone ones are among them.
    """
    waits = Q(tender=Bill.Tender.COUNTER, order__cancelled_at=None)
    rows = Bill.objects.filter(Q(settled_at__isnull=False) | waits, order__place__in=list(place_ids))
    rows = rows.filter(order__placed_at__gte=since)
    if until is not None:
        rows = rows.filter(order__placed_at__lt=until)
    loaded = rows.select_related(
        "order__place", "order__user", "order__hold__quote", "order__bill_request", "settled_by"
    )
    return list(loaded.order_by("-order__placed_at")[:limit])


def list_bills_by_ledger(ledger_ids: Iterable[UUID]) -> dict[UUID, Bill]:
    """Return the bills behind ledger transactions, of those that booked them and those that took them back."""
    ids = set(ledger_ids)
    rows = Bill.objects.select_related("order__place", "order__user", "settled_by")
    found = rows.filter(Q(ledger_id__in=ids) | Q(undo_ledger_id__in=ids))
    return {key: bill for bill in found for key in (bill.ledger_id, bill.undo_ledger_id) if key in ids}


def list_bills_without_booking(merchant_id: int, since: datetime, until: datetime) -> list[Bill]:
    """Return the bills of a merchant settled in [since, until) of which no money moved here, undone ones left out."""
    rows = Bill.objects.filter(order__place__merchant=merchant_id, ledger_id=None, undone_at=None)
    return list(rows.filter(settled_at__gte=since, settled_at__lt=until))


def get_bill(order_id: UUID) -> Bill:
    """Return a bill with order, shop and guest. :raises Bill.DoesNotExist:"""
    return Bill.objects.select_related("order__place__merchant", "order__user", "order__hold__quote").get(pk=order_id)


def list_bills_of_visit(user_id: int, place_id: int, since: datetime, until: datetime) -> list[Bill]:
    """Return the bills that count in [since, until), their guest seen at the shop, oldest first."""
    rows = Bill.objects.filter(order__user=user_id, order__place=place_id, undone_at=None)
    shown = rows.filter(settled_at__gte=since, settled_at__lt=until).exclude(presence=Bill.Presence.NONE)
    return list(shown.order_by("settled_at"))


def count_usable_of_orders(order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many vouchers of each order have a use left; orders without any are left out."""
    alive = Voucher.objects.filter(HAS_USES_LEFT, order__in=set(order_ids))
    return dict(alive.values_list("order").annotate(number=Count("pk")).order_by())


def count_sold(place_ids: Iterable[int], since: datetime, until: datetime) -> int:
    """Return how many units were paid at some places in [since, until), refunded ones included."""
    return Voucher.objects.filter(order__place__in=list(place_ids), issued_at__gte=since, issued_at__lt=until).count()


def list_sold_since(place_ids: Iterable[int], since: datetime, limit: int | None = None) -> list[Order]:
    """Return the paid orders of some places since an instant, newest first, with offer and vouchers."""
    rows = _orders().filter(place__in=list(place_ids), paid_at__gte=since, kind=Order.Kind.PURCHASE)
    return list(rows.order_by("-paid_at")[:limit])


def get_event(event_id: int) -> PaymentEvent:
    """Return a stored message of a provider. :raises PaymentEvent.DoesNotExist:"""
    return PaymentEvent.objects.get(pk=event_id)


def get_payment(payment_id: UUID) -> Payment:
    """Return a payment with its order. :raises Payment.DoesNotExist:"""
    return Payment.objects.select_related("order").get(pk=payment_id)


def list_left_events(before: datetime) -> list[int]:
    """Return the ids of messages received before an instant whose processing never ended, oldest first."""
    rows = PaymentEvent.objects.filter(processed_at=None, received_at__lt=before)
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:500])


def list_left_refunds(before: datetime) -> list[UUID]:
    """Return the ids of refunds requested before an instant that are neither confirmed nor failed, oldest first."""
    rows = Refund.objects.filter(confirmed_at=None, failed_at=None, requested_at__lt=before)
    return list(rows.order_by("requested_at").values_list("pk", flat=True)[:500])


def list_due_payments(at: datetime) -> list[UUID]:
    """Return the ids of payments that were started for orders whose hold has ended unpaid, oldest first."""
    rows = Payment.objects.filter(order__paid_at=None, order__cancelled_at=None, order__expires_at__lte=at)
    return list(rows.order_by("order__expires_at").values_list("pk", flat=True)[:500])


def _orders() -> QuerySet[Order]:
    return Order.objects.select_related(
        "place__category",
        "place__merchant",
        "place__district",
        "offer_version__offer",
        "payment",
        "bill",
        "hold__quote",
        "user",
    ).prefetch_related(Prefetch("vouchers", Voucher.objects.order_by("unit")))


def _vouchers() -> QuerySet[Voucher]:
    return Voucher.objects.select_related(
        "order__offer_version__offer",
        "order__hold",
        "order__place__category",
        "order__place__hours",
        "merchant",
        "user",
    )
