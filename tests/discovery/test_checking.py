"""Listed prices are held against the exact search while the city runs; one that differs is an alarm (PR32)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bacao.discovery.index.reader import Reader
from bacao.discovery.models import PriceDifference
from bacao.discovery.services.builder import Builder
from bacao.discovery.services.checking import check_prices
from bacao.kit.services import announce
from bacao.places.models import Place
from tests.discovery.town import open_shop
from tests.factories import make_offer_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("town")]


@pytest.fixture
def place(at: datetime) -> Place:
    """Give the one shop of the town, open, with a percentage off a usual bill of 40 yuan."""
    place = open_shop("面馆", at=at, usual_minor=4000)
    make_offer_version(place, at=at, kind="percent_off", percent_basis_points=1000)
    return place


def change_price(place: Place) -> None:
    """Let what is usual there change behind the back of whoever follows the news."""
    Place.objects.filter(pk=place.pk).update(usual_minor=6000)


def test_a_price_that_differs_is_kept_and_mended(place: Place, at: datetime, tmp_path: Path) -> None:
    builder, reader = Builder(tmp_path), Reader(tmp_path)
    builder.open(at=at)
    assert check_prices(builder, reader, at=at) == 0
    change_price(place)
    assert check_prices(builder, reader, at=at) == 3
    kept = PriceDifference.objects.order_by("party").values_list("place", "party", "listed_minor", "exact_minor")
    assert list(kept) == [(place.pk, party, 3600, 5400) for party in (1, 2, 5)]
    assert check_prices(builder, reader, at=at + timedelta(minutes=1)) == 0


def test_what_nobody_could_know_yet_is_no_alarm(place: Place, at: datetime, tmp_path: Path) -> None:
    builder, reader = Builder(tmp_path), Reader(tmp_path)
    builder.open(at=at)
    change_price(place)
    announce(kind="place", ref_id=place.pk)
    assert check_prices(builder, reader, at=at) == 0
    builder.tick(at=at)
    assert check_prices(builder, reader, at=at) == 0


def test_a_town_without_shops_has_nothing_to_compare(at: datetime, tmp_path: Path) -> None:
    builder, reader = Builder(tmp_path), Reader(tmp_path)
    assert check_prices(builder, reader, at=at) == 0
    builder.open(at=at)
    assert check_prices(builder, reader, at=at) == 0
