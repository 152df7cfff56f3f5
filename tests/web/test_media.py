"""Pictures follow their note: seen while it is published, gone when it is hidden."""

import io
from datetime import datetime

import pytest
from django.test import Client
from PIL import Image

from bacao.notes.models import Note
from bacao.notes.services import moderate_note, publish_note
from tests.factories import make_place, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(at: datetime) -> Note:
    """Return a published note with one picture."""
    out = io.BytesIO()
    Image.new("RGB", (300, 400), "teal").save(out, "PNG")
    out.seek(0)
    words = {"kind": "food", "title": "一张照片", "body": "好。", "place_ids": [make_place().pk]}
    note = publish_note(author=make_user(), pictures=[out], at=at, **words)
    return moderate_note(note=note, state="published", by=make_user("运营", is_staff=True), at=at)


def test_everybody_sees_the_picture_of_a_published_note(client: Client, note: Note) -> None:
    answer = client.get(note.pictures.get().file.url)
    assert answer.status_code == 200
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as seen:  # type: ignore[arg-type]  # a file answers in parts
        assert (seen.format, seen.size) == ("WEBP", (300, 400))
    assert answer["Cache-Control"].startswith("public")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_hidden_note_takes_its_pictures_along(client: Client, note: Note, at: datetime) -> None:
    address = note.pictures.get().file.url
    moderate_note(note=note, state="hidden", reason="车牌", by=make_user("运营二", is_staff=True), at=at)
    assert client.get(address).status_code == 404
    client.force_login(make_user("路人"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address).status_code == 404
    client.force_login(note.author, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(address)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")


@pytest.mark.parametrize("name", ["notes/ab/none.webp", "../secret", "notes/../../secret", "%2e%2e/secret"])
def test_nothing_else_is_ever_sent(client: Client, name: str) -> None:
    assert client.get(f"/media/{name}").status_code == 404
