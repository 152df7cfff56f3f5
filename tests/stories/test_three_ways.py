"""Three ways to redeem, either side or both without network: the table of docs/algorithms/counter.md (U37)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bacao.offers.models import OfferVersion
from bacao.orders.models import Voucher
from bacao.redemption.models import Redemption
from tests import factories
from tests.factories import Shop, make_shop
from tests.live import Site
from tests.stories.conftest import PHONE
from tests.stories.counter import (
    FRESH,
    GREEN,
    PRACTISED,
    RED,
    enrol,
    give_camera,
    hold_up,
    is_kept,
    live_token,
    next_guest,
    read,
    tap,
    until,
)

pytestmark = pytest.mark.story
TITLES = ("扫一扫的一杯", "新的一杯", "念出来的一杯", "自己扫的一杯", "卡包里的一杯")


@dataclass
class Pair:
    """A clerk's phone and a member's, and the vouchers that the clerk's has heard of."""

    clerk: Page
    member: Page
    shop: Shop
    offers: dict[str, OfferVersion]
    heard_of: list[Voucher] = field(default_factory=list)

    def sell(self, title: str) -> Voucher:
        """Sell a voucher of an offer that the counter knows; it has not heard of the voucher."""
        return self.shop.sell(timezone.now(), self.offers[title])

    def cut_off(self, *, clerk: bool, member: bool) -> None:
        self.clerk.context.set_offline(clerk)
        self.member.context.set_offline(member)

    def open_voucher(self, voucher: Voucher) -> None:
        """Open a voucher on the member's phone, which keeps it from then on."""
        self.member.goto(f"/vouchers/{voucher.pk}")
        expect(self.member.locator("[data-life]")).to_contain_text("秒后")
        until(self.member, f"localStorage.getItem('bacao.code.{voucher.pk}') !== null")

    def show_code(self) -> None:
        """Hold what the member's phone draws before the clerk's camera."""
        self.member.wait_for_timeout(200)
        hold_up(self.clerk, read(self.member.locator("[data-symbol]").screenshot()))

    def digits(self) -> str:
        """Return what the member reads aloud."""
        return "".join(self.member.locator("[data-digits] span").all_inner_texts())

    def is_green(self, title: str) -> None:
        expect(self.clerk.locator(GREEN)).to_be_visible(timeout=20_000)
        expect(self.clerk.locator("[data-answer-items]")).to_have_text(title)
        next_guest(self.clerk)

    def is_taken(self, voucher: Voucher) -> str:
        """Bring both back online; return the proof that the server stored."""
        self.cut_off(clerk=False, member=False)
        expect(self.clerk.locator("[data-unsent]")).to_be_hidden(timeout=30_000)
        return Redemption.objects.get(voucher=voucher).proof


@pytest.fixture(scope="module")
def _made() -> Iterator[list[Pair]]:
    """Keep the pair for all tests of this file: a phone is enrolled once."""
    made: list[Pair] = []
    yield made
    for pair in made:
        pair.clerk.context.close()
        pair.member.context.close()


@pytest.fixture
def pair(browser: Browser, live_site: Site, _made: list[Pair]) -> Pair:
    if not _made:
        clerk, member = (_open_phone(browser, live_site) for _ in range(2))
        clerk.add_init_script(PRACTISED)
        give_camera(clerk)
        shop = make_shop()
        owner = factories.make_user("林晓")
        factories.make_role(owner, shop.merchant, kind="owner")
        offers = {title: factories.make_offer_version(shop.place, title_zh=title) for title in TITLES}
        pair = Pair(clerk.new_page(), member.new_page(), shop, offers)
        pair.heard_of = [pair.sell("扫一扫的一杯") for _ in range(3)]
        for voucher in pair.heard_of:
            live_token(voucher)
        enrol(pair.clerk, pair.member, live_site, shop, owner)
        is_kept(pair.clerk)
        member.clear_cookies()
        live_site.sign_in(member, shop.member)
        pair.member.goto("/wallet")
        until(pair.member, "navigator.serviceWorker.controller !== null")
        pair.member.reload()
        _made.append(pair)
    _made[0].cut_off(clerk=False, member=False)
    return _made[0]


def _open_phone(browser: Browser, site: Site) -> BrowserContext:
    return browser.new_context(base_url=site.url, locale="zh-CN", viewport=PHONE)


@pytest.mark.parametrize(("clerk", "member"), [(True, False), (False, True), (True, True)])
def test_the_clerk_scans(pair: Pair, clerk: bool, member: bool) -> None:
    voucher = pair.heard_of.pop()
    pair.open_voucher(voucher)
    pair.cut_off(clerk=clerk, member=member)
    pair.member.goto(f"/vouchers/{voucher.pk}")
    pair.show_code()
    pair.is_green("扫一扫的一杯")
    assert pair.is_taken(voucher) == "chain"


def test_the_clerk_scans_what_the_counter_never_heard_of_with_both_alone(pair: Pair) -> None:
    voucher = pair.sell("新的一杯")
    pair.open_voucher(voucher)
    pair.cut_off(clerk=True, member=True)
    pair.member.goto(f"/vouchers/{voucher.pk}")
    pair.show_code()
    expect(pair.clerk.locator(f"{FRESH} [data-answer-text]")).to_contain_text("换一种码", timeout=20_000)
    next_guest(pair.clerk)
    pair.member.get_by_role("button", name="换一种码").click()
    pair.show_code()
    pair.is_green("新的一杯")
    assert pair.is_taken(voucher) == "signed"


@pytest.mark.parametrize("member", [False, True])
def test_the_clerk_types_with_the_counter_alone(pair: Pair, member: bool) -> None:
    voucher = pair.sell("念出来的一杯")
    pair.open_voucher(voucher)
    pair.cut_off(clerk=True, member=member)
    tap(pair.clerk, pair.digits())
    red = pair.clerk.locator(RED)
    expect(red.locator("[data-answer-text]")).to_contain_text("没有网络时不能输号码")
    expect(red.get_by_role("button", name="用不了？按券价收")).to_be_visible()
    next_guest(pair.clerk)
    expect(pair.clerk.locator("[data-unsent]")).to_be_hidden()


def test_the_clerk_types_with_the_member_alone(pair: Pair) -> None:
    voucher = pair.sell("念出来的一杯")
    pair.open_voucher(voucher)
    pair.cut_off(clerk=False, member=True)
    pair.member.goto(f"/vouchers/{voucher.pk}")
    tap(pair.clerk, pair.digits())
    pair.is_green("念出来的一杯")
    assert pair.is_taken(voucher) == "typed"


def _scan_the_counter(pair: Pair) -> None:
    """Let the member's camera open the address on the counter's screen, which stays open."""
    pair.clerk.locator("[data-shop-code]").click()
    address = read(pair.clerk.locator("[data-shop-symbol]").screenshot())
    assert address.startswith("HTTP")
    pair.member.goto("/S/" + address.split("/S/")[1])


def test_the_member_scans_with_the_counter_alone(pair: Pair) -> None:
    voucher = pair.sell("自己扫的一杯")
    pair.cut_off(clerk=True, member=False)
    _scan_the_counter(pair)
    pair.member.locator("form", has_text="自己扫的一杯").get_by_role("button", name="在这家店使用").click()
    six = pair.member.locator("[data-served-digits]")
    expect(six).to_have_text(re.compile(r"\d{3} \d{3}"), timeout=20_000)
    for said in ("可以给", "这 6 位刚才用过了"):
        pair.clerk.locator("[data-shop-digits]").fill(six.inner_text())
        pair.clerk.locator("[data-shop-verify]").click()
        expect(pair.clerk.locator("[data-shop-said]")).to_have_text(said)
    pair.clerk.locator("[data-shop-close]").click()
    assert pair.is_taken(voucher) == "shop"


@pytest.mark.parametrize("clerk", [False, True])
def test_the_member_scans_with_the_member_alone(pair: Pair, clerk: bool) -> None:
    """The shop's page needs the member's network: their wallet opens instead, and the clerk scans that."""
    voucher = pair.sell("卡包里的一杯")
    pair.open_voucher(voucher)
    pair.member.goto("/wallet")
    pair.cut_off(clerk=clerk, member=True)
    _scan_the_counter(pair)
    expect(pair.member).to_have_url(re.compile("/wallet$"))
    pair.clerk.locator("[data-shop-close]").click()
    pair.member.goto(f"/vouchers/{voucher.pk}")
    if clerk:
        pair.member.get_by_role("button", name="换一种码").click()
    pair.show_code()
    pair.is_green("卡包里的一杯")
    assert pair.is_taken(voucher) == ("signed" if clerk else "chain")
