"""The code that a member's phone shows, and what it is checked against."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from bacao.kit.paths import VAR, make_secret
from bacao.redemption import rules
from bacao.redemption.models import VoucherCode

DAYS_AHEAD = 3
DRAWS = 20


@dataclass(frozen=True, slots=True)
class LiveCode:
    """What a member's phone needs to show a voucher for four days without network (RD5).

    `seeds` = 14 bytes by UTC day. `typed` = twelve digits. No part of it may be logged or cached.
    """

    handle: bytes
    typed: str
    seeds: dict[int, bytes]

    def token_at(self, at: datetime) -> str:
        """Return the 47 digits shown at an instant of the days held. :raises KeyError: for another day"""
        day, step = divmod(rules.step_at(at), rules.STEPS_PER_DAY)
        value = rules.value_of(self.seeds[day], self.handle, day, step)
        return rules.encode_token(rules.Token(rules.BC2, self.handle, value))


@lru_cache(maxsize=4)
def derive_keys(secret: str) -> rules.Keys:
    """Return the keys of a deployment; the secret is asked for each time, the derivation remembered."""
    return rules.derive_keys(secret)


def get_keys() -> rules.Keys:
    """Return the keys of this deployment."""
    return derive_keys(settings.SECRET_KEY)


def get_live_code(code: VoucherCode, at: datetime) -> LiveCode:
    """Return what the member's phone shows from today on, for a code from `ensure_codes`; costs no statement."""
    key, today = get_keys().chain, rules.step_at(at) // rules.STEPS_PER_DAY
    days = range(today, today + DAYS_AHEAD + 1)
    seeds = {day: rules.day_seed(key, code.voucher_id.bytes, code.epoch, day) for day in days}
    typed = find_typed_code(code)
    assert typed, "ensure_codes issues digits under the present secret"
    return LiveCode(bytes(code.handle), typed, seeds)


def get_anchors(code: VoucherCode, days: Iterable[int]) -> dict[int, bytes]:
    """Return the ends of a voucher's chains by UTC day: what a counter may know."""
    key, handle = get_keys().chain, bytes(code.handle)
    seeds = {day: rules.day_seed(key, code.voucher_id.bytes, code.epoch, day) for day in days}
    return {day: rules.anchor_of(seed, handle, day) for day, seed in seeds.items()}


def find_typed_code(code: VoucherCode) -> str | None:
    """Return the digits whose keyed hash is stored; None where they were issued under another secret."""
    keys, stored = get_keys(), bytes(code.typed_hash)
    for draw in range(DRAWS):
        typed = rules.typed_code(keys.typed, code.voucher_id.bytes, code.epoch, draw)
        if rules.look_up_hash(keys.look_up, code.merchant_id, typed) == stored:
            return typed
    return None


def get_signing_keys(at: datetime) -> dict[int, bytes]:
    """Return the seeds (32 bytes) of the signatures of the last, this and the next quarter, by key id (RD11).

    They live apart from the master key: in `BACAO_SIGNING_KEYS` (`2026-4:hex,2027-1:hex`), or one file a quarter in
    `var/signing`, made when it is first needed. An id is not used again within four years.
    """
    quarter = at.year * 4 + (at.month - 1) // 3
    return {
        number % rules.KEYS_KEPT: _signing_key(number // 4, number % 4 + 1)
        for number in range(quarter - 1, quarter + 2)
    }


def get_signing_id(at: datetime) -> int:
    """Return the id of the key that signs now."""
    return (at.year * 4 + (at.month - 1) // 3) % rules.KEYS_KEPT


@lru_cache(maxsize=16)
def _signing_key(year: int, quarter: int) -> bytes:
    name = f"{year}-{quarter}"
    given = dict(pair.split(":") for pair in settings.SIGNING_KEYS.split(",") if pair)
    return bytes.fromhex(given[name]) if name in given else make_secret(VAR / "signing" / name)


def list_public_keys(at: datetime) -> list[tuple[int, bytes]]:
    """Return (id, 32 bytes) of each key that a counter checks signed symbols with."""
    return [(key_id, rules.public_key_of(seed)) for key_id, seed in get_signing_keys(at).items()]


def get_signed_heads(code: VoucherCode, offer_id: int, at: datetime) -> dict[int, bytes]:
    """Return the signed heads of today and tomorrow by UTC day, 91 bytes each, for the phone of the member (RD10).

    The phone adds the value of the moment: `rules.encode_signed(head, value)`. Costs a millisecond a day.
    """
    today = rules.step_at(at) // rules.STEPS_PER_DAY
    key_id, keys = get_signing_id(at), get_signing_keys(at)
    anchors = get_anchors(code, (today, today + 1))
    return {
        day: rules.sign_head(keys[key_id], rules.SignedHead(key_id, bytes(code.handle), day, offer_id, anchor))
        for day, anchor in anchors.items()
    }
