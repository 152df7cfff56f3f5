"""The city's own names, for reading queries and for cutting words."""

from functools import lru_cache
from typing import Any

from bacao.discovery.rules import CATEGORY_WORDS, Gazetteer, Known
from bacao.kit.text import Text
from bacao.places.queries import list_categories, list_districts, list_streets


def get_gazetteer() -> Gazetteer:
    """Return every district, street, station and category by all its names. Three statements."""
    known = [_area("district", row) for row in list_districts()]
    known += [_area(row.kind, row) for row in list_streets()]
    known += [
        Known("category", row.code, *_names(row, CATEGORY_WORDS.get(row.code, ())), parent=row.parent_id or "")
        for row in list_categories()
    ]
    return _gazetteer(tuple(known))


def list_names() -> list[str]:
    """Return the Chinese names that cutting into words must not tear apart (DS16)."""
    return sorted({word for known in get_gazetteer().known for word in known.words if not word.isascii()})


@lru_cache(maxsize=2)
def _gazetteer(known: tuple[Known, ...]) -> Gazetteer:
    """Return the filed names; filing them again costs more than comparing them."""
    return Gazetteer(list(known))


def _area(kind: str, row: Any) -> Known:
    return Known(kind, row.code, *_names(row), row.latitude, row.longitude)


def _names(row: Any, more: tuple[str, ...] = ()) -> tuple[Text, tuple[str, ...]]:
    return Text(row.name_zh, row.name_en or row.name_zh), tuple(filter(None, (row.name_zh, row.name_en, *more)))
