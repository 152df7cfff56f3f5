"""Notes, pages of the feed, and what people keep for later."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, Q, QuerySet

from bacao.notes.models import Note, NotePicture, NotePlace, Save
from bacao.notes.rules import Cursor

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from bacao.accounts.models import User


def _with_everything(notes: "QuerySet[Note]") -> "QuerySet[Note]":
    """Return notes with author, places in order, and pictures: three statements more, whatever their number."""
    places = NotePlace.objects.select_related("place__category", "place__district").order_by("position")
    return notes.select_related("author").prefetch_related(Prefetch("note_places", places), "pictures")


def list_feed(*, before: Cursor | None, category: str | None = None, limit: int = 24) -> list[Note]:
    """Return published notes, newest first, starting below `before`; `category` = code of a leaf or a branch."""
    notes = Note.objects.filter(state=Note.State.PUBLISHED)
    if before:
        notes = notes.filter(published_at__lte=before.published_at).filter(
            Q(published_at__lt=before.published_at) | Q(pk__lt=before.note_id)
        )
    if category:
        within = Q(place__category=category) | Q(place__category__parent=category)
        notes = notes.filter(pk__in=NotePlace.objects.filter(within).values("note"))
    return list(_with_everything(notes.order_by("-published_at", "-pk"))[:limit])


def get_note(note_id: int) -> Note:
    """Return a note in whatever state, with author, places and pictures.

    :raises Note.DoesNotExist: there is none
    """
    return _with_everything(Note.objects.all()).get(pk=note_id)


def list_notes_by_id(note_ids: Iterable[int]) -> dict[int, Note]:
    """Return published notes by their ids, with author, places and pictures."""
    notes = _with_everything(Note.objects.filter(pk__in=list(note_ids), state=Note.State.PUBLISHED))
    return {note.pk: note for note in notes}


def list_notes_of_place(place_id: int, limit: int = 24) -> list[Note]:
    """Return the published notes that name a place, newest first."""
    notes = Note.objects.filter(
        state=Note.State.PUBLISHED, pk__in=NotePlace.objects.filter(place_id=place_id).values("note")
    )
    return list(_with_everything(notes.order_by("-published_at", "-pk"))[:limit])


def list_notes_of_author(user_id: int, *, include_unpublished: bool = False, limit: int = 60) -> list[Note]:
    """Return somebody's notes, newest first; the author alone sees those waiting or hidden."""
    notes = Note.objects.filter(author_id=user_id)
    if not include_unpublished:
        notes = notes.filter(state=Note.State.PUBLISHED)
    return list(_with_everything(notes.order_by("-created_at", "-pk"))[:limit])


def list_saves(user: "User", limit: int = 200) -> list[Save]:
    """Return what somebody keeps for later, last kept first, with the note or the place."""
    return list(
        Save.objects.filter(user_id=user.pk)
        .filter(Q(note=None) | Q(note__state=Note.State.PUBLISHED))
        .select_related("place__category", "place__district", "note__author")
        .prefetch_related("note__note_places__place__category", "note__note_places__place__district", "note__pictures")
        .order_by("-saved_at", "-pk")[:limit]
    )


def saved_ids(user: "User | AnonymousUser", note_ids: Sequence[int]) -> set[int]:
    """Return which of these notes somebody keeps."""
    if not user.is_authenticated:
        return set()
    kept = Save.objects.filter(user_id=user.pk, note_id__in=note_ids).values_list("note_id", flat=True)
    return {note_id for note_id in kept if note_id}


def saved_place_ids(user: "User | AnonymousUser", place_ids: Sequence[int] | None = None) -> set[int]:
    """Return which of these places (all where None) somebody keeps."""
    return set(list_saved_places(user, place_ids))


def list_saved_places(user: "User | AnonymousUser", place_ids: Sequence[int] | None = None) -> dict[int, datetime]:
    """Return since when somebody keeps each of these places (all where None) that they keep, by place id."""
    if not user.is_authenticated:
        return {}
    saves = Save.objects.filter(user_id=user.pk, place__isnull=False)
    if place_ids is not None:
        saves = saves.filter(place_id__in=place_ids)
    return {place_id: saved_at for place_id, saved_at in saves.values_list("place_id", "saved_at") if place_id}


def count_published_notes(user_id: int) -> int:
    """Return how many of somebody's notes are published now."""
    return Note.objects.filter(author_id=user_id, state=Note.State.PUBLISHED).count()


def count_waiting_notes() -> int:
    """Return how many notes wait for a moderator."""
    return Note.objects.filter(state=Note.State.PENDING).count()


def list_published_note_ids() -> list[int]:
    """Return every published note's id, oldest first."""
    return list(Note.objects.filter(state=Note.State.PUBLISHED).order_by("pk").values_list("pk", flat=True))


def list_note_ids_of_places(place_ids: Iterable[int]) -> list[int]:
    """Return the ids of the notes, in whatever state, that name one of these places."""
    return list(NotePlace.objects.filter(place__in=list(place_ids)).values_list("note", flat=True).distinct())


def list_place_ids_of_notes(note_ids: Iterable[int]) -> list[int]:
    """Return the ids of the places that these notes, in whatever state, name."""
    return list(NotePlace.objects.filter(note__in=list(note_ids)).values_list("place", flat=True).distinct())


def count_notes_by_place(place_ids: Iterable[int] | None = None) -> dict[int, int]:
    """Return how many published notes name each place (all where none are named); places without any are left out."""
    rows = NotePlace.objects.filter(note__state=Note.State.PUBLISHED)
    if place_ids is not None:
        rows = rows.filter(place__in=list(place_ids))
    return dict(rows.values_list("place").annotate(number=Count("*")).order_by())


def find_picture(name: str) -> NotePicture | None:
    """Return the picture stored under a file name, with its note."""
    return NotePicture.objects.select_related("note").filter(file=name).first()
