"""Writes of offers: terms and states, units taken and given back, histories loaded in bulk."""

from .budgets import SpentMoreThanThat
from .loading import OfferRow, load_offers
from .terms import OfferEnded, SoldMoreThanThat, create_offer, revise_offer, set_offer_state
from .units import (
    NotOnSale,
    PersonalLimitReached,
    SoldOut,
    load_personal_uses,
    return_claims,
    return_units,
    take_claims,
    take_units,
)

__all__ = [
    "NotOnSale",
    "OfferEnded",
    "OfferRow",
    "PersonalLimitReached",
    "SoldMoreThanThat",
    "SoldOut",
    "SpentMoreThanThat",
    "create_offer",
    "load_offers",
    "load_personal_uses",
    "return_claims",
    "return_units",
    "revise_offer",
    "set_offer_state",
    "take_claims",
    "take_units",
]
