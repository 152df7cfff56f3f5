"""Now: the page, its filters, its honest answers, the map's documents, and what it may cost (U08, U28, U34)."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bacao.places.models import MapFeature, Place
from tests.discovery.indexed import view_of_database
from tests.discovery.town import found_town, give_standing, open_shop
from tests.factories import make_offer_version, make_user

pytestmark = pytest.mark.django_db
STATEMENTS_AT_MOST = 10
ROW = re.compile(r'<li class="place-row near" id="place-(\d+)"')


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)
    cache.clear()
    found_town()


def page(client: Client, address: str = "/now", **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(html: str) -> list[int]:
    return [int(number) for number in ROW.findall(html)]


def priced_shop(at: datetime, **fields: Any) -> Place:
    place = open_shop("山野咖啡", "Wild Hill Coffee", at=at, **fields)
    make_offer_version(place, at=at)
    give_standing(place, reviews=12, stars_hundredths=460, recent=30)
    return place


def test_a_row_says_what_one_needs(client: Client, at: datetime) -> None:
    place = priced_shop(at, hours="Mo-Su 08:00-22:00", metres=300)
    html = page(client)
    assert rows(html) == [place.pk]
    for said in ("山野咖啡", "4.6", "(12)", "走 5 分钟", "开到 22:00", "¥38", "¥50", "省 ¥12", "近 30 天 30 人到店"):
        assert said in html, said
    client.cookies["django_language"] = "en"
    html = page(client)
    for said in ("Wild Hill Coffee", "walk 5 min", "open until 22:00", "save ¥12", "30 came in 30 days"):
        assert said in html, said


def test_the_points_shown_add_up(client: Client, at: datetime) -> None:
    priced_shop(at, metres=300)
    points = [int(found) for found in re.findall(r"<dd>\+?(-?\d+)</dd>", page(client))]
    assert points[-1] == sum(points[:-1])
    assert len(points) >= 3


def test_every_row_can_be_put_on_the_map(client: Client, at: datetime) -> None:
    place = priced_shop(at)
    open_shop("没优惠", at=at)
    html = page(client)
    assert f'data-lat="{place.latitude:.6f}" data-lon="{place.longitude:.6f}"' in html
    assert re.findall(r'data-pay="([^"]*)"', html) == ["¥38", ""]


def test_htmx_gets_the_list_alone_and_a_clean_address(client: Client, at: datetime) -> None:
    place = priced_shop(at)
    answer = client.get("/now?category=&price=60&walk=&party=2", headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert rows(html) == [place.pk]
    assert "<html" not in html
    assert "now__filters" not in html
    assert answer["HX-Push-Url"] == "/now?price=60&party=2"
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("", {"山野咖啡", "贵店", "面馆"}), ("category=cafe", {"山野咖啡", "贵店"}), ("price=60", {"山野咖啡", "面馆"}),
        ("walk=5", {"面馆"}), ("category=cafe&price=60", {"山野咖啡"}),
        ("shut=1", {"山野咖啡", "贵店", "面馆", "夜店"}),
        ("category=nonsense", set()), ("price=-3&walk=x&party=99999999999999999999", {"山野咖啡", "贵店", "面馆"}),
        ("price=٣٠", {"山野咖啡", "贵店", "面馆"}), ("category=%00", {"山野咖啡", "贵店", "面馆"}),
    ],
)  # fmt: skip
def test_filters(asked: str, listed: set[str], client: Client, at: datetime) -> None:
    priced_shop(at, metres=600)
    open_shop("贵店", at=at, metres=700, usual_minor=20000)
    open_shop("面馆", at=at, metres=200, category="noodles", usual_minor=2000)
    open_shop("夜店", at=at, category="bar", hours="Mo-Su 20:00-02:00")
    html = page(client, f"/now?{asked}")
    assert set(Place.objects.filter(pk__in=rows(html)).values_list("name_zh", flat=True)) == listed


def test_nothing_near_names_the_nearest(client: Client, at: datetime) -> None:
    place = open_shop("远的", at=at, metres=1800)
    html = page(client)
    assert "附近此刻没有合适的" in html
    assert rows(html) == [place.pk]
    assert "1.8 km" in html


def test_nothing_at_all_says_so_and_offers_ways_on(client: Client, at: datetime) -> None:
    open_shop("没写时间", at=at, hours="")
    html = page(client, "/now?price=30")
    assert "此刻没有合适的" in html
    assert 'href="/now?price=30&amp;shut=1"' in html
    assert 'href="/where?next=/now"' in html


def test_the_page_works_without_a_script(client: Client, at: datetime) -> None:
    priced_shop(at)
    html = page(client)
    assert '<form class="now__filters" id="filters" action="/now" method="get"' in html
    assert "<noscript><button" in html
    assert not re.search(r"<script(?![^>]*src=)[^>]*>", html), "no script stands in the page itself"


@pytest.mark.parametrize("count", [2, 30])
def test_the_number_of_statements_does_not_grow(count: int, client: Client, at: datetime) -> None:
    for number in range(count):
        make_offer_version(open_shop(f"第 {number} 家", at=at, metres=20 * number), at=at)
    page(client)
    with CaptureQueriesContext(connection) as asked:
        assert len(rows(page(client))) == count
    assert len(asked) <= STATEMENTS_AT_MOST, [row["sql"][:90] for row in asked]


def test_somebody_signed_in_costs_little_more(client: Client, at: datetime) -> None:
    priced_shop(at)
    client.force_login(make_user())
    page(client)
    with CaptureQueriesContext(connection) as asked:
        page(client)
    assert len(asked) <= STATEMENTS_AT_MOST + 4, [row["sql"][:90] for row in asked]


# --- the map


def test_the_style_asks_nobody_else(client: Client) -> None:
    for theme in ("light", "dark", "nonsense"):
        style = client.get(f"/map/style.json?theme={theme}&language=en").json()
        assert style["version"] == 8
        assert "glyphs" not in style
        assert "sprite" not in style
        addresses = re.findall(r"https?://[^/\"]+", json.dumps(style))
        assert set(addresses) == {"http://testserver"}
    light = client.get("/map/style.json?theme=light").json()
    dark = client.get("/map/style.json?theme=dark").json()
    assert light["layers"][0]["paint"] != dark["layers"][0]["paint"]
    assert {layer.get("source", "city") for layer in light["layers"]} == {"city"}


def test_the_ground_is_the_citys_own(client: Client) -> None:
    square = [[[120.1, 30.2], [120.2, 30.2], [120.2, 30.3], [120.1, 30.2]]]
    MapFeature.objects.create(kind="water", name_zh="湖", geometry={"type": "Polygon", "coordinates": square})
    answer = client.get("/map/city.json")
    assert "public" in answer["Cache-Control"]
    kinds = [feature["properties"]["kind"] for feature in answer.json()["features"]]
    assert kinds.count("water") == 1
    assert kinds.count("station") == 1
    assert kinds.count("seat") == 2


def test_a_mood_and_another_time(client: Client, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = open_shop("安静", at=at, tags=["quiet"], hours="Mo-Su 08:00-22:00")
    late = open_shop("夜里", at=at, tags=["late", "view"], hours="Mo-Su 18:00-24:00")
    view = view_of_database(at)
    monkeypatch.setattr("bacao.discovery.queries.nearby.find_view", lambda: view)
    monkeypatch.setattr("bacao.discovery.queries.live.find_view", lambda: view)
    age = lambda now: (now - at).total_seconds()  # noqa: E731  # of the index, not of the time asked about
    monkeypatch.setattr("bacao.discovery.queries.nearby.get_index_age_seconds", age)
    html = page(client)
    assert rows(html) == [quiet.pk] and '<option value="quiet">安静</option>' in html
    evening = f"{at:%Y-%m-%d}T21:30"
    assert f'<option value="{evening}">周六夜里 21:30</option>' in html
    html = page(client, f"/now?at={evening}")
    assert sorted(rows(html)) == [quiet.pk, late.pk] and "周六夜里 21:30 开着" in html
    assert "分钟前" not in html
    assert f'<option value="{evening}" selected>' in html
    assert rows(page(client, f"/now?at={evening}&tag=late")) == [late.pk]
    answer = client.get(f"/now?at={evening}&tag=late&party=1", headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == f"/now?tag=late&at={evening.replace(':', '%3A')}"
    for nonsense in ("2020-01-01T12:00", "tomorrow", "2026-12-31T12:00"):
        assert rows(page(client, f"/now?at={nonsense}")) == [quiet.pk]


def test_holidays_nobody_published_are_said(client: Client, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """DS4: hours of a year whose days off are not known yet."""
    priced_shop(at, hours="24/7")
    assert "还没公布" not in page(client)
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at.replace(year=2031))
    assert "放假安排还没公布" in page(client)
