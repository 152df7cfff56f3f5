"""Many notes and saves at once: history that is brought along, or a demo city."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from bacao.kit.services import announce_many
from bacao.notes.models import Note, NotePlace, Save

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A published note to be loaded; `place_ids` in the order they are shown, published now where not said."""

    author_id: int
    kind: str
    title: str
    body: str
    place_ids: Sequence[int]
    published_at: datetime | None = None
    language: str = "zh-hans"
    disclosure: str = ""
    cover: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaveRow:
    """Somebody kept one note or one place."""

    user_id: int
    saved_at: datetime
    note_id: int | None = None
    place_id: int | None = None


@transaction.atomic
def load_notes(*, rows: Sequence[NoteRow], at: datetime) -> list[Note]:
    """Insert published notes, trusting the rows; returns them in the same order."""
    notes = Note.objects.bulk_create(
        (
            Note(
                author_id=row.author_id, kind=row.kind, title=row.title, body=row.body, language=row.language,
                disclosure=row.disclosure, cover=row.cover, state=Note.State.PUBLISHED,
                created_at=row.published_at or at, published_at=row.published_at or at,
            )
            for row in rows
        ),
        batch_size=_BATCH,
    )  # fmt: skip
    NotePlace.objects.bulk_create(
        (
            NotePlace(note=note, place_id=place_id, position=position)
            for note, row in zip(notes, rows, strict=True)
            for position, place_id in enumerate(dict.fromkeys(row.place_ids))
        ),
        batch_size=_BATCH,
    )
    announce_many(kind="note", ref_ids=[note.pk for note in notes])
    return notes


@transaction.atomic
def load_saves(*, rows: Sequence[SaveRow]) -> None:
    """Insert saves, passing over those kept already, and count anew on every note they name."""
    Save.objects.bulk_create(
        (Save(user_id=row.user_id, note_id=row.note_id, place_id=row.place_id, saved_at=row.saved_at) for row in rows),
        batch_size=_BATCH,
        ignore_conflicts=True,
    )
    kept = Save.objects.filter(note=OuterRef("pk")).order_by().values("note").annotate(count=Count("*"))
    Note.objects.filter(pk__in={row.note_id for row in rows if row.note_id}).update(
        save_count=Coalesce(Subquery(kept.values("count")), 0)
    )
