"""The rows of a device: redemptions and undos under their keys, and what came of them (X18, X25)."""

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.utils import timezone

from bacao.kit.text import Refused, Text
from bacao.redemption import rules
from bacao.redemption.queries import find_answer, list_redemptions
from bacao.redemption.rules import Preview
from bacao.redemption.services import Answer, Envelope, MoreNeeded, prepare, redeem_row, undo_row
from bacao.redemption.services.attempts import both
from bacao.web.api.calls import Call, NotUnderstood, Reply, read_instant, read_number, read_uuid, refuse, say
from bacao.web.api.logins import NotThisCounter, get_device, read_row_login

if TYPE_CHECKING:
    from bacao.redemption.models import Counter

MOST_MINOR = 10_000_000
HISTORY = 500


class Press(msgspec.Struct, forbid_unknown_fields=True):
    """A code scanned or typed, with what the clerk said of it."""

    token: str | None = None
    typed: str | None = None
    bill_minor: int | None = None
    uses: int | None = None
    vouchers: int | None = None
    clerk: int | None = None
    place: int | None = None
    pressed_at: str | None = None


class TakeBack(msgspec.Struct, forbid_unknown_fields=True):
    """A press to take back."""

    redemption: UUID
    clerk: int | None = None
    place: int | None = None
    pressed_at: str | None = None


class Trouble(msgspec.Struct, forbid_unknown_fields=True):
    """No code could be read: which voucher, and the last word on the screen."""

    reason: str
    token: str | None = None
    typed: str | None = None
    handle: str | None = None
    bill_minor: int | None = None
    clerk: int | None = None
    place: int | None = None
    pressed_at: str | None = None


class UnknownKey(Refused):
    """Nothing arrived under this key: send it."""

    code = "unknown_key"
    text = Text("服务器没有收到过，请再发一次。", "This never arrived; send it.")
    status = 404


def read_press(call: Call) -> Press:
    """Return a press whose numbers are possible. :raises NotUnderstood:"""
    press = call.read(Press)
    limits = ((press.bill_minor, 0, MOST_MINOR), (press.uses, 1, 100), (press.vouchers, 1, 10))
    if any(value is not None and not least <= value <= most for value, least, most in limits):
        raise NotUnderstood
    return press


def preview(call: Call) -> Reply:
    """POST /previews"""
    counter, press = get_device(call), read_press(call)
    _check_place(counter, press.place)
    found = prepare(
        merchant_id=counter.merchant_id,
        place_id=counter.place_id,
        token=press.token,
        typed=press.typed,
        device=str(counter.pk),
        at=call.at,
    )
    return say(200, "usable", preview=preview_as_json(found))


def redeem(call: Call) -> Reply:
    """POST /redemptions"""
    login, press = read_row_login(call), read_press(call)
    try:
        answer = redeem_row(
            login=login,
            envelope=read_envelope(call, press),
            token=press.token,
            typed=press.typed,
            bill_minor=press.bill_minor,
            uses=press.uses,
            vouchers=press.vouchers,
            place_id=press.place,
            at=call.at,
        )
    except MoreNeeded as needed:
        return refuse(needed, preview=preview_as_json(needed.preview))
    return reply_of(answer)


def undo(call: Call) -> Reply:
    """POST /undos"""
    login, asked = read_row_login(call), call.read(TakeBack)
    answer = undo_row(
        login=login,
        envelope=read_envelope(call, asked),
        redemption_key=asked.redemption,
        place_id=asked.place,
        at=call.at,
    )
    return reply_of(answer)


def trouble(call: Call) -> Reply:
    """POST /incidents, from the counter: the promised price is honoured."""
    login, said = read_row_login(call), call.read(Trouble)
    if not 1 <= len(said.reason) <= 40 or (said.bill_minor is not None and not 0 <= said.bill_minor <= MOST_MINOR):
        raise NotUnderstood
    try:
        handle = bytes.fromhex(said.handle or "")
    except ValueError:
        raise NotUnderstood from None
    try:
        answer = redeem_row(
            login=login,
            envelope=read_envelope(call, said),
            token=said.token,
            typed=said.typed,
            bill_minor=said.bill_minor,
            uses=1,
            place_id=said.place,
            honour=said.reason,
            handle=handle,
            at=call.at,
        )
    except MoreNeeded as needed:
        return refuse(needed, preview=preview_as_json(needed.preview))
    return reply_of(answer)


def read_envelope(call: Call, body: Press | TakeBack | Trouble) -> Envelope:
    """Return what stands around the body of a row. :raises NotUnderstood:"""
    maker, served_at = call.header("Counter-Device"), call.header("Counter-Served-At")
    try:
        signature = rules.from_text(call.header("Counter-Signature"))
    except ValueError:
        raise NotUnderstood from None
    return Envelope(
        key=call.key(),
        body=call.body,
        number=read_number(call.header("Counter-Number")),
        signature=signature,
        maker=read_uuid(maker) if maker else None,
        served_at=read_instant(served_at) if served_at else None,
        pressed_at=read_instant(body.pressed_at) if body.pressed_at else None,
        served_by_id=body.clerk,
    )


def history(call: Call) -> Reply:
    """GET /redemptions?since=&until="""
    counter = get_device(call)
    midnight = timezone.localtime(call.at).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = call.query.get("since", ""), call.query.get("until", "")
    rows = list_redemptions(
        counter.merchant_id,
        read_instant(since) if since else midnight - timedelta(days=1),
        read_instant(until) if until else call.at + timedelta(seconds=1),
        counter.place_id,
        HISTORY,
    )
    presses: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        undone = getattr(row, "undo", None)
        terms = row.voucher.order.version
        press = presses.setdefault(
            row.key,
            {
                "redemption": str(row.key),
                "voucher": str(row.voucher_id),
                "title": {"zh": terms.title_zh, "en": terms.title_en},
                "uses": 0,
                "charge_minor": row.charge_minor,
                "proof": row.proof,
                "clerk": row.served_by.name if row.served_by else row.clerk.display_name if row.clerk else "",
                "redeemed_at": row.redeemed_at.isoformat(timespec="seconds"),
                "undone_at": undone.undone_at.isoformat(timespec="seconds") if undone else None,
            },
        )
        press["uses"] += 1
    return say(200, "history", redemptions=list(presses.values()))


def stored(call: Call) -> Reply:
    """GET /redemptions/<key>"""
    counter = get_device(call)
    found = find_answer(counter.merchant_id, read_uuid(call.parts[0]))
    if found is None:
        raise UnknownKey
    return Reply(*found)


def preview_as_json(found: Preview) -> dict[str, Any]:
    """Return a preview as JSON carries it."""
    return asdict(found) | {
        "title": both(found.title),
        "terms": both(found.terms),
        "items": [{**both(name), "quantity": quantity} for name, quantity in found.items],
    }


def reply_of(answer: Answer) -> Reply:
    """Return a stored answer: its status and its own bytes."""
    return Reply(answer.status, answer.body)


def _check_place(counter: "Counter", place: int | None) -> None:
    if place is not None and place != counter.place_id:
        raise NotThisCounter
