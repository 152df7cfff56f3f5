"""Keeping a note or a place for later, and letting it go again."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from bacao.kit.services import announce
from bacao.notes.models import Note, Save

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.places.models import Place


@transaction.atomic
def save_note(*, user: "User", note: Note, at: datetime) -> bool:
    """Keep a note for later; returns False where it was kept already.

    The counter moves only with the row: whoever inserts the row, and nobody else, adds one.
    """
    save, is_new = Save.objects.get_or_create(user=user, note=note, defaults={"saved_at": at})
    if is_new:
        Note.objects.filter(pk=note.pk).update(save_count=F("save_count") + 1)
        announce(kind="save", ref_id=save.pk)
    return is_new


@transaction.atomic
def unsave_note(*, user: "User", note: Note, at: datetime) -> bool:
    """Let a note go; returns False where it was not kept. Whoever deletes the row takes one from the counter."""
    gone, _ = Save.objects.filter(user=user, note=note).delete()
    if gone:
        Note.objects.filter(pk=note.pk).update(save_count=F("save_count") - 1)
        announce(kind="note", ref_id=note.pk)
    return bool(gone)


@transaction.atomic
def save_place(*, user: "User", place: "Place", at: datetime) -> bool:
    """Keep a place for later; returns False where it was kept already."""
    save, is_new = Save.objects.get_or_create(user=user, place=place, defaults={"saved_at": at})
    if is_new:
        announce(kind="save", ref_id=save.pk)
    return is_new


@transaction.atomic
def unsave_place(*, user: "User", place: "Place", at: datetime) -> bool:
    """Let a place go; returns False where it was not kept."""
    gone, _ = Save.objects.filter(user=user, place=place).delete()
    if gone:
        announce(kind="place", ref_id=place.pk)
    return bool(gone)
