"""Taking a redemption back inside its window; nothing is deleted (RD41, RD42)."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import transaction

from bacao.kit.services import announce
from bacao.ledger.services import reverse
from bacao.orders.services import mark_unused
from bacao.redemption import rules
from bacao.redemption.models import Arrival, Redemption, Undo
from bacao.redemption.rules import sentences

from .attempts import Answer, CannotRedeem, claim_key, make_answer, refusal, store_answer

if TYPE_CHECKING:
    from bacao.accounts.models import User


@transaction.atomic
def undo_redemption(*, merchant_id: int, clerk: "User | None", redemption_key: UUID, key: UUID, at: datetime) -> Answer:
    """Take back all that one press consumed, within 60 minutes of it; any clerk of the merchant may.

    `redemption_key` is the key it was redeemed under, `key` a new one for this press; the same key gives the same
    answer for ever. The voucher lives again, the books are mirrored, the arrival no longer counts.
    :raises KeyMismatch: the key was used for another request
    """
    if earlier := claim_key(merchant_id=merchant_id, key=key, request={"undo": str(redemption_key)}):
        return earlier
    try:
        rows = _lock_redemptions(merchant_id, redemption_key, at)
        _take_back(rows, clerk, key, at)
        answer = make_answer(201, "undone", sentences.UNDONE, redemption=str(redemption_key))
    except CannotRedeem as reason:
        answer = refusal(reason)
    return store_answer(merchant_id=merchant_id, key=key, answer=answer)


def _lock_redemptions(merchant_id: int, redemption_key: UUID, at: datetime) -> list[Redemption]:
    """Return the rows of a press with their voucher locked, read again after the lock was had."""
    rows = Redemption.objects.filter(merchant=merchant_id, key=redemption_key)
    if not rows.select_related("voucher").select_for_update(of=("voucher",)).first():
        raise CannotRedeem(sentences.UNDO_UNKNOWN, "not_found", 404)
    redemptions = list(rows.select_related("voucher__order", "undo").order_by("use_number"))
    if hasattr(redemptions[0], "undo"):
        raise CannotRedeem(sentences.ALREADY_UNDONE, "already_undone")
    if at - redemptions[0].redeemed_at > rules.UNDO_WINDOW:
        raise CannotRedeem(sentences.TOO_LATE, "too_late")
    return redemptions


def _take_back(rows: list[Redemption], clerk: "User | None", key: UUID, at: datetime) -> None:
    first = rows[0]
    booked = next((row.ledger_id for row in rows if row.ledger_id), None)
    ledger_id = uuid5(NAMESPACE_OID, f"undo {first.merchant_id} {key}") if booked else None
    Undo.objects.bulk_create(
        [Undo(redemption=row, key=key, clerk=clerk, ledger_id=ledger_id, undone_at=at) for row in rows]
    )
    mark_unused(voucher=first.voucher, uses=len(rows), paid_minor=sum(row.paid_minor for row in rows))
    if booked and ledger_id:
        origin = {"voucher": str(first.voucher_id), "order": str(first.voucher.order_id), "key": str(key)}
        reverse(id=ledger_id, reverses=booked, kind="undone", origin=origin, effective_at=at)
    _void_arrival(rows, at)
    announce(kind="redemption", ref_id=first.pk)


def _void_arrival(rows: list[Redemption], at: datetime) -> None:
    """Void the arrival of a press, unless another voucher used on the same visit still vouches for it."""
    arrival = Arrival.objects.filter(redemption__in=rows, void_at=None).first()
    if arrival is None:
        return
    others = Redemption.objects.filter(
        place=arrival.place_id,
        voucher__user=arrival.user_id,
        undo=None,
        arrival=None,
        redeemed_at__gte=arrival.arrived_at,
        redeemed_at__lt=arrival.arrived_at + rules.SAME_VISIT,
    )
    heir = others.order_by("redeemed_at", "pk").first()
    if heir:
        Arrival.objects.filter(pk=arrival.pk).update(redemption=heir, arrived_at=heir.redeemed_at)
    else:
        Arrival.objects.filter(pk=arrival.pk).update(void_at=at)
