"""Properties of tokens, chains and typed codes (RD1 to RD7, RD12, RD13)."""

import random
from itertools import pairwise

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from bacao.redemption import rules
from bacao.redemption.rules import BC2, STEPS_PER_DAY, Token
from bacao.redemption.rules.chain import SKEW_STEPS

KEYS = rules.derive_keys("a secret of the tests")
VOUCHER = bytes(range(16))
HANDLE = bytes.fromhex("a1b2c3d4e5")
DAY = 20779
MIDDAY = DAY * STEPS_PER_DAY + STEPS_PER_DAY // 2
fast = settings(max_examples=60, deadline=None, database=None)
steps = st.integers(0, STEPS_PER_DAY - 1)
handles = st.binary(min_size=5, max_size=5)
values = st.binary(min_size=14, max_size=14)


def seed(day: int = DAY, epoch: int = 0) -> bytes:
    return rules.day_seed(KEYS.chain, VOUCHER, epoch, day)


ANCHORS = {day: rules.anchor_of(seed(day), HANDLE, day) for day in (DAY - 1, DAY, DAY + 1)}


def shown_at(step: int) -> bytes:
    day, step_of_day = divmod(step, STEPS_PER_DAY)
    return rules.value_of(seed(day), HANDLE, day, step_of_day)


def test_the_three_keys_are_apart() -> None:
    assert len({KEYS.chain, KEYS.typed, KEYS.look_up}) == 3
    assert rules.derive_keys("another secret").chain != KEYS.chain


@given(st.integers(2, 15), handles, values)
@fast
def test_rd1_a_token_is_47_digits_and_comes_back(version: int, handle: bytes, value: bytes) -> None:
    text = rules.encode_token(Token(version, handle, value))
    assert len(text) == 47
    assert text[0] != "0"
    assert rules.decode_token(text) == Token(version, handle, value)


def test_rd1_practice_tokens_are_47_digits_too() -> None:
    text = rules.encode_token(Token(rules.PRACTICE, HANDLE, bytes(14)))
    assert len(text) == 47
    assert rules.decode_token(text) == Token(rules.PRACTICE, HANDLE, bytes(14))


@pytest.mark.parametrize(
    "text", ["", "1" * 46, "1" * 48, "９" * 47, " " + "1" * 46, "-" + "1" * 46, str(2**156), "9" * 47, "1_" + "1" * 45]
)
def test_rd1_other_texts_are_no_token(text: str) -> None:
    assert rules.decode_token(text) is None


@given(st.text(max_size=60))
@fast
def test_rd24_no_text_breaks_the_reader(text: str) -> None:
    assert rules.decode_token(text) is None or (len(text) == 47 and text.isdigit())


def test_rd2_the_symbol_is_version_2_level_q() -> None:
    text = rules.encode_token(Token(BC2, HANDLE, shown_at(MIDDAY)))
    symbol = segno.make(text, error="q", boost_error=False, micro=False)
    assert (symbol.version, symbol.error, symbol.mode, symbol.symbol_size(border=0)) == (2, "Q", "numeric", (25, 25))


@given(steps, st.integers(-4, 4))
@fast
def test_rd6_the_window_is_two_steps_to_each_side_across_midnight_too(step: int, drift: int) -> None:
    shown = DAY * STEPS_PER_DAY + step
    verdict, found = rules.verify(HANDLE, shown_at(shown), ANCHORS, now=shown + drift)
    if abs(drift) <= SKEW_STEPS:
        assert (verdict, found) == (rules.OK, shown)
    else:  # across midnight the other day may no longer be looked at
        assert verdict in ((rules.OLD, rules.FORGED) if drift > 0 else (rules.EARLY, rules.FORGED))


@pytest.mark.parametrize("step", [0, 1, 2, 2877, 2878, 2879])
@pytest.mark.parametrize("drift", [-2, -1, 0, 1, 2])
def test_rd4_edges_of_the_day(step: int, drift: int) -> None:
    shown = DAY * STEPS_PER_DAY + step
    assert rules.verify(HANDLE, shown_at(shown), ANCHORS, now=shown + drift) == (rules.OK, shown)


@pytest.mark.parametrize("step_of_day", [0, 1, 2, 1440, 2879])
def test_rd6_what_a_counter_knows_mints_nothing(step_of_day: int) -> None:
    value = ANCHORS[DAY]
    for _ in range(5):  # the anchor itself, and all that follows from it
        verdict = rules.verify(HANDLE, value, ANCHORS, now=DAY * STEPS_PER_DAY + step_of_day)
        assert verdict == (rules.FORGED, None)
        value = rules.chain_hash(HANDLE, DAY, value)


@given(steps, st.integers(1, 2))
@fast
def test_rd7_an_earlier_value_follows_from_a_later_one_so_steps_must_rise(step: int, back: int) -> None:
    shown = DAY * STEPS_PER_DAY + max(step, back)
    derived = rules.chain_hash(HANDLE, DAY, shown_at(shown), back)
    assert derived == shown_at(shown - back)
    assert rules.verify(HANDLE, derived, ANCHORS, now=shown).verdict == rules.OK
    assert rules.verify(HANDLE, derived, ANCHORS, now=shown, highest=shown).verdict == rules.REPLAYED
    assert rules.verify(HANDLE, shown_at(shown), ANCHORS, now=shown, highest=shown).verdict == rules.REPLAYED
    assert rules.verify(HANDLE, shown_at(shown), ANCHORS, now=shown, highest=shown - 1).verdict == rules.OK


@given(st.integers(0, 46), st.integers(1, 9))
@fast
def test_one_wrong_digit_is_never_accepted(position: int, add: int) -> None:
    text = rules.encode_token(Token(BC2, HANDLE, shown_at(MIDDAY)))
    wrong = str((int(text[position]) + add) % 10)
    token = rules.decode_token(text[:position] + wrong + text[position + 1 :])
    if token is not None and token.version == BC2 and token.handle == HANDLE:
        assert rules.verify(HANDLE, token.value, ANCHORS, now=MIDDAY).verdict == rules.FORGED


def test_rd4_other_voucher_other_day_other_phone() -> None:
    other = bytes.fromhex("0000000001")
    step = MIDDAY % STEPS_PER_DAY
    for value in (
        rules.value_of(seed(), other, DAY, step),
        rules.value_of(seed(DAY + 1), HANDLE, DAY + 1, step),
        rules.value_of(seed(epoch=1), HANDLE, DAY, step),
        rules.value_of(rules.day_seed(KEYS.typed, VOUCHER, 0, DAY), HANDLE, DAY, step),
    ):
        assert rules.verify(HANDLE, value, ANCHORS, now=MIDDAY).verdict == rules.FORGED
    assert rules.verify(HANDLE, shown_at(MIDDAY), {}, now=MIDDAY).verdict == rules.FORGED


@given(values)
@fast
def test_random_values_are_forged(value: bytes) -> None:
    assert rules.verify(HANDLE, value, ANCHORS, now=MIDDAY).verdict == rules.FORGED


def test_rd13_the_published_example_of_damm() -> None:
    assert rules.damm_digit("572") == "4"
    assert rules.is_typed_code("000000000000")


def test_rd13_all_single_slips_and_all_swaps_of_neighbours_are_caught() -> None:
    draw = random.Random(7)
    for _ in range(200):
        body = f"{draw.randrange(10**11):011d}"
        code = body + rules.damm_digit(body)
        assert rules.is_typed_code(code)
        for i, digit in enumerate(code):
            wrong = [code[:i] + other + code[i + 1 :] for other in "0123456789" if other != digit]
            assert not any(map(rules.is_typed_code, wrong))
        for i, (left, right) in enumerate(pairwise(code)):
            if left != right:
                assert not rules.is_typed_code(code[:i] + right + left + code[i + 2 :])


@given(st.binary(min_size=16, max_size=16), st.integers(0, 9), st.integers(0, 9))
@fast
def test_rd12_typed_codes_are_twelve_digits_of_their_own_key(voucher: bytes, epoch: int, draw: int) -> None:
    code = rules.typed_code(KEYS.typed, voucher, epoch, draw)
    assert rules.is_typed_code(code)
    assert code == rules.typed_code(KEYS.typed, voucher, epoch, draw)
    assert code != rules.typed_code(KEYS.typed, voucher, epoch, draw + 1)
    assert code != rules.typed_code(KEYS.look_up, voucher, epoch, draw)


def test_rd12_the_stored_hash_is_of_one_merchant() -> None:
    assert rules.look_up_hash(KEYS.look_up, 1, "432109876544") != rules.look_up_hash(KEYS.look_up, 2, "432109876544")


def test_codes_are_read_in_three_groups() -> None:
    assert rules.grouped("432109876544") == "4321 0987 6544"
