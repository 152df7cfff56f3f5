"""Me: what is mine, the doors I have, and what I chose."""

from datetime import datetime

import pytest
from django.test import Client

from bacao.accounts.models import User
from bacao.notes.services import NoteRow, load_notes, publish_note, save_note, save_place
from tests.factories import make_merchant, make_place, make_role, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: at)


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user("小满")
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    return someone


def page(client: Client, address: str = "/me") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_who_is_not_signed_in_is_invited(client: Client) -> None:
    html = page(client)
    assert 'href="/sign-in?next=/me"' in html
    assert client.get("/me/settings")["Location"] == "/me"
    assert client.post("/me/settings", {"display_name": "x"})["Location"] == "/me"


def test_saved_notes_saved_places_and_own_notes_each_have_a_list(client: Client, person: User, at: datetime) -> None:
    place = make_place(make_merchant("山野咖啡"))
    row = NoteRow(author_id=make_user().pk, kind="food", title="种草一篇", body="好。", place_ids=[place.pk])
    (note,) = load_notes(rows=[row], at=at)
    for tab, says in (("saved", "还没种下什么"), ("places", "还没有想去的店"), ("notes", "还没写过")):
        assert says in page(client, f"/me?tab={tab}")
    save_note(user=person, note=note, at=at)
    save_place(user=person, place=place, at=at)
    publish_note(author=person, kind="food", title="我的第一篇", body="好。", place_ids=[place.pk], at=at)
    assert "种草一篇" in page(client)
    assert "山野咖啡" in page(client, "/me?tab=places")
    assert "我的第一篇" in page(client, "/me?tab=notes"), "one sees one's own note while it waits"
    assert "我的第一篇" not in page(client, f"/people/{person.pk}")
    assert "种草一篇" in page(client, "/me?tab=nonsense")


def test_doors_are_shown_to_those_who_have_the_key(client: Client, person: User) -> None:
    html = page(client)
    assert 'href="/counter"' not in html
    assert 'href="/merchant/"' not in html
    assert 'href="/desk/"' not in html
    merchant = make_merchant("山野咖啡")
    make_role(person, merchant)
    assert 'href="/counter"' in page(client)
    assert 'href="/merchant/"' not in page(client)
    make_role(person, merchant, kind="owner")
    assert 'href="/merchant/"' in page(client)
    User.objects.filter(pk=person.pk).update(is_staff=True)
    assert 'href="/desk/"' in page(client)


def test_settings_are_kept(client: Client, person: User) -> None:
    chosen = {"display_name": "大满", "bio": "爱吃面", "avatar": "fox", "language": "en", "theme": "dark"}
    answer = client.post("/me/settings", chosen)
    assert answer["Location"] == "/me"
    person.refresh_from_db()
    assert (person.display_name, person.bio, person.avatar) == ("大满", "爱吃面", "fox")
    assert (person.language, person.personal_ranking) == ("en", False)
    html = page(client)
    assert 'lang="en" data-theme="dark"' in html
    assert "Kept." in html


def test_a_picture_that_is_not_on_the_list_stays_until_another_is_chosen(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(avatar="tangerine")
    assert 'value="tangerine" checked' in page(client, "/me/settings")
    for chosen, kept in (("tangerine", "tangerine"), ("<script>", "tangerine"), ("owl", "owl")):
        client.post("/me/settings", {"display_name": "小满", "avatar": chosen})
        person.refresh_from_db()
        assert person.avatar == kept


def test_a_name_nobody_may_have_is_refused_and_what_was_typed_stays(client: Client, person: User) -> None:
    make_user("拔草官方", is_official=True)
    answer = client.post("/me/settings", {"display_name": "拔草官方", "bio": "爱吃面"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "这个名字属于官方账号" in html
    assert 'value="拔草官方"' in html
    assert 'value="爱吃面"' in html
    person.refresh_from_db()
    assert person.display_name == "小满"
