"""Vouchers: issued when an order is paid, used and unused by guarded updates whose row count is checked."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.utils import timezone

from bacao.kit.text import Refused, Text
from bacao.orders import rules
from bacao.orders.models import Order, Voucher

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion


COUNTERS = ("uses_redeemed", "uses_refunded", "redeemed_minor", "refunded_minor")
USE_MANY = """
    UPDATE orders_voucher voucher
    SET uses_redeemed = voucher.uses_redeemed + used.uses, redeemed_minor = voucher.redeemed_minor + used.part
    FROM unnest(%s::uuid[], %s::int[], %s::int[]) AS used (id, uses, part)
    WHERE voucher.id = used.id
"""

USE_ONE = """
    UPDATE orders_voucher
    SET uses_redeemed = uses_redeemed + %(uses)s, redeemed_minor = redeemed_minor + %(paid_minor)s
    WHERE id = %(voucher)s
"""
"""Consumes uses of a voucher whose row the caller has locked and read, as a part of the caller's own statement."""


class NotEnoughUses(Refused):
    """The voucher has fewer uses left than wanted."""

    code = "too_few_uses"

    def __init__(self, left: int) -> None:
        super().__init__(Text(f"这张券只剩 {left} 次。", f"This voucher has {left} uses left."))


def make_vouchers(order: Order, version: "OfferVersion", merchant_id: int, at: datetime) -> list[Voucher]:
    """Return an order's vouchers, one a unit, not written yet; the uses are those of the version that was bought."""
    until = rules.valid_until(timezone.localtime(at), version.valid_days)
    return [
        Voucher(
            order=order,
            merchant_id=merchant_id,
            user_id=order.user_id,
            unit=unit,
            paid_minor=order.unit_price_minor,
            uses_total=version.uses,
            issued_at=at,
            valid_until=until,
        )
        for unit in range(1, order.quantity + 1)
    ]


def mark_used(*, voucher: Voucher, uses: int, paid_minor: int | None = None) -> int:
    """Consume uses of a voucher inside the caller's transaction; return the part of its price that they carry.

    `paid_minor` = that part where the caller knows which uses they are; otherwise it is that of the first ones left.
    The books must move exactly what this returns. One statement where `voucher` is as fresh as its row.
    :raises NotEnoughUses: nothing was changed
    """
    for stale in (True, False):
        if 1 <= uses <= voucher.uses_left:
            part = sum(rules.parts_of_uses(voucher.left_minor, voucher.uses_left)[:uses])
            part = part if paid_minor is None else paid_minor
            if _count(voucher, uses, part):
                return part
        if stale:
            voucher.refresh_from_db(fields=COUNTERS)
    raise NotEnoughUses(voucher.uses_left)


def mark_unused(*, voucher: Voucher, uses: int, paid_minor: int | None = None) -> int:
    """Give uses back that were consumed, inside the caller's transaction; the counterpart of `mark_used`.

    :raises NotEnoughUses: fewer were consumed; nothing was changed
    """
    for stale in (True, False):
        if 1 <= uses <= voucher.uses_redeemed:
            sold = voucher.uses_total - voucher.uses_refunded
            parts = rules.parts_of_uses(voucher.paid_minor - voucher.refunded_minor, sold)
            part = sum(parts[voucher.uses_redeemed - uses : voucher.uses_redeemed])
            part = part if paid_minor is None else paid_minor
            if _count(voucher, -uses, -part):
                return part
        if stale:
            voucher.refresh_from_db(fields=COUNTERS)
    raise NotEnoughUses(voucher.uses_redeemed)


def _count(voucher: Voucher, uses: int, part: int) -> bool:
    """Move the counters of a voucher if its row is as it was read; return whether it was."""
    seen = {field: getattr(voucher, field) for field in COUNTERS}
    rows = Voucher.objects.filter(pk=voucher.pk, **seen)
    if not rows.update(uses_redeemed=voucher.uses_redeemed + uses, redeemed_minor=voucher.redeemed_minor + part):
        return False
    voucher.uses_redeemed += uses
    voucher.redeemed_minor += part
    return True


def mark_used_many(*, uses: Mapping[UUID, int]) -> None:
    """Consume uses of many vouchers in two statements, inside the caller's transaction; for loading a history.

    :raises NotEnoughUses: one of them has fewer left
    """
    wanted = {key: number for key, number in uses.items() if number}
    vouchers = list(Voucher.objects.filter(pk__in=wanted).order_by("pk").select_for_update())
    assert len(vouchers) == len(wanted), "a voucher that does not exist"
    rows = []
    for voucher in vouchers:
        number = wanted[voucher.pk]
        if number > voucher.uses_left:
            raise NotEnoughUses(voucher.uses_left)
        rows.append((voucher.pk, number, sum(rules.parts_of_uses(voucher.left_minor, voucher.uses_left)[:number])))
    with connection.cursor() as cursor:
        cursor.execute(USE_MANY, [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []])
