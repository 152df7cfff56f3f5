"""A small city for the tests of this chapter."""

from typing import Any

import pytest

from bacao.accounts.models import User
from bacao.places.models import District, Merchant, Place, Street
from bacao.places.services import create_merchant, create_place, refresh_categories

WEST = [[[120.10, 30.20], [120.15, 30.20], [120.15, 30.30], [120.10, 30.30], [120.10, 30.20]]]


@pytest.fixture
def _tree(db: None) -> None:
    """Plant the categories again: tests with real commits empty every table."""
    refresh_categories()


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user(phone="+8613800000001", display_name="林店主")


@pytest.fixture
def merchant(owner: User, at: Any) -> Merchant:
    return create_merchant(name_zh="鹿里咖啡", name_en="Luli Coffee", owner=owner, at=at)


@pytest.fixture
def place(_tree: None, merchant: Merchant, at: Any) -> Place:
    return create_place(
        name_zh="鹿里咖啡", name_en="Luli Coffee", category="cafe", latitude=30.2536, longitude=120.1644,
        merchant_id=merchant.pk, hours="Mo-Su 10:00-22:00", at=at,
    )  # fmt: skip


@pytest.fixture
def city(_tree: None) -> None:
    """Two districts, one of them drawn, and two streets."""
    west = District.objects.create(
        code="west", name_zh="西区", name_en="West", latitude=30.25, longitude=120.125, outline=WEST
    )
    east = District.objects.create(code="east", name_zh="东区", name_en="East", latitude=30.25, longitude=120.17)
    Street.objects.create(
        code="long", district=west, name_zh="长街", name_en="Long Street", latitude=30.25, longitude=120.12,
        line=[[120.11, 30.25], [120.14, 30.25]],
    )  # fmt: skip
    Street.objects.create(
        code="gate",
        kind="station",
        district=east,
        name_zh="东门",
        name_en="East Gate",
        latitude=30.25,
        longitude=120.17,
    )
