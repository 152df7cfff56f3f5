"""Reads of discovery: here and now, search, standings."""

from bacao.discovery.queries.documents import is_built
from bacao.discovery.queries.gazetteer import get_gazetteer, list_names
from bacao.discovery.queries.live import list_tags
from bacao.discovery.queries.nearby import list_nearby
from bacao.discovery.queries.search import SearchResult, search
from bacao.discovery.queries.simple import Nearby, nearest_usable, price_places
from bacao.discovery.queries.standing import get_standings, list_usual_amounts
from bacao.discovery.queries.weighing import NearbyItem, Viewpoint, best_for, hours_at, personal, weigh_places

__all__ = [
    "Nearby",
    "NearbyItem",
    "SearchResult",
    "Viewpoint",
    "best_for",
    "get_gazetteer",
    "get_standings",
    "hours_at",
    "is_built",
    "list_names",
    "list_nearby",
    "list_tags",
    "list_usual_amounts",
    "nearest_usable",
    "personal",
    "price_places",
    "search",
    "weigh_places",
]
