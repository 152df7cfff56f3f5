"""Who speaks: the device of a login, agreed or not."""

from typing import TYPE_CHECKING

from bacao.kit.text import Refused, Text
from bacao.redemption import rules
from bacao.redemption.queries import find_login
from bacao.web.api.calls import Call

if TYPE_CHECKING:
    from bacao.redemption.models import Counter

COOKIE = "counter"
COOKIE_SECONDS = 400 * 24 * 3600


class SignedOut(Refused):
    """There is no such login."""

    code = "signed_out"
    text = Text("这台设备没有登记，请店长同意。", "This device is not enrolled; the owner has to let it in.")
    status = 401


class NotAgreed(Refused):
    """The owner has not answered yet, or turned it away."""

    code = "not_agreed"
    text = Text("等店长同意这台设备。", "Waiting for the owner to let this device in.")
    status = 401


class Revoked(Refused):
    """The owner ended this device."""

    code = "revoked"
    text = Text(
        "这台设备已解绑，请店长重新同意；记录都还在。", "This device was removed; ask the owner again. Rows are kept."
    )
    status = 401


class NotThisCounter(Refused):
    """A device named a place that is not its own."""

    code = "not_this_counter"
    text = Text("这台设备不在那家店。", "This device does not stand at that shop.")
    status = 403


def read_secret(call: Call) -> str:
    """Return what a call says to be let in: its bearer token, else its cookie."""
    bearer = call.header("Authorization")
    return bearer[7:] if bearer.startswith("Bearer ") else call.cookie


def get_any_device(call: Call) -> "Counter":
    """Return the device of a login in whatever state. :raises SignedOut:"""
    login = rules.read_login(read_secret(call))
    counter = find_login(*login) if login else None
    if counter is None:
        raise SignedOut
    return counter


def get_device(call: Call) -> "Counter":
    """Return the agreed device of a login. :raises SignedOut, NotAgreed, Revoked:"""
    counter = get_any_device(call)
    check_agreed(counter.agreed_at is not None, counter.revoked_at is not None)
    return counter


def check_agreed(agreed: bool, revoked: bool) -> None:
    """Accept a device that counts. :raises NotAgreed, Revoked:"""
    if revoked:
        raise Revoked
    if not agreed:
        raise NotAgreed
