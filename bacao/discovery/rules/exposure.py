"""What an exposure says: who saw it under which pseudonym, and how likely its slot is looked at (insight.md, 5)."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

POLICY_VERSION = "p1"  # the order of the score, nothing drawn by lot
CERTAIN = 1.0
EXAMINE_HALF = 8  # the slot that is looked at half as often as the first


class Slate(NamedTuple):
    """One list as it was served; `served_ms` = milliseconds since 1970, `number` = base and delta of the index."""

    request_id: UUID
    unit_id: int
    surface: str
    served_ms: int
    shop_ids: Sequence[int]
    number: tuple[int, int]


def unit_of(user_id: int, *, secret: str) -> int:
    """Return a person's pseudonym: 63 bits that only who holds the secret can tie to somebody."""
    digest = blake2b(b"exposure:%d" % user_id, key=secret.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def examine_probability(slot: int) -> float:
    """Return how likely a slot (from 0) is looked at, from its place alone, never from the screen (IN5)."""
    return EXAMINE_HALF / (EXAMINE_HALF + slot)


def slate_hash(shop_ids: Sequence[int]) -> int:
    """Return 63 bits that tell one order of places from another."""
    digest = blake2b(",".join(map(str, shop_ids)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
