"""Consuming exactly once: what is written, what is paid, what is answered (RD27, RD53, RD54)."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bacao.kit.models import OutboxEvent
from bacao.ledger.models import Transaction
from bacao.ledger.queries import get_balance, get_total
from bacao.redemption import rules
from bacao.redemption.models import Arrival, Attempt, Redemption
from bacao.redemption.services import (
    KeyMismatch,
    MoreNeeded,
    undo_redemption,
)
from tests import factories
from tests.factories import Shop, make_shop
from tests.redemption.statements import statements

STEP = timedelta(seconds=rules.STEP_SECONDS)


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


def test_answers_say_everything_in_both_languages(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    for answer in (shop.redeem(voucher, at), shop.redeem(voucher, at)):
        text = json.loads(answer.body)["text"]
        assert text["zh"]
        assert text["en"]
