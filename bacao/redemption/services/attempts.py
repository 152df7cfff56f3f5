"""Every key ever sent, with its answer: same key, same body, same answer for ever (RD54, RD55)."""

import hashlib
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from bacao.kit.text import Refused, Text
from bacao.redemption.models import Attempt
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


def make_answer(status: int, outcome: str, text: Text, **content: Any) -> Answer:
    """Return an answer; texts are written in both languages, so one stored answer serves every reader."""
    return Answer(status, msgspec.json.encode({"outcome": outcome, "text": both(text), **content}))


def both(text: Text) -> dict[str, str]:
    """Return a text as JSON carries it."""
    return {"zh": text.zh, "en": text.en}


def refusal(reason: CannotRedeem) -> Answer:
    """Return the answer that a refusal is stored as."""
    return make_answer(reason.status, reason.code, reason.text)


def claim_key(*, merchant_id: int, key: UUID, request: dict[str, Any]) -> Answer | None:
    """Insert the key first, inside the caller's transaction; return the stored answer where it was sent before.

    A twin in flight waits here until the first one has committed.
    :raises KeyMismatch: the key stands for another request
    """
    request_hash = hashlib.sha256(msgspec.json.encode(request, order="sorted")).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO redemption_attempt (merchant_id, key, request_hash)"
            " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [merchant_id, key, request_hash],
        )
        if cursor.rowcount == 1:
            return None
    earlier = Attempt.objects.get(merchant=merchant_id, key=key)
    if bytes(earlier.request_hash) != request_hash:
        raise KeyMismatch
    assert earlier.status is not None and earlier.answer is not None, "an attempt commits with its answer or not at all"
    return Answer(earlier.status, bytes(earlier.answer))


def store_answer(*, merchant_id: int, key: UUID, answer: Answer) -> Answer:
    """Store an answer beside its key, and return it."""
    Attempt.objects.filter(merchant=merchant_id, key=key).update(status=answer.status, answer=answer.body)
    return answer
