"""An owner's first ten minutes, on a phone: hours, a first offer with its margin, a clerk."""

import re

import pytest
from playwright.sync_api import Page, expect

from bacao.offers.models import Offer
from bacao.places.models import Place
from tests.factories import make_merchant, make_place, make_role, make_user
from tests.live import Site

pytestmark = pytest.mark.story


@pytest.fixture
def shop(live_site: Site, page: Page) -> Place:
    """Sign the owner of a new shop in."""
    merchant = make_merchant("巷口茶铺", "Lane Tea", platform_fee_basis_points=200)
    owner = make_user("林掌柜")
    make_role(owner, merchant, kind="owner")
    live_site.sign_in(page.context, owner)
    return make_place(merchant)


def test_an_owner_starts_in_ten_minutes(page: Page, shop: Place) -> None:
    page.goto("/merchant/")
    page.get_by_role("link", name="上架一个优惠").click()
    page.get_by_role("link", name="团购套餐").click()
    page.get_by_label("名字", exact=True).fill("双人下午茶")
    page.locator("[name=items-0-zh]").fill("手冲")
    page.locator("[name=items-0-quantity]").fill("2")
    page.locator("[name=items-0-unit_minor]").fill("30")
    page.locator("[name=items-1-zh]").fill("可颂")
    page.locator("[name=items-1-unit_minor]").fill("26")
    page.get_by_label("售价").fill("68")
    page.get_by_label("你的成本").fill("25")

    # the sum follows what is typed, under the thumb
    expect(page.locator("#sale-line")).to_have_text(
        re.compile(r"客人付 ¥68\s+你得 ¥66.64\s+毛利 ¥41.64 \(61 %\)"), use_inner_text=True
    )
    expect(page.locator("#preview .offer-card")).to_contain_text("双人下午茶")
    page.locator(".dock__action").get_by_role("button", name="上架").click()
    expect(page.locator(".toast")).to_contain_text("已上架")
    offer = Offer.objects.get(place=shop)
    assert offer.state == "live"

    page.get_by_role("button", name="暂停").click()
    expect(page.locator(".toast")).to_contain_text("已暂停")
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".toast")).to_contain_text("已上架")

    page.goto("/merchant/shop")
    page.get_by_text("例子，点一下就填上").click()
    page.get_by_role("button", name="午市晚市").click()
    expect(page.locator("#week")).to_contain_text("17:00–21:30")
    page.get_by_role("button", name="保存").click()
    shop.refresh_from_db()
    assert shop.hours is not None

    page.get_by_role("link", name="店员").click()
    page.get_by_role("button", name="邀请店员").click()
    expect(page.locator(".invite__qr svg")).to_be_visible()
    assert "/join/" in page.locator("#invite-link").input_value()


def test_without_javascript_the_form_has_a_preview_button(page: Page, shop: Place, live_site: Site) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(base_url=live_site.url, java_script_enabled=False, locale="zh-CN")
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]  # what one context gives another takes
    plain = context.new_page()
    plain.goto("/merchant/offers/new?kind=voucher")
    plain.get_by_label("名字", exact=True).fill("百元券")
    plain.get_by_label("售价").fill("88")
    plain.get_by_label("面值").fill("100")
    plain.get_by_role("button", name="预览").click()
    expect(plain.locator("#preview")).to_contain_text("¥86.24")
    assert plain.get_by_label("面值").input_value() == "100"
    plain.locator(".offer-form__side").get_by_role("button", name="上架").click()
    expect(plain.locator("h1")).to_contain_text("百元券")
    context.close()
