"""Enrolment, tiles and what a device is told (RD8, RD28, RD40, RD49 to RD51, RD58)."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from bacao.redemption import rules
from bacao.redemption.models import Attempt, Clerk, Counter, Drill, Lease, Manifest, Redemption, VoucherCode
from bacao.redemption.services import (
    OnlyOwner,
    PinTooSimple,
    add_clerk,
    create_stand,
    create_till,
    ensure_codes,
    free_clerk,
    issue_manifest,
    keep_anchors,
)
from tests.factories import Shop, make_role, make_shop, make_user
from tests.redemption.phone import Phone, make_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(shop: Shop) -> Any:
    owner = make_user("老板")
    make_role(owner, shop.merchant, kind="owner")
    return owner


@pytest.fixture
def tile(shop: Shop, owner: Any) -> Clerk:
    return add_clerk(merchant_id=shop.merchant.pk, name="李", pin="4711", by=owner, at=timezone.now())


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["outcome"]


# RD49: the link names a counter and grants nothing


def test_rd49_a_phone_asks_the_owner_agrees_and_it_serves(shop: Shop) -> None:
    phone = Phone(shop).enrol()
    assert len(phone.digits) == 6
    assert outcome(phone.get(f"/devices/{phone.device}")) == (200, "waiting")
    assert outcome(phone.get("/manifest")) == (401, "not_agreed")
    voucher = shop.sell(timezone.now())
    assert outcome(phone.redeem(token=shop.token(voucher, timezone.now()))) == (401, "not_agreed")
    phone.agree()
    assert outcome(phone.get(f"/devices/{phone.device}")) == (200, "agreed")
    assert outcome(phone.redeem(token=shop.token(voucher, timezone.now()))) == (201, "redeemed")


def test_rd49_the_digits_are_tried_five_times_and_live_a_quarter_of_an_hour(shop: Shop, owner: Any) -> None:
    phone, client = Phone(shop).enrol(), Client()
    client.force_login(owner)

    def answer(digits: str) -> tuple[int, str]:
        body = json.dumps({"digits": digits})
        return outcome(client.post(f"/devices/{phone.device}/agreement", body, content_type="application/json"))

    wrong = f"{(int(phone.digits) + 1) % 10**6:06d}"
    assert [answer(wrong) for _ in range(5)] == [(409, "digits_wrong")] * 5
    assert answer(phone.digits) == (409, "expired")
    late = Phone(shop).enrol()
    Counter.objects.filter(pk=late.device).update(expires_at=timezone.now())
    phone = late
    assert answer(late.digits) == (409, "expired")


def test_rd49_only_the_owner_lets_a_phone_in(shop: Shop) -> None:
    phone = Phone(shop).enrol()
    for person in (shop.clerk, make_user("路人")):
        client = Client()
        client.force_login(person)
        body = json.dumps({"digits": phone.digits})
        answer = client.post(f"/devices/{phone.device}/agreement", body, content_type="application/json")
        assert outcome(answer) == (403, "not_owner")
    assert Counter.objects.get().agreed_at is None


def test_rd49_the_owners_pin_on_the_spot(shop: Shop, owner: Any, tile: Clerk) -> None:
    phone, now = Phone(shop).enrol(), timezone.now()
    path = f"/devices/{phone.device}/agreement"
    assert outcome(phone.post(path, {"pin": "314159"})) == (409, "no_owners_pin")
    mine, hers = (
        add_clerk(merchant_id=shop.merchant.pk, name=name, pin=pin, owner=True, by=owner, at=now)
        for name, pin in (("老板", "314159"), ("老板娘", "161803"))
    )
    assert outcome(phone.post(path, {"pin": "4711"})) == (403, "pin_wrong"), "a clerk's PIN agrees to nothing"
    assert outcome(phone.post(path, {"pin": "161803"})) == (201, "agreed")
    for each, wrong in ((tile, 0), (mine, 1), (hers, 0)):
        each.refresh_from_db()
        assert each.wrong_pins == wrong, "the right PIN of one owner is no wrong try of another"


def test_rd58_a_stranger_guesses_an_owners_pin_five_times(shop: Shop, owner: Any) -> None:
    phone = Phone(shop).enrol()
    add_clerk(merchant_id=shop.merchant.pk, name="老板", pin="314159", owner=True, by=owner, at=timezone.now())
    path = f"/devices/{phone.device}/agreement"
    answers = [outcome(phone.post(path, {"pin": pin})) for pin in ("1111", "2222", "3333", "4444", "5555", "314159")]
    assert answers == [(403, "pin_wrong")] * 5 + [(429, "pin_locked")]
    assert Counter.objects.get().agreed_at is None


def test_rd58_five_enrolments_a_quarter_of_an_hour(shop: Shop) -> None:
    phone = Phone(shop)
    body = {"place": shop.place.pk, "name": "手机", "public_key": rules.to_text(phone.point)}
    answers = [phone.post("/devices", body).status_code for _ in range(6)]
    assert answers == [201] * 5 + [429]


@pytest.mark.parametrize(
    "change",
    [{"public_key": "AAAA"}, {"public_key": "!"}, {"name": ""}, {"place": "1"}, {"more": 1}, {"name": "x" * 41}],
)
def test_what_is_no_enrolment_is_refused(shop: Shop, change: dict[str, Any]) -> None:
    phone = Phone(shop)
    body = {"place": shop.place.pk, "name": "手机", "public_key": rules.to_text(phone.point)} | change
    assert outcome(phone.post("/devices", body)) == (400, "not_understood")
    assert not Counter.objects.exists()


def test_a_revoked_phone_is_signed_out_and_its_leases_return(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    ensure_codes(vouchers=[shop.sell(now)], at=now)
    assert phone.get("/manifest").json()["vouchers"][0]["leased"] is True
    assert outcome(phone.post(f"/devices/{phone.device}/revocation", {})) == (201, "revoked")
    assert outcome(phone.get("/manifest")) == (401, "revoked")
    assert Lease.objects.get().returned_at is not None


# RD50: tiles


def test_rd50_five_wrong_pins_then_the_owner(shop: Shop, owner: Any, tile: Clerk) -> None:
    phone = make_phone(shop)
    path = f"/clerks/{tile.pk}/unlock"
    assert phone.post(path, {"pin": "4711"}).json() == {
        "outcome": "unlocked", "clerk": {"id": tile.pk, "name": "李", "owner": False},
    }  # fmt: skip
    left = [phone.post(path, {"pin": "0000"}).json().get("tries_left") for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    assert outcome(phone.post(path, {"pin": "4711"})) == (429, "pin_locked")
    free_clerk(clerk=tile, by=owner)
    assert outcome(phone.post(path, {"pin": "4711"})) == (200, "unlocked")


def test_rd50_a_pin_alone_is_no_login(shop: Shop, tile: Clerk) -> None:
    stranger = Client()
    answer = stranger.post(f"/clerks/{tile.pk}/unlock", '{"pin": "4711"}', content_type="application/json")
    assert outcome(answer) == (401, "signed_out")
    other = make_phone(make_shop("别家", "Elsewhere"))
    assert outcome(other.post(f"/clerks/{tile.pk}/unlock", {"pin": "4711"})) == (404, "not_found")


def test_rd50_the_pin_is_nowhere_and_only_the_owner_makes_tiles(shop: Shop, tile: Clerk) -> None:
    row = Clerk.objects.filter(pk=tile.pk).values().get()
    assert "4711" not in str(row)
    assert row["pin_hash"].startswith("$argon2id$")
    assert rules.pin_verifier("4711", bytes(row["salt"]), row["rounds"]) == bytes(row["verifier"])
    with pytest.raises(OnlyOwner):
        add_clerk(merchant_id=shop.merchant.pk, name="x", pin="4712", by=shop.clerk, at=timezone.now())


@pytest.mark.parametrize("pin", ["123", "1234567", "1111", "12a4", "", "１２３４"])
def test_rd50_simple_pins_are_refused(shop: Shop, owner: Any, pin: str) -> None:
    with pytest.raises(PinTooSimple):
        add_clerk(merchant_id=shop.merchant.pk, name="x", pin=pin, by=owner, at=timezone.now())


# RD8: the manifest


def test_rd8_the_manifest_tells_what_is_needed_and_no_secret(shop: Shop, tile: Clerk) -> None:
    phone, now = make_phone(shop), timezone.now()
    voucher = shop.sell(now)
    code = ensure_codes(vouchers=[voucher], at=now)[voucher.pk]
    told = phone.get("/manifest").json()
    (entry,) = told["vouchers"]
    assert (entry["handle"], entry["uses_left"], entry["worth_minor"]) == (bytes(code.handle).hex(), 1, 5000)
    token = rules.decode_token(shop.token(voucher, now))
    assert token
    day = rules.step_at(now) // rules.STEPS_PER_DAY
    assert sorted(map(int, entry["anchors"])) == [day - 1, day, day + 1]
    anchors = {int(day): bytes.fromhex(anchor) for day, anchor in entry["anchors"].items()}
    assert rules.verify(token.handle, token.value, anchors, now=rules.step_at(now)).verdict == rules.OK
    assert [clerk["name"] for clerk in told["clerks"]] == ["李"]
    text = json.dumps(told, ensure_ascii=False)
    for secret in ("小满", shop.member.phone, shop.typed(voucher, now), token.value.hex(), "argon2"):
        assert secret not in text
    assert told["since"] == 0
    assert len(told["keys"]) == 3


def test_rd8_a_manifest_tells_the_changes(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    first, second = shop.sell(now), shop.sell(now)
    codes = ensure_codes(vouchers=[first, second], at=now)
    number = phone.get("/manifest").json()["number"]
    again = phone.get("/manifest", since=number).json()
    assert (again["since"], again["vouchers"], again["gone"]) == (number, [], [])
    third = shop.sell(now)
    ensure_codes(vouchers=[third], at=now)
    assert outcome(phone.redeem(token=shop.token(first, now))) == (201, "redeemed")
    told = phone.get("/manifest", since=again["number"]).json()
    assert told["gone"] == [bytes(codes[first.pk].handle).hex()]
    assert len(told["vouchers"]) == 1
    assert phone.get("/manifest", since=99).json()["since"] == 0, "what is not known any more is told anew"


def test_rd8_a_manifest_tells_when_an_offer_with_hours_of_its_own_can_be_used(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    always, mornings = shop.sell(now), shop.sell(now, weekly_hours="Mo-Su 08:00-10:00")
    ensure_codes(vouchers=[always, mornings], at=now)
    offers = sorted(phone.get("/manifest").json()["offers"], key=lambda offer: offer["hours"])
    assert offers[0]["spans"] is None
    spans = [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in offers[1]["spans"]]
    assert len(spans) in (7, 8) and spans[0][1] > now, "today's are over already, or not"
    for start, end in spans:
        assert (timezone.localtime(start).hour, end - start) == (8, timedelta(hours=2))


def test_rd8_no_counter_is_told_of_another_shop(shop: Shop) -> None:
    now, other = timezone.now(), make_shop("别家", "Elsewhere")
    ensure_codes(vouchers=[shop.sell(now)], at=now)
    told = make_phone(other).get("/manifest").json()
    assert (told["vouchers"], told["offers"]) == ([], [])


def test_anchors_are_kept_ahead_by_the_job(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    ensure_codes(vouchers=[shop.sell(now)], at=now)
    phone.get("/manifest")
    assert keep_anchors(at=now) == 0
    assert keep_anchors(at=now + timedelta(days=1)) == 1
    assert len(bytes(VoucherCode.objects.get().anchors)) == 3 * 14


# RD28: leases


def test_rd28_the_main_phone_holds_the_leases_and_only_one_can(shop: Shop) -> None:
    main, second, now = make_phone(shop), make_phone(shop, "二号"), timezone.now()
    voucher = shop.sell(now)
    ensure_codes(vouchers=[voucher], at=now)
    assert second.get("/manifest").json()["vouchers"][0]["leased"] is False
    assert main.get("/manifest").json()["vouchers"][0]["leased"] is True
    row = Lease.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Lease.objects.create(voucher=voucher, merchant=shop.merchant, counter=second.row, given_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Lease.objects.create(
            voucher=voucher, merchant=make_shop("别家", "Elsewhere").merchant, counter=second.row, given_at=now
        )
    assert row.counter_id == main.device


def test_rd28_a_lease_lapses_with_its_manifest(shop: Shop) -> None:
    old, now = make_phone(shop), timezone.now()
    ensure_codes(vouchers=[shop.sell(now)], at=now)
    old.get("/manifest")
    heir = make_phone(shop, "新手机")
    Counter.objects.filter(pk=old.device).update(frozen_at=now, manifest_at=now - timedelta(hours=25))
    assert issue_manifest(counter=heir.row, since=0, drawn=0, at=now)["vouchers"][0]["leased"] is True


# Tills, stands, practice


def test_a_till_speaks_with_its_token(shop: Shop, owner: Any) -> None:
    till, secret = create_till(place=shop.place, name="收银机", by=owner, at=timezone.now())
    voucher, client = shop.sell(timezone.now()), Client()
    headers = {"Authorization": f"Bearer {rules.login_of(till.pk, secret)}", "Idempotency-Key": str(uuid4())}
    body = json.dumps({"typed": shop.typed(voucher, timezone.now())})
    answer = client.post("/redemptions", body, content_type="application/json", headers=headers)
    assert outcome(answer) == (201, "redeemed")
    wrong = headers | {"Authorization": f"Bearer {rules.login_of(till.pk, bytes(32))}"}
    assert outcome(client.post("/redemptions", body, content_type="application/json", headers=wrong)) == (
        401, "signed_out",
    )  # fmt: skip
    assert client.get("/manifest", headers=headers).json()["offline"] is False
    assert len(create_stand(place=shop.place, name="立牌", by=owner, at=timezone.now()).code) == 8


def test_rd51_practice_leaves_a_drill_row_and_nothing_else(shop: Shop, tile: Clerk) -> None:
    phone = make_phone(shop)
    answer = phone.post("/drills", {"clerk": tile.pk, "steps": ["scan", "undo"], "seconds": 41})
    assert outcome(answer) == (201, "drilled")
    row = Drill.objects.get()
    assert (row.clerk, row.steps, row.seconds) == (tile, ["scan", "undo"], 41)
    assert not Attempt.objects.exists()
    assert not Redemption.objects.exists()


def test_the_history_and_a_question_by_key(shop: Shop) -> None:
    phone, now, key = make_phone(shop), timezone.now(), uuid4()
    assert outcome(phone.get(f"/redemptions/{key}")) == (404, "unknown_key")
    answer = phone.redeem(token=shop.token(shop.sell(now), now), key=key)
    assert phone.get(f"/redemptions/{key}").content == answer.content
    (row,) = phone.get("/redemptions").json()["redemptions"]
    assert (row["redemption"], row["uses"], row["undone_at"]) == (str(key), 1, None)
    assert Manifest.objects.count() == 0
