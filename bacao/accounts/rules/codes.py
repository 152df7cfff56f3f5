"""Sign-in codes: how they are kept, how long they live, and how often one may ask and guess."""

import hashlib
import hmac
import ipaddress
import math
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

DIGITS = 6
TRIES = 5
LIFE = timedelta(minutes=10)
RESEND_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `burst` at once, then one every `seconds`."""

    name: str
    burst: int
    seconds: float


# Asking. A household or a school shares an address, so that limit is wide; a contact is somebody's pocket that
# rings, and every message is paid for, so that one is narrow, and narrower still over a day.
ASK_SESSION = Limit("ask-session", 5, 60)
ASK_ADDRESS = Limit("ask-address", 20, 60)
ASK_CONTACT = Limit("ask-contact", 3, 60)
ASK_CONTACT_DAY = Limit("ask-contact-day", 12, 7200)

# Guessing. Each code allows five tries of a million; across codes a contact can be tried 10 times and then 10 times
# an hour, so that a day of guessing at one person succeeds with a chance of 250 in a million.
GUESS_CONTACT = Limit("guess-contact", 10, 360)
GUESS_ADDRESS = Limit("guess-address", 50, 30)


def digest_of_code(*, secret: str, code_id: str, digits: str) -> str:
    """Return the keyed hash under which a sign-in code is kept (HMAC-SHA256, hexadecimal).

    Six digits are guessed in a blink from a plain hash, so the hash is keyed, and bound to the row it stands in.
    """
    return hmac.new(secret.encode(), f"sign-in:{code_id}:{digits}".encode(), hashlib.sha256).hexdigest()


def digest_of_key(*, secret: str, who: str) -> str:
    """Return what stands for a contact, an address or a session in the name of a bucket: no bucket names anybody."""
    return hmac.new(secret.encode(), f"bucket:{who}".encode(), hashlib.sha256).hexdigest()[:40]


def read_code(typed: str) -> str:
    """Return the digits of a code as typed or pasted: `１２３ 456` -> `123456`."""
    return "".join(character for character in unicodedata.normalize("NFKC", typed) if character in "0123456789")


def network_of(address: str) -> str:
    """Return the unit that one subscriber holds: an IPv4 address, or the /64 around an IPv6 address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 6 and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


def minutes_of(seconds: float) -> int:
    """Return a waiting time as whole minutes, rounded up, at least one."""
    return max(1, math.ceil(seconds / 60))
