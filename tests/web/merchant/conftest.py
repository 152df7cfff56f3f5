"""Every page and every row of these tests happen on one Saturday, in one shop."""

from datetime import datetime

import pytest

from tests.web.merchant.shop_world import World, make_world


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Let every page and every row of these tests happen on one Saturday."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)


@pytest.fixture
def world(db: None) -> World:
    return make_world()
