"""Readers say what should not be there; a person decides (U44)."""

from datetime import datetime, timedelta

import pytest

from bacao.accounts.models import User
from bacao.accounts.services import create_person
from bacao.notes.models import Note, NoteReport
from bacao.notes.services import ReportRefused, TooManyReports, moderate_note, report_note
from bacao.places.models import Place


@pytest.fixture
def note(lin: User, place: Place, at: datetime) -> Note:
    return Note.objects.create(
        author=lin, kind="food", title="t", body="b", state="published", created_at=at, published_at=at
    )


def test_a_report_is_kept_once_a_person_and_hides_nothing(note: Note, operator: User, at: datetime) -> None:
    assert report_note(note=note, user=operator, reason="advert", words="  卖 课  ", at=at)
    assert not report_note(note=note, user=operator, reason="rude", at=at)
    for number in range(20):
        report_note(note=note, user=create_person(display_name=f"P{number}"), reason="untrue", at=at)
    assert NoteReport.objects.count() == 21
    assert NoteReport.objects.get(user=operator).words == "卖 课"
    note.refresh_from_db()
    assert note.state == "published", "a crowd silences nobody"


def test_a_reason_is_needed_and_one_s_own_note_is_not_reported(
    note: Note, lin: User, operator: User, at: datetime
) -> None:
    with pytest.raises(ReportRefused):
        report_note(note=note, user=operator, reason="nonsense", at=at)
    with pytest.raises(ReportRefused):
        report_note(note=note, user=lin, reason="advert", at=at)


def test_whoever_reports_everything_is_slowed(lin: User, operator: User, place: Place, at: datetime) -> None:
    notes = [Note.objects.create(author=lin, kind="food", title="t", body="b", created_at=at) for _ in range(11)]
    for note in notes[:10]:
        report_note(note=note, user=operator, reason="rude", at=at)
    with pytest.raises(TooManyReports):
        report_note(note=notes[10], user=operator, reason="rude", at=at)
    assert report_note(note=notes[10], user=operator, reason="rude", at=at + timedelta(minutes=10))


@pytest.mark.parametrize("state", ["published", "hidden"])
def test_moderating_handles_the_reports(note: Note, operator: User, at: datetime, state: str) -> None:
    reader = create_person(display_name="R")
    report_note(note=note, user=reader, reason="advert", at=at)
    moderate_note(note=note, state=state, reason="看过", by=operator, at=at + timedelta(hours=1))
    assert NoteReport.objects.get().handled_at == at + timedelta(hours=1)
