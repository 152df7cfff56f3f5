"""The token BC2: what the QR code says, exactly 47 decimal digits (RD1)."""

from typing import NamedTuple

from .chain import HANDLE_BYTES, VALUE_BYTES

PRACTICE, BC2 = 1, 2
DIGITS = 47
BITS_OF_BODY = 8 * (HANDLE_BYTES + VALUE_BYTES)


class Token(NamedTuple):
    """4 bits of version, 40 bits of voucher handle, 112 bits of chain value."""

    version: int
    handle: bytes
    value: bytes


def encode_token(token: Token) -> str:
    """Return the 47 digits of a token. From version 2 up the first one is never 0."""
    body = int.from_bytes(token.handle + token.value, "big")
    return str(token.version << BITS_OF_BODY | body).zfill(DIGITS)


def decode_token(text: str) -> Token | None:
    """Return the token that a text is, or None: wrong length, other characters, 2^156 and above."""
    if len(text) != DIGITS or not (text.isascii() and text.isdigit()):
        return None
    version, body = divmod(int(text), 1 << BITS_OF_BODY)
    if version > 15:
        return None
    raw = body.to_bytes(HANDLE_BYTES + VALUE_BYTES, "big")
    return Token(version, raw[:HANDLE_BYTES], raw[HANDLE_BYTES:])
