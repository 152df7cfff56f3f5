"""A shop to write about, and people who write."""

import pytest

from bacao.accounts.models import User
from bacao.accounts.services import create_person
from bacao.places.models import Category, Place


@pytest.fixture
def place(db: None) -> Place:
    return new_place("鹿里咖啡")


@pytest.fixture
def lin(db: None) -> User:
    return create_person(display_name="Lin")


@pytest.fixture
def operator(db: None) -> User:
    return create_person(display_name="Op", is_staff=True)


def new_place(name: str, category: str = "coffee") -> Place:
    """Insert a place of the category `food > <category>`."""
    food, _ = Category.objects.get_or_create(code="try-food", name_zh="吃", name_en="Food", emoji="steaming-bowl")
    leaf, _ = Category.objects.get_or_create(
        code=f"try-{category}", parent=food, name_zh=category, name_en=category, emoji="hot-beverage"
    )
    return Place.objects.create(name_zh=name, category=leaf, latitude=30.25, longitude=120.16, cell=1)


@pytest.fixture
def more_places(place: Place) -> list[Place]:
    return [new_place(f"店 {number}", "noodles" if number % 2 else "coffee") for number in range(6)]
