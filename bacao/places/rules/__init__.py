"""What is decided from values alone: categories, whose data it is, where in the city a point lies, invitations."""

from bacao.places.rules.categories import CATEGORIES, CategoryRow
from bacao.places.rules.invites import INVITE_DAYS, invite_hash, new_secret
from bacao.places.rules.location import Area, Line, area_of, line_of
from bacao.places.rules.sources import SOURCES, Source

__all__ = [
    "CATEGORIES",
    "INVITE_DAYS",
    "SOURCES",
    "Area",
    "CategoryRow",
    "Line",
    "Source",
    "area_of",
    "invite_hash",
    "line_of",
    "new_secret",
]
