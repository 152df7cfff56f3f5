"""Keys for five jobs, derived from one secret and kept apart by name."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """`chain` makes seeds (RD4), `typed` makes the twelve digits, `look_up` hashes them for finding (RD12).

    `shop` makes the counters' own keys of the shop's code (RD16), `tag` the shops' keys of tags (RD15).
    """

    chain: bytes
    typed: bytes
    look_up: bytes
    shop: bytes
    tag: bytes


def derive_keys(secret: str) -> Keys:
    """Return the five keys of a deployment, 32 bytes each; none of them tells anything about another."""
    return Keys(
        *(
            hmac.digest(secret.encode(), b"bacao/redemption/" + name, "sha256")
            for name in (b"chain", b"typed", b"look-up", b"shop", b"tag")
        )
    )
