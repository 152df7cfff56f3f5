"""After any sequence of using, undoing, refunding and waiting the books balance and nothing is counted twice (X65)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Count
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bacao.ledger.queries import get_balance, get_total
from bacao.orders.models import Refund, Voucher
from bacao.orders.services import NotRefundable, request_refund
from bacao.redemption.models import Arrival, Redemption, Undo
from bacao.redemption.services import undo_redemption
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

OFFERS: list[dict[str, Any]] = [
    {"kind": "package", "price_minor": 3801, "list_minor": 5000},
    {"kind": "card", "price_minor": 10000, "list_minor": 15001, "uses": 7},
    {"kind": "voucher", "price_minor": 8800, "face_minor": 10000},
    {"kind": "percent_off", "percent_basis_points": 1500},
]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("redeem"), st.integers(1, 3), st.integers(0, 40_000)),
        st.tuples(st.just("undo"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([30, 600, 3601]), st.just(0)),
        st.tuples(st.just("refund"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@given(
    st.sampled_from(OFFERS), st.sampled_from([(("merchant", 10000),), (("platform", 3333), ("merchant", 6667))]), steps
)
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence(
    at: datetime, offer: dict[str, Any], funders: tuple[tuple[str, int], ...], todo: list[Any]
) -> None:
    with transaction.atomic():
        live(make_shop(), at, offer, funders, todo)
        transaction.set_rollback(True)


def live(shop: Shop, at: datetime, offer: dict[str, Any], funders: Any, todo: list[Any]) -> None:
    voucher = shop.sell(at, funders=funders, **offer)
    typed, keys = shop.typed(voucher, at), []
    for what, number, bill in todo:
        if what == "wait":
            at += timedelta(seconds=number)
        elif what == "refund":
            try:
                request_refund(voucher=voucher, by=shop.member, at=at)
            except NotRefundable:
                assert not Voucher.objects.get(pk=voucher.pk).uses_left
        elif what == "redeem":
            answer = shop.redeem(voucher, at, typed=typed, uses=number, bill_minor=bill)
            if answer.outcome == "redeemed":
                keys.append(answer.content["redemption"])
        elif keys:
            undo_redemption(
                merchant_id=shop.merchant.pk, clerk=None, redemption_key=keys[number % len(keys)], key=uuid4(), at=at
            )
        check(shop, voucher)


def check(shop: Shop, voucher: Voucher) -> None:
    """Hold the promises that no sequence may break."""
    voucher.refresh_from_db()
    living = Redemption.objects.filter(voucher=voucher, undo=None)
    assert get_total("cny") == 0
    assert voucher.uses_redeemed == living.count()
    assert voucher.redeemed_minor == sum(row.paid_minor for row in living)
    assert not living.values("use_number").annotate(number=Count("*")).filter(number__gt=1)
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == voucher.left_minor
    refunded = sum(refund.amount_minor for refund in Refund.objects.filter(voucher=voucher))
    assert get_balance(f"liab.refund_due.{voucher.order_id}").balance_minor == refunded == voucher.refunded_minor
    owed = get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor
    assert (owed == 0) == (not any(row.ledger_id for row in living)), (
        "the shop is owed for living uses, and for no other"
    )
    assert Arrival.objects.filter(user=shop.member, void_at=None).exists() == living.exists()
    assert Undo.objects.filter(redemption__voucher=voucher).count() == Redemption.objects.filter(
        voucher=voucher
    ).count() - len(living)
