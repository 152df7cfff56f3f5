"""Places, their hours, who works there: what changes, what is announced, what is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection
from django.db.models import QuerySet

from bacao.accounts.models import User
from bacao.kit.hours import BadHours
from bacao.kit.models import OutboxEvent
from bacao.kit.services import set_calendar_day
from bacao.places import queries
from bacao.places.jobs import refresh_opening_spans as refresh_job
from bacao.places.models import Category, Merchant, OpeningPattern, OpeningSpan, Place, ShopRole
from bacao.places.rules import CATEGORIES, PlaceRow
from bacao.places.services import (
    LastOwner,
    close_place,
    create_merchant,
    create_place,
    end_shop_role,
    grant_shop_role,
    hours,
    load_places,
    refresh_categories,
    refresh_opening_spans,
    reopen_place,
    set_hours,
    update_place,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
pytestmark = pytest.mark.django_db


def news() -> list[int]:
    """Return the places announced, in order, and forget them."""
    found = list(OutboxEvent.objects.filter(kind="place").order_by("id").values_list("ref_id", flat=True))
    OutboxEvent.objects.all().delete()
    return found


# Categories


def test_the_migrations_planted_the_tree() -> None:
    assert Category.objects.filter(code__in=[row.code for row in CATEGORIES]).count() == len(CATEGORIES)


def test_refreshing_the_tree_mends_it_and_leaves_a_city_s_own_categories() -> None:
    Category.objects.filter(code="cafe").update(name_en="Cofee")
    Category.objects.create(code="boats", name_zh="船", name_en="Boats", emoji="canoe")
    refresh_categories()
    assert Category.objects.get(code="cafe").name_en == "Coffee"
    assert Category.objects.filter(code="boats").exists()
    assert [row.code for row in queries.list_categories()][:2] == ["boats", "cafe"]


# Places


def test_every_change_of_a_place_is_announced(place: Place, at: datetime) -> None:
    assert news() == [place.pk]
    update_place(place=place, at=at, about_zh="梧桐树下")
    set_hours(place=place, expression="24/7", at=at)
    close_place(place=place, at=at)
    reopen_place(place=place, at=at)
    assert news() == [place.pk] * 4
    close_place(place=place, at=at)
    close_place(place=place, at=at + timedelta(days=1))
    assert news() == [place.pk]
    assert Place.objects.get().closed_at == at


def test_loading_many_announces_each_and_keeps_their_order(_tree: None, at: datetime) -> None:
    rows = [
        PlaceRow(f"面馆{number}", "noodle-shop", 30.2, 120.1, hours="Mo-Su 06:00-14:00", tags=("quick",))
        for number in range(50)
    ]
    places = load_places(rows=rows, at=at)
    assert [place.name_zh for place in places] == [row.name_zh for row in rows]
    assert news() == [place.pk for place in places]
    assert OpeningPattern.objects.count() == 1, "the pattern is shared"
    assert Place.objects.first().tags == ["quick"]


def test_loading_takes_few_statements(_tree: None, at: datetime, django_assert_max_num_queries: Any) -> None:
    rows = [PlaceRow(f"店{number}", "cafe", 30.2, 120.1, hours=f"{6 + number % 12}:00-22:00") for number in range(300)]
    with django_assert_max_num_queries(14):
        load_places(rows=rows, at=at)


def test_one_bad_row_loads_nothing(_tree: None, at: datetime) -> None:
    rows = [PlaceRow("好", "cafe", 30.2, 120.1), PlaceRow("坏", "cafe", 30.2, 120.1, hours="whenever")]
    with pytest.raises(BadHours):
        load_places(rows=rows, at=at)
    assert not Place.objects.exists()
    with pytest.raises(IntegrityError):
        load_places(rows=[PlaceRow("", "cafe", 30.2, 120.1)], at=at)


def test_a_place_is_filed_by_its_position_and_again_when_it_moves(city: None, at: datetime) -> None:
    place = create_place(name_zh="街角", category="cafe", latitude=30.2503, longitude=120.12, at=at)
    assert (place.district_id, place.street_id) == ("west", "long")
    cell = place.cell
    update_place(place=place, at=at, longitude=120.171)
    place.refresh_from_db()
    assert (place.district_id, place.street_id) == ("east", None)
    assert place.cell != cell
    assert create_place(name_zh="远", category="cafe", latitude=31, longitude=121, at=at).district is None


def test_only_known_fields_can_be_changed(place: Place, at: datetime) -> None:
    with pytest.raises(AssertionError, match="state"):
        update_place(place=place, at=at, state="closed")


def test_places_of_cells_by_leaf_and_by_branch(place: Place, at: datetime) -> None:
    pub = create_place(name_zh="小酒馆", category="pub", latitude=30.2536, longitude=120.1644, at=at)
    shut = create_place(name_zh="旧店", category="pub", latitude=30.2536, longitude=120.1644, at=at)
    close_place(place=shut, at=at)
    found = queries.list_places_in_cells
    assert {row.pk for row in found([place.cell])} == {place.pk, pub.pk}
    assert found([place.cell], "bar") == [pub]
    assert found([place.cell], "pub") == [pub]
    assert found([place.cell], "tea") == []
    assert found([]) == []


def test_reading_a_place_takes_one_statement(place: Place, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        found = queries.get_place(place.pk)
        assert (found.category.parent, found.district, found.merchant.name_en, found.hours.expression) == (
            None, None, "Luli Coffee", "Mo-Su 10:00-22:00",
        )  # fmt: skip
    assert queries.find_place(place.pk + 1) is None
    with pytest.raises(Place.DoesNotExist):
        queries.get_place(place.pk + 1)
    assert queries.list_places_by_id([place.pk, 0]) == {place.pk: place}


# Hours


def test_hours_are_shared_tidied_and_counted_at_once(place: Place, at: datetime) -> None:
    set_hours(place=place, expression="PH off; 10:00-20:00", at=at)
    pattern = OpeningPattern.objects.get(expression="10:00-20:00; PH off")
    assert place.hours == pattern
    assert queries.open_pattern_ids(at)[pattern.pk] == at.replace(hour=20)
    assert queries.get_open_until(place, at) == at.replace(hour=20)
    assert queries.get_open_until(place, at.replace(hour=20)) is None, "half open: eight is closed"
    assert queries.get_open_until(place, at.replace(hour=9, minute=59)) is None
    assert queries.get_open_until(place, at.replace(hour=10)) == at.replace(hour=20)


def test_hours_that_cannot_be_read_change_nothing(place: Place, at: datetime) -> None:
    with pytest.raises(BadHours):
        set_hours(place=place, expression="from ten to eight", at=at)
    place.refresh_from_db()
    assert place.hours is not None
    assert place.hours.expression == "Mo-Su 10:00-22:00"


def test_hours_can_become_unknown(place: Place, at: datetime) -> None:
    set_hours(place=place, expression=" ", at=at)
    assert place.hours is None
    assert queries.get_open_until(place, at) is None
    assert queries.list_week(place, at) == []


def test_a_closed_shop_is_not_open(place: Place, at: datetime) -> None:
    close_place(place=place, at=at)
    assert queries.get_open_until(place, at) is None


def test_ds4_eight_days_ahead_are_worked_out(place: Place, at: datetime) -> None:
    for days in range(9):
        assert place.hours_id in queries.open_pattern_ids(at + timedelta(days=days)), days
    assert queries.open_pattern_ids(at + timedelta(days=9)) == {}
    refresh_opening_spans(at=at + timedelta(days=1))
    assert place.hours_id in queries.open_pattern_ids(at + timedelta(days=9))


def test_a_sleeping_city_finds_its_hours_when_a_place_asks_for_an_old_pattern(place: Place, at: datetime) -> None:
    later = at + timedelta(days=60)
    create_place(name_zh="新店", category="cafe", latitude=30, longitude=120, hours="Mo-Su 10:00-22:00", at=later)
    assert queries.get_open_until(place, later) is not None


def test_after_midnight_the_night_before_counts(place: Place, at: datetime) -> None:
    set_hours(place=place, expression="Fr 18:00-02:00; Sa off", at=at)
    assert queries.get_open_until(place, at.replace(hour=0, minute=30)) == at.replace(hour=2)


def test_a_week_begins_today_and_says_what_kind_of_day(place: Place) -> None:
    set_hours(place=place, expression="Mo-Fr 18:00-02:00; PH off", at=datetime(2026, 9, 29, 12, tzinfo=SHANGHAI))
    week = queries.list_week(place, datetime(2026, 9, 29, 16, 30, tzinfo=ZoneInfo("UTC")))
    assert [day.date for day in week] == [date(2026, 9, 30) + timedelta(days=number) for number in range(7)]
    assert [day.kind for day in week] == ["workday", *["public_holiday"] * 6]
    assert [len(day.spans) for day in week] == [1, 0, 0, 0, 0, 0, 0]
    assert all(day.confirmed for day in week)
    far = queries.list_week(place, datetime(2049, 12, 31, 12, tzinfo=SHANGHAI))
    assert not any(day.confirmed for day in far), "PR15: said in the answer"


def test_an_operator_s_day_counts_after_the_next_refresh(place: Place, at: datetime) -> None:
    set_hours(place=place, expression="10:00-20:00; PH off", at=at)
    set_calendar_day(day=at.date(), kind="public_holiday", source="marathon")
    assert queries.get_open_until(place, at) is not None
    refresh_opening_spans(at=at)
    assert queries.get_open_until(place, at) is None


def test_three_hundred_patterns_are_refreshed_at_once_and_again_without_doubles(at: datetime) -> None:
    holidays = ("off", "12:00-18:00")
    OpeningPattern.objects.bulk_create(
        OpeningPattern(expression=f"Mo-Fr {n // 60 + 6:02d}:{n % 60:02d}-21:00; Sa 18:00-02:00; PH {holidays[n % 2]}")
        for n in range(300)
    )
    assert refresh_opening_spans(at=at) == 300
    spans = OpeningSpan.objects.count()
    refresh_opening_spans(at=at)
    assert OpeningSpan.objects.count() == spans == 300 * 7, "five workdays and two Saturdays each"


def test_the_job_refreshes(place: Place) -> None:
    OpeningSpan.objects.all().delete()
    refresh_job(timestamp=0)
    assert OpeningSpan.objects.exists()


# Merchants and roles


def test_a_merchant_has_an_owner_from_the_start(owner: User, merchant: Merchant) -> None:
    assert queries.is_owner(owner, merchant.pk)
    assert queries.is_clerk(owner, merchant.pk), "owners count"
    assert [role.kind for role in queries.list_shop_roles(owner)] == ["owner"]
    assert queries.get_merchant(merchant.pk) == merchant


def test_roles_end_and_stay_written(owner: User, merchant: Merchant, at: datetime) -> None:
    clerk = User.objects.create_user(display_name="小吴")
    role = grant_shop_role(merchant=merchant, user=clerk, kind="clerk", granted_by=owner, at=at)
    assert grant_shop_role(merchant=merchant, user=clerk, kind="clerk", granted_by=owner, at=at) == role
    assert queries.is_clerk(clerk, merchant.pk)
    assert not queries.is_owner(clerk, merchant.pk)
    end_shop_role(role=role, at=at)
    assert not queries.is_clerk(clerk, merchant.pk)
    assert role.ended_at == at
    again = grant_shop_role(merchant=merchant, user=clerk, kind="clerk", granted_by=owner, at=at)
    assert again.pk != role.pk
    assert [row.user for row in queries.list_staff(merchant.pk)] == [owner, clerk]


def test_a_clerk_of_one_place_who_is_called_to_another_serves_all(
    owner: User, place: Place, merchant: Merchant, at: datetime
) -> None:
    other = create_place(
        name_zh="二店", category="cafe", latitude=30.26, longitude=120.16, merchant_id=merchant.pk, at=at
    )
    clerk = User.objects.create_user(display_name="小吴")
    grant_shop_role(merchant=merchant, user=clerk, kind="clerk", granted_by=owner, at=at, place=place)
    assert queries.is_clerk(clerk, merchant.pk, place.pk)
    assert not queries.is_clerk(clerk, merchant.pk, other.pk)
    grant_shop_role(merchant=merchant, user=clerk, kind="clerk", granted_by=owner, at=at, place=other)
    assert queries.is_clerk(clerk, merchant.pk, place.pk)
    assert queries.is_clerk(clerk, merchant.pk, other.pk)
    assert ShopRole.objects.filter(user=clerk, ended_at=None).count() == 1


def test_the_only_owner_cannot_leave(owner: User, merchant: Merchant, at: datetime) -> None:
    role = ShopRole.objects.get(user=owner)
    with pytest.raises(LastOwner):
        end_shop_role(role=role, at=at)
    second = User.objects.create_user(display_name="老陈")
    grant_shop_role(merchant=merchant, user=second, kind="owner", granted_by=owner, at=at)
    end_shop_role(role=role, at=at)
    assert not queries.is_owner(owner, merchant.pk)


def test_somebody_else_s_merchant_is_none_of_my_business(owner: User, at: datetime) -> None:
    stranger = User.objects.create_user(display_name="路人")
    other = create_merchant(name_zh="别家", owner=stranger, at=at)
    assert not queries.is_clerk(owner, other.pk)


def test_the_footer_names_sources_that_ask_for_it(place: Place, at: datetime) -> None:
    assert queries.list_sources() == []
    shop = create_place(
        name_zh="地图店", category="cafe", latitude=30, longitude=120, source="osm", source_ref="node/1", at=at
    )
    assert [source.label.en for source in queries.list_sources()] == ["© OpenStreetMap contributors, ODbL"]
    close_place(place=shop, at=at)
    assert queries.list_sources() == []


@pytest.mark.django_db(transaction=True)
def test_two_refreshes_at_once_do_not_double_the_spans(
    _tree: None, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_places(rows=[PlaceRow("店", "cafe", 30.2, 120.1, hours="Mo-Su 10:00-22:00")], at=at)
    once = OpeningSpan.objects.count()

    def refresh_twice() -> int:
        meet = Barrier(2)
        get_overlay = hours.get_calendar_overlay

        def get_overlay_together() -> object:
            meet.wait(timeout=5)
            return get_overlay()

        def one(_: int) -> None:
            try:
                refresh_opening_spans(at=at)
            finally:
                connection.close()

        with monkeypatch.context() as patch, ThreadPoolExecutor(2) as jobs:
            patch.setattr(hours, "get_calendar_overlay", get_overlay_together)
            list(jobs.map(one, range(2)))
        return OpeningSpan.objects.count()

    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "select_for_update", lambda self, **options: self)
        doubled = max(refresh_twice() for _ in range(10))
    assert doubled > once, "the race does not happen; this test proves nothing"
    assert refresh_twice() == once
