"""The page that asks what is wrong with a note."""

import html
from datetime import datetime

import pytest
from django.test import Client

from bacao.accounts.models import User
from bacao.accounts.services import create_person, grant_role
from bacao.notes.models import Note, NoteReport
from bacao.notes.services import NoteRow, load_notes
from bacao.places.models import Category, Place
from bacao.web.resident.views.reports import REASONS


@pytest.fixture
def note(db: None, at: datetime) -> Note:
    category = Category.objects.create(code="try", name_zh="试", name_en="Try", emoji="hot-beverage")
    place = Place.objects.create(name_zh="鹿里咖啡", category=category, latitude=30.25, longitude=120.16, cell=1)
    author = create_person(display_name="Lin")
    return load_notes(rows=[NoteRow(author.pk, "food", "桂花拿铁", "坐窗边。", [place.pk], at)], at=at)[0]


@pytest.fixture
def reader(client: Client, db: None) -> User:
    user = create_person(display_name="Mo")
    client.force_login(user)
    return user


def test_every_reason_of_the_table_is_offered_in_words() -> None:
    assert set(REASONS) == set(NoteReport.Reason.values)


def test_a_stranger_signs_in_first(client: Client, note: Note) -> None:
    answer = client.get(f"/notes/{note.pk}/report")
    assert answer["Location"] == f"/sign-in?next=/notes/{note.pk}/report"


def test_a_reader_reports_and_the_desk_counts_it(client: Client, note: Note, reader: User, at: datetime) -> None:
    address = f"/notes/{note.pk}/report"
    assert address in client.get(f"/notes/{note.pk}").content.decode()
    refused = client.post(address, {"words": "x"})
    assert refused.status_code == 422
    assert "请选择一个原因" in html.unescape(refused.content.decode())
    assert client.post(address, {"reason": "advert", "words": "卖课"})["Location"] == f"/notes/{note.pk}"
    grant_role(user=reader, kind="operator", granted_by=None, at=at)
    groups = client.get("/desk/").context["groups"]
    [figure] = [figure for _, group in groups for figure in group if figure.label.en == "notes reported"]
    assert (figure.value, figure.calls) == ("1", True)
    assert "桂花拿铁" in client.get(figure.url).content.decode()
    assert "卖课" in client.get(f"/desk/notes/note/{note.pk}/change/").content.decode()


def test_a_hidden_note_has_no_page_to_report_it(client: Client, note: Note, reader: User) -> None:
    Note.objects.update(state="hidden")
    assert client.get(f"/notes/{note.pk}/report").status_code == 404
