"""The tables of the counter: who may redeem, what was redeemed, what went wrong (redemption.md, section 12)."""

from .counters import Clerk, Counter, Drill, Lease, Manifest, OfferPolicy, RefundWish, ShopPolicy
from .facts import Arrival, Attempt, Redemption, Served, Undo, VoucherCode
from .incidents import Agreement, Confirmation, Incident

__all__ = [
    "Agreement",
    "Arrival",
    "Attempt",
    "Clerk",
    "Confirmation",
    "Counter",
    "Drill",
    "Incident",
    "Lease",
    "Manifest",
    "OfferPolicy",
    "Redemption",
    "RefundWish",
    "Served",
    "ShopPolicy",
    "Undo",
    "VoucherCode",
]
