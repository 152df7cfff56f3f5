"""The sandbox and the shop as two companies: one live server, real HTTP in both directions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from bacao.accounts.models import User
from bacao.offers.models import OfferVersion
from bacao.orders.models import Order
from bacao.orders.services import start_payment
from tests.orders.conftest import buyer, order_of, run_jobs, sell, version

__all__ = ["buyer", "run_jobs", "sell", "version"]


@dataclass
class Payer:
    """Somebody with a browser who was sent to the sandbox's page."""

    url: str

    def open(self, address: str) -> httpx.Response:
        """Open the address a merchant sent them to."""
        self.browser = httpx.Client(follow_redirects=False)
        answer = self.browser.get(address)
        if answer.is_redirect:
            self.page = self.url + answer.headers["location"]
            answer = self.browser.get(self.page)
        self.seen = answer.text
        return answer

    def press(self, way: str) -> httpx.Response:
        """Press one of the page's buttons."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.seen)
        assert token, "the page has a form"
        return self.browser.post(
            self.page, data={"way": way, "csrfmiddlewaretoken": token[1]}, headers={"referer": self.page}
        )


@dataclass
class Street:
    """A buyer, an offer, a server."""

    url: str
    buyer: User
    version: OfferVersion

    def order(self, quantity: int = 1, at: datetime | None = None) -> tuple[Order, str]:
        """Place an order and start to pay; return it and the address of the page."""
        at = at or timezone.now()
        order = order_of(self.buyer, self.version, at, quantity)
        return order, start_payment(order=order, at=at, site=self.url)

    def pay(self, way: str, at: datetime | None = None) -> Order:
        """Order, open the page, press a button."""
        order, address = self.order(at=at)
        payer = Payer(self.url)
        payer.open(address)
        assert payer.press(way).status_code == 302
        return order

    def order_long_ago(self) -> tuple[Order, str]:
        """Place an order whose hold ended half a minute ago; the sandbox tells of late money half a minute from now."""
        return self.order(at=timezone.now() - timedelta(minutes=15, seconds=30))


@pytest.fixture
def street(
    transactional_db: None, live_server: Any, settings: Any, buyer: User, version: OfferVersion
) -> Iterator[Street]:
    settings.BASE_URL = live_server.url
    settings.SANDBOX_URL = f"{live_server.url}/sandbox"
    yield Street(live_server.url, buyer, version)
