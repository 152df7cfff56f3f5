"""Search documents: the words of every place and note, written whole whenever their thing changes (DS16)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from django.db import connection, transaction

from bacao.discovery.models import SearchDocument
from bacao.discovery.rules import sound_of, tokens_of_name, tokens_of_text
from bacao.discovery.services.words import Cutter, get_cutter
from bacao.notes.queries import list_note_ids_of_places, list_notes_by_id, list_published_note_ids
from bacao.offers.queries import list_offers_of_places
from bacao.places.queries import list_open_places, list_places_by_id

if TYPE_CHECKING:
    from bacao.notes.models import Note
    from bacao.places.models import Place

CHUNK = 500
TITLE_LENGTH_MAX = 300
SOUND_LENGTH_MAX = 800

_INSERT = """
INSERT INTO discovery_searchdocument (place_id, note_id, title, sound, tokens, latitude, longitude)
VALUES (%s, %s, %s, %s, array_to_tsvector(%s::text[]), %s, %s)
"""
Row = tuple[int | None, int | None, str, str, list[str], float | None, float | None]


def index_place(*, place_id: int) -> None:
    """Write the document of one place again, and of the notes about it; a closed place has none."""
    index_places(place_ids=[place_id])
    index_notes(note_ids=list_note_ids_of_places([place_id]))


def index_note(*, note_id: int) -> None:
    """Write the document of one note again; one that is not published has none."""
    index_notes(note_ids=[note_id])


@transaction.atomic
def index_places(*, place_ids: Sequence[int]) -> None:
    """Write the documents of places again."""
    cut = get_cutter()
    SearchDocument.objects.filter(place__in=place_ids).delete()
    places = list_places_by_id(place_ids).values()
    _insert(_rows_of_places([place for place in places if place.state == place.State.OPEN], cut))


@transaction.atomic
def index_notes(*, note_ids: Sequence[int]) -> None:
    """Write the documents of notes again."""
    cut = get_cutter()
    SearchDocument.objects.filter(note__in=note_ids).delete()
    _insert(_row_of_note(note, cut) for note in list_notes_by_id(note_ids).values())


@transaction.atomic
def write_all_documents() -> int:
    """Write every document again and return how many there are; until the end readers see the old ones."""
    cut = get_cutter()
    SearchDocument.objects.all().delete()
    for place_ids in _chunks(list_open_places().values_list("pk", flat=True)):
        _insert(_rows_of_places(list_places_by_id(place_ids).values(), cut))
    for note_ids in _chunks(list_published_note_ids()):
        _insert(_row_of_note(note, cut) for note in list_notes_by_id(note_ids).values())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE discovery_searchdocument")
    return SearchDocument.objects.count()


def _insert(rows: Iterable[Row]) -> None:
    ready = list(rows)  # psycopg would wait for itself if making a row asked the database
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, ready)


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _rows_of_places(places: Collection["Place"], cut: Cutter) -> Iterator[Row]:
    menus: dict[int, list[str]] = {}
    for version in list_offers_of_places([place.pk for place in places]):
        if version.offer.state == version.offer.State.LIVE:
            dishes = (item[language] for item in version.items for language in ("zh", "en"))
            menus.setdefault(version.offer.place_id, []).extend([version.title_zh, version.title_en, *dishes])
    return (_row_of_place(place, menus.get(place.pk, []), cut) for place in places)


def _row_of_place(place: "Place", menu: Sequence[str], cut: Cutter) -> Row:
    names = [name for name in (place.name_zh, place.name_en) if name]
    about = (place.address_zh, place.address_en, place.about_zh, place.about_en, *dict.fromkeys(menu))
    tokens = tokens_of_name(*names, place.brand, cut=cut) | _facets(place)
    for text in about:
        tokens |= tokens_of_text(text, cut=cut)
    return (
        place.pk,
        None,
        "\n".join(names)[:TITLE_LENGTH_MAX],
        sound_of(names)[:SOUND_LENGTH_MAX],
        sorted(tokens),
        place.latitude,
        place.longitude,
    )


def _row_of_note(note: "Note", cut: Cutter) -> Row:
    places = [row.place for row in note.note_places.all()]
    tokens = tokens_of_text(note.title, cut=cut) | tokens_of_text(note.body, cut=cut)
    for place in places:
        tokens |= tokens_of_text(f"{place.name_zh} {place.name_en}", cut=cut) | _facets(place) | {f"n:{place.pk}"}
    first = places[0] if places else None
    return (
        None,
        note.pk,
        note.title,
        "",
        sorted(tokens),
        first.latitude if first else None,
        first.longitude if first else None,
    )


def _facets(place: "Place") -> set[str]:
    """Return what a place is and where, as tokens: its kind, the kind above, district, street, grid cell."""
    facets = {f"c:{place.category_id}", f"x:{place.cell}"}
    facets |= {f"c:{place.category.parent_id}"} if place.category.parent_id else set()
    facets |= {f"d:{place.district_id}"} if place.district_id else set()
    return facets | ({f"s:{place.street_id}"} if place.street_id else set())
