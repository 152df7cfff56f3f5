"""How the sandbox signs, what a payer or tester can choose, and how often it calls back. Pure."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from bacao.kit.text import Text

PAY, DECLINE = "pay", "decline"
SILENT, DUPLICATES, LATE = "silent", "duplicates", "late"
WRONG_AMOUNT, BAD_SIGNATURE, OLD_TIMESTAMP = "wrong_amount", "bad_signature", "old_timestamp"
FAULTS: dict[str, tuple[Text, Text]] = {
    SILENT: (Text("付款，不通知", "Pay, no callback"), Text("商户靠查询得知", "the merchant learns it by asking")),
    DUPLICATES: (Text("付款，通知 5 次", "Pay, five callbacks"), Text("只能入账一次", "it may be credited once only")),
    LATE: (
        Text("付款，过期后才到", "Pay, money comes late"),
        Text("订单过期 1 分钟后才通知", "the merchant is told a minute after its order expired"),
    ),
    WRONG_AMOUNT: (Text("少付一分", "Pay one fen less"), Text("不能入账", "it must not be credited")),
    BAD_SIGNATURE: (
        Text("付款，签名错误", "Pay, bad signature"),
        Text("通知被拒，靠查询得知", "the callback is refused; the merchant learns it by asking"),
    ),
    OLD_TIMESTAMP: (
        Text("付款，时间戳过旧", "Pay, old timestamp"),
        Text("通知被拒，靠查询得知", "the callback is refused; the merchant learns it by asking"),
    ),
}
COPIES = 5
TOLD_LATE = timedelta(minutes=2)
"""After the end of the payment; merchants end theirs a minute before the order's."""

BACKDATED = timedelta(minutes=10)
RETRY_AFTER_SECONDS = (5, 30, 120, 600)
REQUEST_FIELDS = (
    "amount", "currency", "expires", "merchant", "notify_url", "order", "return_url", "sent", "subject"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PayRequest:
    """What a merchant's signed address asks for."""

    merchant: str
    order: str
    amount_minor: int
    currency: str
    subject: str
    return_url: str
    notify_url: str
    expires_at: datetime


def read_request(fields: Mapping[str, str], secret: str) -> PayRequest | None:
    """Return what a signed address asks for; None if it was not signed so."""
    page = urlencode([(name, fields.get(name, "")) for name in REQUEST_FIELDS])
    if not hmac.compare_digest(sign(secret, "page", page), fields.get("signature", "")):
        return None
    return PayRequest(
        merchant=fields["merchant"],
        order=fields["order"],
        amount_minor=int(fields["amount"]),
        currency=fields["currency"],
        subject=fields["subject"],
        return_url=fields["return_url"],
        notify_url=fields["notify_url"],
        expires_at=datetime.fromtimestamp(int(fields["expires"]), UTC),
    )


def sign(secret: str, purpose: str, content: str) -> str:
    """Return the HMAC-SHA256 of a request or answer; the purpose keeps one kind from passing as another."""
    return hmac.new(secret.encode(), f"{purpose}:{content}".encode(), "sha256").hexdigest()


def notice_headers(secret: str, notice_id: str, body: str, sent_at: datetime) -> dict[str, str]:
    """Return the headers of a callback as standardwebhooks.com writes them."""
    sent = str(int(sent_at.timestamp()))
    digest = hmac.digest(secret.encode(), f"{notice_id}.{sent}.{body}".encode(), "sha256")
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": sent,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "content-type": "application/json",
    }
