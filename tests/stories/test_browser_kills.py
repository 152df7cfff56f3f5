"""The browser is killed around green, over and over: no green that somebody saw may be lost (RD34).

A few rounds here; `BACAO_BROWSER_KILLS=100` plays as many as asked for.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from bacao.accounts.models import User
from bacao.redemption.models import Attempt, Redemption
from bacao.redemption.services import ensure_codes
from tests import factories
from tests.conftest import BROWSER_FLAGS
from tests.factories import Shop
from tests.live import Site
from tests.stories.counter import GREEN, PRACTISED, enrol, give_camera, hold_up, is_kept, live_token

pytestmark = pytest.mark.story
ROUNDS = int(os.environ.get("BACAO_BROWSER_KILLS", "4"))
AT_ONCE = 25
"""Served alone before the phone is let online again: ¥50 each, below the hard limits of 50 items and ¥1,500."""


class Phone:
    """A Chromium of our own with a profile that outlives it."""

    def __init__(self, browser: Browser, profile: Path, base: str) -> None:
        self.browser_type, self.profile, self.base = browser.browser_type, profile, base

    @contextmanager
    def opened(self) -> Iterator[tuple[Page, "subprocess.Popen[bytes]"]]:
        """Run the browser while the block runs; it may be killed meanwhile."""
        for lock in self.profile.glob("Singleton*"):
            lock.unlink(missing_ok=True)
        port_file = self.profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        chromium = shutil.which("chromium")
        assert chromium
        flags = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.profile}", *BROWSER_FLAGS]
        process = subprocess.Popen(
            [chromium, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            until = time.monotonic() + 60
            while not (port_file.exists() and len(port_file.read_text().splitlines()) == 2):
                assert process.poll() is None and time.monotonic() < until, "the browser did not start"
                time.sleep(0.05)
            port = port_file.read_text().splitlines()[0]
            connection = self.browser_type.connect_over_cdp(f"http://127.0.0.1:{port}")
            context = connection.contexts[0]
            context.add_init_script(PRACTISED)
            context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": self.base}])
            give_camera(context)
            yield context.new_page(), process
            if process.poll() is None:
                connection.new_browser_cdp_session().send("Browser.close")
                process.wait(30)
        finally:
            if process.poll() is None:
                kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a browser and all its processes at once, as a flat battery would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def test_no_green_is_lost(
    browser: Browser, page: Page, live_site: Site, shop: Shop, owner: User, tmp_path: Path
) -> None:
    draw = random.Random(20261122)
    version = factories.make_offer_version(shop.place, title_zh="手冲")
    vouchers = [shop.sell(timezone.now(), version) for _ in range(ROUNDS)]
    ensure_codes(vouchers=vouchers, at=timezone.now())
    phone = Phone(browser, tmp_path / "profile", live_site.url)
    phone.profile.mkdir()
    with phone.opened() as (clerk, _):
        enrol(clerk, page, live_site, shop, owner)
        is_kept(clerk)
    seen = []
    for number, voucher in enumerate(vouchers):
        with phone.opened() as (clerk, process):
            online = number % AT_ONCE == AT_ONCE - 1
            clerk.context.set_offline(not online)
            clerk.goto(f"{live_site.url}/counter")
            if online:
                expect(clerk.locator("[data-shop]")).to_have_text("鹿里咖啡")  # from here on it says what waits
                expect(clerk.locator("[data-unsent]")).to_be_hidden(timeout=60_000)
                clerk.context.set_offline(True)
            hold_up(clerk, live_token(voucher))
            expect(clerk.locator(GREEN)).to_be_visible(timeout=30_000)
            time.sleep(draw.choice([0, 0, 0.02, 0.2]))
            kill(process)
        seen.append(voucher.pk)
    with phone.opened() as (clerk, _):
        clerk.goto(f"{live_site.url}/counter")
        expect(clerk.locator("[data-shop]")).to_have_text("鹿里咖啡")
        clerk.wait_for_timeout(2000)
        expect(clerk.locator("[data-unsent]")).to_be_hidden(timeout=120_000)
    lost = set(seen) - set(Redemption.objects.filter(voucher__in=seen).values_list("voucher", flat=True))
    print(f"\n{len(seen)} greens, each browser killed at once, {len(lost)} lost")
    assert not lost
    assert Attempt.objects.filter(merchant=shop.merchant).count() == len(vouchers), "nothing was sent twice"
