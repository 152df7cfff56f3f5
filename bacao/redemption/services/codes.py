"""Codes of vouchers: made once, when a voucher is first opened or looked up."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from bacao.redemption import rules
from bacao.redemption.models import VoucherCode
from bacao.redemption.queries import DRAWS, find_typed_code, get_keys
from bacao.redemption.rules.chain import HANDLE_BYTES

if TYPE_CHECKING:
    from bacao.orders.models import Voucher


@transaction.atomic
def ensure_codes(*, vouchers: Sequence["Voucher"], at: datetime) -> dict[UUID, VoucherCode]:
    """Return the codes of vouchers by voucher id, made for those that have none; one statement where all have one.

    Handles are random, typed codes derived: either may collide with another voucher's (RD3, RD12). The table refuses
    the row then, and the next round draws again; a twin request that was faster is simply read back. Codes issued
    under another secret are issued anew.
    """
    wanted = {voucher.pk: voucher for voucher in vouchers}
    for draw in range(DRAWS):
        codes = VoucherCode.objects.in_bulk(list(wanted))
        if stale := [key for key, code in codes.items() if find_typed_code(code) is None]:
            VoucherCode.objects.filter(pk__in=stale).delete()
            codes = {key: code for key, code in codes.items() if key not in stale}
        missing = [voucher for key, voucher in wanted.items() if key not in codes]
        if not missing:
            return codes
        rows = [_draw_code(voucher, draw, at) for voucher in missing]
        VoucherCode.objects.bulk_create([row for row in rows if row], ignore_conflicts=True)
    raise RuntimeError(f"no free code for {len(missing)} vouchers after {DRAWS} draws")


def _draw_code(voucher: "Voucher", draw: int, at: datetime) -> VoucherCode | None:
    """Return a code to try, None where this draw is one of those kept for practice."""
    keys = get_keys()
    typed = rules.typed_code(keys.typed, voucher.pk.bytes, 0, draw)
    if rules.is_practice(typed):
        return None
    return VoucherCode(
        voucher_id=voucher.pk,
        merchant_id=voucher.merchant_id,
        handle=secrets.token_bytes(HANDLE_BYTES),
        typed_hash=rules.look_up_hash(keys.look_up, voucher.merchant_id, typed),
        issued_at=at,
    )
