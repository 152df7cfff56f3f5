"""Where somebody looks from: chosen, found by name, or told by the device and kept nowhere else (U28)."""

from datetime import datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bacao.places.models import District, Street
from tests.discovery.town import found_town, open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)
    cache.clear()
    found_town()


def looking_from(client: Client) -> str:
    html = client.get("/where").content.decode()
    return html.split("现在按 <b>")[1].split("</b>")[0]


def test_the_first_district_is_the_middle(client: Client) -> None:
    assert looking_from(client) == "湖滨"


def test_a_city_without_districts_has_a_middle_too(client: Client) -> None:
    Street.objects.all().delete()
    District.objects.all().delete()
    assert looking_from(client) == "市中心"
    assert client.get("/now").status_code == 200


@pytest.mark.parametrize(
    ("choice", "label"),
    [
        ("street:wulin", "武林路"), ("street:longxiang", "龙翔桥"), ("district:gulou", "鼓楼"),
        ("street:gone", "湖滨"), ("x", "湖滨"),
    ],
)  # fmt: skip
def test_a_choice_is_remembered(choice: str, label: str, client: Client) -> None:
    answer = client.post("/where", {"to": choice, "next": "/now?party=2"})
    assert answer["Location"] == "/now?party=2"
    assert looking_from(client) == label


def test_the_list_is_measured_from_there(client: Client, at: datetime) -> None:
    open_shop("长乐面馆", at=at, latitude=30.2421, longitude=120.1711)
    assert "附近此刻没有合适的" in client.get("/now").content.decode(), "1.7 km away from Hubin"
    client.post("/where", {"to": "street:changle"})
    html = client.get("/now").content.decode()
    assert "长乐面馆" in html
    assert "附近此刻没有合适的" not in html


def test_a_device_is_kept_in_the_browser_for_half_a_day(client: Client) -> None:
    answer = client.post("/where", {"to": "device", "latitude": "30.25001234", "longitude": "120.16009876"})
    cookie = answer.cookies["where"]
    assert cookie.value == "device:30.2500,120.1601"
    assert cookie["max-age"] == 12 * 3600
    assert cookie["httponly"]
    assert looking_from(client) == "我的位置"
    client.post("/where", {"to": "forget"})
    assert looking_from(client) == "湖滨"


def test_a_device_far_away_is_told_so(client: Client) -> None:
    answer = client.post("/where", {"to": "device", "latitude": "48.85", "longitude": "2.35"}, follow=True)
    assert "公里以外" in answer.content.decode()
    assert looking_from(client) == "湖滨"


@pytest.mark.parametrize("latitude", ["", "north", "nan", "inf", "1e400", "-91"])
def test_a_position_that_is_none_changes_nothing(latitude: str, client: Client) -> None:
    client.post("/where", {"to": "device", "latitude": latitude, "longitude": "120.16"})
    assert looking_from(client) == "湖滨"


@pytest.mark.parametrize(
    "cookie", ["device:99,500", "device:1", "street:../x", "street:wulin;x", "device:30.25,120.16,1", "%"]
)
def test_a_cookie_that_was_tampered_with_is_passed_over(cookie: str, client: Client) -> None:
    client.cookies["where"] = cookie
    assert looking_from(client) == "湖滨"


def test_next_stays_on_this_site(client: Client) -> None:
    answer = client.post("/where", {"to": "street:wulin", "next": "https://elsewhere.example/"})
    assert answer["Location"].startswith("/")


@pytest.mark.parametrize(
    ("typed", "found"), [("武", "武林路"), ("wulin", "武林路"), ("changlelu", "长乐路"), ("long", "龙翔桥")]
)
def test_search_among_streets(typed: str, found: str, client: Client) -> None:
    html = client.get("/where", {"q": typed}, headers={"HX-Request": "true"}).content.decode()
    assert found in html
    assert "<html" not in html
    assert "没有叫这个的" in client.get("/where?q=zzz").content.decode()


def test_nobody_asks_where_one_is_unless_a_page_needs_it(client: Client) -> None:
    client.get("/map/style.json")
    with CaptureQueriesContext(connection) as asked:
        client.get("/map/style.json")
    assert len(asked) == 0
