"""Changing places; every change is announced."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from bacao.kit.geo import cell_of
from bacao.kit.services import announce, announce_many
from bacao.places.models import District, Place, Street
from bacao.places.rules import PLACE_FIELDS, Area, Line, PlaceRow, area_of, line_of
from bacao.places.services.hours import find_or_make_patterns

LOAD_BATCH = 1000


@transaction.atomic
def create_place(*, at: datetime, hours: str = "", **fields: Any) -> Place:
    """Make one place from the fields of a `PlaceRow`. :raises kit.hours.BadHours: `hours` cannot be read"""
    return load_places(rows=[PlaceRow(hours=hours, **fields)], at=at)[0]


@transaction.atomic
def load_places(*, rows: Sequence[PlaceRow], at: datetime) -> list[Place]:
    """Insert many places at once and return them in the same order. :raises kit.hours.BadHours: as `create_place`"""
    find = Locator()
    patterns = find_or_make_patterns({row.hours for row in rows}, at=at)
    places = []
    for row in rows:
        place = Place(created_at=at, updated_at=at)
        fill_place(place, row, find)
        place.hours = patterns.get(row.hours)
        places.append(place)
    Place.objects.bulk_create(places, batch_size=LOAD_BATCH)
    announce_many(kind="place", ref_ids=[place.pk for place in places])
    return places


def fill_place(place: Place, row: PlaceRow, find: "Locator", fields: Collection[str] = PLACE_FIELDS) -> None:
    """Copy fields of a row into a place, and file it by its position; its hours are the caller's business."""
    for name in fields:
        setattr(place, _ATTRIBUTE.get(name, name), getattr(row, name))
    place.tags = list(place.tags)
    place.cell = cell_of(row.latitude, row.longitude)
    district, street = find(row.latitude, row.longitude)
    place.district_id, place.street_id = row.district or district, row.street or street


_ATTRIBUTE = {"category": "category_id"}


class Locator:
    """Finds district and street of positions; reads both once."""

    def __init__(self) -> None:
        self.areas = [
            Area(row.code, row.latitude, row.longitude, row.outline) for row in District.objects.order_by("position")
        ]
        streets = Street.objects.filter(kind=Street.Kind.STREET).order_by("code") if self.areas else ()
        self.lines = [Line(row.code, row.district_id, row.line) for row in streets]

    def __call__(self, latitude: float, longitude: float) -> tuple[str | None, str | None]:
        """Return the codes of district and street; the street is one of that district."""
        district = area_of(latitude, longitude, self.areas)
        here = (line for line in self.lines if line.district == district)
        return district, line_of(latitude, longitude, here) if district else None


CHANGEABLE = frozenset(
    {
        "name_zh", "name_en", "category", "district", "street", "merchant", "brand", "address_zh", "address_en",
        "about_zh", "about_en", "latitude", "longitude", "phone", "usual_minor", "tags", "cover",
        "selected_reason", "selected_reason_en", "selected_at",
    }
)  # fmt: skip


@transaction.atomic
def update_place(*, place: Place, at: datetime, **fields: Any) -> Place:
    """Change what a place says of itself; hours and closing have services of their own.

    A place that moves is filed anew: cell, district and street (unless those two are given).
    """
    assert fields.keys() <= CHANGEABLE, f"not fields of a place: {fields.keys() - CHANGEABLE}"
    for name, value in fields.items():
        setattr(place, name, value)
    changed = {*fields, "updated_at"}
    if fields.keys() & {"latitude", "longitude"}:
        place.cell = cell_of(place.latitude, place.longitude)
        district, street = Locator()(place.latitude, place.longitude)
        place.district_id = place.district_id if "district" in fields else district
        place.street_id = place.street_id if "street" in fields else street
        changed |= {"cell", "district", "street"}
    place.updated_at = at
    place.save(update_fields=changed)
    announce(kind="place", ref_id=place.pk)
    return place


@transaction.atomic
def close_place(*, place: Place, at: datetime) -> Place:
    """Mark a place as closed for good; its page stays. One already closed keeps its date."""
    if place.state != Place.State.CLOSED:
        place.state, place.closed_at, place.updated_at = Place.State.CLOSED, at, at
        place.save(update_fields=["state", "closed_at", "updated_at"])
        announce(kind="place", ref_id=place.pk)
    return place


@transaction.atomic
def reopen_place(*, place: Place, at: datetime) -> Place:
    """Mark a closed place as trading again."""
    if place.state != Place.State.OPEN:
        place.state, place.closed_at, place.updated_at = Place.State.OPEN, None, at
        place.save(update_fields=["state", "closed_at", "updated_at"])
        announce(kind="place", ref_id=place.pk)
    return place
