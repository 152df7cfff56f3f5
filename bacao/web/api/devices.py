"""A device's own addresses: asking to stand at a counter, tiles, what it is told for the time without network."""

from typing import TYPE_CHECKING

import msgspec

from bacao.redemption import rules
from bacao.redemption.queries import list_asked_leases
from bacao.redemption.services import (
    PinWrong,
    agree_device,
    check_pin,
    drill,
    enrol_device,
    issue_manifest,
    return_leases,
    revoke_device,
)
from bacao.web.api.calls import Call, NotUnderstood, Reply, read_number, read_uuid, refuse, say
from bacao.web.api.logins import NotThisCounter, get_any_device, get_device

if TYPE_CHECKING:
    from bacao.redemption.models import Counter


class Enrolment(msgspec.Struct, forbid_unknown_fields=True):
    """A phone that asks."""

    place: int
    name: str
    public_key: str


class Pin(msgspec.Struct, forbid_unknown_fields=True):
    """A PIN."""

    pin: str


class Returned(msgspec.Struct, forbid_unknown_fields=True):
    """Leases given back, after all rows up to the number `drawn` were sent."""

    returned: list[str]
    drawn: int


class Practice(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody practised."""

    steps: list[str]
    seconds: int
    clerk: int | None = None


def enrol(call: Call) -> Reply:
    """POST /devices"""
    asked = call.read(Enrolment)
    point, name = _bytes(asked.public_key), asked.name.strip()
    if not rules.is_public_key(point) or not 1 <= len(name) <= 40 or not 0 < asked.place < 2**63:
        raise NotUnderstood
    counter, secret = enrol_device(place_id=asked.place, name=name, public_key=point, at=call.at)
    assert counter.expires_at is not None
    reply = say(
        201,
        "waiting",
        device=str(counter.pk),
        digits=counter.digits,
        expires_at=counter.expires_at.isoformat(timespec="seconds"),
    )
    return Reply(reply.status, reply.body, login=rules.login_of(counter.pk, secret))


def enrolment(call: Call) -> Reply:
    """GET /devices/<device>"""
    counter = _this_device(call)
    place = {"id": counter.place_id, "zh": counter.place.name_zh, "en": counter.place.name_en}
    return say(200, counter.state_at(call.at), place=place, kind=counter.kind)


def agreement(call: Call) -> Reply:
    """POST /devices/<device>/agreement, by the PIN of an owner's tile typed on the phone itself."""
    counter, asked = _this_device(call), call.read(Pin)
    try:
        agree_device(counter_id=counter.pk, pin=asked.pin, at=call.at)
    except PinWrong as wrong:
        return refuse(wrong, tries_left=wrong.tries_left)
    return say(201, "agreed")


def revocation(call: Call) -> Reply:
    """POST /devices/<device>/revocation, by the phone itself."""
    revoke_device(counter_id=_this_device(call).pk, at=call.at)
    return say(201, "revoked")


def unlock(call: Call) -> Reply:
    """POST /clerks/<id>/unlock"""
    counter, asked = get_device(call), call.read(Pin)
    try:
        clerk = check_pin(merchant_id=counter.merchant_id, clerk_id=read_number(call.parts[0]), pin=asked.pin)
    except PinWrong as wrong:
        return refuse(wrong, tries_left=wrong.tries_left)
    return say(200, "unlocked", clerk={"id": clerk.pk, "name": clerk.name, "owner": clerk.is_owner})


def manifest(call: Call) -> Reply:
    """GET /manifest?since=n&drawn=n"""
    counter = get_device(call)
    since, drawn = read_number(call.query.get("since", "")), read_number(call.query.get("drawn", ""))
    return Reply(200, msgspec.json.encode(issue_manifest(counter=counter, since=since, drawn=drawn, at=call.at)))


def leases(call: Call) -> Reply:
    """GET /leases: what another counter waits for; POST /leases: here they are."""
    counter = get_device(call)
    if call.method == "GET":
        return say(200, "leases", asked=[handle.hex() for handle in list_asked_leases(counter.pk)])
    sent = call.read(Returned)
    try:
        handles = [bytes.fromhex(handle) for handle in sent.returned]
    except ValueError:
        raise NotUnderstood from None
    number = return_leases(counter=counter, handles=handles, drawn=sent.drawn, at=call.at)
    return say(201, "returned", leases=number)


def drills(call: Call) -> Reply:
    """POST /drills"""
    counter, done = get_device(call), call.read(Practice)
    if not set(done.steps) <= {"scan", "typed", "undo", "red"} or not 0 <= done.seconds <= 3600 or not done.steps:
        raise NotUnderstood
    drill(counter=counter, clerk_id=done.clerk, steps=done.steps, seconds=done.seconds, at=call.at)
    return say(201, "drilled")


def _this_device(call: Call) -> "Counter":
    """Return the device of the login, which must be the one of the address."""
    counter = get_any_device(call)
    if read_uuid(call.parts[0]) != counter.pk:
        raise NotThisCounter
    return counter


def _bytes(text: str) -> bytes:
    try:
        return rules.from_text(text)
    except ValueError:
        raise NotUnderstood from None
