"""The counter's two questions: what does this code hold, and consume it (RD53, RD54)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.utils import timezone

from bacao.kit.text import Refused, Text
from bacao.ledger.services import post
from bacao.offers.rules import say_amount
from bacao.orders.queries import count_usable_of_orders
from bacao.orders.rules import parts_of_uses
from bacao.redemption import rules
from bacao.redemption.rules import Preview, sentences
from bacao.redemption.rules.incidents import DECIDE_WITHIN

from .attempts import (
    Answer,
    CannotRedeem,
    DeviceCopied,
    Row,
    both,
    claim_key,
    claim_values,
    hash_of,
    make_answer,
    refusal,
    store_answer,
)
from .consuming import Consumption, consume
from .examining import AGREEMENT_SECONDS, NOT_FOUND, Claim, Found, Waiting, check_shape, check_typed_alone, judge
from .finding import Loaded, claim_and_lock, find_voucher, lock_siblings
from .honouring import Honour, open_honoured, plan_honour, say_honoured
from .logins import Envelope, NotThisCounter, check_pace, give_back_pace, let_in, open_row
from .manifests import ask_lease
from .serving import believe, freeze_device, note_served
from .tenancy import counter_transaction
from .tries import check_tries, count_wrong_try

if TYPE_CHECKING:
    from bacao.accounts.models import User


class MoreNeeded(Refused):
    """The clerk has to say something first: the bill, or how many uses. Nothing is stored; `preview` says of what."""

    status = 422

    def __init__(self, text: Text, code: str, preview: Preview) -> None:
        self.preview = preview
        super().__init__(text, code=code)


def prepare(
    *,
    merchant_id: int,
    token: str | None = None,
    typed: str | None = None,
    place_id: int | None = None,
    device: str = "",
    row: Row | None = None,
    at: datetime,
) -> Preview:
    """Return what a code holds and consume nothing (X18). A code is a `token` (47 or 253 digits) or `typed` (12).

    :raises WrongShape: it cannot be a code
    :raises TooManyTries: too many wrong codes were typed at this counter
    :raises CannotRedeem: the reason why it cannot be used now
    """
    claim = Claim(merchant_id, place_id, token, typed, at, row=row)
    by, code = check_shape(claim)
    if typed:
        check_tries(merchant_id=merchant_id, device=device, at=at)
    try:
        with counter_transaction(merchant_id):
            loaded = find_voucher(by, _look_up(claim, code))
            try:
                found = judge(claim, loaded)
            except Waiting:
                assert loaded is not None, "somebody waits for a voucher"
                found = judge(replace(claim, late=True), loaded)
    except CannotRedeem as reason:
        if reason.code == NOT_FOUND:
            count_wrong_try(merchant_id=merchant_id, device=device, at=at)
        raise
    order = found.loaded.order_id
    return replace(found.preview, vouchers_left=count_usable_of_orders([order]).get(order, 1))


def redeem_voucher(
    *,
    merchant_id: int,
    place_id: int,
    clerk: "User | None",
    key: UUID,
    token: str | None = None,
    typed: str | None = None,
    bill_minor: int | None = None,
    uses: int | None = 1,
    vouchers: int = 1,
    device: str = "",
    row: Row | None = None,
    at: datetime,
) -> Answer:
    """Consume a voucher exactly once and return what the clerk sees; the same key gives the same bytes for ever.

    `key` is made by the clerk's device for this press, `row` is what a phone says beside it. `uses` None = the clerk
    was not asked yet; `vouchers` = so many of the same order at once, all or none (X24). Business reasons against it
    are answers, too (404, 409). What is raised here is not stored, and the same key may be sent again.

    :raises WrongShape, TooManyTries: as `prepare`
    :raises MoreNeeded: the bill or the number of uses is missing
    :raises Waiting: send it again in a moment
    :raises KeyMismatch: the key was used for another request
    """
    claim = Claim(merchant_id, place_id, token, typed, at, row=row)
    check_shape(claim)
    request = {"redeem": [place_id, token, typed, bill_minor, uses, vouchers]}
    press = Press(claim, key, hash_of(request), clerk, bill_minor, uses, vouchers, device)
    return _redeem(lambda: press, merchant_id)


def redeem_row(
    *,
    login: tuple[UUID, bytes],
    envelope: Envelope,
    token: str | None = None,
    typed: str | None = None,
    bill_minor: int | None = None,
    uses: int | None = None,
    vouchers: int | None = None,
    place_id: int | None = None,
    honour: str = "",
    handle: bytes = b"",
    at: datetime,
) -> Answer:
    """Consume a voucher as a device asks for it, its login and its signature checked; otherwise as `redeem_voucher`.

    `honour` = the last word on the screen: no code could be read, the promised price is honoured and an incident takes
    the use (RD45); then a `handle` from the manifest will do.

    :raises SignedOut, NotAgreed, Revoked, TooFast: of the login (device, SHA-256 of its secret)
    :raises SignatureWrong, NotThisCounter: of the row
    """

    def open_press() -> Press:
        device = let_in(counter_id=login[0], secret_hash=login[1], at=at)
        if place_id not in (None, device.place_id):
            raise NotThisCounter
        check_pace(device, envelope.key)
        row = open_row(device, envelope)
        claim = Claim(device.merchant_id, device.place_id, token, typed, at, row=row, honour=honour, handle=handle)
        request_hash = hash_of([str(device.merchant_id), envelope.body.decode("utf-8", "replace")])
        return Press(claim, envelope.key, request_hash, None, bill_minor, uses, vouchers or 1, str(device.counter_id))

    return _redeem(open_press, None)


def redeem_own(
    *,
    merchant_id: int,
    place_id: int,
    user_id: int,
    voucher_id: UUID,
    key: UUID,
    bill_minor: int | None = None,
    uses: int | None = 1,
    row: Row | None = None,
    at: datetime,
) -> Answer:
    """Consume a voucher under its owner's login, by the shop's code (RD17); otherwise as `redeem_voucher`."""
    claim = Claim(merchant_id, place_id, None, None, at, voucher_id=voucher_id, user_id=user_id, row=row)
    request_hash = hash_of({"own": [place_id, user_id, str(voucher_id), bill_minor, uses]})
    press = Press(claim, key, request_hash, None, bill_minor, uses, 1, f"member:{user_id}")
    return _redeem(lambda: press, merchant_id)


@dataclass(slots=True)
class Press:
    """One request to consume, as it goes through the steps of RD54."""

    claim: Claim
    key: UUID
    request_hash: bytes
    clerk: "User | None"
    bill_minor: int | None
    uses: int | None
    vouchers: int
    device: str


def _redeem(open_press: Callable[[], Press], merchant_id: int | None) -> Answer:
    """Run the transaction, and afterwards what must outlive its rollback."""
    press: Press | None = None
    try:
        with counter_transaction(merchant_id):
            press = open_press()
            answer = _attempt(press)
    except DeviceCopied as copied:
        assert press is not None and press.claim.row is not None, "only phones number their rows"
        freeze_device(counter_id=press.claim.row.counter_id, at=press.claim.at)
        return refusal(copied)
    except Waiting as waiting:
        if press is not None and waiting.code == "waiting_for_counter":
            ask_lease(voucher_id=waiting.voucher_id, at=press.claim.at)
        raise
    if answer.status == 404 and press.claim.user_id is None:
        count_wrong_try(merchant_id=press.claim.merchant_id, device=press.device, at=press.claim.at)
    return answer


def _attempt(press: Press) -> Answer:
    """RD54: the key, the lock, the decision, the facts, the answer. What a phone served already is noted beside it."""
    claim = press.claim
    by, code = check_shape(claim)
    values = _look_up(claim, code) | claim_values(
        merchant_id=claim.merchant_id,
        place_id=claim.place_id,
        key=press.key,
        request_hash=press.request_hash,
        row=claim.row,
    )
    siblings: dict[UUID, tuple[int, int, int, int]] = {}
    if press.vouchers == 1:
        loaded = claim_and_lock(by, values)
    else:
        loaded = claim_key(values) or find_voucher(by, values)
        if isinstance(loaded, Loaded):
            siblings = lock_siblings(loaded.order_id)
            loaded = find_voucher(by, values)
    if isinstance(loaded, Answer):
        answer = note_served(claim, press.key, loaded, None)
        give_back_pace(claim.row)
        return answer
    if claim.typed:
        check_tries(merchant_id=claim.merchant_id, device=press.device, at=claim.at)
    claim = press.claim = believe(claim)
    try:
        found = judge(claim, loaded)
        answer = _consume(press, found, _all_of(press, found, siblings))
    except CannotRedeem as reason:
        answer = refusal(reason)
        voucher_id = loaded.voucher_id if loaded else None
        store_answer(merchant_id=claim.merchant_id, key=press.key, answer=answer, voucher_id=voucher_id)
    return note_served(claim, press.key, answer, loaded)


def _look_up(claim: Claim, code: Any) -> dict[str, Any]:
    """Return what the statements of `finding` need."""
    return {
        "merchant": claim.merchant_id,
        "code": code,
        "manifests_since": claim.at - rules.MANIFEST_LIFE,
        "agreed_since": claim.at - timedelta(seconds=AGREEMENT_SECONDS),
    }


def _all_of(press: Press, found: Found, siblings: dict[UUID, tuple[int, int, int, int]]) -> list[Found]:
    """Return the scanned voucher and as many others of its order as were asked for."""
    if press.vouchers == 1:
        return [found]
    alive = [found]
    for voucher_id, (used, refunded, used_minor, refunded_minor) in siblings.items():
        if voucher_id != found.loaded.voucher_id and len(alive) < press.vouchers:
            other = replace(
                found.loaded,
                voucher_id=voucher_id,
                uses_redeemed=used,
                uses_refunded=refunded,
                redeemed_minor=used_minor,
                refunded_minor=refunded_minor,
            )
            if other.uses_left:
                alive.append(replace(found, loaded=other))
    if len(alive) < press.vouchers:
        raise CannotRedeem(sentences.TOO_FEW_VOUCHERS, "too_few_vouchers")
    return alive


def _bill_of(found: Found, bill_minor: int | None) -> int | None:
    """Return the bill that counts: none where the offer has no use for one."""
    terms = found.terms
    if not terms.needs_bill:
        return None
    if bill_minor is None:
        raise MoreNeeded(sentences.BILL_NEEDED, "bill_needed", found.preview)
    if bill_minor < max(terms.threshold_minor, 1):
        raise CannotRedeem(sentences.below_threshold(terms.threshold_minor, bill_minor), "below_threshold")
    return bill_minor


def _uses_wanted(found: Found, uses: int | None) -> int:
    if uses is None:
        if found.loaded.uses_left > 1:
            raise MoreNeeded(sentences.USES_NEEDED, "uses_needed", found.preview)
        return 1
    if not 1 <= uses <= found.loaded.uses_left:
        raise CannotRedeem(sentences.too_few_uses(found.loaded.uses_left), "too_few_uses")
    return uses


def _consume(press: Press, found: Found, founds: Sequence[Found]) -> Answer:
    """Write redemptions, arrival, vouchers, books and news, and return the stored answer."""
    claim, uses, bill_minor = press.claim, _uses_wanted(found, press.uses), _bill_of(found, press.bill_minor)
    check_typed_alone(claim, found, uses * len(founds), bill_minor)
    consumptions = [_shares_of(each, uses, bill_minor) for each in founds]
    shares = [share for each in consumptions for share in each.shares]
    ledger_id = None
    if any(share.moves_money for share in shares):
        ledger_id = uuid5(NAMESPACE_OID, f"redemption {claim.merchant_id} {press.key}")
    honour = plan_honour(claim, found, shares, press.key) if claim.honour else None
    answer = _success(claim, found, uses, len(founds), bill_minor, press.key, honour)
    first = None
    for number, each in enumerate(consumptions, start=1):
        last = number == len(consumptions)
        first = consume(claim, each, press.key, press.clerk, bill_minor, ledger_id, answer, last=last)
        if first is None:
            raise CannotRedeem(sentences.TOO_MANY_CYCLES, "too_many_cycles")
    if ledger_id:
        post(
            id=ledger_id,
            kind="redeemed",
            entries=rules.entries_of(
                shares,
                order_id=str(found.loaded.order_id),
                offer_id=found.terms.offer_id,
                merchant_id=claim.merchant_id,
                fee_basis_points=found.loaded.fee_basis_points,
            ),
            origin={
                "voucher": str(found.loaded.voucher_id),
                "order": str(found.loaded.order_id),
                "key": str(press.key),
            },
            effective_at=claim.when,
        )
    if honour and first is not None:
        open_honoured(claim, found, honour, first)
    return answer


def _shares_of(found: Found, uses: int, bill_minor: int | None) -> Consumption:
    """Return what so many uses of a voucher move."""
    loaded = found.loaded
    shares = rules.shares_of(
        found.terms,
        paid_parts=parts_of_uses(loaded.left_minor, loaded.uses_left)[:uses],
        first_use=loaded.uses_redeemed,
        bill_minor=bill_minor,
    )
    return Consumption(found, shares, rules.charge_of(found.terms, bill_minor))


def _success(
    claim: Claim, found: Found, uses: int, vouchers: int, bill_minor: int | None, key: UUID, honour: Honour | None
) -> Answer:
    """Return what fills the green screen: what to hand over and what to charge."""
    preview, charge = found.preview, rules.charge_of(found.terms, bill_minor)
    content: dict[str, Any] = {
        "redemption": str(key),
        "voucher": preview.voucher,
        "vouchers": vouchers,
        "title": both(preview.title),
        "items": [{**both(name), "quantity": quantity * vouchers} for name, quantity in preview.items],
        "terms": both(preview.terms),
        "charge_minor": charge,
        "bill_minor": bill_minor,
        "uses": uses,
        "uses_before": found.loaded.uses_left,
        "uses_after": found.loaded.uses_left - uses,
        "uses_total": preview.uses_total,
        "proof": found.proof,
        "redeemed_at": timezone.localtime(claim.when).isoformat(timespec="seconds"),
        "undo_until": timezone.localtime(claim.when + rules.UNDO_WINDOW).isoformat(timespec="seconds"),
    }
    if honour:
        content |= {
            "incident": str(honour.incident_id),
            "difference_minor": honour.difference_minor,
            "decide_by": timezone.localtime(claim.at + DECIDE_WITHIN).isoformat(timespec="seconds"),
        }
        return make_answer(201, "honoured", say_honoured(charge, honour.difference_minor), **content)
    amount = say_amount(charge)
    text = (
        Text(f"收 {amount}", f"Charge {amount}") if charge else Text("已付清，不用收钱", "Paid already, charge nothing")
    )
    return make_answer(201, "redeemed", text, **content)
