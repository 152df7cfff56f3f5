"""How Bacao speaks to the sandbox: as to any payment company, by signed addresses, signed requests and callbacks.

Every message is signed with the secret both share (HMAC-SHA256); callbacks are as in standardwebhooks.com.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from django.conf import settings

from bacao.orders.models import Order
from bacao.orders.rules import PaymentNews, RefundNews, is_fresh

from .protocol import CallbackRefused, ProviderUnreachable, VerifiedEvent

TIMEOUT_SECONDS = 5.0


class SandboxGateway:
    """The merchant's side of the sandbox."""

    @property
    def merchant(self) -> str:
        """Our number at the sandbox."""
        return str(settings.SANDBOX_MERCHANT)

    def checkout_url(self, order: Order, *, expires_at: datetime, site: str, language: str, at: datetime) -> str:
        """Return the address of the hosted page: everything it needs is in the address, signed."""
        title = _subject(order, is_chinese=language.startswith("zh"))
        request = {
            "merchant": self.merchant,
            "order": order.number,
            "amount": str(order.money_minor),
            "currency": order.currency,
            "subject": title,
            "return_url": f"{site}/orders/{order.pk}",
            "notify_url": f"{settings.BASE_URL}/payments/sandbox/callback",
            "expires": str(int(expires_at.timestamp())),
            "sent": str(int(at.timestamp())),
        }
        page = urlencode(sorted(request.items()))
        return f"{site}/sandbox/pay?{page}&signature={_sign('page', page)}"

    def parse_callback(self, headers: Mapping[str, str], body: bytes, at: datetime) -> VerifiedEvent:
        """Return the event of a callback signed by the sandbox within 300 s. :raises CallbackRefused:"""
        names = {name.lower(): value for name, value in headers.items()}
        event_id, sent = names.get("webhook-id", ""), names.get("webhook-timestamp", "")
        expected = _webhook_signature(event_id, sent, body)
        if not any(hmac.compare_digest(expected, given) for given in names.get("webhook-signature", "").split()):
            raise CallbackRefused("bad signature")
        if not is_fresh(datetime.fromtimestamp(int(sent), UTC), at):
            raise CallbackRefused("stale")
        return VerifiedEvent(event_id)

    def read_event(self, body: bytes) -> PaymentNews | RefundNews:
        """Return what a callback says. :raises CallbackRefused: if that cannot be understood"""
        try:
            event = json.loads(body)
            return _payment_news(event["data"]) if event["type"] == "payment" else _refund_news(event["data"])
        except (ValueError, KeyError, TypeError) as error:
            raise CallbackRefused("not understood") from error

    def query(self, order: Order, at: datetime) -> PaymentNews:
        """Ask how a payment stands; one the sandbox never saw is open."""
        return _payment_news(_ask("query", {"order": order.number}, at))

    def close(self, order: Order, at: datetime) -> PaymentNews:
        """End a payment that was not made; one that was made is paid."""
        return _payment_news(_ask("close", {"order": order.number}, at))

    def refund(self, order: Order, *, refund_number: str, amount_minor: int, at: datetime) -> RefundNews:
        """Send money back; the same number again changes nothing."""
        asked = {"order": order.number, "refund": refund_number, "amount": amount_minor}
        return _refund_news(_ask("refund", asked, at))

    def query_refund(self, refund_number: str, at: datetime) -> RefundNews:
        """Ask how a refund stands; one the sandbox never saw is unknown."""
        return _refund_news(_ask("query-refund", {"refund": refund_number}, at))


def _subject(order: Order, *, is_chinese: bool) -> str:
    """Return what is paid for, as the provider's page says it."""
    if order.offer_version is None:
        place = order.place
        return f"买单 {place.name_zh or place.name_en}" if is_chinese else f"Bill at {place.name_en or place.name_zh}"
    zh, en = order.offer_version.title_zh, order.offer_version.title_en
    return f"{(zh or en) if is_chinese else (en or zh)} × {order.quantity}"


def _sign(purpose: str, content: str) -> str:
    """Return the signature of a message of ours; the purpose keeps one kind from passing as another."""
    return hmac.new(settings.SANDBOX_SECRET.encode(), f"{purpose}:{content}".encode(), "sha256").hexdigest()


def _webhook_signature(event_id: str, sent: str, body: bytes) -> str:
    content = f"{event_id}.{sent}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(settings.SANDBOX_SECRET.encode(), content, "sha256")).decode()


def _ask(verb: str, question: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Send a signed question to the sandbox's server and return its signed answer; only jobs do this.

    :raises ProviderUnreachable: no answer, an error, or an answer whose signature is wrong
    """
    body = json.dumps(question, separators=(",", ":"))
    sent = str(int(at.timestamp()))
    headers = {
        "sandbox-merchant": settings.SANDBOX_MERCHANT,
        "sandbox-sent": sent,
        "sandbox-signature": _sign(verb, f"{sent}.{body}"),
        "content-type": "application/json",
    }
    try:
        answer = httpx.post(
            f"{settings.SANDBOX_URL}/api/{verb}", content=body, headers=headers, timeout=TIMEOUT_SECONDS
        )
        answer.raise_for_status()
        signed = _sign(f"answer-{verb}", f"{sent}.{answer.text}")
        if not hmac.compare_digest(signed, answer.headers.get("sandbox-signature", "")):
            raise ProviderUnreachable(f"{verb}: the answer is not signed by the sandbox")
        content: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderUnreachable(f"{verb}: {error}") from error
    return content


def _payment_news(data: dict[str, Any]) -> PaymentNews:
    return PaymentNews(
        merchant=str(data["merchant"]),
        order_number=str(data["order"]),
        state=str(data["state"]),
        amount_minor=int(data["amount"]),
        currency=str(data["currency"]),
        provider_ref=str(data.get("payment", "")),
        failure=str(data.get("failure", ""))[:80],
    )


def _refund_news(data: dict[str, Any]) -> RefundNews:
    return RefundNews(
        merchant=str(data["merchant"]),
        refund_number=str(data["refund"]),
        state=str(data["state"]),
        amount_minor=int(data["amount"]),
        failure=str(data.get("failure", ""))[:80],
    )
