"""Taking a redemption back inside its window; nothing is deleted (RD41, RD42)."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, UUID, uuid5

from bacao.kit.services import announce
from bacao.ledger.services import reverse
from bacao.orders.queries import list_vouchers_by_id
from bacao.orders.services import mark_unused
from bacao.redemption import rules
from bacao.redemption.models import Arrival, Redemption, Undo
from bacao.redemption.queries import find_clerk
from bacao.redemption.rules import sentences

from .arriving import pass_visit_on
from .attempts import (
    Answer,
    CannotRedeem,
    DeviceCopied,
    Row,
    claim_key,
    claim_values,
    hash_of,
    make_answer,
    refusal,
    store_answer,
)
from .examining import Claim
from .finding import lock_vouchers
from .logins import Envelope, NotThisCounter, check_pace, give_back_pace, let_in, open_row
from .serving import believe, freeze_device
from .tenancy import counter_transaction, leave_counter

if TYPE_CHECKING:
    from bacao.accounts.models import User


def undo_redemption(
    *, merchant_id: int, clerk: "User | None", redemption_key: UUID, key: UUID, row: Row | None = None, at: datetime
) -> Answer:
    """Take back all that one press consumed, within 60 minutes of it; any clerk of the merchant may.

    `redemption_key` is the key it was redeemed under, `key` a new one for this press; the same key gives the same
    answer for ever. The vouchers live again, the books are mirrored, the arrival no longer counts. A row of a queue is
    judged at the moment when it was pressed, if that is to be believed.
    :raises KeyMismatch: the key was used for another request
    """
    claim = Claim(merchant_id, None, None, None, at, row=row)
    return _undo(lambda: (claim, clerk), redemption_key, key, merchant_id)


def undo_row(
    *, login: tuple[UUID, bytes], envelope: Envelope, redemption_key: UUID, place_id: int | None = None, at: datetime
) -> Answer:
    """Take a press back as a device asks for it; login and row as in `redeem_row`, otherwise as `undo_redemption`."""

    def open_claim() -> "tuple[Claim, User | None]":
        device = let_in(counter_id=login[0], secret_hash=login[1], at=at)
        if place_id not in (None, device.place_id):
            raise NotThisCounter
        check_pace(device, envelope.key)
        return Claim(device.merchant_id, None, None, None, at, row=open_row(device, envelope)), None

    return _undo(open_claim, redemption_key, envelope.key, None)


def _undo(
    open_claim: "Callable[[], tuple[Claim, User | None]]", redemption_key: UUID, key: UUID, merchant_id: int | None
) -> Answer:
    claim: Claim | None = None
    request_hash = hash_of({"undo": str(redemption_key)})
    try:
        with counter_transaction(merchant_id):
            claim, clerk = open_claim()
            row, merchant = claim.row, claim.merchant_id
            values = claim_values(merchant_id=merchant, place_id=None, key=key, request_hash=request_hash, row=row)
            if earlier := claim_key(values):
                give_back_pace(row)
                return earlier
            claim = believe(claim)
            try:
                rows = _lock_redemptions(merchant, redemption_key, claim.when)
                answer = make_answer(201, "undone", sentences.UNDONE, redemption=str(redemption_key))
            except CannotRedeem as reason:
                rows, answer = [], refusal(reason)
            store_answer(merchant_id=merchant, key=key, answer=answer)
            if rows:
                _take_back(rows, clerk, row, key, claim.when)
            return answer
    except DeviceCopied as copied:
        assert claim is not None and claim.row is not None, "only phones number their rows"
        freeze_device(counter_id=claim.row.counter_id, at=claim.at)
        return refusal(copied)


def _lock_redemptions(merchant_id: int, redemption_key: UUID, when: datetime) -> list[Redemption]:
    """Return the rows of a press with their vouchers locked, read again after the locks were had."""
    press = Redemption.objects.filter(merchant=merchant_id, key=redemption_key)
    if not lock_vouchers(list(press.order_by().values_list("voucher", flat=True).distinct())):
        raise CannotRedeem(sentences.UNDO_UNKNOWN, "not_found", 404)
    redemptions = list(press.select_related("undo").order_by("voucher", "use_number"))
    if hasattr(redemptions[0], "undo"):
        raise CannotRedeem(sentences.ALREADY_UNDONE, "already_undone")
    if when - redemptions[0].redeemed_at > rules.UNDO_WINDOW:
        raise CannotRedeem(sentences.TOO_LATE, "too_late")
    return redemptions


def _take_back(rows: list[Redemption], clerk: "User | None", row: Row | None, key: UUID, at: datetime) -> None:
    """Write the undos, then, as the house, give back uses, money and visit."""
    first = rows[0]
    booked = next((each.ledger_id for each in rows if each.ledger_id), None)
    ledger_id = uuid5(NAMESPACE_OID, f"undo {first.merchant_id} {key}") if booked else None
    tile = find_clerk(row.served_by_id, first.merchant_id) if row and row.served_by_id else None
    Undo.objects.bulk_create(
        Undo(redemption=each, key=key, clerk=clerk, served_by=tile, ledger_id=ledger_id, undone_at=at) for each in rows
    )
    leave_counter()
    vouchers = list_vouchers_by_id({each.voucher_id for each in rows})
    for voucher in vouchers.values():
        mine = [each for each in rows if each.voucher_id == voucher.pk]
        mark_unused(voucher=voucher, uses=len(mine), paid_minor=sum(each.paid_minor for each in mine))
    if booked and ledger_id:
        order_id = vouchers[first.voucher_id].order_id
        origin = {"voucher": str(first.voucher_id), "order": str(order_id), "key": str(key)}
        reverse(id=ledger_id, reverses=booked, kind="undone", origin=origin, effective_at=at)
    _void_arrival(rows, at)
    announce(kind="redemption", ref_id=first.pk)


def _void_arrival(rows: list[Redemption], at: datetime) -> None:
    """Void the arrival of a press, unless another voucher used on the same visit still vouches for it."""
    arrival = Arrival.objects.filter(redemption__in=rows, void_at=None).first()
    if arrival is None:
        return
    pass_visit_on(arrival=arrival, at=at)
