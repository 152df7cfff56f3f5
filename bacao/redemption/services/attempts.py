"""Every key ever sent, with its answer: same key, same body, same answer for ever (RD54, RD55)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from bacao.kit.text import Refused, Text
from bacao.redemption.rules import sentences


class Answer(NamedTuple):
    """What is sent back: HTTP status and the exact bytes, always with a field `outcome`."""

    status: int
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The answer as a value."""
        content: dict[str, Any] = msgspec.json.decode(self.body)
        return content

    @property
    def outcome(self) -> str:
        """What became of it: `redeemed`, `undone`, `already_redeemed`, ..."""
        return str(self.content["outcome"])


class KeyMismatch(Refused):
    """The key was used before for another request; nothing was changed and nothing is stored."""

    code = "idempotency_mismatch"
    text = sentences.KEY_MISMATCH
    status = 422


class CannotRedeem(Refused):
    """A business reason why nothing is handed over; it is stored under its key and said again to every retry."""

    def __init__(self, text: Text, code: str, status: int = 409) -> None:
        self.status = status
        super().__init__(text, code=code)


class DeviceCopied(CannotRedeem):
    """A number of a phone came with two keys: somebody copied the phone (section 13)."""

    def __init__(self) -> None:
        super().__init__(sentences.DEVICE_COPIED, "device_copied")


@dataclass(frozen=True, slots=True)
class Row:
    """What a phone says of a row beside its body: its device, number, moment, and whether green was shown before.

    `body` and `signature` were checked; `login_id` = the device that brought it, an earlier enrolment's rows included.
    """

    counter_id: UUID
    number: int | None = None
    signature: bytes | None = None
    pressed_at: datetime | None = None
    served_at: datetime | None = None
    revoked_at: datetime | None = None
    served_by_id: int | None = None
    login_id: UUID | None = None
    body: bytes = b""


def make_answer(status: int, outcome: str, text: Text, **content: Any) -> Answer:
    """Return an answer; texts are written in both languages, so one stored answer serves every reader."""
    return Answer(status, msgspec.json.encode({"outcome": outcome, "text": both(text), **content}))


def both(text: Text) -> dict[str, str]:
    """Return a text as JSON carries it."""
    return {"zh": text.zh, "en": text.en}


def refusal(reason: CannotRedeem) -> Answer:
    """Return the answer that a refusal is stored as."""
    return make_answer(reason.status, reason.code, reason.text)


def hash_of(request: Any) -> bytes:
    """Return SHA-256 of what a key stands for."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).digest()


CLAIM = """
    INSERT INTO redemption_attempt (merchant_id, key, request_hash, counter_id, number, pressed_at, signature, place_id)
    VALUES (%(merchant)s, %(key)s, %(hash)s, %(counter)s, %(number)s, %(pressed_at)s, %(signature)s, %(place)s)
    ON CONFLICT DO NOTHING
"""


def claim_values(
    *, merchant_id: int, place_id: int | None, key: UUID, request_hash: bytes, row: Row | None
) -> dict[str, Any]:
    """Return what `CLAIM` writes."""
    return {
        "merchant": merchant_id,
        "place": place_id,
        "key": key,
        "hash": request_hash,
        "counter": row.counter_id if row else None,
        "number": row.number if row else None,
        "pressed_at": row.pressed_at if row else None,
        "signature": row.signature if row else None,
    }


def claim_key(values: dict[str, Any]) -> Answer | None:
    """Insert the key first, inside the caller's transaction; return the stored answer where it was sent before.

    A twin in flight waits here until the first one has committed.
    :raises KeyMismatch, DeviceCopied: as `get_earlier`
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        if cursor.rowcount == 1:
            return None
    return get_earlier(values)


def get_earlier(values: dict[str, Any]) -> Answer:
    """Return the stored answer of a key that could not be claimed.

    :raises KeyMismatch: the key stands for another request
    :raises DeviceCopied: the key is new, but its number was used before
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT request_hash, status, answer FROM redemption_attempt WHERE merchant_id = %s AND key = %s",
            [values["merchant"], values["key"]],
        )
        earlier = cursor.fetchone()
    if earlier is None:
        raise DeviceCopied
    if bytes(earlier[0]) != values["hash"]:
        raise KeyMismatch
    assert earlier[1] is not None, "an attempt commits with its answer or not at all"
    return Answer(earlier[1], bytes(earlier[2]))


def store_answer(*, merchant_id: int, key: UUID, answer: Answer, voucher_id: UUID | None = None) -> Answer:
    """Store an answer beside its key, and return it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE redemption_attempt SET status = %s, answer = %s, voucher_id = %s"
            " WHERE merchant_id = %s AND key = %s",
            [answer.status, answer.body, voucher_id, merchant_id, key],
        )
    return answer
