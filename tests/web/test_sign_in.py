"""The way in: one field, six digits, and nobody learns or guesses anything on the way."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from bacao.accounts.models import User
from bacao.accounts.services import create_person
from bacao.places.models import Category, Merchant, Place, ShopRole
from bacao.places.services import invite_clerk

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> list[datetime]:
    """Return the instant that pages read, in a list whose only element can be changed."""
    now = [at]
    monkeypatch.setattr("bacao.web.middleware.timezone.now", lambda: now[0])
    return now


def page(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def ask(client: Client, contact: str = PHONE, **more: str) -> str:
    """Ask for a code; return the digits that the demo shows."""
    answer = client.post("/sign-in", {"contact": contact, **more})
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/code"), page(answer)
    shown = re.search(r'door__shown">(\d{6})<', page(client.get("/sign-in/code")))
    assert shown
    return shown[1]


def answer_code(client: Client, digits: str) -> Any:
    return client.post("/sign-in/code", {"code": digits})


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06d}"


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_somebody_new_comes_in_and_goes_where_they_were_going(client: Client) -> None:
    digits = ask(client, next="/notes/7?from=feed")
    assert User.objects.count() == 0
    before = client.session.session_key
    answer = answer_code(client, digits)
    assert (answer.status_code, answer["Location"]) == (302, "/notes/7?from=feed")
    lin = User.objects.get()
    assert lin.phone == "+8613800138000"
    assert who(client) == str(lin.pk)
    assert client.session.session_key != before, "the session gets a new key, so none can be planted"
    assert "sign_in" not in client.session


def test_the_same_person_comes_back_by_phone_and_by_email(client: Client) -> None:
    lin = create_person(phone=PHONE, email="lin@example.org", display_name="Lin")
    for typed in ("138 0013 8000", "Lin@Example.org"):
        visitor = Client()
        answer_code(visitor, ask(visitor, typed))
        assert who(visitor) == str(lin.pk)


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example", "//evil.example", "///evil.example", r"\\evil.example", r"/\evil.example",
        "javascript:alert(1)", "http:evil.example", "ftp://testserver/", "//testserver@evil.example/",
        "\t//evil.example", "https:///evil.example", "/\n/evil.example",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(client: Client, to: str) -> None:
    assert 'name="next" value="/"' in page(client.get("/sign-in", {"next": to}))
    assert answer_code(client, ask(client, next=to))["Location"] == "/"


def test_the_answer_is_the_same_whether_the_account_exists(client: Client) -> None:
    create_person(phone=PHONE, display_name="Lin")
    pages = []
    for contact in (PHONE, "13900138000"):
        visitor = Client()
        digits = ask(visitor, contact)
        text = page(visitor.get("/sign-in/code")).replace(digits, "").replace(f"{contact[:3]}****", "")
        text = re.sub(r'(csrfmiddlewaretoken" value|nonce|data-wait)="[^"]*"', "", text)
        pages.append(text)
    assert pages[0] == pages[1]


def test_after_five_wrong_tries_the_right_digits_do_not_open_either(client: Client) -> None:
    digits = ask(client)
    for left in (4, 3, 2, 1):
        answer = answer_code(client, wrong(digits))
        assert answer.status_code == 422
        assert f"还可以试 {left} 次" in page(answer)
    assert answer_code(client, wrong(digits)).status_code == 410
    sixth = answer_code(client, digits)
    assert sixth.status_code == 410
    assert "重新获取" in page(sixth)
    assert who(client) is None


def test_brute_force_over_many_codes_and_sessions_is_stopped(clock: list[datetime], settings: Any) -> None:
    """A robot that asks for a new code whenever the old one is spent, without cookies, gets ten guesses an hour."""
    settings.DEMO = False
    looked_at = 0
    for _ in range(40):
        robot = Client(REMOTE_ADDR="198.51.100.7")
        if robot.post("/sign-in", {"contact": PHONE}).status_code == 302:
            for _ in range(5):
                looked_at += answer_code(robot, "000000").status_code in {422, 410}
        clock[0] += timedelta(seconds=90)
    assert looked_at <= 10 + 60 * 60 // 360


def test_asking_too_often_says_when_to_come_back(client: Client, clock: list[datetime]) -> None:
    for _ in range(3):
        ask(Client())
    answer = Client().post("/sign-in", {"contact": PHONE}, headers={"accept-language": "en"})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert "Try again in 1 min" in page(answer)
    clock[0] += timedelta(seconds=60)
    ask(Client())


def test_sending_again_waits_a_minute_and_makes_the_old_code_useless(client: Client, clock: list[datetime]) -> None:
    first = ask(client)
    early = client.post("/sign-in/code", {"again": "1"})
    assert (early.status_code, early["Retry-After"]) == (429, "60")
    assert first in page(client.get("/sign-in/code")), "the first is still good"
    clock[0] += timedelta(seconds=61)
    assert client.post("/sign-in/code", {"again": "1"}).status_code == 302
    shown = re.search(r'door__shown">(\d{6})<', page(client.get("/sign-in/code")))
    assert shown
    if shown[1] != first:
        assert answer_code(client, first).status_code == 422
    assert answer_code(client, shown[1]).status_code == 302


def test_typing_the_contact_again_at_once_does_not_ring_twice(client: Client, clock: list[datetime]) -> None:
    assert ask(client) == ask(client, next="/now")
    assert answer_code(client, ask(client, next="/now"))["Location"] == "/now"


def test_a_code_expires(client: Client, clock: list[datetime]) -> None:
    digits = ask(client)
    clock[0] += timedelta(minutes=10)
    answer = answer_code(client, digits)
    assert answer.status_code == 410
    assert who(client) is None


def test_the_digits_alone_open_nothing_in_another_browser(client: Client) -> None:
    digits = ask(client)
    stranger = Client()
    assert answer_code(stranger, digits)["Location"] == "/sign-in"
    ask(stranger, "13900139000")
    assert answer_code(stranger, digits).status_code == 422


@pytest.mark.parametrize("typed", ["", "hello", "12345", "0571-87654321", "<script>@x"])
def test_what_is_no_contact_is_said_on_the_page_and_kept_in_the_field(client: Client, typed: str) -> None:
    answer = client.post("/sign-in", {"contact": typed, "next": "/now"})
    assert answer.status_code == 422
    assert "不像是手机号或邮箱" in page(answer)
    assert b"<script>@x" not in answer.content
    assert 'value="/now"' in page(answer)


def test_outside_a_demo_the_code_travels_by_mail_and_is_on_no_page_and_in_no_session(
    client: Client, settings: Any
) -> None:
    settings.DEMO = False
    client.post("/sign-in", {"contact": "lin@example.org"})
    digits = mail.outbox[0].subject[:6]
    assert digits not in page(client.get("/sign-in/code"))
    assert digits not in str(dict(client.session))
    assert answer_code(client, digits).status_code == 302
    assert User.objects.get().email == "lin@example.org"


def test_forms_need_their_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    for address in ("/sign-in", "/sign-in/code", "/sign-out"):
        assert strict.post(address, {"contact": PHONE}).status_code == 403


def test_signing_out_here_and_everywhere(client: Client) -> None:
    lin = create_person(phone=PHONE, display_name="Lin")
    phone, tablet = Client(), Client()
    for device in (client, phone, tablet):
        device.force_login(lin)
    phone.post("/sign-out")
    assert who(phone) is None
    assert client.get("/sign-in").status_code == 302, "others stay signed in"
    client.post("/sign-out", {"everywhere": "1"})
    assert tablet.get("/sign-in").status_code == 200
    assert client.get("/sign-out").status_code == 405


def test_pages_are_kept_by_nobody_and_speak_english(client: Client) -> None:
    answer = client.get("/sign-in", headers={"accept-language": "en"})
    assert "no-store" in answer["Cache-Control"]
    assert "Mobile number or e-mail" in page(answer)


def test_the_statements_of_signing_in(client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(1):  # the names of the districts, for the top bar
        client.get("/sign-in")
    with django_assert_max_num_queries(24):  # with the savepoints a test adds around each of four buckets
        client.post("/sign-in", {"contact": PHONE})


@pytest.fixture
def shop(db: None, at: datetime) -> Place:
    merchant = Merchant.objects.create(name_zh="鹿里咖啡", name_en="Luli Coffee")
    boss = create_person(phone="13900139000", display_name="Boss")
    ShopRole.objects.create(merchant=merchant, user=boss, kind="owner", granted_at=at)
    category = Category.objects.create(code="try", name_zh="试", name_en="Try", emoji="hot-beverage")
    return Place.objects.create(
        merchant=merchant, name_zh="鹿里咖啡", name_en="Luli Coffee", category=category,
        latitude=30.25, longitude=120.16, cell=1,
    )  # fmt: skip


@pytest.fixture
def link(shop: Place) -> str:
    _, secret = invite_clerk(place=shop, invited_by=User.objects.get(), at=timezone.now())
    return f"/join/{secret}"


def test_a_clerk_joins_with_a_name_and_nothing_else(client: Client, link: str, shop: Place) -> None:
    """M20"""
    assert "鹿里咖啡" in page(client.get(link))
    answer: HttpResponse = client.post(link, {"name": "小周"})
    assert (answer.status_code, answer["Location"]) == (302, "/counter")
    role = ShopRole.objects.get(kind="clerk")
    assert (role.place, role.user.display_name, who(client)) == (shop, "小周", str(role.user_id))


def test_a_clerk_without_a_name_is_asked_again(client: Client, link: str) -> None:
    answer = client.post(link, {"name": "  "})
    assert answer.status_code == 422
    assert "1 到 40 个字" in page(answer)
    assert client.post(link, {"name": "小周"}).status_code == 302


def test_a_link_works_once_and_says_so(client: Client, link: str) -> None:
    client.post(link, {"name": "小周"})
    stranger = Client()
    for answer in (stranger.get(link), stranger.post(link, {"name": "别人"})):
        assert answer.status_code == 410
        assert "一个链接只能用一次" in page(answer)
    assert client.get(link).status_code == 200, "whoever joined may open it again"


def test_a_link_nobody_made(client: Client) -> None:
    answer = client.get("/join/" + "x" * 43)
    assert answer.status_code == 404
    assert "邀请" in page(answer)


def test_a_signed_in_resident_becomes_a_clerk_with_the_same_account(client: Client, link: str) -> None:
    """F10"""
    lin = create_person(display_name="Lin")
    client.force_login(lin)
    assert "Lin" in page(client.get(link))
    assert client.post(link)["Location"] == "/counter"
    assert ShopRole.objects.get(kind="clerk").user == lin
