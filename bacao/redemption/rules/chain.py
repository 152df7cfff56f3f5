"""The hash chain behind the rotating code (RD4 to RD7): whoever holds its end can check a value and mint none.

One chain per voucher and UTC day. The member's phone holds the seed; hashing it 2880 times gives the anchor. The
code of step s is s + 1 hashes away from the anchor, so the number of hashes is the step. After Lamport's one-time
passwords (Communications of the ACM 24/11, 1981).
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

STEP_SECONDS = 30
STEPS_PER_DAY = 2880
SKEW_STEPS = 2
"""A code is good for its own step and two to each side: 60 s of difference between two clocks."""

HANDLE_BYTES, VALUE_BYTES = 5, 14

OK, OLD, EARLY, REPLAYED, FORGED = "ok", "old", "early", "replayed", "forged"


NO_ANCHORS: Mapping[int, bytes] = MappingProxyType({})


class Verdict(NamedTuple):
    """What a shown value proves; `step` counts from 1970 in steps of 30 s, None where no chain was met."""

    verdict: str
    step: int | None


def step_at(at: datetime) -> int:
    """Return the step of an instant, counted from 1970."""
    return int(at.timestamp()) // STEP_SECONDS


def day_seed(key: bytes, voucher_id: bytes, epoch: int, day: int) -> bytes:
    """Return the seed of a voucher (16 bytes) on a phone (epoch) for a UTC day: HKDF-SHA256 (RFC 5869), 14 bytes."""
    pseudo_random = hmac.digest(b"bacao-bc2-seed", key, "sha256")
    info = voucher_id + epoch.to_bytes(4, "big") + day.to_bytes(4, "big")
    return hmac.digest(pseudo_random, info + b"\x01", "sha256")[:VALUE_BYTES]


def chain_hash(handle: bytes, day: int, value: bytes, times: int = 1) -> bytes:
    """Return the value `times` links further: 4 + 5 + 4 + 14 = 27 bytes, one block of SHA-256 each."""
    prefix = b"BCR2" + handle + day.to_bytes(4, "big")
    for _ in range(times):
        value = hashlib.sha256(prefix + value).digest()[:VALUE_BYTES]
    return value


def value_of(seed: bytes, handle: bytes, day: int, step_of_day: int) -> bytes:
    """Return what the phone shows at a step of the day, 0 ... 2879."""
    return chain_hash(handle, day, seed, STEPS_PER_DAY - 1 - step_of_day)


@lru_cache(maxsize=4096)
def anchor_of(seed: bytes, handle: bytes, day: int) -> bytes:
    """Return the end of a day's chain; it is public and mints nothing."""
    return chain_hash(handle, day, seed, STEPS_PER_DAY)


def anchors_by_day(first_day: int, kept: bytes) -> dict[int, bytes]:
    """Return anchors by UTC day as they are kept: one after the other, 14 bytes each."""
    return {first_day + n: kept[VALUE_BYTES * n :][:VALUE_BYTES] for n in range(len(kept) // VALUE_BYTES)}


def find_step(handle: bytes, day: int, anchor: bytes, value: bytes, steps: int = STEPS_PER_DAY) -> int | None:
    """Return how far along its day a value is, None where it does not meet the anchor as one of the first `steps`.

    The anchor itself is zero hashes away and proves nothing: it is known to every counter (RD6).
    """
    prefix = b"BCR2" + handle + day.to_bytes(4, "big")
    for step in range(steps):
        value = hashlib.sha256(prefix + value).digest()[:VALUE_BYTES]
        if value == anchor:
            return step
    return None


def days_near(step: int) -> tuple[int, ...]:
    """Return the UTC days that a code shown around this step can belong to: two near midnight, else one."""
    return tuple(sorted({(step + skew) // STEPS_PER_DAY for skew in (-SKEW_STEPS, SKEW_STEPS)}))


def verify_by_seed(
    handle: bytes,
    value: bytes,
    seeds: Mapping[int, bytes],
    *,
    now: int,
    highest: int = -1,
    kept: Mapping[int, bytes] = NO_ANCHORS,
) -> Verdict:
    """Judge a shown value as `verify` does, by whoever knows the seeds by day: the server.

    From the seed it is as far to the window as from the window to the anchor, so a good code costs one walk, the
    shorter one where the day's anchor was `kept`, and only a bad one the walk to its anchor that names the reason.
    """
    for day in days_near(now):
        if day not in seeds:
            continue
        step_of_day = find_in_window(handle, day, value, seeds[day], kept.get(day), now - day * STEPS_PER_DAY)
        if step_of_day is not None:
            step = day * STEPS_PER_DAY + step_of_day
            return Verdict(OK if step > highest else REPLAYED, step)
    anchors = {day: anchor_of(seed, handle, day) for day, seed in seeds.items()}
    verdict = verify(handle, value, anchors, now=now, highest=highest)
    if verdict.verdict != FORGED or len(seeds) == len(days_near(now)):
        return verdict
    return _find_far(handle, value, anchors, now)


def find_in_window(
    handle: bytes, day: int, value: bytes, seed: bytes, anchor: bytes | None, now_of_day: int
) -> int | None:
    """Return the step of the day at which a value is shown, None where that is not about `now_of_day`, by one walk."""
    first, last = max(now_of_day - SKEW_STEPS, 0), min(now_of_day + SKEW_STEPS, STEPS_PER_DAY - 1)
    if anchor is not None and last < STEPS_PER_DAY // 2:
        step_of_day = find_step(handle, day, anchor, value, last + 1)
        return step_of_day if step_of_day is not None and step_of_day >= first else None
    shown = value_of(seed, handle, day, last)
    for step_of_day in range(last, first - 1, -1):
        if shown == value:
            return step_of_day
        shown = chain_hash(handle, day, shown)
    return None


def _find_far(handle: bytes, value: bytes, anchors: Mapping[int, bytes], now: int) -> Verdict:
    """Judge a value that is of another day than `now`: it can only be old or early."""
    for day, anchor in anchors.items():
        step_of_day = find_step(handle, day, anchor, value)
        if step_of_day is not None:
            step = day * STEPS_PER_DAY + step_of_day
            return Verdict(OLD if step < now else EARLY, step)
    return Verdict(FORGED, None)


def verify(handle: bytes, value: bytes, anchors: Mapping[int, bytes], *, now: int, highest: int = -1) -> Verdict:
    """Judge a shown value against the anchors by day, at the step `now`; `highest` = highest step used before.

    Steps must rise: whoever saw one value can compute every earlier one (RD7).
    """
    for day in days_near(now):
        step_of_day = find_step(handle, day, anchors[day], value) if day in anchors else None
        if step_of_day is None:
            continue
        step = day * STEPS_PER_DAY + step_of_day
        if step < now - SKEW_STEPS:
            return Verdict(OLD, step)
        if step > now + SKEW_STEPS:
            return Verdict(EARLY, step)
        return Verdict(OK if step > highest else REPLAYED, step)
    return Verdict(FORGED, None)
