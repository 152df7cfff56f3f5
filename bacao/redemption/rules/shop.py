"""The shop's code that a member scans, and the six digits that a counter without network believes (RD16 to RD18).

Whoever holds the counter's own key makes both: the device and the server. The code proves presence to the server, the
digits prove the server's answer to the device.
"""

import base64
import hmac

LIVE_CHARACTERS, STEPS_NEAR, TURNS = 10, 2, 10


def live_code(key: bytes, step: int) -> str:
    """Return the ten characters of a step: 50 bits of an HMAC in base32 (RFC 4648)."""
    mac = hmac.digest(key, b"live" + step.to_bytes(8, "big"), "sha256")
    return base64.b32encode(mac).decode()[:LIVE_CHARACTERS]


def is_live(key: bytes, code: str, now: int) -> bool:
    """Return whether a counter shows these characters at the step `now`, two steps to each side."""
    near = [live_code(key, step) for step in range(now - STEPS_NEAR, now + STEPS_NEAR + 1)]
    return any(hmac.compare_digest(code.upper().encode(), shown.encode()) for shown in near)


def confirmation_digits(key: bytes, step: int, charge_minor: int, turn: int) -> str:
    """Return the six digits of the `turn`-th confirmation of a step, over what the clerk is to charge."""
    message = b"ok" + step.to_bytes(8, "big") + charge_minor.to_bytes(8, "big") + bytes([turn])
    return f"{int.from_bytes(hmac.digest(key, message, 'sha256')[:8], 'big') % 10**6:06d}"
