"""A note comes into being, and a moderator's word on it."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from bacao.kit.services import announce
from bacao.kit.text import Text
from bacao.notes import rules
from bacao.notes.models import Note, NotePicture, NotePlace, NoteReport
from bacao.notes.queries import count_published_notes
from bacao.notes.rules.pictures import BYTES_AT_MOST, SUFFIX, CleanPicture, clean_picture
from bacao.places.queries import list_places_by_id

if TYPE_CHECKING:
    from bacao.accounts.models import User


class Upload(Protocol):
    """Anything bytes can be read from, such as Django's uploaded file."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


def publish_note(
    *,
    author: "User",
    kind: str,
    title: str,
    body: str,
    place_ids: Sequence[int],
    pictures: Sequence[Upload] = (),
    disclosure: str = "",
    language: str = "zh-hans",
    cover: dict[str, Any] | None = None,
    at: datetime,
) -> Note:
    """Write a note about one to five places (U01); the first of a new author waits for a moderator (U02).

    Pictures are cleaned before the transaction begins, so that no row is locked while pixels are counted.

    :raises NoteRefused: words, places or pictures are missing or too many
    :raises PictureRefused: one of the pictures cannot be used
    """
    if kind not in Note.Kind.values:
        raise rules.NoteRefused(Text("请选择笔记的类型。", "Choose what kind of note this is."))
    text = rules.read_note(title=title, body=body, disclosure=disclosure, place_ids=place_ids, pictures=len(pictures))
    cleaned = [clean_picture(upload.read(BYTES_AT_MOST + 1)) for upload in pictures]
    stored = [_store(picture) for picture in cleaned]
    try:
        with transaction.atomic():
            note = _insert(author, kind, text, language, cover or {}, at)
            _name_places(note, place_ids)
            _hang_pictures(note, cleaned, stored)
            announce(kind="note", ref_id=note.pk)
    except BaseException:
        for name in stored:
            default_storage.delete(name)
        raise
    return note


def _store(picture: CleanPicture) -> str:
    """Keep a picture under a random name of ours and return the name."""
    name = uuid.uuid4().hex
    return default_storage.save(f"notes/{name[:2]}/{name}.{SUFFIX}", ContentFile(picture.data))


def _insert(
    author: "User", kind: str, text: rules.NoteText, language: str, cover: dict[str, Any], at: datetime
) -> Note:
    """Insert the row: published at once for an author who is trusted."""
    trusted = rules.is_trusted(published_notes=count_published_notes(author.pk), is_official=author.is_official)
    return Note.objects.create(
        author=author,
        kind=kind,
        title=text.title,
        body=text.body,
        disclosure=text.disclosure,
        language=language,
        cover=cover,
        state=Note.State.PUBLISHED if trusted else Note.State.PENDING,
        created_at=at,
        published_at=at if trusted else None,
    )


def _name_places(note: Note, place_ids: Sequence[int]) -> None:
    """Tie a note to its places, in the order given.

    :raises NoteRefused: one of them does not exist
    """
    ids = list(dict.fromkeys(place_ids))
    if len(list_places_by_id(ids)) < len(ids):
        raise rules.NoteRefused(
            Text("其中一个地点已经不在了，请重新选择。", "One of the places is gone; please choose again.")
        )
    NotePlace.objects.bulk_create(
        NotePlace(note=note, place_id=place_id, position=position) for position, place_id in enumerate(ids)
    )


def _hang_pictures(note: Note, cleaned: Sequence[CleanPicture], stored: Sequence[str]) -> None:
    """Insert the rows of stored pictures."""
    NotePicture.objects.bulk_create(
        NotePicture(note=note, file=name, width=picture.width, height=picture.height, position=position)
        for position, (picture, name) in enumerate(zip(cleaned, stored, strict=True))
    )


@transaction.atomic
def moderate_note(*, note: Note, state: str, reason: str = "", by: "User", at: datetime) -> Note:
    """Publish or hide a note; hiding needs a reason, which its author reads (U44). Reports on it are handled.

    The date of publication is kept when a note comes back, so that hiding and showing is no way to the top of
    the feed. Who did it stands in the note's history.

    :raises NoteRefused: a note is hidden without a reason, or `by` may not moderate
    """
    if not by.is_staff:
        raise rules.NoteRefused(Text("只有运营人员可以审核笔记。", "Only operators moderate notes."), code="not_yours")
    reason = reason.strip()
    if state == Note.State.HIDDEN and not reason:
        raise rules.NoteRefused(Text("隐藏笔记时请写明原因。", "Hiding a note needs a reason."))
    note = Note.objects.select_for_update().get(pk=note.pk)
    note.state = Note.State(state)
    note.state_reason = reason[:200]
    if note.state == Note.State.PUBLISHED:
        note.published_at = note.published_at or at
    note.save(update_fields=["state", "state_reason", "published_at"])
    NoteReport.objects.filter(note=note, handled_at=None).update(handled_at=at)
    announce(kind="note", ref_id=note.pk)
    return note
