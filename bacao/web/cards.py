"""What a list shows of notes and places, gathered for the whole list at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bacao.discovery.queries import hours_at, price_places
from bacao.discovery.rules import Hours
from bacao.kit.geo import distance_m, walking_minutes
from bacao.notes.queries import saved_ids
from bacao.offers.rules import Price
from bacao.places.queries import open_pattern_ids

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from bacao.accounts.models import User
    from bacao.notes.models import Note
    from bacao.places.models import Place

SQUARE_EACH = 7  # so many notes, two have a square cover: the columns of a wall must not run level


class Point(Protocol):
    """Where somebody looks from."""

    @property
    def latitude(self) -> float:
        """Return degrees north."""

    @property
    def longitude(self) -> float:
        """Return degrees east."""


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """A place with what one needs to set out: how far it is in metres, open or not, the price now if it is not shut."""

    place: "Place"
    distance_m: float
    hours: Hours
    open_until: datetime | None
    price: Price | None

    @property
    def is_shut(self) -> bool:
        """Return whether nobody would open the door now."""
        return self.hours is Hours.CLOSED

    @property
    def walking_minutes(self) -> int:
        """Return the minutes on foot."""
        return walking_minutes(self.distance_m)


@dataclass(frozen=True, slots=True)
class NoteCard:
    """A note with the first place it names."""

    note: "Note"
    now: PlaceNow | None
    is_saved: bool

    @property
    def shape(self) -> str:
        """Return the cover's shape: mostly the tall one, a square now and then or for a picture taken across."""
        pictures = list(self.note.pictures.all())
        if pictures:
            return "square" if pictures[0].width >= pictures[0].height else "portrait"
        return "square" if self.note.pk % SQUARE_EACH in {2, 5} else "portrait"


def make_note_cards(
    notes: Sequence["Note"], *, at: datetime, where: Point, viewer: "User | AnonymousUser"
) -> list[NoteCard]:
    """Return a card for each note, in order, in at most four statements, whatever their number."""
    firsts = {note.pk: next((row.place for row in note.note_places.all()), None) for note in notes}
    now = look_at_places((place for place in firsts.values() if place), at=at, where=where)
    saved = saved_ids(viewer, [note.pk for note in notes])
    return [NoteCard(note, now[place.pk] if (place := firsts[note.pk]) else None, note.pk in saved) for note in notes]


def look_at_places(places: Iterable["Place"], *, at: datetime, where: Point) -> dict[int, PlaceNow]:
    """Return what is true of each place now, by place id and in their order.

    A place that is shut has no price: "now" is only said where one can walk in.
    """
    rows = {place.pk: place for place in places}
    until = open_pattern_ids(at)
    hours = {
        place.pk: hours_at(place, until) if place.state == "open" else (Hours.CLOSED, None) for place in rows.values()
    }
    prices = price_places((place for place in rows.values() if hours[place.pk][0] is not Hours.CLOSED), at)
    return {
        place.pk: PlaceNow(
            place,
            distance_m(where.latitude, where.longitude, place.latitude, place.longitude),
            *hours[place.pk],
            prices.get(place.pk),
        )
        for place in rows.values()
    }
