"""What an offer promises and what it makes a bill cost: pure arithmetic in minor units (pricing.md)."""

from .check import FIELDS, TermsRefused, check_funders, check_terms
from .margin import Margin, margin_of
from .price import Price, Step, best_single, discount_on_bill, price_of, split_by_funders
from .terms import (
    CARD,
    KINDS,
    MERCHANT,
    PACKAGE,
    PARTIES,
    PARTNER,
    PERCENT_OFF,
    PLATFORM,
    THRESHOLD_OFF,
    VOUCHER,
    Item,
    Terms,
    describe,
    say_amount,
)

__all__ = [
    "CARD",
    "FIELDS",
    "KINDS",
    "MERCHANT",
    "PACKAGE",
    "PARTIES",
    "PARTNER",
    "PERCENT_OFF",
    "PLATFORM",
    "THRESHOLD_OFF",
    "VOUCHER",
    "Item",
    "Margin",
    "Price",
    "Step",
    "Terms",
    "TermsRefused",
    "best_single",
    "check_funders",
    "check_terms",
    "describe",
    "discount_on_bill",
    "margin_of",
    "price_of",
    "say_amount",
    "split_by_funders",
]
