"""What an exposure says: who saw it under which pseudonym, and how likely its slot is looked at (insight.md, 5)."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID, uuid4

from bacao.discovery.rules.exploration import Lot, chances, slots_of

POLICY_VERSION = "p2"  # the order of the score, and new places drawn into the slots kept for them
CERTAIN = 1.0
TRIED = "tried"  # why a place stood there: a lot was drawn
EXAMINE_HALF = 8  # the slot that is looked at half as often as the first


class Slate(NamedTuple):
    """One list as it was served; `served_ms` = milliseconds since 1970, `number` = base and delta of the index.

    `lot` = the draw that filled the slots kept for new places, and `tried` = which of the list these are, in order.
    """

    request_id: UUID
    unit_id: int
    surface: str
    served_ms: int
    shop_ids: Sequence[int]
    number: tuple[int, int]
    lot: Lot | None = None
    tried: Sequence[int] = ()

    @classmethod
    def of(
        cls, unit_id: int, surface: str, served_ms: int, shop_ids: Sequence[int], number: tuple[int, int],
        lot: Lot | None = None,
    ) -> "Slate":  # fmt: skip
        """Return the slate of a list with a number of its own, and what was drawn in the slots kept for that."""
        kept = slots_of(len(shop_ids)) if lot else ()
        drawn = set(lot.shop_ids.tolist()) if lot else set()
        tried = [shop_ids[slot] for slot in kept if shop_ids[slot] in drawn]
        return cls(uuid4(), unit_id, surface, served_ms, shop_ids, number, lot, tried)


def propensities(slate: Slate) -> dict[int, float]:
    """Return how likely each place that was drawn was to be drawn into its slot; all others were certain."""
    if slate.lot is None or not slate.tried:
        return {}
    found = chances(slate.lot, slate.tried)
    return {shop_id: float(found[n, n]) for n, shop_id in enumerate(slate.tried)}


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
