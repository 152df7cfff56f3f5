"""Reads of offers: live terms for lists, one offer or version with its terms, a shop's own list, all as numbers."""

from .copying import NEVER_MINUTE, PACKAGE_ROW, LiveOffers, copy_live_offers
from .slots import find_slot, is_time
from .taken import count_used, list_taken
from .terms import (
    audience_of,
    get_current_version,
    get_offer,
    get_terms,
    get_version,
    list_first_offers,
    list_live_terms,
    list_offers_of_place,
    list_offers_of_places,
    list_place_ids_of_offers,
    list_state_changes,
    list_terms,
    list_versions,
    list_versions_by_id,
)

__all__ = [
    "NEVER_MINUTE",
    "PACKAGE_ROW",
    "LiveOffers",
    "audience_of",
    "copy_live_offers",
    "count_used",
    "find_slot",
    "get_current_version",
    "get_offer",
    "get_terms",
    "get_version",
    "is_time",
    "list_first_offers",
    "list_live_terms",
    "list_offers_of_place",
    "list_offers_of_places",
    "list_place_ids_of_offers",
    "list_state_changes",
    "list_taken",
    "list_terms",
    "list_versions",
    "list_versions_by_id",
]
