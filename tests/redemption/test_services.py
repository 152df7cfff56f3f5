"""The counter's promises (RD6, RD7, RD12 to RD14, RD27, RD41 to RD43, RD53 to RD55)."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bacao.kit.models import OutboxEvent
from bacao.ledger.models import Transaction
from bacao.ledger.queries import get_balance, get_total
from bacao.orders.models import Voucher
from bacao.redemption import rules
from bacao.redemption.models import Arrival, Attempt, Redemption, Undo, VoucherCode
from bacao.redemption.services import (
    CannotRedeem,
    KeyMismatch,
    MoreNeeded,
    TooManyTries,
    WrongShape,
    ensure_codes,
    prepare,
    redeem_voucher,
    undo_redemption,
)
from tests import factories
from tests.factories import Shop, make_shop

SHANGHAI = ZoneInfo("Asia/Shanghai")
STEP = timedelta(seconds=rules.STEP_SECONDS)
HEAVY = {"SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"}


def statements(context: CaptureQueriesContext) -> list[str]:
    """Return the SQL statements that reached the tables."""
    return [query["sql"] for query in context.captured_queries if query["sql"].split()[0] not in HEAVY]


# Codes


def test_ensure_codes_makes_them_once_and_asks_once(shop: Shop, at: datetime) -> None:
    version = factories.make_offer_version(shop.place, at=at)
    vouchers = factories.make_vouchers(version, shop.member, quantity=5, at=at)
    first = ensure_codes(vouchers=vouchers, at=at)
    with CaptureQueriesContext(
        connection,
    ) as context:
        second = ensure_codes(vouchers=vouchers, at=at)
    assert len(statements(context)) == 1
    assert {key: bytes(code.handle) for key, code in first.items()} == {
        key: bytes(code.handle) for key, code in second.items()
    }
    assert len({shop.typed(voucher, at) for voucher in vouchers}) == 5


def test_rd12_a_colliding_typed_code_is_drawn_again(shop: Shop, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    real = rules.typed_code
    monkeypatch.setattr(rules, "typed_code", lambda key, voucher, epoch, draw: real(key, bytes(16), 0, draw))
    version = factories.make_offer_version(shop.place, at=at)
    vouchers = factories.make_vouchers(version, shop.member, quantity=3, at=at)
    for voucher in vouchers:
        ensure_codes(vouchers=[voucher], at=at)
    assert len({shop.typed(voucher, at) for voucher in vouchers}) == 3
    monkeypatch.undo()


def test_a_new_secret_makes_new_codes_and_the_old_ones_nothing(shop: Shop, at: datetime, settings: Any) -> None:
    voucher = shop.sell(at)
    token, typed = shop.token(voucher, at), shop.typed(voucher, at)
    settings.SECRET_KEY = "another secret"
    assert shop.typed(voucher, at) != typed
    assert shop.redeem(voucher, at, token=token).outcome == "not_found"
    assert shop.redeem(voucher, at).outcome == "redeemed"


def test_rd12_the_digits_are_not_in_the_database(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    digits = shop.typed(voucher, at)
    row = VoucherCode.objects.filter(pk=voucher.pk).values().get()
    assert digits not in str(row)
    assert len(bytes(row["typed_hash"])) == 32


# Redeeming


def test_a_package_is_redeemed_and_everything_is_written(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, price_minor=3800, list_minor=5000, items=[
        {"zh": "手冲", "en": "Pour-over", "quantity": 1, "unit_minor": 5000}])  # fmt: skip
    answer = shop.redeem(voucher, at)
    content = answer.content
    assert (answer.status, answer.outcome) == (201, "redeemed")
    assert content["charge_minor"] == 0
    assert content["items"] == [{"zh": "手冲", "en": "Pour-over", "quantity": 1}]
    assert (content["uses_before"], content["uses_after"]) == (1, 0)
    redemption = Redemption.objects.get(voucher=voucher)
    assert (redemption.use_number, redemption.cycle, redemption.proof, redemption.clerk) == (1, 0, "chain", shop.clerk)
    assert (redemption.discount_minor, redemption.paid_minor) == (1200, 3800)
    arrival = Arrival.objects.get()
    assert (arrival.user, arrival.place, arrival.redemption, arrival.arrived_at) == (
        shop.member, shop.place, redemption, at,
    )  # fmt: skip
    voucher.refresh_from_db()
    assert (voucher.uses_redeemed, voucher.redeemed_minor) == (1, 3800)
    assert OutboxEvent.objects.filter(kind="redemption", ref_id=redemption.pk).count() == 1
    assert Transaction.objects.get(pk=redemption.ledger_id).kind == "redeemed"


@pytest.mark.parametrize(
    ("funders", "subsidy", "payable", "fee"),
    [
        ((("merchant", 10000),), 0, 3705, 95),  # 250 bp of 3800
        ((("platform", 10000),), 1200, 4875, 125),  # 250 bp of 5000
        ((("platform", 5000), ("merchant", 5000)), 600, 4290, 110),
    ],
)
def test_the_books_of_a_package(
    shop: Shop, at: datetime, funders: tuple[tuple[str, int], ...], subsidy: int, payable: int, fee: int
) -> None:
    voucher = shop.sell(at, price_minor=3800, list_minor=5000, funders=funders)
    shop.redeem(voucher, at)
    order = voucher.order
    assert get_balance(f"liab.unredeemed.{order.pk}").balance_minor == 0
    assert get_balance(f"expense.subsidy.{order.offer_version.offer_id}").balance_minor == subsidy
    assert get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == payable
    assert get_balance("income.commission").balance_minor == fee
    assert get_total("cny") == 0


def test_the_golden_recipe_of_the_design(shop: Shop, at: datetime) -> None:
    """money.md, section 3: paid 16800, subsidy 2000, 250 bp of 18800."""
    voucher = shop.sell(at, price_minor=16800, list_minor=18800, funders=(("platform", 10000),))
    shop.redeem(voucher, at)
    assert get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == 18330
    assert get_balance("income.commission").balance_minor == 470


@pytest.mark.parametrize(
    ("way", "weekly_hours", "budget"),
    [
        ("token", "", 7),  # the last of them because a test is nested in a transaction
        ("typed", "", 8),  # how many wrong codes there were
        ("token", "Mo-Su 10:00-14:00", 7),  # the calendar is remembered for a minute
        ("typed", "Mo-Su 10:00-14:00", 8),
    ],
)
def test_rd53_a_redemption_takes_few_statements(
    shop: Shop, at: datetime, way: str, weekly_hours: str, budget: int
) -> None:
    version = factories.make_offer_version(
        shop.place, at=at, funders=(("platform", 5000), ("merchant", 5000)), weekly_hours=weekly_hours
    )
    shop.redeem(shop.sell(at, version), at)  # terms are remembered: they never change
    voucher = shop.sell(at, version)
    code = getattr(shop, way)(voucher, at)
    with CaptureQueriesContext(connection) as context:
        answer = shop.redeem(voucher, at, **{way: code})
    assert answer.outcome == "redeemed"
    assert len(statements(context)) <= budget, "\n\n".join(statements(context))


def test_rd12_the_typed_code_does_the_same(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    answer = shop.redeem(voucher, at, typed=shop.typed(voucher, at))
    assert answer.outcome == "redeemed"
    assert Redemption.objects.get().proof == "typed"


def test_a_free_discount_asks_for_the_bill_and_says_what_to_charge(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, kind="percent_off", percent_basis_points=1500, cap_minor=3000, threshold_minor=5000)
    with pytest.raises(MoreNeeded) as asked:
        shop.redeem(voucher, at)
    assert asked.value.code == "bill_needed"
    assert asked.value.preview.percent_basis_points == 1500
    assert not Attempt.objects.exists(), "nothing is stored before the bill is known"
    short = shop.redeem(voucher, at, bill_minor=4000)
    assert (short.outcome, short.status) == ("below_threshold", 409)
    assert "¥10" in short.content["text"]["en"]
    answer = shop.redeem(voucher, at, bill_minor=12345)
    assert answer.content["charge_minor"] == 12345 - 1851
    redemption = Redemption.objects.get()
    assert (redemption.bill_minor, redemption.charge_minor, redemption.discount_minor) == (12345, 10494, 1851)
    assert redemption.ledger_id is None, "no money moved through Bacao"
    assert Transaction.objects.count() == 0


def test_a_free_discount_that_the_platform_funds_is_paid_to_the_shop(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(
        at, kind="threshold_off", face_minor=2000, threshold_minor=10000, funders=(("platform", 10000),)
    )
    answer = shop.redeem(voucher, at, bill_minor=15000)
    assert answer.content["charge_minor"] == 13000
    assert get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == 1950
    assert get_balance("income.commission").balance_minor == 50


def test_a_voucher_pays_its_face_off_the_bill(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, kind="voucher", price_minor=8800, face_minor=10000, threshold_minor=0)
    assert shop.redeem(voucher, at, bill_minor=13000).content["charge_minor"] == 3000
    redemption = Redemption.objects.get()
    assert (redemption.paid_minor, redemption.discount_minor) == (8800, 1200)
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 0


def test_a_voucher_on_a_bill_below_its_price_funds_nothing(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, kind="voucher", price_minor=8800, face_minor=10000, funders=(("platform", 10000),))
    answer = shop.redeem(voucher, at, bill_minor=8000)
    assert answer.content["charge_minor"] == 0
    assert get_balance(f"expense.subsidy.{voucher.order.offer_version.offer_id}").balance_minor == 0


def test_x29_a_card_is_used_by_count_and_its_price_is_spread_to_the_fen(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, kind="card", price_minor=10000, list_minor=15000, uses=3)
    with pytest.raises(MoreNeeded) as asked:
        shop.redeem(voucher, at, uses=None)
    assert (asked.value.code, asked.value.preview.uses_left) == ("uses_needed", 3)
    first = shop.redeem(voucher, at, uses=2)
    assert (first.content["uses_before"], first.content["uses_after"]) == (3, 1)
    assert [row.paid_minor for row in Redemption.objects.order_by("use_number")] == [3334, 3333]
    assert shop.redeem(voucher, at + STEP, uses=2).outcome == "too_few_uses"
    assert shop.redeem(voucher, at + STEP, uses=None).outcome == "redeemed", "one use left needs no question"
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 0
    assert shop.redeem(voucher, at + 2 * STEP).outcome == "already_redeemed"


def test_several_vouchers_of_one_visit_are_one_arrival(shop: Shop, at: datetime) -> None:
    version = factories.make_offer_version(shop.place, at=at)
    one, two, three = factories.make_vouchers(version, shop.member, quantity=3, at=at)
    first = shop.redeem(one, at)
    shop.redeem(two, at + timedelta(minutes=5))
    assert Arrival.objects.count() == 1
    shop.redeem(three, at + rules.SAME_VISIT)
    assert Arrival.objects.count() == 2
    undo_redemption(
        merchant_id=shop.merchant.pk, clerk=shop.clerk, redemption_key=first.content["redemption"], key=uuid4(),
        at=at + timedelta(minutes=6),
    )  # fmt: skip
    assert Arrival.objects.filter(void_at=None).count() == 2, "the second voucher still vouches for the visit"
    assert set(Arrival.objects.values_list("redemption__voucher", flat=True)) == {two.pk, three.pk}


# Exactly once


def test_rd54_the_same_key_gives_the_same_bytes_for_ever(shop: Shop, at: datetime) -> None:
    voucher, key = shop.sell(at), uuid4()
    token = shop.token(voucher, at)
    first = shop.redeem(voucher, at, key=key, token=token)
    again = shop.redeem(voucher, at + timedelta(days=400), key=key, token=token)
    assert again == first
    assert Redemption.objects.count() == Attempt.objects.count() == 1
    with pytest.raises(KeyMismatch) as mismatch:
        shop.redeem(voucher, at, key=key, token=shop.token(voucher, at + STEP))
    assert mismatch.value.status == 422


def test_rd54_keys_belong_to_a_merchant(db: None, at: datetime) -> None:
    one, two, key = make_shop(), make_shop(), uuid4()
    assert one.redeem(one.sell(at), at, key=key).outcome == "redeemed"
    assert two.redeem(two.sell(at), at, key=key).outcome == "redeemed"


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


# Undo


@pytest.mark.parametrize(
    ("elapsed", "outcome"),
    [
        (timedelta(0), "undone"),
        (timedelta(minutes=59, seconds=59), "undone"),
        (timedelta(minutes=60), "undone"),
        (timedelta(minutes=60, seconds=1), "too_late"),
    ],
)
def test_rd41_sixty_minutes(shop: Shop, at: datetime, elapsed: timedelta, outcome: str) -> None:
    voucher = shop.sell(at, funders=(("platform", 10000),))
    key = shop.redeem(voucher, at).content["redemption"]
    answer = undo_redemption(
        merchant_id=shop.merchant.pk, clerk=shop.clerk, redemption_key=key, key=uuid4(), at=at + elapsed
    )
    assert answer.outcome == outcome
    voucher.refresh_from_db()
    undone = outcome == "undone"
    assert voucher.uses_redeemed == (0 if undone else 1)
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == (3800 if undone else 0)
    assert (get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == 0) is undone
    assert Arrival.objects.filter(void_at=None).exists() is not undone
    assert get_total("cny") == 0


def test_rd42_an_undo_has_its_own_key_and_happens_once(shop: Shop, at: datetime) -> None:
    voucher, key = shop.sell(at), uuid4()
    redemption_key = shop.redeem(voucher, at).content["redemption"]

    def undo(key: UUID) -> str:
        return undo_redemption(
            merchant_id=shop.merchant.pk, clerk=shop.clerk, redemption_key=redemption_key, key=key, at=at
        ).outcome

    assert undo(key) == undo(key) == "undone"
    assert undo(uuid4()) == "already_undone"
    assert Undo.objects.count() == 1
    assert undo_redemption(
        merchant_id=factories.make_merchant().pk, clerk=shop.clerk, redemption_key=redemption_key, key=key, at=at
    ).outcome == "not_found"  # fmt: skip


def test_rd43_after_an_undo_a_later_code_works(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    token = shop.token(voucher, at)
    key = shop.redeem(voucher, at, token=token).content["redemption"]
    undo_redemption(merchant_id=shop.merchant.pk, clerk=shop.clerk, redemption_key=key, key=uuid4(), at=at)
    assert shop.redeem(voucher, at, token=token).outcome == "replayed"
    assert shop.redeem(voucher, at + STEP).outcome == "redeemed"
    assert list(Redemption.objects.order_by("cycle").values_list("use_number", "cycle")) == [(1, 0), (1, 1)]
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 0


def test_rd42_ten_rounds_and_no_more(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    for round_number in range(rules.MOST_CYCLES):
        now = at + round_number * STEP
        key = shop.redeem(voucher, now).content["redemption"]
        undo = undo_redemption(merchant_id=shop.merchant.pk, clerk=shop.clerk, redemption_key=key, key=uuid4(), at=now)
        assert undo.outcome == "undone"
    assert shop.redeem(voucher, at + 20 * STEP).outcome == "too_many_cycles"
    assert Redemption.objects.count() == Undo.objects.count() == 10
    voucher.refresh_from_db()
    assert voucher.uses_redeemed == 0


def test_x29_a_press_of_several_uses_is_undone_together(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, kind="card", price_minor=10000, list_minor=15000, uses=3)
    shop.redeem(voucher, at)
    both = shop.redeem(voucher, at + STEP, uses=2).content["redemption"]
    undo_redemption(merchant_id=shop.merchant.pk, clerk=shop.clerk, redemption_key=both, key=uuid4(), at=at + STEP)
    voucher.refresh_from_db()
    assert (voucher.uses_redeemed, voucher.redeemed_minor) == (1, 3334)
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 6666


def test_answers_say_everything_in_both_languages(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    for answer in (shop.redeem(voucher, at), shop.redeem(voucher, at)):
        text = json.loads(answer.body)["text"]
        assert text["zh"]
        assert text["en"]
