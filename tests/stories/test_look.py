"""What a design system promises and only a browser can tell: nothing runs off the side, everything can be touched,
reached by keyboard, and used without a script."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from bacao.accounts.models import User
from bacao.notes.models import Note
from bacao.notes.services import NoteRow, load_notes
from bacao.places.models import Category
from tests.factories import make_merchant, make_offer_version, make_place, make_user

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.live import Site

pytestmark = pytest.mark.story
EMPTY_SITE = True  # what its lists show is counted
TOUCH = 44
PAGES = ("/", "/now", "/search", "/wallet", "/me", "/notes/new", "/style", "/nowhere")
OVERFLOWING = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility()
        && !e.closest('.rail, .layouts, .table-scroll, .cover, .visually-hidden, canvas, .maplibregl-map, [data-map]'))
    .map(e => `${e.tagName}.${e.className}`).slice(0, 5)"""
SMALL = """least => [...document.querySelectorAll('button, .button, .chip, .tab, .icon-button, .save, .segmented > *')]
    .filter(e => e.checkVisibility() && !e.closest('.maplibregl-map'))
    .map(e => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect()])
    .filter(([, r]) => r.width && (r.height < least - 0.5 || r.width < least - 0.5))
    .map(([text, r]) => `${text}: ${Math.round(r.width)} x ${Math.round(r.height)}`)"""


@pytest.fixture(scope="module")
def _written() -> list[int]:
    return []


@pytest.fixture
def notes(live_site: "Site", _written: list[int]) -> list[int]:
    """Publish sixty notes about three places, once; return their ids, oldest first."""
    if not _written:
        at, author = timezone.now(), make_user("一个名字长得在手机上一行放不下的生活观察家")
        places = [
            make_place(make_merchant(name))
            for name in ("山野咖啡", "名字很长很长的一家老字号酒楼（湖滨银泰二期店）", "Third Seat Bar")
        ]
        places[2].category = Category.objects.get(code="pub")
        places[2].save()
        make_offer_version(places[0])
        rows = [
            NoteRow(
                author_id=author.pk, kind="food", title=f"{number} 号：雨天坐到打烊，38 元一个下午", body="好。",
                place_ids=[places[number % 3].pk], published_at=at - timedelta(minutes=60 - number),
                cover={"layout": number, "tint": number * 29 % 360, "emoji": ["teapot", "peach"], "line": "一杯的时间"},
            )
            for number in range(60)
        ]  # fmt: skip
        _written.extend(note.pk for note in load_notes(rows=rows, at=at))
    return _written


@pytest.fixture(params=[390, 1280])
def wide(request: pytest.FixtureRequest, browser: Browser, live_site: "Site") -> "Iterator[BrowserContext]":
    context = browser.new_context(
        base_url=live_site.url, locale="zh-CN", viewport={"width": request.param, "height": 844}
    )
    yield context
    context.close()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_and_can_be_touched(
    wide: "BrowserContext", live_site: "Site", notes: list[int], language: str
) -> None:
    person: User = make_user("小满")
    live_site.sign_in(wide, person)
    wide.add_cookies([{"name": "django_language", "value": language, "url": live_site.url}])
    page = wide.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    for address in (*PAGES, f"/notes/{notes[0]}", f"/people/{Note.objects.get(pk=notes[0]).author_id}", "/me/settings"):
        page.goto(address)
        assert page.evaluate(OVERFLOWING) == [], address
        assert page.evaluate(SMALL, TOUCH) == [], address
        expect(page.locator('a[href="/wallet"]:visible').first).to_be_in_viewport()
        assert page.locator("h1").count() == 1, address
    assert troubles == []


def test_the_wall_grows_by_scrolling_and_keeps_its_order(page: Page, notes: list[int]) -> None:
    page.goto("/")
    for seen in (24, 48, 60):
        expect(page.locator(".note-card")).to_have_count(seen)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
    numbers = page.locator(".note-card").evaluate_all("cards => cards.map(card => Number(card.dataset.note))")
    assert numbers == sorted(notes, reverse=True)
    expect(page.get_by_text("到底了")).to_be_visible()


def test_cards_close_up_under_each_other(page: Page, notes: list[int]) -> None:
    page.goto("/")
    gaps = page.evaluate(
        """() => { const columns = {};
        for (const card of document.querySelectorAll('[data-masonry] > *:not(.masonry__wide)')) {
            const box = card.getBoundingClientRect(); (columns[Math.round(box.left)] ??= []).push(box); }
        return Object.values(columns).flatMap(boxes => boxes.slice(1).map((box, i) => box.top - boxes[i].bottom)); }"""
    )
    assert len(gaps) > 20
    assert all(15 <= gap <= 25 for gap in gaps)


def test_a_category_is_one_round_trip(page: Page, notes: list[int]) -> None:
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)
    page.get_by_role("link", name="酒吧").click()
    expect(page.locator(".note-card")).to_have_count(20)
    assert [url.split("/", 3)[3] for url in asked] == ["?category=bar"]
    assert page.url.endswith("/?category=bar")
    expect(page.locator(".chip[aria-current]")).to_have_text("酒吧")
    page.go_back()
    expect(page.locator(".note-card")).to_have_count(24)


def test_without_a_script_one_can_read_on_and_save(browser: Browser, live_site: "Site", notes: list[int]) -> None:
    context = browser.new_context(base_url=live_site.url, locale="zh-CN", java_script_enabled=False)
    live_site.sign_in(context, make_user("小满"))
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="更早的").click()
    assert page.locator(".note-card").first.get_attribute("data-note") == str(notes[-25])
    page.locator(".save").first.click()
    assert page.locator(".save").first.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="撤销").click()
    assert page.locator(".save").first.get_attribute("aria-pressed") == "false"
    context.close()


def test_the_keyboard_skips_to_the_page_and_shows_where_it_is(page: Page, notes: list[int]) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(4):
        page.keyboard.press("Tab")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px", page.evaluate("document.activeElement.outerHTML")


def test_a_note_with_a_price_is_two_taps_from_the_checkout(page: Page, live_site: "Site", notes: list[int]) -> None:
    """U08: card, then the one green button."""
    page.goto("/")
    page.locator(".note-card:has(.price) h3 a").first.click()
    page.locator(".dock__action .button--go").click()
    assert "/checkout/" in unquote(page.url), "bought at once, or after signing in"
