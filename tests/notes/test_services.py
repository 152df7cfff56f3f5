"""Notes come into being, are moderated, and are kept for later."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from PIL import Image

from bacao.accounts.models import User
from bacao.accounts.services import PersonRow, create_person, load_people
from bacao.kit.models import OutboxEvent
from bacao.notes.models import Note, NotePicture, Save
from bacao.notes.rules import NoteRefused
from bacao.notes.rules.pictures import PictureRefused
from bacao.notes.services import (
    NoteRow,
    SaveRow,
    load_notes,
    load_saves,
    moderate_note,
    publish_note,
    save_note,
    save_place,
    unsave_note,
    unsave_place,
)
from bacao.places.models import Place


def write(author: User, places: list[Place], at: datetime, **change: Any) -> Note:
    words: dict[str, Any] = {"kind": "food", "title": "桂花拿铁", "body": "坐窗边。", "pictures": []}
    return publish_note(author=author, place_ids=[place.pk for place in places], at=at, **(words | change))


def photo(width: int = 400, height: int = 300) -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    out.seek(0)
    return out


def files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def news() -> list[tuple[str, int]]:
    return list(OutboxEvent.objects.order_by("pk").values_list("kind", "ref_id"))


def test_a_first_note_waits_and_later_ones_of_a_trusted_author_do_not(
    lin: User, operator: User, place: Place, at: datetime
) -> None:
    """U02"""
    first, second = write(lin, [place], at), write(lin, [place], at)
    assert (first.state, first.published_at) == ("pending", None)
    assert second.state == "pending", "nobody is trusted for what is still waiting"
    moderate_note(note=first, state="published", by=operator, at=at)
    assert write(lin, [place], at).state == "published"
    moderate_note(note=first, state="hidden", reason="广告", by=operator, at=at)
    Note.objects.exclude(pk=first.pk).update(state="hidden")
    assert write(lin, [place], at).state == "pending", "trust goes with the last published note"


def test_the_official_account_needs_no_moderator(place: Place, at: datetime) -> None:
    [official] = load_people(rows=[PersonRow("拔草官方", is_official=True)], at=at)
    assert write(official, [place], at).state == "published"


def test_a_note_names_its_places_in_order_and_once(
    lin: User, place: Place, more_places: list[Place], at: datetime
) -> None:
    """U01"""
    note = write(lin, [more_places[0], place, more_places[0]], at)
    assert [row.place_id for row in note.note_places.all()] == [more_places[0].pk, place.pk]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"title": "   "}, "标题"),
        ({"title": "长" * 61}, "61"),
        ({"body": " \n "}, "正文"),
        ({"body": "长" * 5001}, "5001"),
        ({"disclosure": "长" * 121}, "121"),
        ({"kind": "poem"}, "类型"),
        ({"pictures": [photo() for _ in range(10)]}, "10"),
    ],
)
def test_a_note_that_breaks_a_rule_is_told_which(
    lin: User, place: Place, at: datetime, settings: Any, change: dict[str, Any], word: str
) -> None:
    with pytest.raises(NoteRefused) as refused:
        write(lin, [place], at, **change)
    assert word in refused.value.text.zh
    assert Note.objects.count() == 0
    assert files(settings) == []


def test_the_longest_note_fits(lin: User, place: Place, more_places: list[Place], at: datetime) -> None:
    note = write(
        lin, [place, *more_places[:4]], at, title="长" * 60, body="长" * 5000, pictures=[photo() for _ in range(9)]
    )
    assert note.pictures.count() == 9


def test_no_place_six_places_or_an_unknown_place_is_refused(
    lin: User, more_places: list[Place], place: Place, at: datetime, settings: Any
) -> None:
    for ids in ([], [p.pk for p in more_places], [place.pk, 10**9]):
        with pytest.raises(NoteRefused):
            publish_note(author=lin, kind="food", title="a", body="b", place_ids=ids, pictures=[photo()], at=at)
    assert Note.objects.count() == 0
    assert files(settings) == [], "no picture stays behind"
    assert news() == []


def test_pictures_are_kept_under_names_of_ours(lin: User, place: Place, at: datetime, settings: Any) -> None:
    upload = photo(3200, 1600)
    upload.name = "../../evil.php"
    note = write(lin, [place], at, pictures=[upload, photo()])
    first, second = note.pictures.all()
    assert (first.width, first.height, second.width) == (1600, 800, 400)
    assert {Path(settings.MEDIA_ROOT) / picture.file.name for picture in (first, second)} == set(files(settings))
    for picture in (first, second):
        folder, shard, name = picture.file.name.split("/")
        assert (folder, shard, name[-5:]) == ("notes", name[:2], ".webp")
        assert len(name) == 37
        assert "evil" not in name


def test_one_bad_picture_stops_the_note(lin: User, place: Place, at: datetime, settings: Any) -> None:
    with pytest.raises(PictureRefused):
        write(lin, [place], at, pictures=[photo(), BytesIO(b"<html>")])
    assert (Note.objects.count(), NotePicture.objects.count(), files(settings)) == (0, 0, [])


def test_hiding_needs_a_reason_and_an_operator(lin: User, operator: User, place: Place, at: datetime) -> None:
    """U44"""
    note = write(lin, [place], at)
    with pytest.raises(NoteRefused):
        moderate_note(note=note, state="hidden", reason=" ", by=operator, at=at)
    with pytest.raises(NoteRefused) as refused:
        moderate_note(note=note, state="published", by=lin, at=at)
    assert refused.value.code == "not_yours"
    hidden = moderate_note(note=note, state="hidden", reason="广告", by=operator, at=at)
    assert (hidden.state, hidden.state_reason) == ("hidden", "广告")


def test_a_note_that_comes_back_keeps_its_place_in_the_feed(
    lin: User, operator: User, place: Place, at: datetime
) -> None:
    note = write(lin, [place], at)
    for hours, state in enumerate(("published", "hidden", "published")):
        note = moderate_note(note=note, state=state, reason="看看", by=operator, at=at + timedelta(hours=hours))
    assert note.published_at == at


def test_every_change_is_news(lin: User, operator: User, place: Place, at: datetime) -> None:
    note = write(lin, [place], at)
    moderate_note(note=note, state="published", by=operator, at=at)
    save_note(user=lin, note=note, at=at)
    save = Save.objects.get()
    unsave_note(user=lin, note=note, at=at)
    assert news() == [("note", note.pk), ("note", note.pk), ("save", save.pk), ("note", note.pk)]


def test_keeping_twice_counts_once(lin: User, place: Place, at: datetime) -> None:
    note = write(lin, [place], at)
    assert save_note(user=lin, note=note, at=at)
    assert not save_note(user=lin, note=note, at=at)
    note.refresh_from_db()
    assert note.save_count == 1
    assert unsave_note(user=lin, note=note, at=at)
    assert not unsave_note(user=lin, note=note, at=at)
    note.refresh_from_db()
    assert (note.save_count, Save.objects.count()) == (0, 0)


def test_places_are_kept_too(lin: User, place: Place, at: datetime) -> None:
    assert save_place(user=lin, place=place, at=at)
    assert not save_place(user=lin, place=place, at=at)
    assert unsave_place(user=lin, place=place, at=at)
    assert not unsave_place(user=lin, place=place, at=at)


def test_notes_and_saves_are_loaded_in_bulk_and_counted(
    lin: User, operator: User, place: Place, more_places: list[Place], at: datetime
) -> None:
    rows = [
        NoteRow(lin.pk, "guide", f"n{n}", "b", [place.pk, more_places[n % 6].pk], at - timedelta(hours=n))
        for n in range(40)
    ]
    notes = load_notes(rows=rows, at=at)
    assert [note.title for note in notes] == [row.title for row in rows]
    assert notes[3].note_places.count() == 2
    assert len(news()) == 40
    saves = [SaveRow(user.pk, at, note_id=notes[n].pk) for n in range(5) for user in (lin, operator)]
    saves.append(SaveRow(lin.pk, at, place_id=place.pk))
    load_saves(rows=saves)
    load_saves(rows=saves[:3])  # brought again: nothing is counted twice
    assert list(Note.objects.order_by("pk").values_list("save_count", flat=True)[:6]) == [2, 2, 2, 2, 2, 0]
    assert Save.objects.count() == 11


def at_the_same_moment(whats: list[Callable[[], object]]) -> list[object]:
    """Run each in a thread with a connection of its own; returns answers."""

    def once(what: Callable[[], object]) -> object:
        try:
            return what()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(whats)) as pool:
        return list(pool.map(once, whats))


@pytest.mark.django_db(transaction=True)
def test_race_of_saves(at: datetime, place: Place, lin: User) -> None:
    """Eight people keep a note at the same moment: read-and-write loses some, the guarded update none."""
    people = [create_person(display_name=f"P{n}") for n in range(8)]
    note = write(lin, [place], at)
    meet = threading.Barrier(8)

    def read_and_write() -> None:
        with transaction.atomic():
            mine = Note.objects.get(pk=note.pk)
            meet.wait(5)
            mine.save_count += 1
            mine.save(update_fields=["save_count"])

    at_the_same_moment([read_and_write] * 8)
    note.refresh_from_db()
    assert note.save_count == 1, "without the guard seven of eight are lost"

    Note.objects.update(save_count=0)
    at_the_same_moment([lambda person=person: save_note(user=person, note=note, at=at) for person in people])
    note.refresh_from_db()
    assert note.save_count == Save.objects.count() == 8

    answers = at_the_same_moment([lambda: unsave_note(user=people[0], note=note, at=at)] * 4)
    answers += at_the_same_moment([lambda: save_note(user=people[1], note=note, at=at)] * 4)
    note.refresh_from_db()
    assert answers.count(True) == 1, "one of four takes it back, nobody keeps it twice"
    assert note.save_count == Save.objects.count() == 7
