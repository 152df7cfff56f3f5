"""A loaded history is the same as one lived through (load_redemptions)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bacao.kit.models import OutboxEvent
from bacao.ledger.models import Entry
from bacao.ledger.queries import get_balance, get_total
from bacao.orders.models import Voucher
from bacao.redemption.models import Arrival, Redemption
from bacao.redemption.services import RedemptionRow, load_redemptions
from tests import factories
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

FUNDERS = (("platform", 4000), ("merchant", 6000))
KINDS: list[dict[str, Any]] = [
    {"kind": "package", "price_minor": 3801, "list_minor": 5000},
    {"kind": "voucher", "price_minor": 8800, "face_minor": 10000},
    {"kind": "percent_off", "percent_basis_points": 1500},
    {"kind": "threshold_off", "face_minor": 2000, "threshold_minor": 10000},
]


def facts(shop: Shop) -> tuple[Any, ...]:
    """Return what a history left behind, without ids."""
    rows = Redemption.objects.filter(merchant=shop.merchant)
    money = rows.order_by("voucher__order__offer_version__offer__kind", "use_number").values_list(
        "use_number", "bill_minor", "charge_minor", "discount_minor", "paid_minor", "redeemed_at"
    )
    vouchers = Voucher.objects.filter(merchant=shop.merchant).order_by("order__offer_version__offer__kind")
    return (
        list(money),
        list(vouchers.values_list("uses_redeemed", "redeemed_minor")),
        get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor,
        Arrival.objects.filter(place=shop.place, void_at=None).count(),
        Entry.objects.filter(account__code__endswith=f".{shop.merchant.pk}").count(),
    )


def sell_all(shop: Shop, at: datetime) -> list[Voucher]:
    return [shop.sell(at, funders=FUNDERS, **kind) for kind in KINDS]


def test_a_loaded_history_equals_a_lived_one(db: None, at: datetime) -> None:
    lived, loaded = make_shop(), make_shop()
    bills = {"voucher": 12000, "percent_off": 8765, "threshold_off": 15000}
    moments = [at + timedelta(hours=2 * number) for number in range(len(KINDS))]
    for voucher, kind, moment in zip(sell_all(lived, at), KINDS, moments, strict=True):
        assert lived.redeem(voucher, moment, bill_minor=bills.get(kind["kind"])).outcome == "redeemed"
    rows = [
        RedemptionRow(voucher.pk, moment, clerk_id=loaded.clerk.pk, bill_minor=bills.get(kind["kind"]))
        for voucher, kind, moment in zip(sell_all(loaded, at), KINDS, moments, strict=True)
    ]
    arrivals = load_redemptions(rows=rows, at=at + timedelta(days=1))
    assert facts(loaded) == facts(lived)
    assert [arrival.redemption.place for arrival in arrivals if arrival.redemption] == [loaded.place] * 2
    assert get_total("cny") == 0


def test_a_card_is_loaded_use_by_use(db: None, at: datetime) -> None:
    shop = make_shop()
    voucher = shop.sell(at, kind="card", price_minor=10000, list_minor=15000, uses=3)
    rows = [RedemptionRow(voucher.pk, at + timedelta(days=2)), RedemptionRow(voucher.pk, at, uses=2)]
    load_redemptions(rows=rows, at=at + timedelta(days=3))
    uses = Redemption.objects.order_by("use_number")
    assert [use.paid_minor for use in uses] == [3334, 3333, 3333]
    assert len({use.key for use in uses}) == 2, "a press keeps its uses together"
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 0
    assert shop.redeem(voucher, at + timedelta(days=4)).outcome == "already_redeemed"


def test_more_rows_do_not_cost_more_statements(db: None, at: datetime) -> None:
    shop = make_shop()
    version = factories.make_offer_version(shop.place, at=at, funders=FUNDERS)

    def load(quantity: int) -> int:
        vouchers = factories.make_vouchers(version, shop.member, quantity=quantity, at=at)
        rows = [RedemptionRow(voucher.pk, at + timedelta(hours=5)) for voucher in vouchers]
        with CaptureQueriesContext(connection) as context:
            load_redemptions(rows=rows, at=at + timedelta(days=1))
        return len(context)

    load(1)  # the first opens the accounts
    assert load(10) == load(2)
    assert OutboxEvent.objects.filter(kind="redemption").count() == 13


def test_nothing_is_loaded_from_the_future(db: None, at: datetime) -> None:
    shop = make_shop()
    with pytest.raises(AssertionError):
        load_redemptions(rows=[RedemptionRow(shop.sell(at).pk, at + timedelta(seconds=1))], at=at)
