"""The signed symbol BC3: for a voucher newer than the counter's last sync (RD9 to RD11), exactly 253 decimal digits.

The platform signs who the voucher is, for which offer and day, and the end of that day's chain; the phone adds the
value of the moment. So it rotates and is checked like BC2, with the anchor taken from the signed head.
"""

from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .chain import HANDLE_BYTES, VALUE_BYTES

BC3 = 3
DIGITS = 253
HEAD_BYTES, SIGNATURE_BYTES = 27, 64
TOTAL_BYTES = HEAD_BYTES + SIGNATURE_BYTES + VALUE_BYTES
KEYS_KEPT = 16
DOMAIN = b"BCS3"


class SignedHead(NamedTuple):
    """4 bits of version, 4 of key id, 40 of handle, 32 of UTC day, 24 of offer number, 112 of anchor."""

    key_id: int
    handle: bytes
    day: int
    offer: int
    anchor: bytes


class SignedToken(NamedTuple):
    """A head, its signature, and the value of the moment."""

    head: SignedHead
    signed: bytes
    signature: bytes
    value: bytes


def pack_head(head: SignedHead) -> bytes:
    """Return the 27 bytes that are signed."""
    return (
        bytes([BC3 << 4 | head.key_id])
        + head.handle
        + head.day.to_bytes(4, "big")
        + (head.offer % (1 << 24)).to_bytes(3, "big")
        + head.anchor
    )


def sign_head(seed: bytes, head: SignedHead) -> bytes:
    """Return 27 bytes of head and 64 of Ed25519 (RFC 8032): what a member's phone fetches; `seed` = 32 secret bytes."""
    packed = pack_head(head)
    return packed + Ed25519PrivateKey.from_private_bytes(seed).sign(DOMAIN + packed)


def public_key_of(seed: bytes) -> bytes:
    """Return the 32 bytes that a counter checks signatures with."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def encode_signed(head: bytes, value: bytes) -> str:
    """Return the 253 digits of a signed head with the value of the moment."""
    return str(int.from_bytes(head + value, "big"))


def decode_signed(text: str) -> SignedToken | None:
    """Return the parts of a signed symbol, None where the text is none; the signature is not looked at."""
    if len(text) != DIGITS or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    if number >> (8 * TOTAL_BYTES - 4) != BC3:
        return None
    raw = number.to_bytes(TOTAL_BYTES, "big")
    signed, signature, value = raw[:HEAD_BYTES], raw[HEAD_BYTES:-VALUE_BYTES], raw[-VALUE_BYTES:]
    handle, rest = signed[1 : 1 + HANDLE_BYTES], signed[1 + HANDLE_BYTES :]
    head = SignedHead(
        signed[0] & 15, handle, int.from_bytes(rest[:4], "big"), int.from_bytes(rest[4:7], "big"), rest[7:]
    )
    return SignedToken(head, signed, signature, value)


def is_head_signed(token: SignedToken, public_key: bytes) -> bool:
    """Return whether a head was signed by the platform with this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(token.signature, DOMAIN + token.signed)
    except InvalidSignature:
        return False
    return True
