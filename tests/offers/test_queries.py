"""What can be had at an instant: windows, weekly hours, stock; and what the look-up costs."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bacao.kit.models import CalendarDay
from bacao.offers.queries import list_live_terms, list_offers_of_place
from bacao.offers.services import OfferRow, load_offers, revise_offer, set_offer_state, take_units
from bacao.places.models import Merchant, Place
from tests.factories import make_place

from .conftest import PACKAGE, make_offer

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def is_live(place: Place, at: datetime) -> bool:
    return bool(list_live_terms([place.pk], at))


def test_pr12_the_sale_window_is_half_open(place: Place, at: datetime) -> None:
    make_offer(place, at, sale_from=at + timedelta(hours=1), sale_until=at + timedelta(hours=2))
    assert [is_live(place, at + timedelta(minutes=minutes)) for minutes in (59, 60, 119, 120)] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "when", "live"),
    [
        ("Mo-Fr 11:00-14:00", "2026-11-20 11:00", True),
        ("Mo-Fr 11:00-14:00", "2026-11-20 14:00", False),  # half open
        ("Mo-Fr 11:00-14:00", "2026-11-21 12:00", False),
        ("Fr 18:00-02:00", "2026-11-21 01:59", True),  # Friday's hours go on past midnight
        ("Fr 18:00-02:00", "2026-11-21 02:00", False),
        ("Fr 18:00-02:00", "2026-11-20 01:00", False),
        ("Mo-Fr 11:00-14:00; PH off", "2026-10-01 12:00", False),  # X67: a Thursday in the national holiday
        ("Mo-Fr 11:00-14:00", "2026-10-01 12:00", True),  # PR13: plain weekdays ignore the calendar
        ("Mo-Fr 11:00-14:00; PH off", "2026-10-10 12:00", True),  # X67: a Saturday that is worked
        ("Mo-Fr 11:00-14:00", "2026-10-10 12:00", False),
        ("Sa,Su,PH 10:00-20:00", "2026-10-01 12:00", True),
        ("Sa,Su,PH 10:00-20:00", "2026-10-10 12:00", False),
    ],
)
def test_x67_weekly_hours_know_midnight_and_holidays(place: Place, hours: str, when: str, live: bool) -> None:
    at = datetime.fromisoformat(when).replace(tzinfo=SHANGHAI)
    make_offer(place, at - timedelta(days=1), weekly_hours=hours)
    assert is_live(place, at) == live


def test_pr14_the_operators_calendar_wins_at_once(place: Place, at: datetime) -> None:
    make_offer(place, at, weekly_hours="Mo-Fr 11:00-14:00; PH off")
    wednesday = datetime(2026, 11, 25, 12, tzinfo=SHANGHAI)
    assert is_live(place, wednesday)
    CalendarDay.objects.create(date=date(2026, 11, 25), kind="public_holiday", source="城市公告")
    assert not is_live(place, wednesday)


@pytest.mark.parametrize("state", ["draft", "paused", "ended"])
def test_only_live_offers_are_live(place: Place, at: datetime, state: str) -> None:
    offer = make_offer(place, at)
    assert is_live(place, at)
    set_offer_state(offer=offer, state=state, by=None, at=at)
    assert not is_live(place, at)


def test_pr16_what_is_sold_out_is_not_live(place: Place, owner: Any, at: datetime) -> None:
    offer = make_offer(place, at, stock=1)
    assert list_live_terms([place.pk], at)[place.pk][0].stock_left == 1
    take_units(offer_id=offer.pk, user_id=owner.pk, quantity=1, per_person=None, at=at)
    assert not is_live(place, at)


def test_only_the_current_version_counts(place: Place, at: datetime) -> None:
    offer = make_offer(place, at)
    revise_offer(offer=offer, terms=PACKAGE | {"price_minor": 100}, funders=[("merchant", 10000)], by=None, at=at)
    assert [terms.price_minor for terms in list_live_terms([place.pk], at)[place.pk]] == [100]
    assert [version.number for version in list_offers_of_place(place.pk)] == [2]


def test_sixty_places_cost_two_statements_and_little_time(merchant: Merchant, at: datetime) -> None:
    places = [make_place(merchant) for _ in range(60)]
    hours = ["", "Mo-Su 11:00-14:00", "Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00; PH off", "We-Mo 10:00-02:00"]
    load_offers(
        rows=[
            OfferRow(
                place_id=place.pk, kind="package", terms=PACKAGE | {"weekly_hours": hours[number]},
                funders=[("platform", 2000), ("merchant", 8000)], created_at=at,
            )
            for place in places
            for number in range(4)
        ],
        at=at,
    )  # fmt: skip
    ids = [place.pk for place in places]
    with CaptureQueriesContext(connection) as statements:
        live = list_live_terms(ids, at)
    assert len(statements) == 2
    assert (len(live), len(live[ids[0]])) == (60, 4)
