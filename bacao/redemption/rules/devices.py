"""A device's login, its signature and its clerks' PINs (RD40, RD49, RD50): pure, no secret is kept here."""

import base64
import hashlib
import hmac
import re
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

POINT_BYTES, SIGNATURE_BYTES, SECRET_BYTES = 65, 64, 32
DIGITS_MINUTES = 15
MOST_WRONG_DIGITS = MOST_WRONG_PINS = 5
VERIFIER_ROUNDS = 100_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # base32, RFC 4648


def login_of(device: UUID, secret: bytes) -> str:
    """Return what a device says to be let in: `<device>.<secret>`."""
    return f"{device}.{to_text(secret)}"


def read_login(text: str) -> tuple[UUID, bytes] | None:
    """Return device and SHA-256 of the secret of a login, None where it is none."""
    device, _, secret = text.partition(".")
    if len(device) != 36 or len(secret) != 43:
        return None
    try:
        return UUID(device), hashlib.sha256(from_text(secret)).digest()
    except ValueError:
        return None


def to_text(raw: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """Return the bytes of base64url without padding. :raises ValueError: it is none"""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text, re.ASCII):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_public_key(point: bytes) -> bool:
    """Return whether 65 bytes are a point of P-256."""
    try:
        _public_key(point)
    except ValueError:
        return False
    return len(point) == POINT_BYTES


def signed_part(key: UUID, device: UUID, number: int, body: bytes) -> bytes:
    """Return the bytes that a device signs of a row."""
    return f"{key}\n{device}\n{number}\n".encode() + body


def is_signed(point: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether `signature` (r ‖ s, as WebCrypto writes it) is of the device whose key `point` is."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        _public_key(point).verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=1024)
def _public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def is_pin(text: str) -> bool:
    """Return whether a text is a PIN of four to six digits that is not all one digit."""
    return bool(re.fullmatch(r"\d{4,6}", text, re.ASCII)) and len(set(text)) > 1


def pin_verifier(pin: str, salt: bytes, rounds: int) -> bytes:
    """Return what a device checks a PIN against without network: PBKDF2-HMAC-SHA256 (RFC 8018), 32 bytes."""
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, rounds)


def code_from(random: bytes) -> str:
    """Return eight characters that name a counter, of five random bytes."""
    return base64.b32encode(random[:5]).decode()


def shop_key(key: bytes, counter: UUID) -> bytes:
    """Return a counter's own key of the shop's code (RD16), 32 bytes."""
    return hmac.digest(key, counter.bytes, "sha256")
