"""Six digits go out, the same six come back: once, soon, and not by guessing."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from bacao.accounts.gateways import CodeNotSent
from bacao.accounts.models import SignInCode, User
from bacao.accounts.rules import Contact, read_contact
from bacao.accounts.services import (
    AccountClosed,
    CodeGone,
    SentCode,
    SignedIn,
    TooOften,
    WrongCode,
    confirm_code,
    create_person,
    delete_old_codes,
    request_code,
    sign_in,
)
from bacao.kit.models import RateBucket

PHONE = "+8613800138000"


@dataclass
class Postbox:
    """Stands where the gateway stands; `broken` makes it refuse."""

    digits: list[str] = field(default_factory=list)
    broken: bool = False

    def send(self, *, contact: Contact, digits: str, language: str, at: datetime) -> None:
        if self.broken:
            raise CodeNotSent
        self.digits.append(digits)


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """Return the carrier that every code of this test goes through."""
    box = Postbox()
    monkeypatch.setattr("bacao.accounts.services.sign_in.find_gateway", lambda contact: box)
    yield box


def ask(at: datetime, *, contact: str = PHONE, session: str = "s", address: str = "203.0.113.1") -> SentCode:
    return request_code(contact=read_contact(contact), session=session, address=address, language="zh-hans", at=at)


def confirm(sent: SentCode, typed: str, at: datetime, *, address: str = "203.0.113.1") -> SignedIn:
    return confirm_code(code_id=str(sent.id), typed=typed, address=address, language="en", at=at)


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06d}"


@pytest.mark.django_db
def test_a_new_person_is_made_by_confirming_not_by_asking(postbox: Postbox, at: datetime) -> None:
    sent = ask(at)
    assert User.objects.count() == 0
    signed_in = confirm(sent, postbox.digits[0], at)
    assert signed_in.is_new
    assert (signed_in.user.phone, signed_in.user.phone_verified) == (PHONE, True)
    assert signed_in.user.language == "en"
    assert signed_in.user.display_name.startswith("Neighbour ")
    assert not signed_in.user.has_usable_password()


@pytest.mark.django_db
def test_the_same_person_comes_back(postbox: Postbox, at: datetime) -> None:
    lin = create_person(email="Lin@Example.org", display_name="Lin")
    sent = ask(at, contact="lin@example.ORG")
    assert confirm(sent, postbox.digits[0], at) == SignedIn(lin, is_new=False)


@pytest.mark.django_db
def test_asking_tells_nothing_about_who_has_an_account(
    postbox: Postbox, at: datetime, django_assert_num_queries: Any
) -> None:
    create_person(phone=PHONE, display_name="Lin")
    # four buckets, each in a savepoint of the test's own, and the row
    with django_assert_num_queries(13) as known:
        ask(at, contact=PHONE)
    with django_assert_num_queries(13) as unknown:
        ask(at, contact="+8613900139000")
    assert [q["sql"].split()[0] for q in known] == [q["sql"].split()[0] for q in unknown]
    assert len(postbox.digits) == 2


@pytest.mark.django_db
def test_neither_digits_nor_contact_can_be_read_from_what_is_stored(
    postbox: Postbox, at: datetime, settings: Any
) -> None:
    settings.DEMO = False
    sent = ask(at)
    row = SignInCode.objects.values().get()
    assert postbox.digits[0] not in str({**row, "created_at": "", "expires_at": "", "contact": "", "id": ""})
    assert sent.shown == ""
    assert not any("138" in key and PHONE in key for key in RateBucket.objects.values_list("key", flat=True))


@pytest.mark.django_db
def test_a_code_works_for_ten_minutes(postbox: Postbox, at: datetime) -> None:
    sent = ask(at)
    with pytest.raises(CodeGone):
        confirm(sent, postbox.digits[0], at + timedelta(minutes=10))
    assert confirm(sent, postbox.digits[0], at + timedelta(minutes=9, seconds=59)).is_new


@pytest.mark.django_db
def test_a_code_works_once(postbox: Postbox, at: datetime) -> None:
    sent = ask(at)
    confirm(sent, postbox.digits[0], at)
    with pytest.raises(CodeGone):
        confirm(sent, postbox.digits[0], at)


@pytest.mark.django_db
def test_another_code_s_digits_do_not_open_this_one(postbox: Postbox, at: datetime) -> None:
    first, _ = ask(at), ask(at, contact="+8613900139000")
    if postbox.digits[0] != postbox.digits[1]:
        with pytest.raises(WrongCode):
            confirm(first, postbox.digits[1], at)


@pytest.mark.django_db
def test_after_five_wrong_tries_even_the_right_digits_are_refused(postbox: Postbox, at: datetime) -> None:
    sent = ask(at)
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongCode) as refused:
            confirm(sent, wrong(postbox.digits[0]), at)
        assert refused.value.tries_left == left
        assert str(left) in refused.value.text.zh
    with pytest.raises(CodeGone):
        confirm(sent, wrong(postbox.digits[0]), at)
    with pytest.raises(CodeGone):
        confirm(sent, postbox.digits[0], at)


@pytest.mark.django_db
def test_an_empty_or_unknown_code_is_refused(postbox: Postbox, at: datetime) -> None:
    with pytest.raises(WrongCode):
        confirm(ask(at), "", at)
    with pytest.raises(CodeGone):
        confirm_code(code_id="7f0b2ad2-9a6f-4a43-8f5f-1f6a1d5f0000", typed="000000", address="x", language="en", at=at)


@pytest.mark.django_db
def test_a_closed_account_stays_closed(postbox: Postbox, at: datetime) -> None:
    lin = create_person(phone=PHONE, display_name="Lin")
    User.objects.filter(pk=lin.pk).update(is_active=False)
    with pytest.raises(AccountClosed):
        confirm(ask(at), postbox.digits[0], at)


@pytest.mark.django_db
def test_one_contact_is_not_rung_again_and_again(postbox: Postbox, at: datetime) -> None:
    for number in range(3):
        ask(at, session=f"s{number}", address=f"203.0.113.{number}")
    with pytest.raises(TooOften) as refused:
        ask(at, session="s9", address="203.0.113.9")
    assert refused.value.status == 429
    assert refused.value.wait_seconds == 60
    assert "1 分钟" in refused.value.text.zh
    ask(at, contact="+8613900139000")  # nobody else is kept waiting
    ask(at + timedelta(seconds=60), session="s9")
    assert len(postbox.digits) == 5


@pytest.mark.django_db
def test_one_contact_is_not_rung_all_day(postbox: Postbox, at: datetime) -> None:
    sent = 0
    for minute in range(24 * 60):
        try:
            ask(at + timedelta(minutes=minute), session=f"s{minute}", address=f"203.0.{minute // 250}.{minute % 250}")
            sent += 1
        except TooOften:
            pass
    assert sent == 12 + 11  # twelve at once, then one in two hours


@pytest.mark.django_db
def test_one_network_and_one_browser_cannot_ring_everybody(postbox: Postbox, at: datetime) -> None:
    for number in range(5):
        ask(at, contact=f"+86138001380{number:02d}", session="same", address=f"203.0.113.{number}")
    with pytest.raises(TooOften):
        ask(at, contact="+8613800138050", session="same", address="203.0.113.50")
    for number in range(20):
        ask(at, contact=f"+86139001390{number:02d}", session=f"n{number}", address=f"2001:db8:0:1::{number:x}")
    with pytest.raises(TooOften):
        ask(at, contact="+8613900139050", session="n50", address="2001:db8:0:1::50")


@pytest.mark.django_db
def test_guessing_across_codes_is_slowed_too(postbox: Postbox, at: datetime) -> None:
    guesses = 0
    with pytest.raises(TooOften):
        for number in range(3):
            sent = ask(at, session=f"s{number}", address=f"203.0.113.{number}")
            for _ in range(5):
                try:
                    confirm(sent, wrong(postbox.digits[-1]), at, address=f"198.51.100.{guesses}")
                except (WrongCode, CodeGone):
                    guesses += 1
    assert guesses == 10


@pytest.mark.django_db
def test_a_code_that_could_not_be_sent_leaves_nothing(postbox: Postbox, at: datetime) -> None:
    postbox.broken = True
    with pytest.raises(CodeNotSent):
        ask(at)
    assert SignInCode.objects.count() == 0


@pytest.mark.django_db
def test_old_codes_are_forgotten(postbox: Postbox, at: datetime) -> None:
    ask(at)
    assert delete_old_codes(before=at + timedelta(minutes=10)) == 0
    assert delete_old_codes(before=at + timedelta(minutes=11)) == 1


def at_the_same_moment(times: int, what: Callable[[], object]) -> list[object]:
    """Run `what` in threads with connections of their own; returns answers and errors."""

    def once(_: int) -> object:
        try:
            return what()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(once, range(times)))


@pytest.mark.django_db(transaction=True)
def test_race_of_guesses(postbox: Postbox, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight guesses at the same moment: counted after looking, all eight are looked at; counted before, five."""
    monkeypatch.setattr(sign_in, "_allow", lambda *_: None)
    meet = threading.Barrier(8)

    def count_after_looking(code_id: str, at: datetime) -> SignInCode:
        code = SignInCode.objects.get(pk=code_id)
        meet.wait(5)
        if code.tries >= 5:
            raise CodeGone
        code.tries += 1
        code.save(update_fields=["tries"])
        return code

    sent = ask(at)
    guess = wrong(postbox.digits[0])
    with monkeypatch.context() as naive:
        naive.setattr(sign_in, "_spend_try", count_after_looking)
        answers = at_the_same_moment(8, lambda: confirm(sent, guess, at))
    assert sum(isinstance(answer, WrongCode) for answer in answers) == 8, "without the guard all eight are answered"

    sent = ask(at)
    guess = wrong(postbox.digits[1])
    answers = at_the_same_moment(8, lambda: confirm(sent, guess, at))
    assert sum(isinstance(answer, WrongCode) for answer in answers) == 4
    assert sum(isinstance(answer, CodeGone) for answer in answers) == 4  # the fifth wrong one, and three not looked at


@pytest.mark.django_db(transaction=True)
def test_race_of_the_right_code(postbox: Postbox, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right digits from four windows at the same moment sign in once and make one person."""
    monkeypatch.setattr(sign_in, "_allow", lambda *_: None)
    sent = ask(at)
    answers = at_the_same_moment(4, lambda: confirm(sent, postbox.digits[0], at))
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_race_of_two_codes_for_one_new_person(postbox: Postbox, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two browsers confirm two codes of one contact: both are signed in, as the same person."""
    monkeypatch.setattr(sign_in, "_allow", lambda *_: None)
    sent = [ask(at, session="a"), ask(at, session="b")]
    turns = iter(zip(sent, postbox.digits, strict=True))
    lock = threading.Lock()

    def one() -> SignedIn:
        with lock:
            code, digits = next(turns)
        return confirm(code, digits, at)

    answers = at_the_same_moment(2, one)
    assert all(isinstance(answer, SignedIn) for answer in answers), answers
    assert User.objects.count() == 1
