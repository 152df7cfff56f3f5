"""The counter without network, in a real browser against the real server: enrolled once, served alone, nothing lost."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from bacao.accounts.models import User
from bacao.redemption.models import Incident, Redemption
from bacao.redemption.queries import get_live_code
from bacao.redemption.services import add_clerk, ensure_codes
from tests import factories
from tests.factories import Shop
from tests.live import Site
from tests.stories.counter import FRESH, GREEN, PIN, enrol, hold_up, is_kept, live_token, next_guest, tap, until

pytestmark = pytest.mark.story


def test_enrolled_once_then_served_without_network(
    phone: BrowserContext, page: Page, live_site: Site, shop: Shop, owner: User
) -> None:
    now = timezone.now()
    online, alone = shop.sell(now), shop.sell(now, title_zh="离线的一杯")
    for voucher in (online, alone):
        live_token(voucher)  # the member looked at it: its code is known from now on
    clerk = phone.new_page()
    enrol(clerk, page, live_site, shop, owner)
    hold_up(clerk, live_token(online))
    expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
    next_guest(clerk)
    expect(clerk.locator("[data-unsent]")).to_be_hidden(timeout=30_000)  # a slow server is served past, and told later
    assert Redemption.objects.filter(voucher=online).exists()
    is_kept(clerk)

    phone.set_offline(True)
    clerk.reload()  # nothing but the phone's own memory from here on
    expect(clerk.locator("[data-alone]")).to_contain_text("离线 · 还可核销 50 笔")
    hold_up(clerk, live_token(alone))
    expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
    expect(clerk.locator("[data-answer-items]")).to_have_text("离线的一杯")
    clerk.get_by_role("button", name="下一位").click()
    expect(clerk.locator("[data-unsent]")).to_have_text("1 条未上传")
    expect(clerk.locator("[data-alone]")).to_contain_text("还可核销 49 笔")
    new = shop.sell(timezone.now())
    hold_up(clerk, live_token(new))
    expect(clerk.locator(f"{FRESH} [data-answer-text]")).to_contain_text("换一种码")
    assert not Redemption.objects.filter(voucher__in=[alone, new]).exists()
    clerk.get_by_role("button", name="重新扫").click()
    hold_up(clerk, None)

    phone.set_offline(False)
    expect(clerk.locator("[data-unsent]")).to_be_hidden(timeout=20_000)
    assert Redemption.objects.filter(voucher=alone).exists()


def test_a_new_phone_agreed_on_the_spot_by_a_clerk_who_slips(
    phone: BrowserContext, live_site: Site, shop: Shop, owner: User
) -> None:
    """The owner types their PIN on the phone itself; a clerk's PIN that was given up is a try that is told."""
    now = timezone.now()
    add_clerk(merchant_id=shop.merchant.pk, name="老板", pin="314159", owner=True, by=owner, at=now)
    tile = add_clerk(merchant_id=shop.merchant.pk, name="小李", pin=PIN, by=owner, at=now)
    clerk = phone.new_page()
    clerk.goto(f"/counter?place={shop.place.pk}")
    clerk.get_by_role("button", name="请店长同意").click()
    for pin in ("271828", "314159"):
        expect(clerk.locator("[data-enrol-digits]")).to_be_visible()
        clerk.get_by_label("店长就在旁边").fill(pin)
        clerk.get_by_role("button", name="同意", exact=True).click()
        if pin == "271828":
            expect(clerk.locator("[data-enrol-pin-said]")).to_contain_text("还能试 4 次")
    clerk.get_by_role("button", name="小李").click(timeout=15_000)
    for key in ("1", "2", "3", "4"):
        clerk.locator(f"[data-pin-pad] [data-key='{key}']").click()
    expect(clerk.locator("[data-pin-hint]")).to_contain_text("还能试 4 次")
    tile.refresh_from_db()
    assert tile.wrong_pins == 1
    for key in PIN:
        clerk.locator(f"[data-pin-pad] [data-key='{key}']").click()
    expect(clerk.locator("[data-clerks][open]")).to_have_count(0)
    until(clerk, "performance.getEntriesByName('camera').length > 0")  # the press that unlocked it opened the camera

    version = factories.make_offer_version(shop.place, title_zh="下午茶")
    vouchers = factories.make_vouchers(version, shop.member, quantity=3)
    hold_up(clerk, live_token(vouchers[0]))
    expect(clerk.locator("[data-ask-terms]")).to_contain_text("同一单还有 3 张", timeout=20_000)
    tap(clerk, "2")
    clerk.get_by_role("button", name="核销 2 张").click()
    expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
    assert Redemption.objects.filter(voucher__in=vouchers).count() == 2


def test_what_does_not_work_is_honoured(
    phone: BrowserContext, page: Page, live_site: Site, shop: Shop, owner: User
) -> None:
    voucher = shop.sell(timezone.now(), title_zh="按价给的一杯")
    past = timezone.now() - timedelta(minutes=10)
    stale = get_live_code(ensure_codes(vouchers=[voucher], at=past)[voucher.pk], past).token_at(past)
    clerk = phone.new_page()
    enrol(clerk, page, live_site, shop, owner)
    hold_up(clerk, stale)
    expect(clerk.locator(f"{FRESH} [data-answer-text]")).to_contain_text("截图或过时", timeout=20_000)
    clerk.get_by_role("button", name="用不了？按券价收").click()
    expect(clerk.locator(f"{GREEN} [data-answer-word]")).to_have_text("按券价收", timeout=20_000)
    incident = Incident.objects.get(voucher=voucher)
    assert (incident.door, incident.reason) == ("counter", "old")
    assert Redemption.objects.get(voucher=voucher).proof == "incident", "it took the voucher's use: never both"


def test_what_was_kept_is_not_loaded_again(
    phone: BrowserContext, page: Page, live_site: Site, shop: Shop, owner: User
) -> None:
    clerk = phone.new_page()
    enrol(clerk, page, live_site, shop, owner)
    is_kept(clerk)
    clerk.reload()
    loaded: list[str] = []
    clerk.on(
        "response",
        lambda answer: loaded.append(answer.url) if not answer.from_service_worker and is_page(answer.url) else None,
    )
    clerk.reload()
    until(clerk, "performance.getEntriesByName('camera').length > 0")
    clerk.wait_for_timeout(1000)
    assert loaded == []


def is_page(address: str) -> bool:
    """Return whether an address is part of the page, not an answer of the API."""
    return "/static/" in address or address.endswith("/counter")
