"""Numbers, terms, deadlines and verdicts of a purchase. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from bacao.kit.text import Text
from bacao.ledger.rules import largest_remainder

RULESET = "pr-1"
QUOTE = timedelta(minutes=10)
HOLD, HOLD_AT_COUNTER, HOLD_MOST = timedelta(minutes=15), timedelta(minutes=5), timedelta(minutes=30)
"""For how long a quote stands, what it needs is held online and at a counter, and nothing is held any longer (PR34,
PR41)."""

LOCK_SECONDS, CART_MOST = 3, 3
"""How long one waits for somebody else's rows, and how many may work on one cart: one, and two who wait (PR40)."""

PROVIDER_MARGIN = timedelta(seconds=60)
"""The provider stops taking money this long before the stock is given back (PR41)."""

QUERY_AFTER_SECONDS = (5, 30, 120, 600)
"""When to ask the provider if it says nothing by itself (GW5); once more at the end of the hold."""

MOST_PER_ORDER = 10
REFUND_TERMS = Text(
    "没用掉随时全额退，过期自动退，原路返回。",
    "Unused, it is refunded in full at any time, and by itself when it expires, the way you paid.",
)

BILL_TERMS = Text(
    "付错了？60 分钟内店员能撤回，30 天内店长能退；钱、余额和用掉的券一起还你。",
    "A mistake? A clerk takes it back within 60 minutes, the owner within 30 days: money, credit and vouchers alike.",
)
UNDO_BILL, REFUND_BILL = timedelta(minutes=60), timedelta(days=30)
"""For how long any clerk may take a bill back, and its owner or the desk may refund it (X27, RF4)."""
BILL_MOST_MINOR = 10_000_000
"""¥100,000: a bill above is a slip of the finger."""
BILL_REQUEST = timedelta(minutes=10)

OPEN, PAID, FAILED, CLOSED = "open", "paid", "failed", "closed"


@dataclass(frozen=True, slots=True)
class PaymentNews:
    """What a provider says of one payment, by callback or by answer. `state` = open, paid, failed or closed."""

    merchant: str
    order_number: str
    state: str
    amount_minor: int
    currency: str
    provider_ref: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class RefundNews:
    """What a provider says of one refund. `state` = confirmed, failed or unknown."""

    merchant: str
    refund_number: str
    state: str
    amount_minor: int
    failure: str = ""


def number_of(day: date, position: int) -> str:
    """Return what people read aloud: BC, the day, and a running number of at least five digits."""
    return f"BC{day:%y%m%d}{position:05d}"


def valid_until(bought_at: datetime, days: int) -> datetime:
    """Return the first midnight after `days` more days; `bought_at` carries the zone of the shop."""
    start = bought_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return start + timedelta(days=days + 1)


def parts_of_uses(left_minor: int, uses_left: int) -> list[int]:
    """Spread what is left of a voucher's price over its uses left, first use first; no fen is lost."""
    return largest_remainder(left_minor, [1] * uses_left)


def matches(news: PaymentNews, *, merchant: str, order_number: str, amount_minor: int, currency: str) -> bool:
    """Return whether the news is about exactly what was asked for (GW4)."""
    return (news.merchant, news.order_number, news.amount_minor, news.currency) == (
        merchant,
        order_number,
        amount_minor,
        currency,
    )


def is_fresh(sent_at: datetime, at: datetime, tolerance_seconds: int = 300) -> bool:
    """Return whether a message was signed within the tolerance before or after `at` (GW2)."""
    return abs((at - sent_at).total_seconds()) <= tolerance_seconds


def credit_account(user_id: int) -> str:
    """Return the account of what we owe somebody as credit."""
    return f"liab.credit.customer.{user_id}"


def unredeemed_account(order_id: UUID) -> str:
    """Return the account of what was paid for an order and not used yet."""
    return f"liab.unredeemed.{order_id}"
