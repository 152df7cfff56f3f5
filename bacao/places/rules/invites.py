"""The secret in a clerk's invitation."""

import secrets
from hashlib import sha256

INVITE_DAYS = 7


def new_secret() -> str:
    """Return 144 bits nobody can guess, as they stand in a link."""
    return secrets.token_urlsafe(18)


def invite_hash(secret: str) -> str:
    """Return what is kept of a secret. A plain SHA-256 is enough: there is nothing to guess."""
    return sha256(secret.encode()).hexdigest()
