"""The counter without network, in a real browser against the real server: enrolled once, served alone, nothing lost."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bacao.accounts.models import User
from bacao.redemption.models import Redemption
from tests import factories
from tests.factories import Shop, make_shop
from tests.live import Site
from tests.stories.counter import GREEN, RED, enrol, give_camera, hold_up, is_kept, live_token

pytestmark = pytest.mark.story
PHONE = {"width": 390, "height": 844}
PRACTISED = 'localStorage.setItem("bacao.counter.practised", "1")'


@pytest.fixture
def shop(live_site: Site) -> Shop:
    return make_shop()


@pytest.fixture
def owner(shop: Shop) -> User:
    person = factories.make_user("林晓")
    factories.make_role(person, shop.merchant, kind="owner")
    return person


@pytest.fixture
def phone(browser: Browser, live_site: Site) -> Iterator[BrowserContext]:
    """A phone at the till: nobody has signed in on it."""
    context = browser.new_context(base_url=live_site.url, locale="zh-CN", viewport=PHONE)
    context.add_init_script(PRACTISED)
    give_camera(context)
    yield context
    context.close()


def test_enrolled_once_then_served_without_network(
    phone: BrowserContext, page: Page, live_site: Site, shop: Shop, owner: User
) -> None:
    now = timezone.now()
    online, alone = shop.sell(now), shop.sell(now, title_zh="离线的一杯")
    live_token(alone)  # the member looked at it: its code is known from now on
    clerk = phone.new_page()
    enrol(clerk, page, live_site, shop, owner)
    hold_up(clerk, live_token(online))
    expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
    assert Redemption.objects.filter(voucher=online).exists()
    clerk.get_by_role("button", name="下一位").click()
    hold_up(clerk, None)
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
    expect(clerk.locator(f"{RED} [data-answer-text]")).to_contain_text("换一种码")
    assert not Redemption.objects.filter(voucher__in=[alone, new]).exists()
    clerk.get_by_role("button", name="重新扫").click()
    hold_up(clerk, None)

    phone.set_offline(False)
    expect(clerk.locator("[data-unsent]")).to_be_hidden(timeout=20_000)
    assert Redemption.objects.filter(voucher=alone).exists()
