"""A small town by a lake, for tests of what is near and of search: rows made through the chapters' own services."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bacao.accounts.models import User
from bacao.discovery.models import PlaceStanding
from bacao.notes.models import Note
from bacao.notes.services import NoteRow, load_notes
from bacao.places.models import Place
from bacao.places.rules.ground import DistrictRow, StreetRow
from bacao.places.services import create_place, load_districts, load_streets, refresh_categories

LAKE = (30.2550, 120.1620)  # the middle of Hubin, where everybody looks from unless told otherwise
NORTH_M = 1 / 111_195  # degrees of latitude to a metre


def north_of_lake(metres: float) -> dict[str, float]:
    """Return a position that far north of the middle of Hubin."""
    return {"latitude": LAKE[0] + metres * NORTH_M, "longitude": LAKE[1]}


def found_town() -> None:
    """Plant the categories, two districts, two streets and a station."""
    refresh_categories()
    load_districts(
        rows=[
            DistrictRow("hubin", "湖滨", "Hubin", *LAKE, position=0),
            DistrictRow("gulou", "鼓楼", "Drum Tower", 30.2400, 120.1700, position=1),
        ]
    )
    load_streets(
        rows=[
            StreetRow("wulin", "street", "hubin", "武林路", "Wulin Road", 30.2640, 120.1625),
            StreetRow("changle", "street", "gulou", "长乐路", "Changle Road", 30.2420, 120.1710),
            StreetRow("longxiang", "station", "hubin", "龙翔桥", "Longxiangqiao", 30.2560, 120.1640),
        ]
    )


def open_shop(name_zh: str, name_en: str = "", *, at: datetime, metres: float = 100, **fields: Any) -> Place:
    """Insert a coffee shop in Hubin that never shuts, `metres` north of the middle, unless told otherwise."""
    values: dict[str, Any] = {
        "category": "cafe",
        "hours": "24/7",
        "usual_minor": 4000,
        "district": "hubin",
        **north_of_lake(metres),
        **fields,
    }
    return create_place(name_zh=name_zh, name_en=name_en, at=at, **values)


def write_note(
    author: User, title: str, places: Sequence[Place], *, at: datetime, body: str = "好。", **more: Any
) -> Note:
    """Publish a note an hour ago."""
    row = NoteRow(
        author_id=author.pk, kind="food", title=title, body=body, place_ids=[place.pk for place in places],
        published_at=at - timedelta(hours=1), **more,
    )  # fmt: skip
    return load_notes(rows=[row], at=at)[0]


def give_standing(place: Place, *, reviews: int = 0, stars_hundredths: int | None = None, recent: int = 0) -> None:
    """Say of a place what verified visits would."""
    PlaceStanding.objects.update_or_create(
        place=place,
        defaults={
            "review_count": reviews,
            "stars_hundredths": stars_hundredths,
            "arrival_count": recent,
            "arrivals_30_days": recent,
        },
    )
