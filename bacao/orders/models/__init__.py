"""The purchase: order, payment, refund, the vouchers it brings, and bills that are paid at the shop."""

from .bills import Bill, BillRequest, BillUse
from .promises import Hold, Quote
from .purchases import Order, Payment, PaymentEvent, Refund, Voucher

__all__ = [
    "Bill",
    "BillRequest",
    "BillUse",
    "Hold",
    "Order",
    "Payment",
    "PaymentEvent",
    "Quote",
    "Refund",
    "Voucher",
]
