"""Shops and people for the tests of this chapter."""

from datetime import datetime
from typing import Any

import pytest

from bacao.accounts.models import User
from bacao.offers.models import Offer
from bacao.offers.services import create_offer
from bacao.places.models import Category, Merchant, Place

PACKAGE: dict[str, Any] = {"title_zh": "双人下午茶", "title_en": "Tea for two", "price_minor": 6800, "list_minor": 8600}


@pytest.fixture
def merchant(db: None) -> Merchant:
    return Merchant.objects.create(name_zh="鹿里咖啡", name_en="Luli Coffee", platform_fee_basis_points=200)


@pytest.fixture
def place(merchant: Merchant) -> Place:
    return make_place(merchant)


def make_place(merchant: Merchant) -> Place:
    """Insert a shop of a merchant."""
    category, _ = Category.objects.get_or_create(
        code="coffee", defaults={"name_zh": "咖啡", "name_en": "Coffee", "emoji": "hot-beverage"}
    )
    return Place.objects.create(
        merchant=merchant, name_zh="鹿里咖啡", name_en="Luli Coffee", category=category,
        latitude=30.25, longitude=120.16, cell=1, usual_minor=4000,
    )  # fmt: skip


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user(phone="+8613800000001", display_name="Lin")


def make_offer(place: Place, at: datetime, *, kind: str = "package", state: str = "live", **change: Any) -> Offer:
    """Write an offer that is on sale, funded by its shop."""
    terms = PACKAGE | change
    return create_offer(place=place, kind=kind, terms=terms, funders=[("merchant", 10000)], by=None, at=at, state=state)
