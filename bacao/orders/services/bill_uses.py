"""Own vouchers that a bill's hold takes: off the voucher at once, and back on it if the bill is not paid."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from bacao.orders.models import BillUse, Hold, Voucher
from bacao.orders.queries import HAS_USES_LEFT

from .needs import Pin
from .vouchers import NotEnoughUses, mark_unused, mark_used


def take_vouchers(
    *, hold: Hold, user_id: int, pins: Sequence[Pin], without: Collection[UUID] = (), at: datetime
) -> bool:
    """Use up what a bill counts on, soonest to expire first, in the caller's transaction; False if it is not there.

    `without` = vouchers that cannot be used now.

    The rows are locked in the order of their ids, before any counter; the voucher's own checks repeat that no use and
    no minor unit is taken twice (IN7).
    """
    rows = Voucher.objects.select_related("order").filter(
        ~Q(pk__in=without),
        HAS_USES_LEFT,
        user=user_id,
        order__place=hold.quote.place_id,
        order__offer_version__in=[pin.version.pk for pin in pins if pin.owned],
        valid_until__gt=at,
    )
    vouchers = sorted(
        rows.order_by("pk").select_for_update(of=("self",)), key=lambda one: (one.valid_until, one.issued_at, one.unit)
    )
    taken: list[BillUse] = []
    for pin in pins:
        wanted = pin.owned
        for voucher in vouchers:
            if voucher.order.offer_version_id != pin.version.pk or not wanted:
                continue
            uses = min(wanted, voucher.uses_left)
            try:
                paid = mark_used(voucher=voucher, uses=uses)
            except NotEnoughUses:
                continue
            taken.append(BillUse(hold=hold, voucher=voucher, uses=uses, paid_minor=paid))
            wanted -= uses
        if wanted:
            return False
    BillUse.objects.bulk_create(taken)
    return True


def give_vouchers_back(*, hold: Hold) -> None:
    """Give the uses of a hold that ended, or of a bill that is undone, back to their vouchers; the caller ended it."""
    uses = list(BillUse.objects.filter(hold=hold).order_by("voucher"))
    if not uses:
        return
    rows = Voucher.objects.filter(pk__in=[use.voucher_id for use in uses]).order_by("pk").select_for_update()
    vouchers = {voucher.pk: voucher for voucher in rows}
    for use in uses:
        mark_unused(voucher=vouchers[use.voucher_id], uses=use.uses, paid_minor=use.paid_minor)
