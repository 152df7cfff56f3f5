"""Writes of purchases: quote, hold, place, pay, hear from the provider, use, refund, let lapse, load a history."""

from .ask import ask_provider
from .differences import (
    BillChanged,
    BudgetGone,
    Busy,
    Difference,
    EntitlementLost,
    HoldExpired,
    NotForYou,
    PersonalLimit,
    QuotaGone,
    QuoteExpired,
    VersionWithdrawn,
    WindowClosed,
)
from .events import process_payment_event, record_callback
from .holds import WrongQuantity, capture_hold, expire_holds, release_hold, take_quote
from .loading import LoadedOrder, OrderRow, load_orders
from .pay import start_payment
from .place import (
    AlreadyPaid,
    NoLongerOpen,
    OrderIdTaken,
    cancel_order,
    close_withdrawn,
    expire_orders,
    place_order,
)
from .quotes import forget_quotes, quote_bill, quote_purchase
from .refund import NotRefundable, record_chargeback, refund_expired, refund_withdrawn, request_refund, send_refund
from .vouchers import USE_ONE, NotEnoughUses, mark_unused, mark_used, mark_used_many

__all__ = [
    "USE_ONE",
    "AlreadyPaid",
    "BillChanged",
    "BudgetGone",
    "Busy",
    "Difference",
    "EntitlementLost",
    "HoldExpired",
    "LoadedOrder",
    "NoLongerOpen",
    "NotEnoughUses",
    "NotForYou",
    "NotRefundable",
    "OrderIdTaken",
    "OrderRow",
    "PersonalLimit",
    "QuotaGone",
    "QuoteExpired",
    "VersionWithdrawn",
    "WindowClosed",
    "WrongQuantity",
    "ask_provider",
    "cancel_order",
    "capture_hold",
    "close_withdrawn",
    "expire_holds",
    "expire_orders",
    "forget_quotes",
    "load_orders",
    "mark_unused",
    "mark_used",
    "mark_used_many",
    "place_order",
    "process_payment_event",
    "quote_bill",
    "quote_purchase",
    "record_callback",
    "record_chargeback",
    "refund_expired",
    "refund_withdrawn",
    "release_hold",
    "request_refund",
    "send_refund",
    "start_payment",
    "take_quote",
]
