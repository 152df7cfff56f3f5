"""Paying a bill (买单), with the real server, worker and provider: asked for at the counter, and without a script."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from bacao.ledger.queries import list_wrong_sums
from tests.factories import make_shop
from tests.live import Site
from tests.stories.test_buying import SOON, check

pytestmark = pytest.mark.story


def test_a_bill_asked_for_at_the_counter_paid_on_the_phone(browser: Browser, page: Page, live_site: Site) -> None:
    """The clerk types ¥100 and the guest's digits; the own voucher applies; both screens turn green."""
    shop, now = make_shop(), timezone.now()
    voucher = shop.sell(now, kind="voucher", price_minor=1000, face_minor=2000, units_per_bill=1)
    counter = browser.new_context(base_url=live_site.url, locale="zh-CN", viewport={"width": 1280, "height": 800})
    live_site.sign_in(counter, shop.clerk)
    live_site.sign_in(page.context, shop.member)
    clerk = counter.new_page()
    clerk.goto("/counter/bills")
    for key in "100":
        clerk.locator(f'[data-key="{key}"]').click()
    check(clerk)
    clerk.get_by_role("button", name="出账单给客人").click()
    clerk.get_by_label("12 位").fill(shop.typed(voucher, timezone.now()))
    clerk.get_by_role("button", name="好", exact=True).click()
    expect(clerk.get_by_text("已在客人的卡包里打开")).to_be_visible()

    page.goto("/wallet")
    page.get_by_role("link", name=re.compile("请你买单")).click(timeout=SOON)
    expect(page.locator(".receipt__lines")).to_contain_text("你有 1 张")
    check(page)
    page.get_by_role("button", name="付 ¥80").click()
    page.wait_for_url("**/sandbox/payments/*")
    page.get_by_role("button", name="付款 ¥80").click()
    expect(page.locator(".paid__word")).to_have_text("已付", timeout=SOON)
    check(page)
    digits = page.locator(".paid__digits").inner_text()
    expect(clerk.locator(".bills__fresh .paid__digits")).to_have_text(digits, timeout=SOON)
    check(clerk)
    voucher.refresh_from_db()
    assert voucher.uses_left == 0
    assert list_wrong_sums() == []

    clerk.goto("/counter/bills")
    clerk.get_by_role("button", name="撤回").click()
    expect(clerk.get_by_text("撤回了")).to_be_visible()
    voucher.refresh_from_db()
    assert voucher.uses_left == 1
    counter.close()


def test_a_bill_from_the_place_without_a_script(browser: Browser, live_site: Site) -> None:
    """Type the amount, choose cash, the clerk has it; no script on either side."""
    shop = make_shop("另一家", "Another")
    quiet = {"base_url": live_site.url, "java_script_enabled": False, "locale": "zh-CN"}
    member, clerk = browser.new_context(**quiet), browser.new_context(**quiet)
    live_site.sign_in(member, shop.member)
    live_site.sign_in(clerk, shop.clerk)
    page, till = member.new_page(), clerk.new_page()
    page.goto(f"/places/{shop.place.pk}")
    page.get_by_role("link", name="在店里？买单").click()
    page.get_by_label("账单多少").fill("66.6")
    page.get_by_role("button", name="算一算").click()
    page.get_by_role("link", name="想付现金").click()
    page.get_by_role("button", name="到柜台付").click()
    expect(page.locator(".paid--wait")).to_contain_text("¥66.6")
    till.goto("/counter/bills")
    till.get_by_role("button", name="收到了").click()
    page.reload()
    expect(page.locator(".paid__word")).to_have_text("已付")
    member.close()
    clerk.close()
