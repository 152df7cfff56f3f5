"""A short-lived proof of who looks, for the address that answers without sessions (discovery.md, DS15).

A token names a person, what they hold and the version of both; it is signed, and good for five minutes. It is worth
nothing once the version is another: when something was granted or ended, the person was blocked, or signed out
everywhere. `web.api.nearby` looks for that every few seconds.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings

if TYPE_CHECKING:
    from bacao.accounts.models import User

GOOD_FOR = timedelta(minutes=5)
LENGTH_MAX = 4096


class Entitlement(msgspec.Struct, array_like=True, frozen=True):
    """What a token says; `keys` in order, `expires` = seconds since 1970."""

    user_id: int
    keys: tuple[str, ...]
    version: str
    expires: int


def issue_token(user: "User", keys: frozenset[str], at: datetime) -> tuple[str, datetime]:
    """Return a token and until when it is good."""
    until = at + GOOD_FOR
    said = Entitlement(user.pk, tuple(sorted(keys)), version_of(user, keys), int(until.timestamp()))
    body = urlsafe_b64encode(msgspec.json.encode(said)).rstrip(b"=")
    return f"{body.decode()}.{_sign(body)}", until


def find_entitlement(token: str, at: datetime) -> Entitlement | None:
    """Return what a token says, None where it is not ours or not good any more."""
    body, _, signature = token.partition(".")
    if len(token) > LENGTH_MAX or not token.isascii() or not hmac.compare_digest(_sign(body.encode()), signature):
        return None
    said = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Entitlement)
    return said if at.timestamp() < said.expires else None


def version_of(user: "User", keys: frozenset[str]) -> str:
    """Return what changes whenever a token must not be believed any more."""
    what = [user.get_session_auth_hash(), user.is_active, user.personal_ranking, sorted(keys)]
    return sha256(msgspec.json.encode(what)).hexdigest()[:16]


def _sign(body: bytes) -> str:
    key = sha256(b"bacao.web.entitlement" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, body, sha256).hexdigest()
