"""Buying on a phone, with the real server and worker: pay, be declined, pay, give it back; without a script, too."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from bacao.accounts.models import User
from bacao.ledger.queries import get_balance, list_wrong_sums
from bacao.offers.models import OfferStock, OfferVersion
from bacao.orders.models import Order
from tests.factories import make_merchant, make_offer_version, make_place, make_user
from tests.live import Site

pytestmark = pytest.mark.story
SOON = 20_000
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
SMALL = """() => [...document.querySelectorAll('main button, main .button, main input[type=number], .dock__action *')]
    .filter(e => e.checkVisibility() && e.matches('button, .button, input') && e.getBoundingClientRect().height < 43.5)
    .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def buyer(live_site: Site) -> User:
    return make_user("小满")


@pytest.fixture
def version(live_site: Site) -> OfferVersion:
    version = make_offer_version(make_place(make_merchant("名字很长很长的一家老字号咖啡馆")))
    OfferStock.objects.filter(offer=version.offer_id).update(limit=5)
    return version


def check(page: Page) -> None:
    """See that nothing runs off the side and that thumbs hit what they aim at."""
    assert not page.evaluate(SIDEWAYS), page.url
    assert page.evaluate(SMALL) == [], page.url


def test_from_the_button_to_the_voucher_and_back(
    page: Page, live_site: Site, buyer: User, version: OfferVersion
) -> None:
    live_site.sign_in(page.context, buyer)
    page.goto(f"/checkout/{version.offer_id}")
    check(page)
    page.get_by_role("button", name="多一份").click()
    expect(page.locator("#total")).to_have_text("¥76")
    page.get_by_role("button", name="付款 ¥76").click()

    page.wait_for_url("**/sandbox/payments/*")
    check(page)
    page.get_by_role("button", name="假装卡被拒").click()
    expect(page.get_by_role("alert")).to_contain_text("没有扣款")
    page.get_by_role("link", name="回商家").click()
    expect(page.get_by_role("heading", name="卡被拒了")).to_be_visible(timeout=SOON)
    check(page)

    page.get_by_role("button", name="再付一次").click()
    page.wait_for_url("**/sandbox/payments/*")
    page.get_by_role("button", name="付款 ¥76").click()
    expect(page.get_by_role("heading", name="付好了")).to_be_visible(timeout=SOON)
    check(page)
    order = Order.objects.get(user=buyer)
    assert get_balance(f"liab.unredeemed.{order.pk}").balance_minor == 7600

    page.get_by_role("link", name=re.compile("券 2")).click()
    page.get_by_text("退款 ¥38").first.click()
    page.get_by_role("button", name=re.compile("退 ?¥38")).click()
    expect(page.locator(".story")).to_contain_text("已退到付款账户")
    expect(page.locator(".story__moment--open")).to_have_count(0, timeout=SOON)
    assert get_balance(f"liab.unredeemed.{order.pk}").balance_minor == 3800
    assert get_balance(f"liab.refund_due.{order.pk}").balance_minor == 0
    assert list_wrong_sums() == []


def test_without_a_script(browser: Browser, live_site: Site, buyer: User, version: OfferVersion) -> None:
    context = browser.new_context(
        base_url=live_site.url, java_script_enabled=False, locale="en", viewport={"width": 390, "height": 844}
    )
    live_site.sign_in(context, buyer)
    context.add_cookies([{"name": "django_language", "value": "en", "url": live_site.url}])
    page = context.new_page()
    page.goto(f"/checkout/{version.offer_id}")
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/sandbox/payments/*")
    page.get_by_role("button", name="Pay ¥76").click()
    expect(page.get_by_role("heading", name="Paid")).to_be_visible(timeout=SOON)
    page.goto("/orders")
    expect(page.locator(".order-row")).to_contain_text("Pour-over with croissant")
    context.close()


def test_the_last_one_goes_while_the_page_is_open(
    page: Page, live_site: Site, buyer: User, version: OfferVersion
) -> None:
    live_site.sign_in(page.context, buyer)
    page.goto(f"/checkout/{version.offer_id}")
    OfferStock.objects.filter(offer=version.offer_id).update(used=5)
    page.get_by_role("button", name="付款 ¥38").click()
    expect(page.get_by_role("alert")).to_contain_text("没有扣款")
    page.get_by_role("link", name="去店铺页").click()
    expect(page).to_have_url(re.compile(rf"/places/{version.offer.place_id}$"))
