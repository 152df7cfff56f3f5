"""Asking the search documents: tokens in, candidates out. One statement each."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from bacao.discovery.models import SearchDocument

CANDIDATES_MAX = 200

_PLACES = """
SELECT place_id, title, sound FROM discovery_searchdocument
WHERE place_id IS NOT NULL AND tokens @@ %(query)s::tsquery
ORDER BY ts_rank(tokens, %(query)s::tsquery) DESC,
    (latitude - %(lat)s) ^ 2 + ((longitude - %(lon)s) * cos(radians(%(lat)s))) ^ 2, place_id
LIMIT %(limit)s
"""
_NOTES = """
SELECT note_id, title, sound FROM discovery_searchdocument
WHERE note_id IS NOT NULL AND tokens @@ %(query)s::tsquery
ORDER BY note_id DESC
LIMIT %(limit)s
"""


class Candidate(NamedTuple):
    """A document that may answer: the id of its place or note, its names or title, one a line, and how they sound."""

    ref_id: int
    names: tuple[str, ...]
    sound: str


def find_places(query: str, *, lat: float, lon: float, limit: int = CANDIDATES_MAX) -> list[Candidate]:
    """Return places that match a tsquery, those with most of its tokens first, then the nearest."""
    return _ask(_PLACES, {"query": query, "lat": lat, "lon": lon, "limit": limit})


def find_notes(query: str, *, limit: int = CANDIDATES_MAX) -> list[Candidate]:
    """Return notes that match a tsquery, newest first."""
    return _ask(_NOTES, {"query": query, "limit": limit})


def is_built() -> bool:
    """Return whether anything can be found yet."""
    return SearchDocument.objects.exists()


def _ask(statement: str, arguments: dict[str, str | float]) -> list[Candidate]:
    if not arguments["query"]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return [Candidate(ref_id, tuple(title.split("\n")), sound) for ref_id, title, sound in cursor.fetchall()]


def lexeme(token: str) -> str:
    """Return a token as PostgreSQL reads it inside a tsquery; one that ends in `*` matches by its beginning."""
    word, tail = (token[:-1], ":*") if token.endswith("*") else (token, "")
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'{tail}"


def every(parts: Iterable[str]) -> str:
    """Return a tsquery that wants all its parts, empty ones left out."""
    return " & ".join(part for part in parts if part)


def some(parts: Iterable[str]) -> str:
    """Return a tsquery that wants one of its parts, empty ones left out."""
    found = [f"({part})" for part in parts if part]
    return f"({' | '.join(found)})" if found else ""
