"""A shop, a clerk, a member and a code, for the tests of the counter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from bacao.accounts.models import User
from bacao.offers.models import OfferVersion
from bacao.orders.models import Voucher
from bacao.places.models import Merchant, Place
from bacao.redemption.queries import get_live_code
from bacao.redemption.services import Answer, ensure_codes, redeem_voucher
from tests import factories


@dataclass
class Shop:
    """A shop with its clerk and a member; the member's phone shows `token` or `typed` of a voucher."""

    merchant: Merchant
    place: Place
    clerk: User
    member: User

    def sell(self, at: datetime, version: OfferVersion | None = None, **offer: Any) -> Voucher:
        """Sell the member one voucher of an offer with these terms."""
        version = version or factories.make_offer_version(self.place, at=at, **offer)
        return factories.make_voucher(version, self.member, at=at)

    def token(self, voucher: Voucher, at: datetime) -> str:
        """Return the 47 digits that the member's phone shows."""
        code = ensure_codes(vouchers=[voucher], at=at)[voucher.pk]
        return get_live_code(code, at).token_at(at)

    def typed(self, voucher: Voucher, at: datetime) -> str:
        """Return the twelve digits that the member reads aloud."""
        return get_live_code(ensure_codes(vouchers=[voucher], at=at)[voucher.pk], at).typed

    def redeem(self, voucher: Voucher, at: datetime, **change: Any) -> Answer:
        """Scan the member's phone at the counter, under a new key."""
        if not {"token", "typed"} & set(change):
            change["token"] = self.token(voucher, at)
        request: dict[str, Any] = {
            "merchant_id": self.merchant.pk,
            "place_id": self.place.pk,
            "clerk": self.clerk,
            "key": uuid4(),
            "at": at,
        }
        return redeem_voucher(**request | change)


@pytest.fixture
def make_shop() -> Callable[..., Shop]:
    """Return a maker of shops."""

    def make(name: str = "鹿里咖啡", name_en: str = "Luli Coffee") -> Shop:
        merchant = factories.make_merchant(name, name_en)
        place = factories.make_place(merchant)
        clerk = factories.make_user("李")
        factories.make_role(clerk, merchant, place=place)
        return Shop(merchant, place, clerk, factories.make_user("小满"))

    return make


@pytest.fixture
def shop(db: None, make_shop: Callable[..., Shop]) -> Shop:
    """A shop that sells and serves."""
    return make_shop()
