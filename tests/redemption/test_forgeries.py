"""Forged and mutated codes: none is taken, whichever way the server looks at it (RD6, RD9, RD24).

`BACAO_FORGERIES` = how many are tried, 20,000 unless told; the target is 1,000,000 (about a minute).
"""

import os
from collections import Counter
from collections.abc import Callable
from random import Random

from bacao.redemption import rules

FORGERIES = int(os.environ.get("BACAO_FORGERIES", "20000"))
WHOLE_WALKS, SIGNED = 100, 25
"""Of so many one is judged as a whole, which walks to the end of the day, and one as a signed symbol."""
DAY, HANDLE, SEED, OTHER_SEED = 20779, bytes.fromhex("a1b2c3d4e5"), bytes(range(14)), bytes(14)
MORNING, EVENING = 6, rules.STEPS_PER_DAY - 7
"""Steps of the day at which one walk is short: from the window to the anchor, and from the seed to the window."""
ANCHOR = rules.anchor_of(SEED, HANDLE, DAY)


def shown(step: int, *, seed: bytes = SEED, handle: bytes = HANDLE, day: int = DAY) -> bytes:
    return rules.value_of(seed, handle, day, step)


GOOD = {step: [shown(step + skew) for skew in range(-2, 3)] for step in (MORNING, EVENING)}
NOT_NOW = [shown(step) for step in range(60)] + [shown(step) for step in range(rules.STEPS_PER_DAY - 60, 2880)]
FOREIGN = [
    ANCHOR, SEED, shown(MORNING, day=DAY - 1), shown(MORNING, day=DAY + 1), shown(EVENING, day=DAY - 1),
    *(shown(step, seed=OTHER_SEED) for step in GOOD), *(shown(step, handle=bytes(5)) for step in GOOD),
]  # fmt: skip


def is_taken(text: str, step: int) -> bool:
    """Return whether the server would take it for this voucher, as it does it: shape, handle, window."""
    token = rules.decode_token(text)
    if token is None or token.version != rules.BC2 or token.handle != HANDLE:
        return False  # unknown version, or looked up as another voucher
    kept = ANCHOR if step == MORNING else None
    return rules.find_in_window(HANDLE, DAY, token.value, SEED, kept, step) is not None


def told(value: bytes, handle: bytes = HANDLE, version: int = rules.BC2) -> str:
    return rules.encode_token(rules.Token(version, handle, value))


def random_value(random: Random, good: list[bytes]) -> str:
    return told(random.randbytes(14))


def flipped_bits(random: Random, good: list[bytes]) -> str:
    number = int.from_bytes(random.choice(good), "big")
    for _ in range(random.choice((1, 1, 2, 3))):
        number ^= 1 << random.randrange(112)
    return told(number.to_bytes(14, "big"))


def changed_digits(random: Random, good: list[bytes]) -> str:
    digits = list(told(random.choice(good)))
    place = random.randrange(47)
    digits[place] = str((int(digits[place]) + random.randrange(1, 10)) % 10)
    return "".join(digits)


def swapped_digits(random: Random, good: list[bytes]) -> str:
    digits = list(told(random.choice(good)))
    place = random.randrange(46)
    digits[place : place + 2] = reversed(digits[place : place + 2])
    return "".join(digits)


def wrong_length(random: Random, good: list[bytes]) -> str:
    text = told(random.choice(good))
    return random.choice((text[:-1], text[1:], text + "0", "0" + text, text + text, "", text[:20]))


def not_digits(random: Random, good: list[bytes]) -> str:
    text, place = told(random.choice(good)), random.randrange(47)
    return text[:place] + random.choice("xX -+_.\u0661\uff11\u00b2\n") + text[place + 1 :]


def other_version(random: Random, good: list[bytes]) -> str:
    return told(random.choice(good), version=random.choice((0, 1, *range(3, 16))))


def other_handle(random: Random, good: list[bytes]) -> str:
    return told(random.choice(good), handle=random.randbytes(5))


def other_moment(random: Random, good: list[bytes]) -> str:
    return told(random.choice(NOT_NOW))


def other_chain(random: Random, good: list[bytes]) -> str:
    return told(random.choice(FOREIGN))


WAYS: list[Callable[[Random, list[bytes]], str]] = [
    random_value, random_value, flipped_bits, flipped_bits, changed_digits, swapped_digits, wrong_length, not_digits,
    other_version, other_handle, other_moment, other_chain,
]  # fmt: skip


def test_no_forged_token_is_taken() -> None:
    random, tried, taken = Random(7), Counter[str](), []
    for step, good in GOOD.items():
        assert all(is_taken(told(value), step) for value in good), "the honest counterpart"
    honest = {step: {told(value) for value in good} for step, good in GOOD.items()}
    while tried.total() < FORGERIES:
        step = MORNING if random.random() < 0.5 else EVENING
        way = random.choice(WAYS)
        text = way(random, GOOD[step])
        if text in honest[step]:  # two equal digits were swapped, or it was of this moment after all
            continue
        tried[way.__name__] += 1
        if is_taken(text, step):
            taken.append((way.__name__, text))
        if tried.total() % WHOLE_WALKS == 0 and (token := rules.decode_token(text)):
            now = DAY * rules.STEPS_PER_DAY + step
            kept = {DAY: ANCHOR} if step == MORNING else {}
            verdict = rules.verify_by_seed(token.handle, token.value, {DAY: SEED}, now=now, kept=kept)
            if verdict.verdict == rules.OK and (token.handle, token.version) == (HANDLE, rules.BC2):
                taken.append((f"{way.__name__}, whole", text))
    assert not taken
    assert len(tried) == len(set(WAYS))


def test_no_forged_signed_symbol_is_taken() -> None:
    random, secret = Random(8), bytes(range(32))
    public = rules.public_key_of(secret)
    head = rules.sign_head(secret, rules.SignedHead(3, HANDLE, DAY, 31, ANCHOR))
    good = rules.encode_signed(head, shown(MORNING))
    honest = rules.decode_signed(good)
    assert honest is not None
    assert rules.is_head_signed(honest, public)
    for _ in range(FORGERIES // SIGNED):
        raw = bytearray(int(good).to_bytes(105, "big"))
        raw[random.randrange(1, 91)] ^= 1 << random.randrange(8)  # of handle, day, offer, anchor or signature
        token = rules.decode_signed(str(int.from_bytes(raw, "big")))
        assert token is None or not rules.is_head_signed(token, public)
