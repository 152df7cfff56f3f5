"""Under which names a person is counted where something is limited to so many a person (pricing.md, PR18)."""

import hashlib
import hmac

DOTLESS = {"gmail.com", "googlemail.com"}
"""Where dots before the @ say nothing."""


def unaliased(email: str) -> str:
    """Return the mailbox behind an address: `Lin.Hua+tea@googlemail.com` and `linhua@gmail.com` are one."""
    name, _, host = email.strip().lower().rpartition("@")
    name = name.partition("+")[0]
    if host in DOTLESS:
        name, host = name.replace(".", ""), "gmail.com"
    return f"{name}@{host}"


def identity_of(*, secret: str, kind: str, value: str) -> str:
    """Return a keyed digest that counts a phone number, a mailbox or a card without naming it; 32 characters."""
    digest = hmac.new(secret.encode(), f"identity:{kind}:{value}".encode(), hashlib.sha256).hexdigest()
    return f"{kind}-{digest[:26]}"
