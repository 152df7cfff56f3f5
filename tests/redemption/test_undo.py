"""Taking a press back (RD41 to RD43, X29)."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from bacao.ledger.queries import get_balance, get_total
from bacao.redemption import rules
from bacao.redemption.models import Arrival, Redemption, Undo
from bacao.redemption.services import (
    undo_redemption,
)
from tests import factories
from tests.factories import Shop

STEP = timedelta(seconds=rules.STEP_SECONDS)


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
