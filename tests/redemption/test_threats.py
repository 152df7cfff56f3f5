"""What each bad input gets (redemption.md, section 13): its own sentence, and a stored refusal or none."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from bacao.kit.models import RateBucket
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Redemption
from bacao.redemption.rules import sentences
from tests.factories import Shop, make_shop
from tests.redemption.phone import Phone, make_phone

Given = Callable[[Shop, Phone, datetime], Any]


def changed(token: str, place: int = 40) -> str:
    return token[:place] + str((int(token[place]) + 1) % 10) + token[place + 1 :]


def sold(shop: Shop, at: datetime, **offer: Any) -> str:
    return shop.token(shop.sell(at, **offer), at)


def shown(shop: Shop, at: datetime, minutes: float) -> str:
    return shop.token(shop.sell(at), at + timedelta(minutes=minutes))


def used(shop: Shop, phone: Phone, at: datetime) -> str:
    token = sold(shop, at)
    assert phone.redeem(token=token).status_code == 201
    return token


def replayed(shop: Shop, phone: Phone, at: datetime) -> str:
    token = sold(shop, at, kind="card", price_minor=10000, list_minor=15000, uses=10)
    assert phone.redeem(token=token, uses=1).status_code == 201
    return token


def expired(shop: Shop, at: datetime) -> str:
    voucher = shop.sell(at)
    type(voucher).objects.filter(pk=voucher.pk).update(valid_until=at)
    return shop.token(voucher, at)


BAD: list[tuple[str, Given, int, str, Any, bool]] = [
    # name, body, status, outcome, sentence (None = made for the case), stored
    ("a web address", lambda s, p, at: {"token": "https://example.org"}, 422, "wrong_shape", sentences.NO_CODE, False),
    ("a digit short", lambda s, p, at: {"token": sold(s, at)[:-1]}, 422, "wrong_shape", sentences.NO_CODE, False),
    ("2^156 and above", lambda s, p, at: {"token": "9" * 47}, 422, "wrong_shape", sentences.NO_CODE, False),
    ("practice", lambda s, p, at: {"token": "0" * 47}, 422, "wrong_shape", sentences.NO_CODE, False),
    ("practice, typed", lambda s, p, at: {"typed": "0" * 12}, 422, "wrong_shape", sentences.TYPED_WRONG, False),
    ("a slip", lambda s, p, at: {"typed": "123456789010"}, 422, "wrong_shape", sentences.TYPED_WRONG, False),
    ("both at once", lambda s, p, at: {"token": sold(s, at), "typed": "123456789018"}, 422, "wrong_shape",
     sentences.NO_CODE, False),
    ("nothing", lambda s, p, at: {}, 422, "wrong_shape", sentences.TYPED_WRONG, False),
    ("a forged value", lambda s, p, at: {"token": changed(sold(s, at))}, 409, "forged", sentences.FORGED, True),
    ("a screenshot", lambda s, p, at: {"token": shown(s, at, -3)}, 409, "old", sentences.OLD, True),
    ("a clock ahead", lambda s, p, at: {"token": shown(s, at, 3)}, 409, "early", sentences.EARLY, True),
    ("the same step", lambda s, p, at: {"token": replayed(s, p, at), "uses": 1}, 409, "replayed", sentences.REPLAYED,
     True),
    ("used before", lambda s, p, at: {"token": used(s, p, at)}, 409, "already_redeemed", None, True),
    ("past its end", lambda s, p, at: {"token": expired(s, at)}, 409, "expired", None, True),
    ("another merchant's", lambda s, p, at: {"token": sold(make_shop("别家", "Elsewhere"), at)}, 404, "not_found",
     sentences.NOT_FOUND, True),
    ("an unknown typed code", lambda s, p, at: {"typed": "123456789018"}, 404, "not_found", sentences.NOT_FOUND, True),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "body", "status", "outcome", "text", "stored"), BAD, ids=[row[0] for row in BAD])
def test_rd13_each_bad_input_has_its_answer(
    db: None, name: str, body: Given, status: int, outcome: str, text: Any, stored: bool
) -> None:
    shop, at = make_shop(), timezone.now()
    phone = make_phone(shop)
    sent = body(shop, phone, at)
    before, kept = Attempt.objects.count(), Redemption.objects.count()
    key = uuid4()
    phone.number += 1
    answers = [phone.send("/redemptions", sent, key=key, number=phone.number) for _ in range(2)]
    assert (answers[0].status_code, answers[0].json()["outcome"]) == (status, outcome)
    assert answers[0].content == answers[1].content, "the same key, the same answer"
    said = answers[0].json()["text"]
    assert said["zh"]
    assert said["en"]
    assert text is None or (said["zh"], said["en"]) == (text.zh, text.en)
    assert Attempt.objects.count() - before == (1 if stored else 0)
    assert Redemption.objects.count() == kept


@pytest.mark.django_db
def test_the_sixth_wrong_code_in_a_minute_waits_and_scanning_goes_on(db: None) -> None:
    shop, at = make_shop(), timezone.now()
    phone = make_phone(shop)
    answers = [phone.redeem(typed="123456789018").status_code for _ in range(6)]
    assert answers == [404] * 5 + [429]
    assert phone.redeem(token=sold(shop, at)).status_code == 201


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_a_mismatch(db: None) -> None:
    shop, at, key = make_shop(), timezone.now(), uuid4()
    phone = make_phone(shop)
    assert phone.send("/redemptions", {"token": sold(shop, at)}, key=key, number=1).status_code == 201
    answer = phone.send("/redemptions", {"token": sold(shop, at)}, key=key, number=1)
    assert (answer.status_code, answer.json()["outcome"]) == (422, "idempotency_mismatch")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"token": 1}', {}, 400),
        (b'{"more": 1}', {}, 400),
        (b'{"bill_minor": 99999999999}', {}, 400),
        (b'{"pressed_at": "yesterday"}', {}, 400),
        (b'{"pressed_at": "2026-11-22T12:00:00"}', {}, 400),
        (b"{}", {"Idempotency-Key": ""}, 400),
        (b"{}", {"Idempotency-Key": "1"}, 400),
        (b"{}", {"Counter-Number": "-1"}, 400),
        (b"\xff" * 10, {}, 400),
        (b'"' + b"x" * 70000 + b'"', {}, 413),
    ],
)
def test_what_is_no_request_is_said_to_be_none(db: None, body: bytes, headers: dict[str, str], status: int) -> None:
    phone = make_phone(make_shop())
    sent = {"Idempotency-Key": str(uuid4()), "Counter-Number": "1"} | headers
    assert phone.post("/redemptions", body, **sent).status_code == status
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_a_stranger_with_a_made_up_login_gets_nothing(db: None) -> None:
    login = rules.login_of(uuid4(), bytes(32))
    for cookie in (login, "x", "a.b", ""):
        client = Client()
        client.cookies["counter"] = cookie
        headers = {"Idempotency-Key": str(uuid4())}
        answer = client.post("/redemptions", json.dumps({}), content_type="application/json", headers=headers)
        assert answer.status_code == 401
    assert not RateBucket.objects.exists()
