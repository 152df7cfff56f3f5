"""The search page: what was understood, results in both languages, honest nothing, and what it may cost (U04)."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bacao.discovery.services import rebuild_search
from tests.discovery.town import found_town, open_shop, write_note
from tests.factories import make_offer_version, make_user

pytestmark = pytest.mark.django_db
STATEMENTS_AT_MOST = 24


@pytest.fixture(autouse=True)
def _town(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)
    cache.clear()
    found_town()
    place = open_shop("鹿里咖啡", "Luli Coffee", at=at, usual_minor=4500)
    make_offer_version(place, at=at)
    open_shop("蜀小川火锅", "Little Sichuan", at=at, category="hotpot", usual_minor=9800)
    write_note(make_user(), "雨天坐到打烊", [place], at=at)
    rebuild_search(at=at)


def page(client: Client, **asked: Any) -> str:
    answer = client.get("/search", asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_a_query_there_are_ways_to_begin(client: Client) -> None:
    html = page(client)
    assert "/search?q=%E7%81%AB%E9%94%85" in html
    assert "湖滨" in html


def test_places_look_as_they_do_on_now_and_notes_as_on_the_wall(client: Client) -> None:
    html = page(client, q="luli")
    assert "鹿里咖啡" in html
    assert "¥38" in html
    assert "data-note=" in html
    assert 'value="luli"' in html, "the query stays in the box"


def test_chips_can_be_taken_back(client: Client) -> None:
    html = page(client, q="湖滨 火锅 人均100以下")
    assert "蜀小川火锅" in html
    assert len(re.findall(r'aria-label="去掉 ', html)) == 3
    assert 'href="/search?q=%E6%B9%96%E6%BB%A8%20%E7%81%AB%E9%94%85"' in html
    assert "从湖滨算起" in html


def test_english_pages_search_as_well(client: Client) -> None:
    client.cookies["django_language"] = "en"
    html = page(client, q="hotpot under 100")
    assert "Little Sichuan" in html
    assert "up to ¥100 a head" in html


def test_nothing_found_says_so(client: Client) -> None:
    html = page(client, q="<b>鑫鑫鑫</b>")
    assert "没找到" in html
    assert "&lt;b&gt;鑫鑫鑫&lt;/b&gt;" in html
    assert "<b>鑫鑫鑫" not in html


@pytest.mark.parametrize("query", ["咖啡", "鹿里加啡", "luli", "人均40以内", "鑫鑫鑫"])
def test_the_number_of_statements_is_bounded(query: str, client: Client) -> None:
    page(client, q=query)
    with CaptureQueriesContext(connection) as asked:
        page(client, q=query)
    assert len(asked) <= STATEMENTS_AT_MOST, [row["sql"][:90] for row in asked]
