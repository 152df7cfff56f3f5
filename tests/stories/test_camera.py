"""The counter in a real browser: a camera that sees the guest's phone, and a clerk who presses once (RD20 to RD27)."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from bacao.orders.models import Voucher
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Redemption, Undo
from bacao.redemption.queries import get_live_code
from bacao.redemption.services import ensure_codes
from bacao.web.counter.views import PRACTICE_TOKEN
from tests import factories
from tests.conftest import BROWSER_FLAGS
from tests.factories import Shop
from tests.live import Site
from tests.stories.counter import FRESH, GREEN, PRACTISED, live_token, read, symbol_of, until
from tests.stories.film import camera_flags, dim, held, shots, table, write_film

pytestmark = pytest.mark.story

OpenCounter = Callable[[Sequence[Image.Image]], AbstractContextManager[Page]]


@pytest.fixture
def open_counter(browser: Browser, live_site: Site, shop: Shop, tmp_path: Path) -> OpenCounter:
    """Return an opener of the counter in a browser of its own, whose camera sees a film."""

    @contextmanager
    def opened(pictures: Sequence[Image.Image]) -> Iterator[Page]:
        film = write_film(tmp_path / "film.y4m", pictures)
        flags = [*BROWSER_FLAGS, *camera_flags(film)]
        own = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=flags)
        context = own.new_context(base_url=live_site.url, locale="zh-CN", viewport={"width": 390, "height": 844})
        context.add_init_script(PRACTISED)
        live_site.sign_in(context, shop.clerk)
        clerk = context.new_page()
        clerk.goto("/counter")
        yield clerk
        own.close()

    return opened


@pytest.fixture
def member(page: Page, live_site: Site, shop: Shop) -> Page:
    """The member's phone."""
    live_site.sign_in(page.context, shop.member)
    return page


def screen_of(member: Page, voucher: Voucher) -> bytes:
    """Return what the member's phone shows, once its own code is drawn."""
    member.goto("/wallet")
    until(member, "localStorage.length > 0")
    expect(member.locator(f"[data-code='{voucher.pk}'] [data-life]")).to_contain_text("秒后")
    return member.screenshot()


def posts_of(clerk: Page) -> list[str]:
    """Return a list that fills with the addresses the page posts to from now on."""
    sent: list[str] = []
    clerk.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    return sent


def say_times(clerk: Page, name: str) -> None:
    """Print how long it took from the first look to green, and from the decoded symbol to green."""
    marks = clerk.evaluate("Object.fromEntries(performance.getEntriesByType('mark').map(m => [m.name, m.startTime]))")
    print(
        f"\n{name}: camera open to decoded {marks['decoded'] - marks['camera']:.0f} ms, "
        f"decoded to green {marks['green'] - marks['decoded']:.0f} ms"
    )


def test_the_members_phone_is_held_up_and_both_screens_turn_green(
    member: Page, shop: Shop, open_counter: OpenCounter
) -> None:
    voucher = shop.sell(timezone.now(), items=[{"zh": "手冲", "en": "Pour-over", "quantity": 1, "unit_minor": 5000}])
    screen = screen_of(member, voucher)
    token = rules.decode_token(read(screen))
    assert token, "the phone's own drawing can be read"
    assert token.handle == bytes(ensure_codes(vouchers=[voucher], at=timezone.now())[voucher.pk].handle)
    with open_counter(shots(lambda number: held(screen, number))) as clerk:
        expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
        expect(clerk.locator("[data-answer-charge]")).to_have_text("不用收钱")
        expect(clerk.locator("[data-answer-items]")).to_have_text("手冲")
        say_times(clerk, "a phone held up")
        expect(member.locator("dialog.served[open]")).to_be_visible(timeout=10_000)
        assert Redemption.objects.get(voucher=voucher).clerk == shop.clerk

        # the phone stays in sight: nothing happens a second time
        clerk.get_by_role("button", name="下一位").click()
        clerk.wait_for_timeout(2000)
        expect(clerk.locator(".answer[open]")).to_have_count(0)
        assert Attempt.objects.filter(merchant=shop.merchant).count() == 1
    member.get_by_role("link", name="好", exact=True).click()
    expect(member.get_by_role("link", name="写一句点评")).to_be_visible()


def test_a_mistake_is_undone_on_the_green_screen(shop: Shop, open_counter: OpenCounter) -> None:
    voucher = shop.sell(timezone.now())
    symbol = symbol_of(live_token(voucher))
    with open_counter(dim(symbol, contrast=200, noise=4, count=6)) as clerk:
        expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
        clerk.get_by_role("button", name="撤销这一笔").click()
        expect(clerk.locator(".answer--undone[open]")).to_be_visible()
    assert Undo.objects.filter(redemption__voucher=voucher).count() == 1
    voucher.refresh_from_db()
    assert voucher.uses_redeemed == 0


def test_rd25_poor_light_is_read_by_averaging(shop: Shop, open_counter: OpenCounter) -> None:
    voucher = shop.sell(timezone.now())
    pictures = dim(symbol_of(live_token(voucher)), contrast=14, noise=12, count=10)
    assert not any(map(read, pictures)), "no single frame can be read"
    with open_counter(pictures) as clerk:
        expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
        say_times(clerk, "poor light")
    assert Redemption.objects.filter(voucher=voucher).count() == 1


def test_rd24_other_symbols_and_an_empty_counter_are_silence(shop: Shop, open_counter: OpenCounter) -> None:
    others = ("HTTPS://EXAMPLE.ORG/MENU", "7" * 46, "9" * 47)
    shown = [picture for text in others for picture in dim(symbol_of(text), contrast=200, noise=4, count=4)]
    with open_counter([*shown, *(table(number) for number in range(4))]) as clerk:
        sent = posts_of(clerk)
        expect(clerk.locator("[data-hint]")).to_contain_text("靠近一点", timeout=10_000)
        expect(clerk.locator(".counter__pad.is-wanted")).to_be_visible(timeout=10_000)  # the film came round five times
        assert not sent
        expect(clerk.locator(".answer[open]")).to_have_count(0)


def test_an_old_code_asks_for_a_new_one_and_says_what_to_do(shop: Shop, open_counter: OpenCounter) -> None:
    voucher = shop.sell(timezone.now())
    past = timezone.now() - timedelta(minutes=10)
    code = ensure_codes(vouchers=[voucher], at=past)[voucher.pk]
    with open_counter(
        dim(symbol_of(get_live_code(code, past).token_at(past)), contrast=200, noise=4, count=4)
    ) as clerk:
        expect(clerk.locator(f"{FRESH} [data-answer-text]")).to_contain_text("截图或过时", timeout=20_000)
    assert not Redemption.objects.filter(voucher=voucher).exists()


def test_rd51_a_practice_code_never_leaves_the_page(shop: Shop, open_counter: OpenCounter) -> None:
    with open_counter(dim(symbol_of(PRACTICE_TOKEN), contrast=200, noise=4, count=4)) as clerk:
        sent = posts_of(clerk)
        expect(clerk.locator(GREEN)).to_be_visible(timeout=20_000)
        expect(clerk.locator("[data-answer-practice]")).to_be_visible()
        clerk.get_by_role("button", name="撤销这一笔").click()
        expect(clerk.locator(".answer--undone[open]")).to_be_visible()
        assert not sent
    assert not Attempt.objects.filter(merchant=shop.merchant).exists()


def test_twelve_digits_a_bill_and_what_to_charge(member: Page, shop: Shop, live_site: Site) -> None:
    """The same without any camera: a slip is caught before a request, the pad takes code and bill."""
    now = timezone.now()
    voucher = shop.sell(now, kind="percent_off", percent_basis_points=1500, cap_minor=3000, threshold_minor=5000)
    digits = shop.typed(voucher, now)
    live_site.sign_in(member.context, shop.clerk)
    clerk = member
    clerk.goto("/counter")
    clerk.get_by_role("button", name="跳过").click()

    def tap(keys: str) -> None:
        for key in keys:
            clerk.locator(f"[data-pad] [data-key='{'clear' if key == '.' else key}']").click()

    tap(digits[:11] + str((int(digits[11]) + 1) % 10))
    expect(clerk.locator("[data-hint]")).to_have_text("号码有误，请再念一遍")
    assert not Attempt.objects.filter(merchant=shop.merchant).exists()
    tap(digits)
    expect(clerk.locator("[data-ask-title]")).to_have_text("手冲加可颂")
    tap("45")
    expect(clerk.locator("[data-ask-sum]")).to_have_text("还差 ¥5 才能用")
    tap("6.5")
    expect(clerk.locator("[data-ask-sum]")).to_have_text("收 ¥426.5")
    clerk.locator("[data-go]").click()
    expect(clerk.locator("[data-answer-charge]")).to_have_text("收 ¥426.5")
    assert Redemption.objects.get(voucher=voucher).charge_minor == 42650


def test_rd5_the_wallet_lives_without_network(member: Page, shop: Shop) -> None:
    voucher = shop.sell(timezone.now())
    screen_of(member, voucher)
    until(member, "navigator.serviceWorker.controller !== null")
    member.reload()
    expect(member.locator("[data-life]")).to_contain_text("秒后")
    member.context.set_offline(True)
    member.reload()
    expect(member.locator("[data-life]")).to_contain_text("秒后")
    token = rules.decode_token(read(member.screenshot()))
    assert token
    code = ensure_codes(vouchers=[voucher], at=timezone.now())[voucher.pk]
    live = get_live_code(code, timezone.now())
    anchors = {day: rules.anchor_of(seed, live.handle, day) for day, seed in live.seeds.items()}
    verdict = rules.verify(token.handle, token.value, anchors, now=rules.step_at(timezone.now()))
    assert verdict.verdict == rules.OK


def test_two_vouchers_are_shown_by_distance_when_the_phone_knows_where_it_is(member: Page, shop: Shop) -> None:
    far = factories.make_place(shop.merchant, name_zh="湘湖店", latitude=30.15, longitude=120.23)
    here = shop.sell(timezone.now())
    there = factories.make_voucher(factories.make_offer_version(far, title_zh="湘湖的茶"), shop.member)
    member.goto("/wallet")
    expect(member.locator("[data-code]")).to_have_attribute("data-code", str(here.pk))
    member.context.grant_permissions(["geolocation"])
    member.context.set_geolocation({"latitude": 30.1501, "longitude": 120.2301})
    member.reload()
    expect(member.locator("[data-code]")).to_have_attribute("data-code", str(there.pk))
