"""What an order needs of a payment company."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from bacao.orders.models import Order
from bacao.orders.rules import PaymentNews, RefundNews


class VerifiedEvent(NamedTuple):
    """A callback whose signature holds and which is fresh; `event_id` is the provider's own."""

    event_id: str


class CallbackRefused(Exception):
    """A callback that is not believed: forged, tampered with, or stale. The words are for the log."""


class ProviderUnreachable(Exception):
    """No answer, or none that makes sense: whether something happened over there is unknown; ask again later."""


class Gateway(Protocol):
    """What an order needs of a payment company. Only `checkout_url` and `parse_callback` may run in a web request."""

    @property
    def merchant(self) -> str:
        """Our number there; news about another merchant is not ours (GW4)."""

    def checkout_url(self, order: Order, *, expires_at: datetime, site: str, language: str, at: datetime) -> str:
        """Return the address of the provider's page for this order, signed; speaks to nobody."""

    def parse_callback(self, headers: Mapping[str, str], body: bytes, at: datetime) -> VerifiedEvent:
        """Return a callback that may be believed. :raises CallbackRefused:"""

    def read_event(self, body: bytes) -> PaymentNews | RefundNews:
        """Return what a verified callback says. :raises CallbackRefused: if that cannot be understood"""

    def query(self, order: Order, at: datetime) -> PaymentNews:
        """Ask how a payment stands; a payment the provider never saw is `open`. :raises ProviderUnreachable:"""

    def close(self, order: Order, at: datetime) -> PaymentNews:
        """End a payment that was not made; one that was made is `paid`. :raises ProviderUnreachable:"""

    def refund(self, order: Order, *, refund_number: str, amount_minor: int, at: datetime) -> RefundNews:
        """Send money back; the same number again changes nothing. :raises ProviderUnreachable:"""

    def query_refund(self, refund_number: str, at: datetime) -> RefundNews:
        """Ask how a refund stands; one the provider never saw is `unknown`. :raises ProviderUnreachable:"""
