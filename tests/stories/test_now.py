"""Now in a browser: the list and the map speak of the same places, and a position is asked for only when told to."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bacao.kit.services import announce_many
from bacao.places.models import Place
from tests.discovery.town import LAKE, found_town, open_shop
from tests.factories import make_offer_version

if TYPE_CHECKING:
    from tests.live import Site

pytestmark = pytest.mark.story
EMPTY_SITE = True  # what its lists show is counted
LISTED_SECONDS = 120


@pytest.fixture(scope="module")
def _opened() -> list[int]:
    return []


@pytest.fixture
def shops(live_site: "Site", _opened: list[int]) -> list[Place]:
    """Open ten shops round the middle, once; the even ones have an offer."""
    if not _opened:
        at = timezone.now()
        found_town()
        for number in range(10):
            east = LAKE[1] + (number % 3 - 1) * 0.003
            shop = open_shop(f"第{number}席", at=at, metres=90 * number, category="cafe" if number else "bar")
            Place.objects.filter(pk=shop.pk).update(longitude=east)
            if number % 2 == 0:
                make_offer_version(shop, at=at, price_minor=3000 + number * 100)
            _opened.append(shop.pk)
        announce_many(kind="place", ref_ids=_opened)
        _wait_until_listed(live_site)
    return list(Place.objects.filter(pk__in=_opened).order_by("pk"))


def _wait_until_listed(site: "Site") -> None:
    """Wait until the index has heard of every shop and price."""
    words = [*(f"第{number}席" for number in range(10)), *(f"¥{price}" for price in range(30, 40, 2))]
    until = time.monotonic() + LISTED_SECONDS
    while True:
        html = httpx.get(f"{site.url}/now", timeout=30).text
        missing = [word for word in words if word not in html]
        if not missing:
            return
        assert time.monotonic() < until, missing
        time.sleep(0.2)


@pytest.fixture(params=[390, 1280])
def context(request: pytest.FixtureRequest, browser: Browser, live_site: "Site") -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=live_site.url, locale="zh-CN", viewport={"width": request.param, "height": 844})
    yield made
    made.close()


def draws_maps(page: Page) -> bool:
    """Return whether this browser can draw (a machine without WebGL shows the list alone, which is tested, too)."""
    drawn = page.locator(".city-map--drawn, .no-map")
    drawn.first.wait_for(state="attached", timeout=60_000)
    return page.locator(".city-map--drawn").count() > 0


def test_a_bubble_and_a_row_are_the_same_place(context: BrowserContext, shops: list[Place]) -> None:
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto("/now")
    expect(page.locator(".near")).to_have_count(10)
    if not draws_maps(page):
        expect(page.locator(".now__map")).to_be_hidden()
        pytest.skip("no WebGL here: the page shows the list alone")
    expect(page.locator(".pin")).to_have_count(10)
    expect(page.locator(".pin--price")).to_have_count(5)
    expect(page.locator(".here")).to_have_count(1)
    bubble = page.locator(".pin--price:not(.pin--dot)").first
    said = bubble.get_attribute("aria-label") or ""
    bubble.click()
    chosen = page.locator(".near--on")
    expect(chosen).to_have_count(1)
    expect(chosen).to_be_in_viewport()
    assert (chosen.get_attribute("data-name") or "?") in said
    page.locator(".near .place-row__name a").nth(2).focus()
    expect(page.locator(".pin--on")).to_have_count(1)
    assert troubles == []


def test_from_the_end_of_the_list_one_tap_leads_back_to_the_map(context: BrowserContext, shops: list[Place]) -> None:
    page = context.new_page()
    page.goto("/now")
    if not draws_maps(page) or page.viewport_size["width"] > 1000:  # type: ignore[index]  # it was given a size
        pytest.skip("only where the list covers a map")
    way_up = page.locator("[data-to-map]")
    expect(way_up).to_be_hidden()
    page.locator(".near").last.scroll_into_view_if_needed()
    way_up.click()
    expect(way_up).to_be_hidden()
    expect(page.locator(".pin:not(.pin--dot)").first).to_be_in_viewport()


def test_a_filter_is_one_round_trip_and_the_map_follows(context: BrowserContext, shops: list[Place]) -> None:
    page = context.new_page()
    page.goto("/now")
    maps = draws_maps(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)
    page.locator("label.chip", has_text="酒吧").click()
    expect(page.locator(".near")).to_have_count(1)
    assert [url.split("/", 3)[3].split("?")[0] for url in asked] == ["now"]
    assert page.url.endswith("/now?category=bar")
    if maps:
        expect(page.locator(".pin")).to_have_count(1)
    page.reload()
    expect(page.locator(".near")).to_have_count(1)
    page.go_back()
    expect(page.locator(".near")).to_have_count(10)


def test_the_map_asks_only_this_site(context: BrowserContext, live_site: "Site", shops: list[Place]) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/now")
    draws_maps(page)
    strangers = [url for url in asked if not url.startswith((live_site.url, "data:", "blob:"))]
    assert strangers == []


def test_without_a_script_the_list_and_its_filters_work(
    browser: Browser, live_site: "Site", shops: list[Place]
) -> None:
    context = browser.new_context(base_url=live_site.url, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto("/now")
    expect(page.locator(".near")).to_have_count(10)
    expect(page.locator(".now__map")).to_be_hidden()
    page.locator("label.chip", has_text="酒吧").click()
    page.get_by_role("button", name="筛选").click()
    expect(page.locator(".near")).to_have_count(1)
    context.close()


def test_u28_a_position_is_asked_for_only_by_the_button(context: BrowserContext, shops: list[Place]) -> None:
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"latitude": shops[9].latitude, "longitude": shops[9].longitude})
    page = context.new_page()
    page.goto("/now")
    assert page.locator(".where-chip").first.inner_text().strip() == "湖滨", "nobody asked yet"
    page.goto("/where?next=/now")
    page.get_by_role("button", name="用这台设备的位置").click()
    page.wait_for_url("**/now")
    expect(page.locator(".where-chip").first).to_contain_text("我的位置")
    assert str(shops[9].latitude)[:6] not in page.url, "the position is in no address"
    expect(page.locator(".near").first).to_contain_text("走 1 分钟")


def test_u28_denied_one_chooses_a_station(context: BrowserContext, shops: list[Place]) -> None:
    page = context.new_page()
    page.goto("/where?next=/now")
    page.evaluate("() => { navigator.geolocation.getCurrentPosition = (yes, no) => no({ code: 1 }); }")
    page.get_by_role("button", name="用这台设备的位置").click()
    expect(page.locator("[data-denied]")).to_be_visible()
    page.locator(".where__search input[type=search]").fill("longxiang")
    page.get_by_role("button", name="龙翔桥").click()
    page.wait_for_url("**/now")
    expect(page.locator(".where-chip").first).to_contain_text("龙翔桥")
