"""A shop that sells and serves, for the tests of the counter."""

import pytest

from tests.factories import Shop, make_shop


@pytest.fixture
def shop(db: None) -> Shop:
    """A merchant with one place, a clerk and a member."""
    return make_shop()
