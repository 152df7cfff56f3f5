"""The site as a browser meets it: it is up, and its files may be kept for ever."""

import pytest
from playwright.sync_api import Page

from tests.live import Site

pytestmark = pytest.mark.story


def test_health_is_green(page: Page) -> None:
    answer = page.goto("/health")
    assert answer and answer.status == 200
    assert answer.json()["status"] == "ok"


def test_every_static_file_of_the_first_page_is_kept_for_ever(page: Page, live_site: Site) -> None:
    kept = []
    page.on("response", lambda answer: "/static/" in answer.url and kept.append(answer))
    page.goto("/sign-in")
    assert kept, "the page loads no static file"
    for answer in kept:
        assert answer.status == 200, answer.url
        assert "immutable" in answer.headers["cache-control"], answer.url
