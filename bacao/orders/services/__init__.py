"""Writes of purchases: quote, hold, place, pay, hear from the provider, use, refund, let lapse, load a history."""

from .ask import ask_provider
from .bill_quotes import WrongBill, quote_bill
from .bill_requests import TooManyBills, address_request, ask_bill
from .bills import (
    SETTLED,
    NoSuchBill,
    PaidOut,
    RequestAnswered,
    TooLateToUndo,
    accept_bill,
    place_bill,
    recognise_guest,
    undo_bill,
)
from .differences import (
    BillChanged,
    BudgetGone,
    Busy,
    CreditGone,
    Difference,
    EntitlementLost,
    HoldExpired,
    NotForYou,
    PersonalLimit,
    QuotaGone,
    QuoteExpired,
    VersionWithdrawn,
    VoucherGone,
    WindowClosed,
)
from .events import process_payment_event, record_callback
from .holds import capture_hold, expire_holds, release_hold, take_quote
from .loading import LoadedOrder, OrderRow, load_orders
from .needs import WrongQuantity
from .pay import apply_payment_news, start_payment
from .place import (
    AlreadyPaid,
    NoLongerOpen,
    OrderIdTaken,
    cancel_order,
    close_withdrawn,
    expire_orders,
    place_order,
)
from .quotes import forget_quotes, quote_purchase
from .refund import NotRefundable, record_chargeback, refund_expired, refund_withdrawn, request_refund, send_refund
from .vouchers import USE_ONE, NotEnoughUses, mark_unused, mark_used, mark_used_many

__all__ = [
    "SETTLED",
    "USE_ONE",
    "AlreadyPaid",
    "BillChanged",
    "BudgetGone",
    "Busy",
    "CreditGone",
    "Difference",
    "EntitlementLost",
    "HoldExpired",
    "LoadedOrder",
    "NoLongerOpen",
    "NoSuchBill",
    "NotEnoughUses",
    "NotForYou",
    "NotRefundable",
    "OrderIdTaken",
    "OrderRow",
    "PaidOut",
    "PersonalLimit",
    "QuotaGone",
    "QuoteExpired",
    "RequestAnswered",
    "TooLateToUndo",
    "TooManyBills",
    "VersionWithdrawn",
    "VoucherGone",
    "WindowClosed",
    "WrongBill",
    "WrongQuantity",
    "accept_bill",
    "address_request",
    "apply_payment_news",
    "ask_bill",
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
    "place_bill",
    "place_order",
    "process_payment_event",
    "quote_bill",
    "quote_purchase",
    "recognise_guest",
    "record_callback",
    "record_chargeback",
    "refund_expired",
    "refund_withdrawn",
    "release_hold",
    "request_refund",
    "send_refund",
    "start_payment",
    "take_quote",
    "undo_bill",
]
