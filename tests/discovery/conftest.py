"""The town every test of this chapter happens in."""

import pytest

from tests.discovery.town import found_town


@pytest.fixture
def town(db: None) -> None:
    found_town()
