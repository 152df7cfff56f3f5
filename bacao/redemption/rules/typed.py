"""The typed code: 11 digits and a check digit after Damm, read aloud in three groups (RD12, RD13).

H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004: every single slip and every swap of neighbours is
caught at the twelfth digit, without a request.
"""

import hmac

DIGITS = 12
TAG_HEX = 5
PRACTICE_PREFIX = "0000"
QUASIGROUP = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


def damm_digit(digits: str) -> str:
    """Return the check digit of some digits; it is "0" exactly where a code with its check digit is right."""
    state = "0"
    for digit in digits:
        state = QUASIGROUP[int(state)][int(digit)]
    return state


def is_typed_code(text: str) -> bool:
    """Return whether a text is twelve digits whose last one checks the others."""
    return len(text) == DIGITS and text.isascii() and text.isdigit() and damm_digit(text) == "0"


def is_practice(code: str) -> bool:
    """Return whether a typed code is kept for practice."""
    return code.startswith(PRACTICE_PREFIX)


def typed_code(key: bytes, voucher_id: bytes, epoch: int, draw: int) -> str:
    """Return a voucher's code for a draw 0, 1, ...: the next one where a draw collides or is for practice."""
    message = voucher_id + epoch.to_bytes(4, "big") + draw.to_bytes(4, "big")
    body = f"{int.from_bytes(hmac.digest(key, message, 'sha256'), 'big') % 10**11:011d}"
    return body + damm_digit(body)


def look_up_hash(key: bytes, merchant_id: int, code: str) -> bytes:
    """Return what is stored of a typed code: a keyed hash, good for finding and for nothing else."""
    return hmac.digest(key, merchant_id.to_bytes(8, "big") + code.encode(), "sha256")


def tag_key(key: bytes, merchant_id: int) -> bytes:
    """Return a shop's key of tags, 32 bytes, the same for all its devices and days: see `typed_tag`."""
    return hmac.digest(key, merchant_id.to_bytes(8, "big"), "sha256")


def typed_tag(key: bytes, code: str) -> str:
    """Return what a device may know of a typed code without network: 20 bits of a keyed hash, in hex (RD15).

    So short that about 95,000 codes have the same tag: who takes a manifest does not learn the code, however long they
    compute. Tags under two keys would narrow it down together, therefore a shop has one key.
    """
    return hmac.digest(key, code.encode(), "sha256").hex()[:TAG_HEX]


def grouped(code: str) -> str:
    """Return a code as people read it: 4321 0987 6544."""
    return " ".join(code[i : i + 4] for i in range(0, DIGITS, 4))
