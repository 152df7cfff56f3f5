"""Pages of the feed: newest first, nothing twice, nothing left out."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from bacao.accounts.models import User
from bacao.notes.models import Note
from bacao.notes.queries import (
    count_waiting_notes,
    get_note,
    list_feed,
    list_notes_by_id,
    list_notes_of_author,
    list_notes_of_place,
    list_saves,
    saved_ids,
    saved_place_ids,
)
from bacao.notes.rules import Cursor, read_cursor
from bacao.notes.services import NoteRow, load_notes, save_note, save_place
from bacao.places.models import Place


@pytest.fixture
def notes(lin: User, place: Place, more_places: list[Place], at: datetime) -> list[Note]:
    """Forty notes, four at each instant, every other about noodles too."""
    rows = [
        NoteRow(lin.pk, "food", f"n{n}", "b", [place.pk, more_places[n % 2].pk], at - timedelta(hours=n // 4))
        for n in range(40)
    ]
    return load_notes(rows=rows, at=at)


def cursor_after(notes: list[Note]) -> Cursor:
    last = notes[-1]
    assert last.published_at
    return Cursor(last.published_at, last.pk)


def test_pages_follow_each_other_without_gap_or_repeat(notes: list[Note]) -> None:
    seen: list[Note] = []
    before = None
    while page := list_feed(before=before, limit=7):
        seen += page
        before = read_cursor(str(cursor_after(page)))
    assert len(seen) == 40
    assert {note.pk for note in seen} == {note.pk for note in notes}
    assert all((a.published_at, a.pk) > (b.published_at, b.pk) for a, b in pairwise(seen))


def test_a_note_published_meanwhile_moves_no_page(notes: list[Note], lin: User, place: Place, at: datetime) -> None:
    first = list_feed(before=None, limit=10)
    load_notes(rows=[NoteRow(lin.pk, "food", "new", "b", [place.pk], at + timedelta(minutes=1))], at=at)
    second = list_feed(before=cursor_after(first), limit=10)
    assert not {note.pk for note in first} & {note.pk for note in second}


@pytest.mark.parametrize("text", [None, "", "x", "1-x", "-", "99999999999999999999-1", "1700000000.5", "nan-1"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(text: str | None) -> None:
    assert read_cursor(text) is None


def test_a_category_is_a_leaf_or_a_branch(notes: list[Note]) -> None:
    assert len(list_feed(before=None, category="try-noodles", limit=100)) == 20
    assert len(list_feed(before=None, category="try-food", limit=100)) == 40
    assert list_feed(before=None, category="none", limit=100) == []


def test_a_page_costs_three_statements_and_everything_a_card_needs_is_there(
    notes: list[Note], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        for note in list_feed(before=None, limit=24):
            assert note.author.display_name
            assert [row.place.category.emoji for row in note.note_places.all()]
            assert [row.place.district for row in note.note_places.all()]
            assert list(note.pictures.all()) == []


def test_what_waits_or_is_hidden_is_seen_by_nobody_but_its_author(notes: list[Note], lin: User, place: Place) -> None:
    Note.objects.filter(pk__in=[notes[0].pk]).update(state="hidden")
    Note.objects.filter(pk__in=[notes[1].pk]).update(state="pending")
    gone = {notes[0].pk, notes[1].pk}
    assert not gone & {note.pk for note in list_feed(before=None, limit=100)}
    assert not gone & {note.pk for note in list_notes_of_place(place.pk, limit=100)}
    assert not gone & set(list_notes_by_id(note.pk for note in notes))
    assert not gone & {note.pk for note in list_notes_of_author(lin.pk)}
    assert gone <= {note.pk for note in list_notes_of_author(lin.pk, include_unpublished=True)}
    assert get_note(notes[0].pk).state == "hidden"
    assert count_waiting_notes() == 1


def test_what_somebody_keeps(
    notes: list[Note], lin: User, place: Place, at: datetime, django_assert_num_queries: Any
) -> None:
    save_note(user=lin, note=notes[0], at=at)
    save_note(user=lin, note=notes[1], at=at + timedelta(minutes=1))
    save_place(user=lin, place=place, at=at + timedelta(minutes=2))
    with django_assert_num_queries(5):  # saves, and of notes: places, their categories, districts, pictures
        kept = [(save.place_id, save.note_id) for save in list_saves(lin)]
    assert kept == [(place.pk, None), (None, notes[1].pk), (None, notes[0].pk)]
    assert saved_ids(lin, [notes[0].pk, notes[5].pk]) == {notes[0].pk}
    assert saved_place_ids(lin) == {place.pk}
    Note.objects.filter(pk=notes[0].pk).update(state="hidden")
    assert len(list_saves(lin)) == 2


def test_a_stranger_keeps_nothing_and_costs_nothing(notes: list[Note], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert saved_ids(AnonymousUser(), [notes[0].pk]) == set()
        assert saved_place_ids(AnonymousUser()) == set()
