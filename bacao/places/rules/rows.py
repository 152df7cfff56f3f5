"""A place before it is kept."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from typing import Any


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place to be loaded; `category`, `district` and `street` are codes, `hours` is an expression of OSM's grammar.

    Without district or street they are found from the position.
    """

    name_zh: str
    category: str
    latitude: float
    longitude: float
    name_en: str = ""
    merchant_id: int | None = None
    district: str | None = None
    street: str | None = None
    brand: str = ""
    address_zh: str = ""
    address_en: str = ""
    about_zh: str = ""
    about_en: str = ""
    phone: str = ""
    hours: str = ""
    usual_minor: int | None = None
    tags: Sequence[str] = ()
    cover: dict[str, Any] = field(default_factory=dict)
    selected_reason: str = ""
    selected_reason_en: str = ""
    selected_at: datetime | None = None
    source: str = "own"
    source_ref: str = ""
    source_hash: str = ""


PLACE_FIELDS = frozenset(each.name for each in fields(PlaceRow)) - {"district", "street", "hours"}


def row_hash(row: PlaceRow, names: Collection[str]) -> str:
    """Return a fingerprint of what a source says of a place: the same words, the same fingerprint."""
    said = {name: getattr(row, name) for name in sorted(names)}
    return sha256(json.dumps(said, ensure_ascii=False, default=list).encode()).hexdigest()
