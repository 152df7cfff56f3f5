"""Changing places, their hours, the city's parts, and who works where."""

from bacao.places.rules import PlaceRow
from bacao.places.services.city import load_districts, load_map_features, load_streets, refresh_categories
from bacao.places.services.extract_files import BadFile
from bacao.places.services.hours import refresh_opening_spans, set_hours
from bacao.places.services.imports import BadTable, TooManyClosed, import_csv, import_osm
from bacao.places.services.invites import (
    InviteExpired,
    InviteForOthers,
    InviteUnknown,
    InviteUsed,
    InviteWithdrawn,
    accept_invite,
    invite_clerk,
    withdraw_invite,
)
from bacao.places.services.merchants import (
    LastOwner,
    MerchantRow,
    NotOwner,
    create_merchant,
    end_shop_role,
    grant_shop_role,
    load_merchants,
)
from bacao.places.services.places import (
    close_place,
    create_place,
    load_places,
    reopen_place,
    update_place,
)

__all__ = [
    "BadFile",
    "BadTable",
    "InviteExpired",
    "InviteForOthers",
    "InviteUnknown",
    "InviteUsed",
    "InviteWithdrawn",
    "LastOwner",
    "MerchantRow",
    "NotOwner",
    "PlaceRow",
    "TooManyClosed",
    "accept_invite",
    "close_place",
    "create_merchant",
    "create_place",
    "end_shop_role",
    "grant_shop_role",
    "import_csv",
    "import_osm",
    "invite_clerk",
    "load_districts",
    "load_map_features",
    "load_merchants",
    "load_places",
    "load_streets",
    "refresh_categories",
    "refresh_opening_spans",
    "reopen_place",
    "set_hours",
    "update_place",
    "withdraw_invite",
]
