"""Discover: the wall of notes, its order, its prices, and what it may cost the database (U01-U08)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bacao.accounts.models import User
from bacao.notes.models import Note
from bacao.notes.services import NoteRow, load_notes
from bacao.places.models import Category, District, OpeningPattern, OpeningSpan, Place
from tests.factories import make_merchant, make_offer_version, make_place, make_user

pytestmark = pytest.mark.django_db
STATEMENTS_AT_MOST = 8
CARD = re.compile(r'data-note="(\d+)"')


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)


@pytest.fixture
def author() -> User:
    return make_user("湖边散步者")


def write(author: User, places: list[Place], at: datetime, number: int = 1, **more: Any) -> list[Note]:
    """Publish notes, the first of them the oldest, a minute between them."""
    return load_notes(
        rows=[
            NoteRow(
                author_id=author.pk,
                kind="food",
                title=f"第 {index} 篇",
                body="好。",
                place_ids=[place.pk for place in places],
                published_at=at - timedelta(minutes=number - index),
                **more,
            )
            for index in range(number)
        ],
        at=at,
    )


def page(client: Client, address: str = "/", **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def cards(html: str) -> list[int]:
    return [int(number) for number in CARD.findall(html)]


def next_page(html: str) -> str | None:
    found = re.search(r'href="([^"]*before=[^"]*)" rel="next"', html)
    return found[1].replace("&amp;", "&") if found else None


def open_always(place: Place, at: datetime) -> None:
    place.hours = OpeningPattern.objects.create(expression="24/7")
    place.save()
    OpeningSpan.objects.create(pattern=place.hours, span=(at - timedelta(days=1), at + timedelta(days=1)))


def test_pages_follow_each_other_without_repeating_or_leaving_out(client: Client, author: User, at: datetime) -> None:
    notes = write(author, [make_place()], at, number=60)
    seen: list[int] = []
    address: str | None = "/"
    while address:
        html = page(client, address)
        seen += cards(html)
        address = next_page(html)
    assert seen == [note.pk for note in reversed(notes)]


def test_a_note_published_while_one_reads_does_not_shift_the_next_page(
    client: Client, author: User, at: datetime
) -> None:
    place = make_place()
    notes = write(author, [place], at, number=30)
    first = page(client)
    write(author, [place], at + timedelta(minutes=5), number=3)
    following = next_page(first)
    assert following
    assert cards(first) + cards(page(client, following)) == [note.pk for note in reversed(notes)]


def test_a_cursor_that_cannot_be_read_is_the_first_page(client: Client, author: User, at: datetime) -> None:
    (note,) = write(author, [make_place()], at)
    assert cards(page(client, "/?before=yesterday")) == [note.pk]


def test_a_category_answers_htmx_with_its_cards_alone(client: Client, author: User, at: datetime) -> None:
    coffee = write(author, [make_place()], at)[0]
    green = Category.objects.get(code="teahouse")
    in_tea = write(author, [make_place(category=green)], at)[0]
    answer = page(client, "/?category=tea", **{"HX-Request": "true"})
    assert cards(answer) == [in_tea.pk]
    assert "<html" not in answer
    assert cards(page(client)) == [in_tea.pk, coffee.pk]
    full = page(client, "/?category=tea")
    assert cards(full) == [in_tea.pk]
    assert re.search(r'href="/\?category=tea"[^>]*aria-current="true"', full)
    assert "?category=teahouse" not in full, "the chips show top categories only"


def test_going_back_gets_the_whole_page_though_htmx_asks(client: Client, author: User, at: datetime) -> None:
    write(author, [make_place()], at)
    assert "<html" in page(client, "/", **{"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "HX-Request" in client.get("/")["Vary"]


def test_a_card_says_the_price_now_and_how_far_it_is(client: Client, author: User, at: datetime) -> None:
    place = make_place(make_merchant(), latitude=30.2581, longitude=120.1644)
    open_always(place, at)
    make_offer_version(place, at=at)
    write(author, [place], at)
    client.cookies["where"] = "device:30.2536,120.1644"
    html = page(client)
    assert "¥38" in html
    assert "省 ¥12" in html
    assert "500 m" in html


def test_a_place_that_is_shut_has_no_price_now(client: Client, author: User, at: datetime) -> None:
    place = make_place(make_merchant())
    make_offer_version(place, at=at)
    write(author, [place], at)
    assert "¥38" in page(client), "hours that nobody told do not hide a price"
    open_always(place, at - timedelta(days=7))
    assert "¥38" not in page(client)


def test_a_note_that_waits_is_not_on_the_wall(client: Client, author: User, at: datetime) -> None:
    (note,) = write(author, [make_place()], at)
    Note.objects.filter(pk=note.pk).update(state="pending")
    html = page(client)
    assert cards(html) == []
    assert "这里还没有人写过" in html


def test_a_page_costs_the_same_however_many_cards_it_has(client: Client, author: User, at: datetime) -> None:
    place = make_place(make_merchant())
    open_always(place, at)
    make_offer_version(place, at=at, weekly_hours="Mo-Su 00:00-24:00")
    District.objects.create(code="hubin", name_zh="湖滨", name_en="Hubin", latitude=30.25, longitude=120.16)
    write(author, [place], at, number=2)
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    page(client)  # the session, the chips and the middle of the city are remembered from here on

    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            page(client)
        return [row["sql"] for row in captured.captured_queries]

    few = statements()
    write(author, [make_place(make_merchant()) for _ in range(5)], at, number=22)
    many = statements()
    assert len(few) == len(many)
    assert len(many) <= STATEMENTS_AT_MOST, "\n".join(many)


def test_saving_works_by_form_and_by_htmx_and_says_how_to_undo(client: Client, author: User, at: datetime) -> None:
    (note,) = write(author, [make_place()], at)
    client.force_login(make_user(), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(f"/notes/{note.pk}/save", {"keep": "1"}, follow=True)
    html = answer.content.decode()
    assert 'aria-pressed="true"' in html
    assert f'action="/notes/{note.pk}/save?keep=0"' in html, "the toast offers to take it back"
    undone = client.post(f"/notes/{note.pk}/save?keep=0", headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="false"' in undone
    assert "<html" not in undone
    note.refresh_from_db()
    assert note.save_count == 0


def test_saving_twice_counts_once(client: Client, author: User, at: datetime) -> None:
    (note,) = write(author, [make_place()], at)
    client.force_login(make_user(), backend="django.contrib.auth.backends.ModelBackend")
    for _ in range(2):
        client.post(f"/notes/{note.pk}/save", {"keep": "1"}, headers={"HX-Request": "true"})
    note.refresh_from_db()
    assert note.save_count == 1


def test_who_is_not_signed_in_is_invited_and_comes_back(client: Client, author: User, at: datetime) -> None:
    (note,) = write(author, [make_place()], at)
    assert 'href="/sign-in?next=/"' in page(client)
    answer = client.post(f"/notes/{note.pk}/save", {"keep": "1"})
    assert answer["Location"] == f"/sign-in?next=/notes/{note.pk}"
    assert client.get(f"/notes/{note.pk}/save").status_code == 405


def test_the_wallet_is_one_tap_from_the_wall_in_both_languages(client: Client) -> None:
    assert 'href="/wallet"' in page(client)
    client.cookies["django_language"] = "en"
    english = page(client)
    assert '<html lang="en"' in english
    assert "Discover" in english
    assert "发现" not in english
