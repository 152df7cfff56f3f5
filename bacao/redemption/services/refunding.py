"""Refunds wait for the counter that may use a voucher without network, and for no longer than a day (RD28, RF2)."""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from bacao.orders.queries import lock_voucher
from bacao.orders.services import NotRefundable, request_refund
from bacao.orders.services import refund_expired as refund_free_expired
from bacao.orders.services import refund_withdrawn as refund_free_withdrawn
from bacao.redemption.models import RefundWish
from bacao.redemption.queries import is_held_by_counter, list_held_expired, list_held_withdrawn, list_wishes

from .manifests import ask_lease

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.orders.models import Refund, Voucher


@transaction.atomic
def refund_voucher(*, voucher: "Voucher", by: "User | None", at: datetime) -> "Refund | None":
    """Give a voucher's money back, or note the wish where a counter may use it without network: None.

    That counter is asked for the lease, which returns after its rows; used by then, nothing is left to refund. A lease
    that was being given is seen, for it takes the voucher's row, too.

    :raises NotRefundable: it was used up
    """
    assert by is None or by.pk == voucher.user_id, "one's own vouchers only"
    fresh = lock_voucher(voucher.pk)
    if not fresh.uses_left or not is_held_by_counter(voucher.pk, at):
        return request_refund(voucher=voucher, by=by, at=at)
    RefundWish.objects.update_or_create(voucher=fresh, defaults={"done_at": None}, create_defaults={"asked_at": at})
    ask_lease(voucher_id=voucher.pk, at=at)
    return None


def fulfil_wishes(*, at: datetime) -> int:
    """Refund what waited for a lease that is over now; return how many wishes ended."""
    return sum(_fulfil(voucher_id, at) for voucher_id in list_wishes())


@transaction.atomic
def _fulfil(voucher_id: UUID, at: datetime) -> bool:
    voucher = lock_voucher(voucher_id)
    if voucher.uses_left and is_held_by_counter(voucher_id, at):
        return False
    if not RefundWish.objects.filter(voucher=voucher_id, done_at=None).update(done_at=at):
        return False
    with suppress(NotRefundable):  # it was used before the lease came back
        request_refund(voucher=voucher, by=None, at=at)
    return True


def refund_expired(*, at: datetime) -> int:
    """Refund what expired unused, but for what a counter may have used without network (X20); return how many."""
    return refund_free_expired(without=list_held_expired(at), at=at)


def refund_withdrawn(*, at: datetime) -> int:
    """Refund what is unused of withdrawn offers, but for what a counter may have used without network (PR36)."""
    return refund_free_withdrawn(without=list_held_withdrawn(at), at=at)
