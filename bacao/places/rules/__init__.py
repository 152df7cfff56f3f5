"""What is decided from values alone: categories, whose data it is, where in the city a point lies, invitations."""

from bacao.places.rules.categories import CATEGORIES, CategoryRow
from bacao.places.rules.invites import INVITE_DAYS, invite_hash, new_secret
from bacao.places.rules.location import Area, Line, area_of, line_of
from bacao.places.rules.rows import PLACE_FIELDS, PlaceRow, row_hash
from bacao.places.rules.sources import SOURCES, Source

__all__ = [
    "CATEGORIES",
    "INVITE_DAYS",
    "PLACE_FIELDS",
    "SOURCES",
    "Area",
    "CategoryRow",
    "Line",
    "PlaceRow",
    "Source",
    "area_of",
    "invite_hash",
    "line_of",
    "new_secret",
    "row_hash",
]
