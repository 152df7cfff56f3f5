"""Who speaks: the device of a login, agreed or not."""

from typing import TYPE_CHECKING
from uuid import UUID

from bacao.redemption import rules
from bacao.redemption.queries import find_login
from bacao.redemption.services import NotThisCounter, SignedOut
from bacao.redemption.services.logins import check_agreed
from bacao.web.api.calls import Call

if TYPE_CHECKING:
    from bacao.redemption.models import Counter

__all__ = ["COOKIE", "COOKIE_SECONDS", "NotThisCounter", "SignedOut", "get_any_device", "get_device", "read_row_login"]

COOKIE = "counter"
COOKIE_SECONDS = 400 * 24 * 3600


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


def read_row_login(call: Call) -> tuple[UUID, bytes]:
    """Return device and hash of a call, not looked up yet. :raises SignedOut: it has none"""
    login = rules.read_login(read_secret(call))
    if login is None:
        raise SignedOut
    return login
