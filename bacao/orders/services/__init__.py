"""Writes of purchases: place, pay, hear from the provider, use, refund, let lapse, load a history."""

from .ask import ask_provider
from .events import process_payment_event, record_callback
from .loading import LoadedOrder, OrderRow, load_orders
from .pay import start_payment
from .place import (
    AlreadyPaid,
    NoLongerOpen,
    OrderIdTaken,
    PriceChanged,
    WrongQuantity,
    cancel_order,
    expire_orders,
    place_order,
)
from .refund import NotRefundable, refund_expired, request_refund, send_refund
from .vouchers import NotEnoughUses, mark_unused, mark_used, mark_used_many

__all__ = [
    "AlreadyPaid",
    "LoadedOrder",
    "NoLongerOpen",
    "NotEnoughUses",
    "NotRefundable",
    "OrderIdTaken",
    "OrderRow",
    "PriceChanged",
    "WrongQuantity",
    "ask_provider",
    "cancel_order",
    "expire_orders",
    "load_orders",
    "mark_unused",
    "mark_used",
    "mark_used_many",
    "place_order",
    "process_payment_event",
    "record_callback",
    "refund_expired",
    "request_refund",
    "send_refund",
    "start_payment",
]
