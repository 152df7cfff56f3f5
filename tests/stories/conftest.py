"""What every journey may ask for: a running site, pages on phones, a shop with its people.

`live_site` is a real server with its worker (`tests/live.py`). Starting one takes longer than most journeys, so files
share it, and what one test changes there is seen by the next. A file that says `EMPTY_SITE = True` begins with nobody
in it, and one that says `EDGE = True` has nginx in front of it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from bacao.accounts.models import User
from tests import factories
from tests.factories import Shop, make_shop
from tests.live import Site, blank_database, fresh_database, live_name, live_var, looking_at, running_site
from tests.stories.counter import PRACTISED, give_camera

PHONE = {"width": 390, "height": 844}


class _Runner:
    """Runs one site at a time, over a database of its own."""

    def __init__(self, blank: str, running: ExitStack) -> None:
        self.blank, self.running, self.site, self.edge = blank, running, None, False

    def open(self, *, empty: bool, edge: bool) -> Site:
        """Return the running site; a new one where there is none yet, or where nobody may be in it."""
        if self.site is None or empty or edge != self.edge:
            self.running.close()
            database = fresh_database(live_name(), like=self.blank)
            self.site = self.running.enter_context(running_site(database, live_var(), "--empty", edge=edge))
            self.edge = edge
        return self.site


@pytest.fixture(scope="session")
def _runner() -> Iterator[_Runner]:
    with ExitStack() as running:
        yield _Runner(blank_database(), running)


@pytest.fixture(scope="module")
def _running_site(request: pytest.FixtureRequest, _runner: _Runner) -> Site:
    return _runner.open(empty=getattr(request.module, "EMPTY_SITE", False), edge=getattr(request.module, "EDGE", False))


@pytest.fixture
def live_site(_running_site: Site, django_db_blocker: Any) -> Iterator[Site]:
    """Return the running site; the test's own queries see its database, and what they write is committed."""
    with django_db_blocker.unblock(), looking_at(live_name()):
        yield _running_site


@pytest.fixture
def page(browser: Browser, live_site: Site) -> Iterator[Page]:
    """Return an empty page on a phone, 390 px wide, in Chinese; addresses are relative to the running site."""
    context = browser.new_context(base_url=live_site.url, locale="zh-CN", viewport=PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def shop(live_site: Site) -> Shop:
    """Return a shop that sells and serves."""
    return make_shop()


@pytest.fixture
def owner(shop: Shop) -> User:
    """Return the owner of the shop."""
    person = factories.make_user("林晓")
    factories.make_role(person, shop.merchant, kind="owner")
    return person


@pytest.fixture
def phone(browser: Browser, live_site: Site) -> Iterator[BrowserContext]:
    """Return a phone at the till: it has a camera, nobody has signed in on it, its clerk has practised."""
    context = browser.new_context(base_url=live_site.url, locale="zh-CN", viewport=PHONE)
    context.add_init_script(PRACTISED)
    give_camera(context)
    yield context
    context.close()
