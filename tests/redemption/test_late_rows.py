"""Rows that come late, doubled, in any order, or after a twin: what counts and who bears it (RD31 to RD40, RD50)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from bacao.ledger.queries import get_balance, get_total
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Counter, Lease, Manifest, Redemption, Served
from bacao.redemption.services import count_missing_rows, ensure_codes
from tests.factories import Shop
from tests.redemption.phone import Phone, make_phone

pytestmark = pytest.mark.django_db


def told(phone: Phone, ago: timedelta) -> None:
    """Give a phone its manifest some time ago."""
    assert phone.get("/manifest").status_code == 200
    then = timezone.now() - ago
    Manifest.objects.filter(counter=phone.device).update(issued_at=then)
    Lease.objects.filter(counter=phone.device).update(given_at=then)
    Counter.objects.filter(pk=phone.device).update(manifest_at=then)


def offline(phone: Phone, shop: Shop, voucher: Any, ago: timedelta, **change: Any) -> Any:
    """Send a row that was pressed some time ago, green was shown then."""
    pressed = timezone.now() - ago
    token = change.pop("token", None) or shop.token(voucher, change.pop("shown_at", pressed))
    return phone.redeem(token=token, pressed_at=pressed.isoformat(), served_at=pressed, **change)


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["outcome"]


HOUR = timedelta(hours=1)


def test_rd32_a_row_of_the_queue_is_judged_at_its_own_moment(shop: Shop) -> None:
    phone, voucher = make_phone(shop), shop.sell(timezone.now() - 2 * HOUR)
    ensure_codes(vouchers=[voucher], at=timezone.now())
    told(phone, 2 * HOUR)
    answer = offline(phone, shop, voucher, HOUR)
    assert outcome(answer) == (201, "redeemed")
    row = Redemption.objects.get()
    assert (row.proof, row.counter_id) == ("chain", phone.device)
    assert abs((timezone.now() - HOUR - row.redeemed_at).total_seconds()) < 10
    served = Served.objects.get()
    assert (served.payer, served.ledger_id) == ("", None)


@pytest.mark.parametrize(
    ("change", "proof"),
    [
        ({"shown_at": -5}, "unproven"),  # the code is five minutes older than the press
        ({"shown_at": -20 * 60}, "unproven"),  # nearly a day older: of yesterday, at most hours
        ({"contact": -1}, "unproven"),  # the phone asked for a manifest after it says that it pressed
        ({}, "chain"),
    ],
)
def test_rd32_what_cannot_have_been_is_taken_unproven(shop: Shop, change: dict[str, int], proof: str) -> None:
    phone, now = make_phone(shop), timezone.now()
    voucher = shop.sell(now - 3 * HOUR)
    ensure_codes(vouchers=[voucher], at=now)
    told(phone, timedelta(minutes=5) if "contact" in change else 2 * HOUR)
    shown = now - HOUR + timedelta(minutes=change.get("shown_at", 0))
    assert outcome(offline(phone, shop, voucher, HOUR, shown_at=shown)) == (201, "redeemed")
    assert Redemption.objects.get().proof == proof


def test_rd33_in_policy_the_platform_pays_and_the_member_owes(shop: Shop) -> None:
    first, second = make_phone(shop), make_phone(shop, "二号")
    voucher = shop.sell(timezone.now() - 3 * HOUR)
    ensure_codes(vouchers=[voucher], at=timezone.now())
    told(first, 2 * HOUR)
    told(second, 2 * HOUR)
    assert outcome(offline(first, shop, voucher, HOUR)) == (201, "redeemed")
    before = get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor
    assert outcome(offline(second, shop, voucher, HOUR - timedelta(minutes=2))) == (409, "already_redeemed")
    conflict = Served.objects.get(counter=second.device)
    assert (conflict.payer, conflict.worth_minor, conflict.paid_minor) == ("member", 5000, 4875)
    assert get_balance(f"asset.receivable.customer.{shop.member.pk}").balance_minor == 5000
    assert get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == before + 4875
    assert get_total("cny") == 0
    assert Redemption.objects.count() == 1
    other = shop.sell(timezone.now())
    ensure_codes(vouchers=[other], at=timezone.now())
    assert first.get("/manifest").json()["vouchers"] == [], "who owes is served online only"


@pytest.mark.parametrize("why", ["stale", "unproven", "no manifest"])
def test_rd33_out_of_policy_the_shop_bears_it(shop: Shop, why: str) -> None:
    first, second = make_phone(shop), make_phone(shop, "二号")
    voucher = shop.sell(timezone.now() - 60 * HOUR)
    ensure_codes(vouchers=[voucher], at=timezone.now())
    assert outcome(first.redeem(token=shop.token(voucher, timezone.now()))) == (201, "redeemed")
    if why != "no manifest":
        told(second, 30 * HOUR if why == "stale" else 2 * HOUR)
    token = shop.token(voucher, timezone.now() - (HOUR if why != "unproven" else 3 * HOUR))
    assert outcome(offline(second, shop, voucher, HOUR, token=token))[0] == 409
    assert Served.objects.get().payer == "merchant"
    assert get_balance(f"asset.receivable.customer.{shop.member.pk}").balance_minor == 0


def test_rd38_the_mark_changes_no_answer_and_counts_once(shop: Shop) -> None:
    phone, now, key = make_phone(shop), timezone.now(), uuid4()
    body = {"token": shop.token(shop.sell(now), now), "pressed_at": now.isoformat()}
    plain = phone.send("/redemptions", body, key=key, number=1)
    marked = [phone.send("/redemptions", body, key=key, number=1, served_at=now) for _ in range(3)]
    assert {answer.content for answer in marked} == {plain.content}
    assert Served.objects.count() == Redemption.objects.count() == Attempt.objects.count() == 1


def test_rd38_rows_travel_in_any_order_and_any_number_of_times(shop: Shop) -> None:
    phone, start = make_phone(shop), timezone.now() - 3 * HOUR
    vouchers = [shop.sell(start) for _ in range(4)]
    ensure_codes(vouchers=vouchers, at=start)
    told(phone, 3 * HOUR)
    keys, pressed = [uuid4() for _ in vouchers], [start + timedelta(minutes=10 * n) for n in range(1, 5)]
    bodies = [
        {"token": shop.token(voucher, at), "pressed_at": at.isoformat()}
        for voucher, at in zip(vouchers, pressed, strict=True)
    ]
    for n in (2, 0, 3, 1, 0, 2):
        answer = phone.send("/redemptions", bodies[n], key=keys[n], number=n + 1, served_at=pressed[n])
        assert outcome(answer) == (201, "redeemed")
    assert Redemption.objects.count() == 4
    assert set(Redemption.objects.values_list("proof", flat=True)) == {"chain"}


def test_rd40_a_gap_is_seen(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    for number in (1, 2, 5):
        body = {"token": shop.token(shop.sell(now), now)}
        assert phone.send("/redemptions", body, number=number).status_code == 201
    answer = phone.get("/manifest").json()
    assert (answer["highest_number"], answer["missing"]) == (5, [3, 4])
    assert count_missing_rows() == {phone.device: [3, 4]}
    assert phone.row.rows_missing == 2
    for number in (3, 4):
        phone.send("/redemptions", {"token": shop.token(shop.sell(now), now)}, number=number)
    assert count_missing_rows() == {}
    assert phone.row.rows_missing == 0


def test_rd58_a_key_that_was_seen_never_counts(shop: Shop) -> None:
    phone, key = make_phone(shop), uuid4()
    now = timezone.now()
    body = {"token": shop.token(shop.sell(now), now)}
    first = phone.send("/redemptions", body, key=key, number=1)
    assert outcome(first) == (201, "redeemed")
    Counter.objects.update(tokens=40, tokens_at=now + timedelta(days=1))
    assert phone.send("/redemptions", body, key=key, number=1).content == first.content
    assert phone.row.tokens == 40
    Counter.objects.update(tokens=0)
    other = {"token": shop.token(shop.sell(now), now)}
    assert outcome(phone.send("/redemptions", other, number=2)) == (429, "too_fast")
    assert phone.send("/redemptions", body, key=key, number=1).content == first.content
    undo = {"redemption": str(key)}
    Counter.objects.update(tokens=1)
    taken = phone.send("/undos", undo, key=UUID(int=7), number=3)
    assert outcome(taken) == (201, "undone")
    assert phone.send("/undos", undo, key=UUID(int=7), number=3).content == taken.content


def test_rd40_a_row_that_the_phone_did_not_sign_is_not_taken(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    body = {"token": shop.token(shop.sell(now), now)}
    wrong = {"Counter-Signature": rules.to_text(bytes(64))}
    assert outcome(phone.send("/redemptions", body, **wrong)) == (401, "signature_wrong")
    assert outcome(phone.send("/redemptions", body, **{"Counter-Number": "9"})) == (401, "signature_wrong")
    assert not Attempt.objects.exists()


def test_a_copied_phone_loses_its_right_to_serve_alone(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    ensure_codes(vouchers=[shop.sell(now)], at=now)
    phone.get("/manifest")
    assert phone.send("/redemptions", {"token": shop.token(shop.sell(now), now)}, number=1).status_code == 201
    answer = phone.send("/redemptions", {"token": shop.token(shop.sell(now), now)}, number=1)
    assert outcome(answer) == (409, "device_copied")
    assert phone.row.frozen_at is not None
    assert not Lease.objects.filter(returned_at=None).exists()
    assert phone.get("/manifest").json()["offline"] is False


def test_rd50_rows_of_a_revoked_phone_are_taken_once_it_is_back(shop: Shop) -> None:
    old, start = make_phone(shop), timezone.now() - 3 * HOUR
    vouchers = [shop.sell(start), shop.sell(start)]
    ensure_codes(vouchers=vouchers, at=start)
    told(old, 3 * HOUR)
    old.post(f"/devices/{old.device}/revocation", {})
    Counter.objects.filter(pk=old.device).update(revoked_at=timezone.now() - HOUR)
    new = make_phone(shop, "回来了")
    for voucher, ago in zip(vouchers, (2 * HOUR, HOUR / 2), strict=True):
        pressed = timezone.now() - ago
        body = {"token": shop.token(voucher, pressed), "pressed_at": pressed.isoformat()}
        old.http = new.http
        answer = old.send("/redemptions", body, served_at=pressed, **{"Counter-Device": str(old.device)})
        assert outcome(answer) == (201, "redeemed")
    assert list(Redemption.objects.order_by("redeemed_at").values_list("proof", flat=True)) == ["chain", "unproven"]


def test_rd28_a_leased_voucher_is_asked_back_and_then_used_elsewhere(shop: Shop) -> None:
    main, second, now = make_phone(shop), make_phone(shop, "二号"), timezone.now()
    voucher = shop.sell(now)
    code = ensure_codes(vouchers=[voucher], at=now)[voucher.pk]
    main.get("/manifest")
    key, body = uuid4(), {"token": shop.token(voucher, now)}
    assert outcome(second.send("/redemptions", body, key=key, number=1)) == (202, "waiting_for_counter")
    assert not Attempt.objects.exists()
    handle = bytes(code.handle).hex()
    assert main.get("/leases").json()["asked"] == [handle]
    assert outcome(main.post("/leases", {"returned": [handle], "drawn": 3})) == (409, "rows_missing")
    assert outcome(main.post("/leases", {"returned": [handle], "drawn": 0})) == (201, "returned")
    assert outcome(second.send("/redemptions", body, key=key, number=1)) == (201, "redeemed")


def test_undo_of_the_queue_counts_from_its_own_moment(shop: Shop) -> None:
    phone, start = make_phone(shop), timezone.now() - 3 * HOUR
    voucher = shop.sell(start)
    ensure_codes(vouchers=[voucher], at=start)
    told(phone, 3 * HOUR)
    key = uuid4()
    assert outcome(offline(phone, shop, voucher, 2 * HOUR, key=key)) == (201, "redeemed")
    pressed: datetime = timezone.now() - 2 * HOUR + timedelta(minutes=30)
    late = phone.send("/undos", {"redemption": str(key), "pressed_at": pressed.isoformat()})
    assert outcome(late) == (201, "undone")


def test_x24_several_vouchers_of_one_order_all_or_none(shop: Shop) -> None:
    from tests.factories import make_offer_version, make_vouchers

    phone, now = make_phone(shop), timezone.now()
    vouchers = make_vouchers(make_offer_version(shop.place, at=now), shop.member, quantity=3, at=now)
    token = shop.token(vouchers[1], now)
    assert outcome(phone.redeem(token=token, vouchers=4)) == (409, "too_few_vouchers")
    key = uuid4()
    answer = phone.redeem(token=token, vouchers=3, key=key)
    assert (answer.json()["outcome"], answer.json()["vouchers"]) == ("redeemed", 3)
    assert Redemption.objects.count() == 3
    assert outcome(phone.send("/undos", {"redemption": str(key)})) == (201, "undone")
    assert Redemption.objects.filter(undo=None).count() == 0
    assert get_total("cny") == 0
