"""The whole loop in real browsers: a note, the price now, buying, the code, the clerk's camera, green, the books."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from bacao.accounts.models import User
from bacao.discovery.services import follow_outbox
from bacao.ledger.queries import get_balance, get_total
from bacao.notes.models import Note
from bacao.notes.services import publish_note
from bacao.offers.models import Offer, OfferStock
from bacao.offers.services import create_offer
from bacao.orders.models import Order, Voucher
from bacao.places.models import Merchant, Place
from bacao.places.services import set_hours
from bacao.redemption.models import Redemption
from tests.conftest import BROWSER_FLAGS
from tests.factories import make_merchant, make_offer_version, make_place, make_role, make_shop, make_user
from tests.live import Site
from tests.stories.film import camera_flags, held, shots, write_film

pytestmark = pytest.mark.story
EMPTY_SITE = True  # its note has to stand on the first page of the feed
GREEN = ".answer--green[open]"
SOON = 20_000
PACKAGE = {
    "title_zh": "双人手冲套餐",
    "title_en": "Pour-over set for two",
    "items": [{"zh": "手冲", "en": "Pour-over", "quantity": 2, "unit_minor": 3800}],
    "price_minor": 5600,
    "party_size": 2,
    "stock": 20,
}


@dataclass
class Town:
    """A shop that is open, its people, an offer, and a note about it."""

    merchant: Merchant
    place: Place
    owner: User
    clerk: User
    offer: Offer
    note: Note


@pytest.fixture
def town(live_site: Site) -> Town:
    """Open a shop with a name nobody else has; half of each discount is the platform's."""
    at = timezone.now()
    number = User.objects.count()
    merchant = make_merchant(f"渡口咖啡{number}", f"Ferry Coffee {number}", platform_fee_basis_points=250)
    owner, clerk, author = make_user("店主"), make_user("阿秀"), make_user("爱走路的人")
    make_role(owner, merchant, kind="owner")
    place = make_place(merchant, latitude=30.45, longitude=120.45)  # out of the way of other journeys
    make_role(clerk, merchant, place=place)
    set_hours(place=place, expression="24/7", at=at)
    offer = create_offer(
        place=place, kind="package", terms=PACKAGE, funders=[("platform", 5000), ("merchant", 5000)], by=owner, at=at
    )
    Offer.objects.filter(pk=offer.pk).update(state="live")
    Note.objects.create(
        author=author, kind="food", title="先前写过一篇", body="老住户了。", state="published", created_at=at,
        published_at=at - timedelta(days=3),
    )  # fmt: skip
    note = publish_note(
        author=author,
        kind="food",
        title=f"渡口边第 {number} 家咖啡，风刚好",
        body="坐到打烊也没人催。",
        place_ids=[place.pk],
        pictures=[],
        disclosure="",
        language="zh-hans",
        at=at,
    )
    follow_outbox(at=at)
    return Town(merchant, place, owner, clerk, offer, note)


def sign_in_by_code(page: Page, contact: str) -> None:
    """Sign in as a newcomer does: a number, six digits that the demo shows."""
    page.get_by_label(re.compile("手机号")).fill(contact)
    page.get_by_role("button", name="发验证码").click()
    page.locator("#code").fill(page.locator(".door__shown").inner_text().replace(" ", ""))
    page.wait_for_url(lambda url: "/sign-in" not in url)


def buy_from_note(page: Page, town: Town) -> Order:
    """Walk from the feed to a paid order: card, offer (two taps), a newcomer's sign-in, the provider's page."""
    page.goto("/")
    page.get_by_role("link", name=town.note.title).first.click()
    page.locator(f"a[href^='/checkout/{town.offer.pk}']:visible").first.click()
    if "/sign-in" in page.url:
        sign_in_by_code(page, f"1370000{town.place.pk:04d}")
    page.get_by_role("button", name=re.compile("付款")).click()
    if "/sign-in" in page.url:
        sign_in_by_code(page, f"1370000{town.place.pk:04d}")
        page.get_by_role("button", name=re.compile("付款")).click()
    page.wait_for_url("**/sandbox/**")
    page.get_by_role("button", name=re.compile("^付款")).click()
    page.wait_for_url("**/orders/**")
    expect(page.get_by_role("heading", name="付好了")).to_be_visible(timeout=SOON)
    return Order.objects.get(place=town.place, paid_at__isnull=False)


def look_at_wallet(page: Page) -> bytes:
    """Return a picture of the resident's phone with the code that the phone itself has drawn."""
    page.goto("/wallet")
    expect(page.locator("[data-life]").first).to_contain_text("秒后")
    return page.screenshot()


@contextmanager
def counter_of(browser: Browser, site: Site, clerk: User, screen: bytes, film: Path) -> Iterator[Page]:
    """Open the counter in a browser of the clerk's own, whose camera sees the resident's phone."""
    write_film(film, shots(lambda number: held(screen, number)))
    own = browser.browser_type.launch(
        executable_path=shutil.which("chromium"), args=[*BROWSER_FLAGS, *camera_flags(film)]
    )
    context = own.new_context(base_url=site.url, locale="zh-CN", viewport={"width": 390, "height": 844})
    context.add_init_script('localStorage.setItem("bacao.counter.practised", "1")')
    site.sign_in(context, clerk)
    page = context.new_page()
    page.goto("/counter")
    yield page
    own.close()


def test_from_a_note_to_the_statement(
    browser: Browser, page: Page, live_site: Site, town: Town, tmp_path: Path
) -> None:
    order = buy_from_note(page, town)
    assert order.note_id == town.note.pk
    voucher = Voucher.objects.get(order=order)
    screen = look_at_wallet(page)
    with counter_of(browser, live_site, town.clerk, screen, tmp_path / "phone.y4m") as counter:
        expect(counter.locator(GREEN)).to_be_visible(timeout=20_000)
        expect(counter.locator("[data-answer]")).to_contain_text("手冲")
    expect(page.locator("dialog.served[open]")).to_be_visible(timeout=10_000)

    redemption = Redemption.objects.get(voucher=voucher)
    assert (redemption.clerk_id, redemption.proof) == (town.clerk.pk, "chain")
    # list 76, price 56: the discount of 20 is half the platform's; fee 2.5 % of 56 + 10
    owed = get_balance(f"liab.payable.merchant.{town.merchant.pk}").balance_minor
    assert owed + get_fee(redemption) == 5600 + 1000
    owner = browser.new_context(base_url=live_site.url, locale="zh-CN", viewport={"width": 390, "height": 844})
    live_site.sign_in(owner, town.owner)
    console = owner.new_page()
    console.goto("/merchant/")
    expect(console.locator("main")).to_contain_text(f"¥{owed / 100:g}")
    console.goto("/merchant/statement")
    expect(console.locator("main")).to_contain_text("双人手冲套餐")
    owner.close()
    assert get_total("cny") == 0


def get_fee(redemption: Redemption) -> int:
    """Return the platform's fee on the posting of a redemption."""
    from bacao.ledger.models import Entry

    return sum(
        entry.amount_minor
        for entry in Entry.objects.filter(transaction_id=redemption.ledger_id, account__code="income.commission")
    )


def press_digits(counter: Page, digits: str) -> str:
    """Type twelve digits at the counter and return the sentence of the red screen."""
    counter.goto("/counter")
    for digit in digits:
        counter.locator(f"[data-pad] [data-key='{digit}']").click()
    expect(counter.locator(".answer[open]")).to_be_visible(timeout=SOON)
    expect(counter.locator(GREEN)).to_have_count(0)
    return counter.locator(".answer").inner_text()


def test_everything_that_can_be_refused_is_refused_with_a_sentence(page: Page, live_site: Site) -> None:
    """Sold out, payment failed, already used, expired, wrong shop: each says what happened and changes nothing."""
    at = timezone.now()
    shop, other = make_shop("石榴巷茶室", "Pomegranate Tea"), make_shop("打铜巷面馆", "Coppersmith Noodles")
    live_site.sign_in(page.context, shop.member)

    # sold out: the button is gone, and an old page that still has it is told so
    version = make_offer_version(shop.place, stock=5, price_minor=3800, list_minor=5000)
    page.goto(f"/checkout/{version.offer_id}")
    OfferStock.objects.filter(offer=version.offer_id).update(used=5, limit=5)
    page.get_by_role("button", name=re.compile("^付款")).click()
    expect(page.get_by_role("alert")).to_contain_text("售罄")
    assert not Order.objects.filter(user=shop.member).exists()

    # the payment fails: nothing is charged, no voucher, and one can try again
    OfferStock.objects.filter(offer=version.offer_id).update(used=0)
    page.goto(f"/checkout/{version.offer_id}")
    page.get_by_role("button", name=re.compile("^付款")).click()
    page.get_by_role("button", name="假装卡被拒").click()
    page.get_by_role("link", name="回商家").click()
    expect(page.get_by_role("heading", name="卡被拒了")).to_be_visible(timeout=SOON)
    expect(page.get_by_role("button", name="再付一次")).to_be_visible()
    assert not Voucher.objects.filter(user=shop.member).exists()

    # at the counter, by typed code: used, expired, another shop's
    used, expired, foreign = shop.sell(at), shop.sell(at), other.sell(at)
    assert shop.redeem(used, at).status == 201
    Voucher.objects.filter(pk=expired.pk).update(valid_until=at - timedelta(minutes=1))
    counts = Redemption.objects.count()
    live_site.sign_in(page.context, shop.clerk)
    page.add_init_script('localStorage.setItem("bacao.counter.practised", "1")')
    assert re.search(r"已在.*核销", press_digits(page, shop.typed(used, at)))
    assert "过期" in press_digits(page, shop.typed(expired, at))
    assert "不是本店的券" in press_digits(page, other.typed(foreign, at))
    assert Redemption.objects.count() == counts
    assert get_total("cny") == 0
