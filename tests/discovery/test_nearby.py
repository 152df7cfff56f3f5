"""Here and now: who is listed, in which order, at what price, and what that may cost (U08, U26, U28-U30, U34)."""

import random
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bacao.discovery.queries import list_nearby, nearest_usable, price_places
from bacao.discovery.queries.simple import Nearby
from bacao.discovery.services import refresh_usual_amounts
from bacao.notes.services import save_place
from bacao.places.models import Place
from bacao.places.services import close_place, set_hours
from tests.discovery.indexed import view_of_database
from tests.discovery.town import LAKE, give_standing, north_of_lake, open_shop
from tests.factories import make_offer_version, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]
IS_INDEXED = False
simple_only = pytest.mark.parametrize("form", ["simple"], indirect=True)


@pytest.fixture(params=["simple", "index"], autouse=True)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test here happen twice: answered by the database, and by an index of what is in it."""
    monkeypatch.setattr("tests.discovery.test_nearby.IS_INDEXED", request.param == "index")


def near(at: datetime, **asked: object) -> Nearby:
    with pytest.MonkeyPatch.context() as patch:
        if IS_INDEXED:
            view = view_of_database(at)
            patch.setattr("bacao.discovery.queries.nearby.find_view", lambda: view)
        found = _near(at, **asked)
    assert found.is_simple is not IS_INDEXED
    return found


def _near(at: datetime, **asked: object) -> Nearby:
    return list_nearby(**{"lat": LAKE[0], "lon": LAKE[1], "radius_m": 1000, "at": at, **asked})  # type: ignore[arg-type]  # the test names what it asks


def names(found: Nearby) -> list[str]:
    return [item.place.name_zh for item in found.items]


def test_a_circle_ends_where_it_says(at: datetime) -> None:
    open_shop("里面", at=at, metres=990)
    open_shop("外面", at=at, metres=1010)
    assert names(near(at)) == ["里面"]


@pytest.mark.parametrize(
    ("minute", "listed"),
    [("10:59", False), ("11:00", True), ("13:59", True), ("14:00", False), ("16:59", False), ("17:00", True)],
)
def test_open_to_the_minute(minute: str, listed: bool, at: datetime) -> None:
    open_shop("小馆", at=at, hours="Mo-Su 11:00-14:00,17:00-21:30")
    hour, minutes = map(int, minute.split(":"))
    assert names(near(at.replace(hour=hour, minute=minutes))) == (["小馆"] if listed else [])


def test_half_past_midnight_belongs_to_yesterdays_evening(at: datetime) -> None:
    place = open_shop("夜宵", at=at, hours="Fr 18:00-02:00")  # `at` is a Saturday
    (item,) = near(at.replace(hour=0, minute=30)).items
    assert item.place == place
    assert item.open_until == at.replace(hour=2, minute=0)
    assert names(near(at.replace(hour=2, minute=0))) == []


def test_unknown_hours_are_not_called_open_but_counted(at: datetime) -> None:
    open_shop("没写", at=at, hours="")
    assert (names(near(at)), near(at).unknown_hours) == ([], 1)
    assert names(near(at, open_now=False)) == ["没写"]


def test_shut_ones_can_be_asked_for_and_have_no_price(at: datetime) -> None:
    place = open_shop("早点", at=at, hours="Mo-Su 06:00-09:00")
    make_offer_version(place, at=at)
    (item,) = near(at, open_now=False).items
    assert (item.price, item.hours, item.terms["time_left"]) == (None, "closed", -900)


def test_a_place_that_closed_for_good_is_gone(at: datetime) -> None:
    open_shop("还在", at=at)
    close_place(place=open_shop("旧店", at=at), at=at)
    assert names(near(at, open_now=False)) == ["还在"]


def test_a_branch_of_the_tree_holds_its_leaves(at: datetime) -> None:
    open_shop("烘焙所", at=at, category="roastery")
    open_shop("面馆", at=at, category="noodles")
    assert names(near(at, category="cafe")) == ["烘焙所"]
    assert names(near(at, category="roastery")) == ["烘焙所"]


def test_a_place_without_an_offer_is_listed_without_a_price(at: datetime) -> None:
    open_shop("没优惠", at=at)
    (item,) = near(at).items
    assert item.price is None
    assert item.facts.per_head_minor == 4000


def test_the_price_is_the_best_single_offer_usable_now(at: datetime) -> None:
    place = open_shop("山野", at=at)
    make_offer_version(place, at=at)  # 50 for 38
    make_offer_version(place, at=at, price_minor=3000, weekly_hours="Mo-Su 17:00-21:00")  # better, but not at noon
    (item,) = near(at).items
    assert item.price is not None
    assert item.price.payable_minor == 3800
    (item,) = near(at.replace(hour=18)).items
    assert item.price is not None
    assert item.price.payable_minor == 3000


def test_a_package_for_six_is_no_price_for_one(at: datetime) -> None:
    place = open_shop("大圆桌", at=at)
    make_offer_version(place, at=at, party_size=6, price_minor=18000, list_minor=60000)
    assert near(at).items[0].price is None
    priced = near(at, party=6).items[0].price
    assert priced is not None
    assert priced.payable_minor == 18000


def test_an_offer_sold_out_paused_or_past_leaves_the_list(at: datetime) -> None:
    place = open_shop("山野", at=at)
    make_offer_version(place, at=at, state="paused")
    make_offer_version(place, at=at, sale_until=at - timedelta(minutes=1))
    gone = make_offer_version(place, at=at)
    gone.offer.stock.limit = gone.offer.stock.used = 3
    gone.offer.stock.save()
    assert near(at).items[0].price is None


def test_nearer_better_cheaper_first(at: datetime) -> None:
    refresh_usual_amounts()
    far, close, praised = (open_shop(name, at=at, metres=m) for name, m in (("远", 700), ("近", 60), ("好评", 700)))
    give_standing(praised, reviews=60, stars_hundredths=480, recent=80)
    cheap = open_shop("有优惠", at=at, metres=700)
    make_offer_version(cheap, at=at, price_minor=2000, list_minor=5000)
    for place in (far, close, praised):
        assert place
    refresh_usual_amounts()
    order = names(near(at))
    assert order.index("近") < order.index("远")
    assert order.index("好评") < order.index("远")
    assert order.index("有优惠") < order.index("远")


def test_equal_places_stand_in_a_fixed_order(at: datetime) -> None:
    made = [open_shop(f"第 {number} 家", at=at, metres=300) for number in range(5)]
    assert [item.place.pk for item in near(at).items] == [place.pk for place in made]


@pytest.mark.parametrize(("price", "listed"), [(3900, ["有优惠"]), (4000, ["有优惠", "没优惠"]), (1000, [])])
def test_the_highest_price_is_what_one_really_pays(price: int, listed: list[str], at: datetime) -> None:
    make_offer_version(open_shop("有优惠", at=at), at=at)  # 38 a head
    open_shop("没优惠", at=at)  # usually 40
    open_shop("没人知道", at=at, usual_minor=None)
    assert sorted(names(near(at, price_minor=price))) == sorted(listed)


def test_the_longest_walk(at: datetime) -> None:
    open_shop("五分钟", at=at, metres=300)
    open_shop("十五分钟", at=at, metres=900)
    assert names(near(at, walk_minutes=5)) == ["五分钟"]
    nearest = near(at, walk_minutes=1).nearest
    assert nearest is not None and nearest.place.name_zh == "五分钟", "too far to walk is still the nearest"


def test_nothing_near_names_the_nearest_within_twice_the_radius(at: datetime) -> None:
    open_shop("远一点", at=at, metres=1900)
    open_shop("再近些", at=at, metres=1500)
    found = near(at)
    assert found.items == []
    assert found.nearest is not None
    assert (found.nearest.place.name_zh, found.nearest.distance_m) == ("再近些", 1500)


def test_nothing_within_twice_the_radius_says_so(at: datetime) -> None:
    open_shop("太远", at=at, metres=2100)
    assert (near(at).items, near(at).nearest) == ([], None)


def test_the_nearest_also_keeps_to_the_price(at: datetime) -> None:
    open_shop("贵", at=at, metres=1200, usual_minor=20000)
    open_shop("便宜", at=at, metres=1800, usual_minor=2000)
    nearest = near(at, price_minor=3000).nearest
    assert nearest is not None
    assert nearest.place.name_zh == "便宜"


def test_what_i_saved_comes_first_unless_i_switched_it_off(at: datetime) -> None:
    open_shop("别家", at=at, metres=250)
    mine = open_shop("我的", at=at, metres=260)
    user = make_user()
    save_place(user=user, place=mine, at=at)
    assert names(near(at, viewer=user))[0] == "我的"
    assert f"你 {timezone.localdate(at).month} 月收藏的" in [text.zh for text in near(at, viewer=user).items[0].reasons]
    user.personal_ranking = False
    with CaptureQueriesContext(connection) as asked:
        assert names(near(at, viewer=user))[0] == "别家"
    assert not any("notes_save" in query["sql"] for query in asked), "history is not read at all, not read and hidden"


def test_ds13_the_explanation_adds_up_in_a_real_list(at: datetime) -> None:
    for number in range(8):
        place = open_shop(f"第 {number} 家", at=at, metres=100 * number, hours="Mo-Su 08:00-12:20")
        give_standing(place, reviews=number * 3, stars_hundredths=400 + number * 10, recent=number)
        make_offer_version(place, at=at, price_minor=2000 + 200 * number)
    refresh_usual_amounts()
    items = near(at).items
    assert len(items) == 8
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)
    for item in items:
        assert sum(reason.points for reason in item.explanation) == item.score
        assert item.terms["time_left"] < 0, "20 minutes are left"


@simple_only
def test_pricing_only_the_promising_gives_the_same_list_as_pricing_all(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is exact: random places, lists of several lengths, priced in small batches and all at once (DS5)."""
    lots = random.Random(11)
    for number in range(60):
        place = open_shop(
            f"第 {number} 家", at=at, metres=lots.uniform(10, 990), usual_minor=lots.randrange(1000, 20000)
        )
        give_standing(
            place, reviews=lots.randrange(50), stars_hundredths=lots.randrange(300, 500), recent=lots.randrange(40)
        )
        if lots.random() < 0.7:
            make_offer_version(place, at=at, price_minor=lots.randrange(500, 4900))
    refresh_usual_amounts()
    for limit in (1, 5, 20):
        monkeypatch.setattr("bacao.discovery.queries.simple.PRICED_AT_ONCE", (10_000,))
        whole = [(item.place.pk, item.score) for item in near(at, limit=limit).items]
        monkeypatch.setattr("bacao.discovery.queries.simple.PRICED_AT_ONCE", (limit, 7, 7, 7))
        assert [(item.place.pk, item.score) for item in near(at, limit=limit).items] == whole
    monkeypatch.setattr("bacao.discovery.queries.weighing.VALUE_POINTS_MAX", -300)  # a bound 1,000 points too low
    monkeypatch.setattr("bacao.discovery.queries.simple.PRICED_AT_ONCE", (5, 7, 7, 7))
    assert [(item.place.pk, item.score) for item in near(at, limit=5).items] != whole[:5]


@simple_only
@pytest.mark.parametrize("count", [3, 40])
def test_the_number_of_statements_does_not_grow_with_the_list(count: int, at: datetime) -> None:
    for number in range(count):
        make_offer_version(
            open_shop(f"第 {number} 家", at=at, metres=10 * number), at=at, weekly_hours="Mo-Su 09:00-21:00"
        )
    with CaptureQueriesContext(connection) as asked:
        assert len(near(at).items) == min(count, 20)
    assert len(asked) <= 8, [query["sql"][:80] for query in asked]
    viewer = make_user()
    with CaptureQueriesContext(connection) as asked:
        near(at, viewer=viewer)
    assert len(asked) <= 8 + 2, "what was saved, and where somebody came"


@simple_only
def test_an_empty_answer_costs_a_second_look_and_no_more(at: datetime) -> None:
    open_shop("远", at=at, metres=1500)
    with CaptureQueriesContext(connection) as asked:
        assert near(at).nearest is not None
    assert len(asked) <= 11, [query["sql"][:80] for query in asked]


# --- one place


@simple_only
def test_u08_the_nearest_usable_is_of_the_kind_open_and_has_an_offer(at: datetime) -> None:
    here = open_shop("这里", at=at)
    open_shop("没优惠", at=at, metres=150)
    shut = open_shop("没开", at=at, metres=160)
    set_hours(place=shut, expression="Mo-Su 20:00-23:00", at=at)
    make_offer_version(shut, at=at)
    make_offer_version(open_shop("别的种类", at=at, metres=170, category="bar"), at=at)
    make_offer_version(open_shop("远的", at=at, metres=900), at=at)
    make_offer_version(open_shop("就是它", at=at, metres=400), at=at)
    found = nearest_usable(here, at)
    assert found is not None
    assert found.place.name_zh == "就是它"
    assert found.price is not None


@simple_only
def test_u08_nothing_usable_is_none(at: datetime) -> None:
    assert nearest_usable(open_shop("这里", at=at), at) is None


@simple_only
def test_prices_of_many_places_cost_two_statements(at: datetime) -> None:
    places: list[Place] = []
    for number in range(12):
        places.append(open_shop(f"第 {number} 家", at=at))
        make_offer_version(places[-1], at=at)
    without = open_shop("没优惠", at=at)
    with CaptureQueriesContext(connection) as asked:
        prices = price_places([*places, without], at)
    assert prices.keys() == {place.pk for place in places}
    assert len(asked) <= 2


def test_distance_and_walk_are_measured_from_the_point_asked_for(at: datetime) -> None:
    open_shop("九百米", at=at, **north_of_lake(900))
    (item,) = near(at).items
    assert (item.distance_m, item.walking_minutes) == (900, 15)
