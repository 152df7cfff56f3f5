"""A note's page: the way from what somebody wrote to what can be used now (U05, U08, U45), and who may see it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bacao.notes.models import Note
from bacao.notes.services import NoteRow, load_notes, moderate_note, publish_note
from bacao.places.models import OpeningPattern, OpeningSpan, Place
from bacao.redemption.models import Arrival
from tests.factories import make_merchant, make_offer_version, make_place, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)


def publish(at: datetime, *places: Place, **more: Any) -> Note:
    fields = {"author_id": make_user("韩星野").pk, "kind": "food", "title": "雨天坐到打烊", "body": "靠窗。", **more}
    return load_notes(rows=[NoteRow(place_ids=[place.pk for place in places], **fields)], at=at)[0]


def keep_open(place: Place, at: datetime, *, hours: str = "24/7") -> Place:
    place.hours, is_new = OpeningPattern.objects.get_or_create(expression=hours)
    place.save()
    if is_new:
        OpeningSpan.objects.create(pattern=place.hours, span=(at - timedelta(hours=2), at + timedelta(hours=10)))
    return place


def shut(place: Place) -> Place:
    place.hours, _ = OpeningPattern.objects.get_or_create(expression="off")
    place.save()
    return place


def see(client: Client, note: Note) -> str:
    answer = client.get(f"/notes/{note.pk}")
    assert answer.status_code == 200
    return answer.content.decode()


def action_of(html: str) -> str:
    """Return the address of the page's one green button."""
    (found,) = re.findall(r'<a class="button button--go grow" href="([^"]+)"', html)
    return found


def test_an_offer_usable_now_is_one_tap_away(client: Client, at: datetime) -> None:
    place = keep_open(make_place(make_merchant()), at)
    version = make_offer_version(place, at=at)
    html = see(client, note := publish(at, place))
    assert action_of(html) == f"/checkout/{version.offer_id}?note={note.pk}"
    assert "¥38" in html
    assert "开到 22:00" in html


def test_the_second_place_of_a_note_answers_where_the_first_is_shut(client: Client, at: datetime) -> None:
    first, second = shut(make_place(make_merchant())), keep_open(make_place(make_merchant("乙")), at)
    make_offer_version(first, at=at)
    version = make_offer_version(second, at=at)
    assert action_of(see(client, note := publish(at, first, second))) == f"/checkout/{version.offer_id}?note={note.pk}"


def test_where_nothing_can_be_used_the_nearest_is_named(client: Client, at: datetime) -> None:
    place = shut(make_place(make_merchant("甲")))
    make_offer_version(place, at=at)
    near = keep_open(make_place(make_merchant("乙茶"), latitude=30.2545), at)
    version = make_offer_version(near, at=at)
    html = see(client, note := publish(at, place))
    assert "这里现在没有能用的优惠" in html
    assert "乙茶" in html
    assert action_of(html) == f"/checkout/{version.offer_id}?note={note.pk}"


def test_where_nothing_is_near_either_the_page_says_so(client: Client, at: datetime) -> None:
    place = make_place(make_merchant())
    html = see(client, publish(at, place))
    assert "附近两公里半内也没有同类的" in html
    assert action_of(html).startswith(f"/places/{place.pk}")


def test_it_says_how_many_really_went(client: Client, at: datetime) -> None:
    place, guest = make_place(make_merchant()), make_user("客人")
    note = publish(at, place)
    assert "可以是你" in see(client, note)
    rows = [Arrival(place=place, user=guest, note=note, arrived_at=at, void_at=void) for void in (None, None, None, at)]
    Arrival.objects.bulk_create(rows)
    html = see(client, note)
    assert re.search(r'figure__value">3</dd>', html), "the undone one does not count"
    assert "真的去了" in html


def test_who_paid_for_it_stands_on_it(client: Client, at: datetime) -> None:
    assert "店家请客" in see(client, publish(at, make_place(), disclosure="店家请客"))


def test_others_on_the_same_place_are_shown_but_not_the_note_itself(client: Client, at: datetime) -> None:
    place = make_place()
    note, other = publish(at, place), publish(at, place, title="另一篇")
    assert re.findall(r'data-note="(\d+)"', see(client, note)) == [str(other.pk)]


def test_what_waits_or_was_hidden_is_for_its_author_only(client: Client, at: datetime) -> None:
    author, operator = make_user("新人"), make_user("运营", is_staff=True)
    words = {"kind": "food", "title": "第一篇", "body": "好。", "place_ids": [make_place().pk]}
    note = publish_note(author=author, at=at, **words)
    assert note.state == "pending"
    assert client.get(f"/notes/{note.pk}").status_code == 404
    backend = "django.contrib.auth.backends.ModelBackend"
    stranger = Client()
    stranger.force_login(make_user("路人"), backend=backend)
    assert stranger.get(f"/notes/{note.pk}").status_code == 404
    assert stranger.post(f"/notes/{note.pk}/save", {"keep": "1"}).status_code == 404
    client.force_login(author, backend=backend)
    assert "等管理员看一眼" in see(client, note)
    moderate_note(note=note, state="hidden", reason="照片里有别人的车牌", by=operator, at=at)
    assert "照片里有别人的车牌" in see(client, note)


def test_a_person_s_page_shows_published_notes_and_whom_they_brought(client: Client, at: datetime) -> None:
    place = make_place()
    note = publish(at, place)
    Note.objects.filter(pk=publish(at, place, author_id=note.author_id).pk).update(state="hidden")
    Arrival.objects.create(place=place, user=make_user("客人"), note=note, arrived_at=at)
    html = client.get(f"/people/{note.author_id}").content.decode()
    assert re.findall(r'data-note="(\d+)"', html) == [str(note.pk)]
    assert re.findall(r'figure__value">(\d+)<', html) == ["1", "1"]
    assert client.get("/people/999999").status_code == 404
