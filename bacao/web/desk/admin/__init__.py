"""Every chapter's tables at the desk, registered by being imported."""

from bacao.web.desk.admin import (
    accounts,
    discovery,
    kit,
    ledger,
    notes,
    offers,
    orders,
    others,
    places,
    redemption,
    reviews,
)

__all__ = [
    "accounts",
    "discovery",
    "kit",
    "ledger",
    "notes",
    "offers",
    "orders",
    "others",
    "places",
    "redemption",
    "reviews",
]
