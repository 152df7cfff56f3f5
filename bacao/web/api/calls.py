"""A request of a device as values, and how it is answered: what every handler of the API sees of HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from bacao.kit.text import Refused, Text
from bacao.redemption.services.attempts import both

MOST_BYTES = 64 * 1024
T = TypeVar("T")


class NotUnderstood(Refused):
    """The request has not the shape it must have; the row stays where it is."""

    code = "not_understood"
    text = Text("这次请求看不懂，请更新页面。", "This request cannot be read; reload the page.")
    status = 400


class TooLarge(Refused):
    """More bytes than any row has."""

    code = "too_large"
    text = Text("内容太大。", "Too large.")
    status = 413


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `parts` = what of the path its route leaves open, `header("Counter-Number")` = "" where absent."""

    method: str
    path: str
    query: Mapping[str, str]
    header: Callable[[str], str]
    cookie: str
    body: bytes
    at: datetime
    parts: tuple[str, ...] = ()

    def read(self, shape: type[T]) -> T:
        """Return the body as a value. :raises NotUnderstood: it is none"""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.MsgspecError, ValueError):
            raise NotUnderstood from None

    def key(self) -> UUID:
        """Return the key of a row. :raises NotUnderstood: there is none"""
        return read_uuid(self.header("Idempotency-Key"))


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, JSON bytes, headers beyond the usual ones, and the login that the device is to keep."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    login: str = ""


def read_uuid(text: str) -> UUID:
    """Return a UUID written with hyphens. :raises NotUnderstood:"""
    try:
        if len(text) == 36:
            return UUID(text)
    except ValueError:
        pass
    raise NotUnderstood


def read_instant(text: str) -> datetime:
    """Return an instant that says its offset. :raises NotUnderstood:"""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise NotUnderstood from None
    if instant.tzinfo is None:
        raise NotUnderstood
    return instant


def read_number(text: str, most: int = 2**31 - 1) -> int:
    """Return a whole number from 0 on; "" is 0. :raises NotUnderstood:"""
    if text and not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most):
        raise NotUnderstood
    return int(text or 0)


def say(status: int, outcome: str, **content: Any) -> Reply:
    """Return an answer that is made for this call."""
    return Reply(status, msgspec.json.encode({"outcome": outcome, **content}))


def refuse(refused: Refused, **content: Any) -> Reply:
    """Return a refusal as JSON; those to come back later say when."""
    retry = getattr(refused, "retry_after", None)
    headers = (("Retry-After", str(retry)),) if retry else ()
    body = {"outcome": refused.code, "text": both(refused.text), **content}
    return Reply(refused.status, msgspec.json.encode(body), headers)
