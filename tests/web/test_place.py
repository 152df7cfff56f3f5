"""A place's page: the price for you now, every offer with its reason, the week, and what it may cost (U08, U34)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bacao.kit.queries import get_calendar_overlay
from bacao.notes.queries import saved_place_ids
from bacao.offers.queries import list_live_terms, list_offers_of_place
from bacao.places.models import Place
from bacao.places.services import close_place, set_hours
from bacao.redemption.models import Arrival
from bacao.reviews.models import Review
from bacao.web.shop_now import offers_now
from tests.discovery.town import found_town, give_standing, open_shop, write_note
from tests.factories import make_merchant, make_offer_version, make_place, make_user

pytestmark = pytest.mark.django_db
STATEMENTS_AT_MOST = 13


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)
    cache.clear()
    found_town()


@pytest.fixture
def place(at: datetime) -> Place:
    return open_shop(
        "鹿里咖啡", "Luli Coffee", at=at, metres=300, hours="Mo-Fr 08:00-22:00; Sa,Su 09:00-20:00",
        address_zh="武林路 12 号", address_en="12 Wulin Road", phone="0571-1234", usual_minor=4000,
    )  # fmt: skip


def page(client: Client, place: Place, query: str = "") -> str:
    answer = client.get(f"/places/{place.pk}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def section(html: str, name: str) -> str:
    return html.split(f'class="{name}')[1].split("</section>")[0]


def test_facts_in_one_line(client: Client, place: Place) -> None:
    give_standing(place, reviews=12, stars_hundredths=460, recent=30)
    facts = section(page(client, place), "dot-list place__facts").split("</p>")[0]
    for said in ("咖啡", "¥40 一位", "4.6", "(12)", "走 5 分钟", "开到 20:00"):
        assert said in facts, said


def test_the_price_for_you_now_opens_to_its_arithmetic(client: Client, place: Place, at: datetime) -> None:
    make_offer_version(place, at=at, kind="percent_off", funders=(("platform", 4000), ("merchant", 6000)))
    html = section(page(client, place), "place__price")
    lines = re.findall(r"<dt>([^<]+)(?: <small[^>]*>([^<]*)</small>)?</dt><dd>(-?)¥([\d.]+)</dd>", html)
    amounts = [round(float(amount) * 100) * (-1 if sign else 1) for _, _, sign, amount in lines]
    assert [label.strip() for label, _, _, _ in lines] == ["账单", "手冲加可颂", "你付"]
    assert lines[1][1] == "拔草出 ¥2.4 · 店家出 ¥3.6"
    assert amounts == [4000, -600, 3400], "15 % off 40; the platform pays two fifths of it"
    assert 'placeholder="40"' in html


def test_one_green_button_leads_to_the_checkout_with_the_note(client: Client, place: Place, at: datetime) -> None:
    version = make_offer_version(place, at=at, party_size=2)
    html = page(client, place, "?party=4&note=7")
    assert f'href="/checkout/{version.offer_id}?quantity=2&amp;note=7"' in html
    assert "买来用 ¥76" in html
    assert f'href="/checkout/{version.offer_id}?quantity=1"' in page(client, place, "?note=x")


def test_a_free_offer_is_taken_not_bought(client: Client, place: Place, at: datetime) -> None:
    make_offer_version(place, at=at, kind="threshold_off", face_minor=500, threshold_minor=3000)
    assert "免费领来用" in page(client, place)


def test_every_offer_says_whether_it_can_be_used_now_and_why_not(client: Client, place: Place, at: datetime) -> None:
    make_offer_version(place, at=at, title_zh="现在")
    make_offer_version(place, at=at, title_zh="晚上", weekly_hours="Mo-Su 17:30-19:00")
    make_offer_version(place, at=at, title_zh="周一", weekly_hours="Mo 11:00-12:00")
    make_offer_version(place, at=at, title_zh="预告", sale_from=at + timedelta(days=1))
    make_offer_version(place, at=at, title_zh="过期", sale_until=at)
    make_offer_version(place, at=at, title_zh="暂停", state="paused")
    gone = make_offer_version(place, at=at, title_zh="卖完")
    gone.offer.stock.limit = gone.offer.stock.used = 1
    gone.offer.stock.save()
    offers = section(page(client, place), "place__offers")
    titles, states = re.findall(r'offer-card__title">([^<]+)', offers), offers.split('class="place__state">')[1:]
    said = dict(zip(titles, states, strict=True))
    reasons = {
        "现在": "现在能用", "晚上": "今天 17:30 起可用", "周一": "周一 11:00 起可用",
        "预告": "明天 12:00 开卖", "卖完": "售罄",
    }  # fmt: skip
    assert said.keys() == reasons.keys()
    for title, why in reasons.items():
        assert why in said[title].split("</p>")[0], title
    assert "offer-card--gone" in offers


def test_usable_now_means_what_the_lists_mean(place: Place, at: datetime) -> None:
    """The page's own reading of terms and the query behind every list agree, at every hour of two days."""
    terms: list[dict[str, Any]] = [
        {}, {"weekly_hours": "Mo-Su 17:30-19:00"}, {"weekly_hours": "Fr 18:00-02:00"},
        {"weekly_hours": "Mo-Su 10:00-12:00; PH off"}, {"sale_from": at + timedelta(hours=7)},
        {"sale_until": at + timedelta(hours=5)}, {"state": "paused"}, {"state": "draft"},
    ]  # fmt: skip
    for fields in terms:
        make_offer_version(place, at=at, **fields)
    sold = make_offer_version(place, at=at)
    sold.offer.stock.limit = sold.offer.stock.used = 2
    sold.offer.stock.save()
    versions, overlay = list_offers_of_place(place.pk), get_calendar_overlay()
    for hours in range(-12, 36):
        moment = at + timedelta(hours=hours)
        shown = offers_now(versions, usual_minor=4000, party=1, at=moment, overlay=overlay)
        usable = {row.terms.offer_id for row in shown if row.why_not is None}
        assert usable == {live.offer_id for live in list_live_terms([place.pk], moment).get(place.pk, [])}, moment


def test_a_shut_shop_says_when_it_opens_and_has_no_price_now(client: Client, place: Place, at: datetime) -> None:
    set_hours(place=place, expression="Mo-Su 17:00-23:00", at=at)
    make_offer_version(place, at=at)
    html = page(client, place)
    assert "现在没开门" in html
    assert "今天 17:00 开" in html
    assert "receipt" not in section(html, "place__price")
    assert "开门就能用" in html


def test_a_place_that_closed_for_good_says_so(client: Client, place: Place, at: datetime) -> None:
    make_offer_version(place, at=at)
    close_place(place=place, at=at)
    html = page(client, place)
    assert "已经停业" in html
    assert "offer-card" not in html
    assert "/checkout/" not in html


def test_a_place_without_offers_points_to_the_nearest_usable(client: Client, place: Place, at: datetime) -> None:
    other = open_shop("山野咖啡", at=at, metres=600)
    make_offer_version(other, at=at)
    html = page(client, place)
    assert "还没有优惠" in html
    piece = client.get(f"/places/{place.pk}/nearest").content.decode()
    assert "山野咖啡" in piece
    assert "<html" not in piece
    make_offer_version(place, at=at)
    assert "receipt" in section(page(client, place), "place__price")


def test_nothing_usable_near_says_so(client: Client, place: Place) -> None:
    assert "没有能用的优惠" in client.get(f"/places/{place.pk}/nearest").content.decode()


def test_the_week_stands_as_a_strip(client: Client, place: Place) -> None:
    week = section(page(client, place), "place__week")
    assert week.count("week__strip") == 7
    assert "今天" in week
    assert "09:00–20:00" in week
    assert "08:00–22:00" in week
    assert 'style="inset-inline-start:29.2%"' in week, "noon, on a strip from 5 to 5"


def test_the_way_there(client: Client, place: Place) -> None:
    html = section(page(client, place), "place__where")
    assert "武林路 12 号" in html
    assert 'href="tel:0571-1234"' in html
    for host in ("uri.amap.com", "api.map.baidu.com", "maps.apple.com", "www.openstreetmap.org"):
        assert host in html
    assert f"{place.latitude:.6f}" in html.split("openstreetmap.org")[1][:60], "OpenStreetMap draws WGS-84"
    assert f"{place.latitude:.6f}" not in html.split("uri.amap.com")[1][:60], "Amap draws GCJ-02"


def test_people_who_came(client: Client, place: Place, at: datetime) -> None:
    write_note(make_user("湖边散步者"), "雨天坐到打烊", [place], at=at)
    user = make_user("老饕")
    arrival = Arrival.objects.create(place=place, user=user, arrived_at=at)
    Review.objects.create(
        arrival=arrival, place=place, user=user, stars=4, body="豆子好。", written_at=at, reply="谢谢。", replied_at=at
    )
    html = page(client, place)
    for said in ("雨天坐到打烊", "湖边散步者", "老饕", "豆子好。", "店家回复", "谢谢。"):
        assert said in html, said


def test_saving_and_letting_go(client: Client, place: Place) -> None:
    assert "/sign-in" in client.post(f"/places/{place.pk}/save")["Location"]
    user = make_user()
    client.force_login(user)
    client.post(f"/places/{place.pk}/save", {"keep": "1"})
    assert saved_place_ids(user) == {place.pk}
    assert 'aria-pressed="true"' in page(client, place)
    button = client.post(f"/places/{place.pk}/save", {"keep": "0"}, headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="false"' in button
    assert saved_place_ids(user) == set()
    assert client.get(f"/places/{place.pk}/save").status_code == 405


def test_there_is_no_such_place(client: Client) -> None:
    assert client.get("/places/999999").status_code == 404
    assert client.get("/places/999999/nearest").status_code == 404


@pytest.mark.parametrize("signed_in", [False, True])
def test_the_number_of_statements(signed_in: bool, client: Client, place: Place, at: datetime) -> None:
    author = make_user("湖边散步者")
    for number in range(6):
        make_offer_version(place, at=at, weekly_hours="Mo-Su 09:00-21:00")
        write_note(author, f"第 {number} 篇", [place], at=at)
        arrival = Arrival.objects.create(place=place, user=author, arrived_at=at)
        Review.objects.create(arrival=arrival, place=place, user=author, stars=5, written_at=at)
    if signed_in:
        client.force_login(author)
    page(client, place)
    with CaptureQueriesContext(connection) as asked:
        page(client, place)
    most = STATEMENTS_AT_MOST + (7 if signed_in else 1)  # session, person, what they keep, hold, own and used
    assert len(asked) <= most, [row["sql"][:90] for row in asked]


def test_data_of_openstreetmap_says_so(client: Client) -> None:
    own, theirs = make_place(make_merchant()), make_place(make_merchant(), source="osm", source_ref="node/1")
    assert "OpenStreetMap" in client.get(f"/places/{theirs.pk}").text
    assert "© OpenStreetMap" not in client.get(f"/places/{own.pk}").text
