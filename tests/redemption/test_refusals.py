"""What the counter refuses, and what it says then (RD6, RD7, RD14, RD55, X18)."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from bacao.orders.models import Voucher
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Redemption, VoucherCode
from bacao.redemption.services import (
    CannotRedeem,
    TooManyTries,
    WrongShape,
    prepare,
    redeem_voucher,
)
from tests import factories
from tests.factories import Shop, make_shop

SHANGHAI = ZoneInfo("Asia/Shanghai")
STEP = timedelta(seconds=rules.STEP_SECONDS)


def test_rd55_a_refusal_is_stored_too(shop: Shop, at: datetime) -> None:
    voucher, key = shop.sell(at), uuid4()
    shop.redeem(voucher, at)
    token = shop.token(voucher, at + STEP)
    first = shop.redeem(voucher, at + STEP, key=key, token=token)
    assert (first.status, first.outcome) == (409, "already_redeemed")
    assert shop.redeem(voucher, at + 3 * STEP, key=key, token=token) == first


# Refusals, each with its own sentence


def test_rd7_steps_must_rise(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, kind="card", uses=5)
    token = shop.token(voucher, at)
    assert shop.redeem(voucher, at, token=token).outcome == "redeemed"
    assert shop.redeem(voucher, at, token=token).outcome == "replayed"
    assert shop.redeem(voucher, at, token=shop.token(voucher, at - STEP)).outcome == "replayed"
    assert shop.redeem(voucher, at + STEP).outcome == "redeemed"


@pytest.mark.parametrize(("steps", "outcome"), [(-3, "old"), (-2, "redeemed"), (2, "redeemed"), (3, "early")])
def test_rd6_the_window(shop: Shop, at: datetime, steps: int, outcome: str) -> None:
    voucher = shop.sell(at)
    assert shop.redeem(voucher, at, token=shop.token(voucher, at + steps * STEP)).outcome == outcome


def test_a_value_of_another_phone_is_forged(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    token = shop.token(voucher, at)
    VoucherCode.objects.update(epoch=1)
    answer = shop.redeem(voucher, at, token=token)
    assert (answer.outcome, answer.status) == ("forged", 409)
    assert Redemption.objects.count() == 0


def test_already_redeemed_says_when_where_and_by_whom(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    shop.redeem(voucher, at + timedelta(minutes=4))
    text = shop.redeem(voucher, at + timedelta(hours=1)).content["text"]
    assert text["zh"] == "今天 12:04 已在鹿里咖啡核销（李），不要再给一次。"
    assert text["en"] == "Already redeemed at 12:04 today at Luli Coffee by 李; do not hand it over again."


def test_refunded_and_expired(shop: Shop, at: datetime) -> None:
    refunded, expired = shop.sell(at), shop.sell(at)
    Voucher.objects.filter(pk=refunded.pk).update(uses_refunded=1, refunded_minor=3800)
    Voucher.objects.filter(pk=expired.pk).update(valid_until=at + STEP)
    assert shop.redeem(refunded, at).outcome == "refunded"
    assert shop.redeem(expired, at + STEP).outcome == "expired"
    assert shop.redeem(expired, at).outcome == "redeemed"


def test_outside_its_weekly_hours_it_says_when_it_can_be_used(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, weekly_hours="Mo-Fr 11:00-14:00")  # `at` is a Saturday
    answer = shop.redeem(voucher, at)
    assert answer.outcome == "not_now"
    assert "周一 11:00" in answer.content["text"]["zh"]
    monday = datetime(2026, 11, 23, 11, 0, tzinfo=SHANGHAI)
    assert shop.redeem(voucher, monday).outcome == "redeemed"
    assert shop.redeem(shop.sell(at, weekly_hours="Mo-Fr 11:00-14:00"), monday.replace(hour=14)).outcome == "not_now"


def test_the_other_shop_of_the_same_merchant_is_named(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    other = factories.make_place(shop.merchant, name_zh="鹿里二店", name_en="Luli Two")
    answer = shop.redeem(voucher, at, place_id=other.pk)
    assert answer.outcome == "wrong_shop"
    assert "鹿里咖啡" in answer.content["text"]["zh"]


def test_rd14_unknown_and_another_merchants_get_the_same_answer(db: None, at: datetime) -> None:
    here, there = make_shop(), make_shop("别家", "Elsewhere")
    foreign = there.sell(at)
    unknown = rules.encode_token(rules.Token(rules.BC2, bytes(5), bytes(14)))
    digits = there.typed(foreign, at)
    nobody = "12345678901" + rules.damm_digit("12345678901")
    answers = {
        here.redeem(foreign, at),
        here.redeem(foreign, at, token=unknown),
        here.redeem(foreign, at, typed=digits),
        here.redeem(foreign, at, typed=nobody),
    }
    assert len(answers) == 1
    (answer,) = answers
    assert (answer.status, answer.outcome) == (404, "not_found")
    assert there.redeem(foreign, at).outcome == "redeemed"


@pytest.mark.parametrize(
    "code",
    [
        {"token": "1" * 46},
        {"token": "9" * 47},
        {"token": rules.encode_token(rules.Token(rules.PRACTICE, bytes(5), bytes(14)))},
        {"typed": "123456789012"},
        {"typed": "000000000000"},
        {"typed": "12 34"},
        {"typed": ""},
        {},
    ],
)
def test_what_cannot_be_a_code_is_neither_looked_up_nor_stored(shop: Shop, at: datetime, code: dict[str, str]) -> None:
    with pytest.raises(WrongShape):
        redeem_voucher(
            merchant_id=shop.merchant.pk, place_id=shop.place.pk, clerk=shop.clerk, key=uuid4(), at=at, **code
        )
    with pytest.raises(WrongShape):
        prepare(merchant_id=shop.merchant.pk, at=at, **code)
    assert not Attempt.objects.exists()


# Guessing


def wrong_code(number: int) -> str:
    body = f"{98765432100 + number:011d}"
    return body + rules.damm_digit(body)


def test_rd14_the_sixth_wrong_code_in_a_minute_is_not_looked_at(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    for number in range(5):
        assert shop.redeem(voucher, at, typed=wrong_code(number), device="till").outcome == "not_found"
    with pytest.raises(TooManyTries):
        shop.redeem(voucher, at, typed=wrong_code(6), device="till")
    with pytest.raises(TooManyTries):
        shop.redeem(voucher, at, typed=shop.typed(voucher, at), device="till")
    assert shop.redeem(voucher, at, device="till").outcome == "redeemed", "scanning goes on"
    assert Attempt.objects.filter(status=429).count() == 0


def test_rd14_looking_counts_as_trying(shop: Shop, at: datetime) -> None:
    for number in range(5):
        with pytest.raises(CannotRedeem):
            prepare(merchant_id=shop.merchant.pk, typed=wrong_code(number), device="till", at=at)
    with pytest.raises(TooManyTries):
        prepare(merchant_id=shop.merchant.pk, typed=wrong_code(9), device="till", at=at)


def test_rd14_twenty_an_hour_a_device_and_a_hundred_a_merchant(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    tried = 0
    for device in range(6):
        for number in range(30):
            try:
                shop.redeem(
                    voucher, at + timedelta(seconds=12.1 * number), typed=wrong_code(number), device=str(device)
                )
                tried += 1
            except TooManyTries:
                pass
    # a bucket refills: 20 and 100 at once, and what an hour gives back meanwhile
    assert 100 <= tried <= 110
    later = at + timedelta(hours=1)
    assert shop.redeem(voucher, later, typed=shop.typed(voucher, later), device="0").outcome == "redeemed"


def test_rd58_a_key_that_was_answered_is_answered_again_when_tries_are_up(shop: Shop, at: datetime) -> None:
    voucher, key = shop.sell(at), uuid4()
    typed = shop.typed(voucher, at)
    first = shop.redeem(voucher, at, key=key, typed=typed, device="till")
    for number in range(5):
        shop.redeem(voucher, at, typed=wrong_code(number), device="till")
    assert shop.redeem(voucher, at, key=key, typed=typed, device="till") == first


# Looking first


def test_x18_prepare_reveals_and_consumes_nothing(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, title_zh="手冲", title_en="Pour-over")
    token = shop.token(voucher, at)
    preview = prepare(merchant_id=shop.merchant.pk, token=token, at=at)
    assert (preview.title.en, preview.charge_minor, preview.uses_left) == ("Pour-over", 0, 1)
    assert not Redemption.objects.exists()
    assert shop.redeem(voucher, at, token=token).outcome == "redeemed", "looking does not use the step up"
    with pytest.raises(CannotRedeem) as refused:
        prepare(merchant_id=shop.merchant.pk, token=token, at=at)
    assert refused.value.code == "already_redeemed"
