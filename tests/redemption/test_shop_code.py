"""The shop's code, the second confirmation, and what happens when nothing works (RD9, RD16 to RD22, RD44 to RD48)."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from bacao.ledger.queries import get_balance, get_total
from bacao.redemption import rules
from bacao.redemption.models import Agreement, Incident, OfferPolicy, Redemption
from bacao.redemption.queries import get_live_code, get_shop_key, get_signed_heads, list_failure_rates
from bacao.redemption.rules.shop import confirmation_digits, live_code
from bacao.redemption.services import (
    TooLateToAnswer,
    answer_incident,
    create_stand,
    decide_due,
    decide_incident,
    ensure_codes,
)
from tests.factories import Shop, make_offer_version, make_role, make_shop, make_user, make_voucher
from tests.redemption.phone import Phone, make_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(shop: Shop) -> Client:
    client = Client()
    client.force_login(shop.member)
    return client


@pytest.fixture
def phone(shop: Shop) -> Phone:
    return make_phone(shop)


def send(client: Client, path: str, body: dict[str, Any], key: object = None) -> Any:
    headers = {"Idempotency-Key": str(key or uuid4())}
    return client.post(path, json.dumps(body, default=str), content_type="application/json", headers=headers)


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["outcome"]


def live_path(phone: Phone, at: datetime) -> str:
    return f"/s/{phone.row.code}/{live_code(get_shop_key(phone.row.pk), rules.step_at(at))}/redemptions"


# RD16 to RD18


def test_rd17_the_member_scans_and_the_counter_believes_the_digits(shop: Shop, phone: Phone, member: Client) -> None:
    now, key = timezone.now(), uuid4()
    voucher = shop.sell(now)  # nobody has opened it yet
    path = live_path(phone, now)
    answer = send(member, path, {"voucher": voucher.pk}, key)
    assert outcome(answer) == (201, "redeemed")
    assert (Redemption.objects.get().proof, Redemption.objects.get().counter_id) == ("shop", phone.device)
    told = phone.get("/manifest").json()["shop"]
    near = range(rules.step_at(now) - 1, rules.step_at(now) + 3)
    known = {confirmation_digits(rules.from_text(told["key"]), step, 0, 0) for step in near}
    assert answer.json()["digits"] in known
    assert send(member, path, {"voucher": voucher.pk}, key).json() == answer.json(), "the same press, the same digits"
    assert outcome(send(member, path, {"voucher": voucher.pk})) == (409, "already_redeemed")


def test_rd16_an_old_code_and_somebody_elses_voucher_are_refused(shop: Shop, phone: Phone, member: Client) -> None:
    now = timezone.now()
    voucher = shop.sell(now)
    ensure_codes(vouchers=[voucher], at=now)
    old = live_path(phone, now - timedelta(minutes=3))
    assert outcome(send(member, old, {"voucher": voucher.pk})) == (410, "code_old")
    assert outcome(send(member, "/s/AAAAAAAA/BBBBBBBBBB/redemptions", {"voucher": voucher.pk})) == (404, "not_found")
    thief = Client()
    assert outcome(send(thief, live_path(phone, now), {"voucher": voucher.pk})) == (401, "signed_out")
    thief.force_login(make_user("路人"))
    assert outcome(send(thief, live_path(phone, now), {"voucher": voucher.pk})) == (404, "not_found")
    assert not Redemption.objects.exists()


def test_rd18_confirmations_of_one_step_have_different_digits(shop: Shop, phone: Phone, member: Client) -> None:
    now = timezone.now()
    vouchers = [shop.sell(now) for _ in range(3)]
    ensure_codes(vouchers=vouchers, at=now)
    digits = [
        send(member, live_path(phone, timezone.now()), {"voucher": each.pk}).json()["digits"] for each in vouchers
    ]
    assert len(set(digits)) == 3


def test_rd19_a_printed_stand_serves_only_what_the_shop_allows(shop: Shop, member: Client) -> None:
    now, owner = timezone.now(), make_user("老板")
    make_role(owner, shop.merchant, kind="owner")
    stand = create_stand(place=shop.place, name="立牌", by=owner, at=now)
    voucher = shop.sell(now)
    ensure_codes(vouchers=[voucher], at=now)
    path = f"/s/{stand.code}/redemptions"
    assert outcome(send(member, path, {"voucher": voucher.pk})) == (409, "not_at_stand")
    offer = voucher.order.offer_version.offer
    OfferPolicy.objects.create(offer=offer, merchant=shop.merchant, at_stand=True)
    assert outcome(send(member, path, {"voucher": voucher.pk})) == (201, "redeemed")


# RD22


def test_rd22_the_member_confirms_first(shop: Shop, phone: Phone, member: Client) -> None:
    now, key = timezone.now(), uuid4()
    voucher = shop.sell(now)
    offer = voucher.order.offer_version.offer
    OfferPolicy.objects.create(offer=offer, merchant=shop.merchant, asks_member=True)
    body = {"token": shop.token(voucher, now)}
    assert outcome(phone.send("/redemptions", body, key=key, number=1)) == (202, "waiting_for_member")
    assert phone.get("/manifest").json()["vouchers"] == [], "such offers are online only"
    assert outcome(send(member, "/confirmations", {"voucher": voucher.pk})) == (201, "agreed")
    assert outcome(phone.send("/redemptions", body, key=key, number=1)) == (201, "redeemed")
    stranger = Client()
    stranger.force_login(make_user("路人"))
    assert outcome(send(stranger, "/confirmations", {"voucher": voucher.pk})) == (404, "not_found")
    assert Agreement.objects.count() == 1


# RD9: the signed symbol


def signed_token(shop: Shop, voucher: Any, at: datetime, *, offer: int = 0) -> str:
    code = ensure_codes(vouchers=[voucher], at=at)[voucher.pk]
    head = get_signed_heads(code, offer or voucher.order.offer_version.offer_id, at)
    day, step = divmod(rules.step_at(at), rules.STEPS_PER_DAY)
    value = rules.value_of(get_live_code(code, at).seeds[day], bytes(code.handle), day, step)
    return rules.encode_signed(head[day], value)


def test_rd9_a_signed_symbol_is_253_digits_and_redeems(shop: Shop, phone: Phone) -> None:
    now = timezone.now()
    token = signed_token(shop, shop.sell(now), now)
    assert len(token) == 253
    told = {key["id"]: rules.from_text(key["public_key"]) for key in phone.get("/manifest").json()["keys"]}
    parts = rules.decode_signed(token)
    assert parts
    assert rules.is_head_signed(parts, told[parts.head.key_id])
    assert outcome(phone.redeem(token=token)) == (201, "redeemed")
    assert Redemption.objects.get().proof == "signed"


def test_rd9_a_changed_signed_symbol_is_forged(shop: Shop, phone: Phone) -> None:
    now = timezone.now()
    voucher = shop.sell(now)
    raw = int(signed_token(shop, voucher, now)).to_bytes(105, "big")
    for place in (6, 10, 12, 20, 40, 90):  # day, offer, anchor, signature
        broken = bytearray(raw)
        broken[place] ^= 1
        assert phone.redeem(token=str(int.from_bytes(broken, "big"))).json()["outcome"] == "forged", place
    assert phone.redeem(token=signed_token(shop, voucher, now, offer=7)).json()["outcome"] == "forged"
    assert not Redemption.objects.exists()


# RD44 to RD48


def test_rd45_the_price_is_honoured_and_the_platform_pays_the_shop(shop: Shop, phone: Phone) -> None:
    voucher = shop.sell(timezone.now())  # 5000 for 3800, the shop's own discount
    ensure_codes(vouchers=[voucher], at=timezone.now())
    body = {"typed": shop.typed(voucher, timezone.now()), "reason": "old"}
    answer = phone.send("/incidents", body)
    assert outcome(answer) == (201, "honoured")
    assert (answer.json()["charge_minor"], answer.json()["difference_minor"]) == (0, 1200)
    incident = Incident.objects.get()
    assert (incident.redemption.proof, incident.user, incident.reason) == ("incident", shop.member, "old")
    assert get_balance("expense.compensation").balance_minor == 1200
    assert get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == 3705 + 1200
    assert outcome(phone.redeem(token=shop.token(voucher, timezone.now()))) == (409, "already_redeemed")
    decide_incident(incident_id=incident.pk, cause="shop", at=timezone.now())
    assert get_balance("expense.compensation").balance_minor == 0
    assert get_total("cny") == 0


def test_rd45_what_was_used_cannot_be_honoured_and_limits_hold(shop: Shop, phone: Phone) -> None:
    now = timezone.now()
    used = shop.sell(now)
    assert outcome(phone.redeem(token=shop.token(used, now))) == (201, "redeemed")
    assert outcome(phone.send("/incidents", {"typed": shop.typed(used, now), "reason": "old"}))[1] == "already_redeemed"
    for expected in ["honoured"] * 3 + ["over_limit"]:
        body = {"typed": shop.typed(shop.sell(now), now), "reason": "early"}
        assert phone.send("/incidents", body).json()["outcome"] == expected
    big = shop.sell(now, price_minor=1000, list_minor=90000)
    Incident.objects.update(opened_at=now - timedelta(days=2))
    assert phone.send("/incidents", {"typed": shop.typed(big, now), "reason": "old"}).json()["outcome"] == "over_limit"
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=Incident.objects.first().pk).update(difference_minor=10001)  # type: ignore[union-attr]  # there are three


def test_rd46_the_member_is_credited_when_there(shop: Shop, phone: Phone, member: Client) -> None:
    voucher = shop.sell(timezone.now())
    here = {"latitude": shop.place.latitude, "longitude": shop.place.longitude, "accuracy_m": 20}
    body = {"voucher": voucher.pk, "reason": "refused", "paid_minor": 5000, "presence": here}
    answer = send(member, "/incidents", body)
    assert outcome(answer) == (201, "credited")
    assert answer.json()["credit_minor"] == 1200
    assert get_balance(f"liab.credit.customer.{shop.member.pk}").balance_minor == 1200
    assert outcome(send(member, "/incidents", body)) == (409, "already_reported")
    voucher.refresh_from_db()
    assert voucher.uses_left == 1
    seen = member.get(f"/incidents/{answer.json()['incident']}").json()
    assert (seen["outcome"], seen["decided_at"]) == ("incident", None)


@pytest.mark.parametrize("presence", [None, {"latitude": 31.0, "longitude": 121.0}, {"shop": "AAAAAAAA", "code": "x"}])
def test_rd46_without_presence_a_person_looks_first(shop: Shop, member: Client, presence: Any) -> None:
    voucher = shop.sell(timezone.now())
    body = {"voucher": voucher.pk, "reason": "closed", "paid_minor": 5000, "presence": presence}
    assert outcome(send(member, "/incidents", body)) == (201, "noted")
    assert get_balance("expense.compensation").balance_minor == 0


def test_rd46_two_a_month_by_themselves(shop: Shop, phone: Phone, member: Client) -> None:
    credits = []
    for _ in range(3):
        now = timezone.now()
        presence = {"shop": phone.row.code, "code": live_path(phone, now).split("/")[3]}
        body = {"voucher": shop.sell(now).pk, "reason": "refused", "paid_minor": 90000, "presence": presence}
        credits.append(send(member, "/incidents", body).json()["credit_minor"])
    assert credits == [5000, 5000, 0]


def test_rd47_silence_decides_for_the_member_and_the_shop_pays(shop: Shop, member: Client) -> None:
    now, owner = timezone.now(), make_user("老板")
    make_role(owner, shop.merchant, kind="owner")
    here = {"latitude": shop.place.latitude, "longitude": shop.place.longitude}
    body = {"voucher": shop.sell(now).pk, "reason": "refused", "paid_minor": 5000, "presence": here}
    send(member, "/incidents", body)
    incident = Incident.objects.get()
    with pytest.raises(TooLateToAnswer):
        answer_incident(incident_id=incident.pk, by=owner, text="...", at=now + timedelta(hours=25))
    assert decide_due(at=now + timedelta(hours=71)) == 0
    assert decide_due(at=now + timedelta(hours=73)) == 1
    incident.refresh_from_db()
    assert incident.cause == "shop"
    assert get_balance(f"asset.receivable.merchant.{shop.merchant.pk}").balance_minor == 1200
    assert get_total("cny") == 0


def test_rd48_the_failure_rate_counts_failures_not_used_codes(shop: Shop, phone: Phone) -> None:
    now = timezone.now()
    for _ in range(20):
        assert phone.redeem(token=shop.token(shop.sell(now), now)).status_code == 201
    used = shop.sell(now)
    token = shop.token(used, now)
    phone.redeem(token=token)
    phone.redeem(token=token)  # already redeemed: no failure of the shop
    failed = shop.sell(now)
    phone.redeem(token=shop.token(failed, now - timedelta(minutes=5)))
    rate = list_failure_rates([shop.place.pk], timezone.now())[shop.place.pk]
    assert (rate.attempts, rate.failures, rate.per_thousand) == (23, 1, 44)
    assert not rate.keeps_badge
    assert list_failure_rates([make_shop("新店", "New").place.pk], now).popitem()[1].per_thousand is None
    assert make_voucher(make_offer_version(shop.place, at=now), shop.member, at=now).uses_left == 1
