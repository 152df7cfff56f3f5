"""Writing a note: what was typed is kept, each mistake is said at its field, a first note waits (U01, U02, U45)."""

import io
import re
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from bacao.accounts.models import User
from bacao.discovery.services import rebuild_search
from bacao.notes.models import Note
from bacao.notes.services import moderate_note
from bacao.places.models import Place
from bacao.redemption.models import Arrival
from tests.factories import make_merchant, make_place, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)


@pytest.fixture
def writer(client: Client) -> User:
    person = make_user("新人")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


@pytest.fixture
def place() -> Place:
    return make_place(make_merchant())


def write(client: Client, place: Place | None, **more: Any) -> Any:
    words = {
        "kind": "trip",
        "title": "雨天坐到打烊",
        "body": "靠窗那张桌子能看到河。",
        "place": [place.pk] if place else [],
    }
    return client.post("/notes/new", {**words, **more})


def picture(width: int = 400, height: int = 600, name: str = "p.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def test_a_first_note_needs_no_followers_and_waits_for_a_moderator(client: Client, writer: User, place: Place) -> None:
    answer = write(client, place, disclosure="店家请客", layout="night", tint="200", emoji=["teapot"], line="夜里见")
    note = Note.objects.get()
    assert answer["Location"] == f"/notes/{note.pk}"
    assert (note.author, note.state, note.kind, note.disclosure) == (writer, "pending", "trip", "店家请客")
    assert "等管理员看一眼" in client.get(answer["Location"]).content.decode()


def test_the_second_is_published_and_on_the_wall(client: Client, writer: User, place: Place, at: datetime) -> None:
    write(client, place)
    moderate_note(note=Note.objects.get(), state="published", by=make_user("运营", is_staff=True), at=at)
    write(client, place, title="又去了一次")
    assert "又去了一次" in client.get("/").content.decode()


def test_a_cover_is_drawn_as_chosen_and_nonsense_is_left_to_the_drawing(
    client: Client, writer: User, place: Place
) -> None:
    write(client, place, layout="night", tint="200", emoji=["bubble-tea", "not-an-emoji"], line="夜里见 " * 20)
    cover = Note.objects.get().cover
    assert cover == {"layout": "night", "tint": 200, "emoji": ["bubble-tea"], "line": ("夜里见 " * 20)[:24]}
    Note.objects.all().delete()
    write(client, place, layout="<script>", tint="blue", line="")
    assert Note.objects.get().cover == {"line": "雨天坐到打烊"}


def test_pictures_come_first_and_are_shown_on_the_page(client: Client, writer: User, place: Place) -> None:
    answer = write(client, place, pictures=[picture(), picture(900, 500)])
    note = Note.objects.get()
    assert [(row.width, row.height) for row in note.pictures.all()] == [(400, 600), (900, 500)]
    html = client.get(answer["Location"]).content.decode()
    assert html.count('src="/media/notes/') == 2
    assert "cover--square cover--hero" not in html


def test_every_mistake_is_said_at_its_field_and_what_was_typed_is_kept(client: Client, writer: User) -> None:
    answer = write(client, None, title="", body="我写了很久的一段", disclosure="x" * 121)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert Note.objects.count() == 0
    for sentence in ("选一个你去过的地方", "写一个标题", "最多 120 个字"):
        assert sentence in html
    assert "我写了很久的一段</textarea>" in html
    assert re.search(r'value="trip" checked', html)
    assert 'aria-describedby="title-error"' in html
    assert "照片要重新选" not in html


def test_a_file_that_is_no_picture_is_said_at_the_pictures(client: Client, writer: User, place: Place) -> None:
    answer = write(client, place, pictures=[SimpleUploadedFile("p.jpg", b"no picture", "image/jpeg")])
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "这个文件不是能打开的照片" in html
    assert "照片要重新选一次" in html
    assert f'value="{place.pk}" checked' in html, "the place stays chosen"


def test_too_many_pictures_are_refused(client: Client, writer: User, place: Place) -> None:
    answer = write(client, place, pictures=[picture(name=f"{n}.jpg") for n in range(10)])
    assert answer.status_code == 422
    assert "最多 9 张，这里有 10 张" in answer.content.decode()


def test_places_are_found_while_typing_and_without_a_script(
    client: Client, writer: User, place: Place, at: datetime
) -> None:
    rebuild_search(at=at)
    part = client.get("/notes/new/places", {"q": "鹿里"}, headers={"HX-Request": "true"}).content.decode()
    assert f'value="{place.pk}"' in part
    assert "<html" not in part
    answer = write(client, None, find="1", q="鹿里", title="先写了标题")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'value="{place.pk}"' in html
    assert "先写了标题" in html
    assert 'role="alert"' not in html, "looking for a place is no mistake"


def test_where_one_really_was_is_offered_first(client: Client, writer: User, place: Place, at: datetime) -> None:
    assert "你最近到过的" not in client.get("/notes/new").content.decode()
    Arrival.objects.create(place=place, user=writer, arrived_at=at)
    assert f'value="{place.pk}"' in client.get("/notes/new").content.decode()


def test_a_place_page_can_lead_here(client: Client, writer: User, place: Place) -> None:
    assert f'value="{place.pk}" checked' in client.get(f"/notes/new?place={place.pk}").content.decode()
    assert client.get("/notes/new?place=99999").status_code == 200


def test_the_picker_draws_every_layout_from_what_is_chosen(client: Client, writer: User) -> None:
    html = client.get("/notes/new/covers", {"line": "慢一点", "emoji": "bicycle", "layout": "map"}).content.decode()
    assert html.count("bicycle.svg") >= 13
    assert re.search(r'value="map" checked', html)
    assert "慢一点" in html


def test_who_is_not_signed_in_is_told_why_and_invited(client: Client, place: Place) -> None:
    html = client.get("/notes/new").content.decode()
    assert 'href="/sign-in?next=/notes/new"' in html
    assert write(client, place).status_code == 200
    assert client.get("/notes/new/places", {"q": "鹿里"}).status_code in {302, 403}
    assert Note.objects.count() == 0
