"""A shop, its owner, and offers written as owners write them."""

from datetime import datetime
from typing import Any

import pytest

from bacao.accounts.models import User
from bacao.offers.models import Offer
from bacao.offers.services import create_offer
from bacao.places.models import Merchant, Place
from tests.factories import make_merchant, make_place, make_user

PACKAGE: dict[str, Any] = {"title_zh": "双人下午茶", "title_en": "Tea for two", "price_minor": 6800, "list_minor": 8600}


@pytest.fixture
def merchant(db: None) -> Merchant:
    """Return a business."""
    return make_merchant()


@pytest.fixture
def place(merchant: Merchant) -> Place:
    """Return its shop."""
    return make_place(merchant)


@pytest.fixture
def owner(db: None) -> User:
    """Return a person."""
    return make_user("Lin")


def make_offer(place: Place, at: datetime, *, kind: str = "package", state: str = "live", **change: Any) -> Offer:
    """Write an offer that is on sale, funded by its shop."""
    terms = PACKAGE | change
    return create_offer(place=place, kind=kind, terms=terms, funders=[("merchant", 10000)], by=None, at=at, state=state)
