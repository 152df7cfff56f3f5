"""Codes of vouchers: made once, secret in parts (RD3, RD12)."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bacao.redemption import rules
from bacao.redemption.models import VoucherCode
from bacao.redemption.services import (
    ensure_codes,
)
from tests import factories
from tests.factories import Shop
from tests.redemption.statements import statements

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
