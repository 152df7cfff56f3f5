"""What owners decide for their counter, and that phones, guests and the database follow (RD19, RD22, RD29, RD33)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bacao.redemption import rules
from bacao.redemption.models import Lease, OfferPolicy, ShopPolicy
from bacao.redemption.queries import get_limits, list_limit_changes
from bacao.redemption.services import NotOwner, ensure_codes, set_offer_policy, set_shop_policy
from tests.factories import Shop, make_role, make_shop, make_user
from tests.redemption.phone import make_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(shop: Shop) -> Any:
    owner = make_user("老板")
    make_role(owner, shop.merchant, kind="owner")
    return owner


def test_rd29_a_change_is_in_the_next_manifest(shop: Shop, owner: Any) -> None:
    phone, now = make_phone(shop), timezone.now()
    first = phone.get("/manifest").json()
    assert first["caps"] == rules.CAPS.as_json(), "nothing decided: what is usual"
    limits = rules.Limits(items=5, total_minor=20_000, item_minor=5_000, hours=6)
    set_shop_policy(merchant_id=shop.merchant.pk, limits=limits, by=owner, at=now)
    told = phone.get("/manifest", since=first["number"]).json()
    assert told["caps"] == {
        "soft_items": 1, "soft_minor": 4_000, "hard_items": 5, "hard_minor": 20_000, "item_minor": 5_000,
    }  # fmt: skip
    life = datetime.fromisoformat(told["valid_until"]) - datetime.fromisoformat(told["server_time"])
    assert (life, told["offline"]) == (timedelta(hours=6), True)
    set_shop_policy(merchant_id=shop.merchant.pk, limits=rules.DEFAULT, by=owner, at=now)
    assert phone.get("/manifest", since=told["number"]).json()["caps"] == rules.CAPS.as_json()


def test_rd28_a_shop_that_serves_nothing_alone_holds_no_leases(shop: Shop, owner: Any) -> None:
    phone, now = make_phone(shop), timezone.now()
    ensure_codes(vouchers=[shop.sell(now)], at=now)
    assert phone.get("/manifest").json()["vouchers"][0]["leased"] is True
    none = replace(rules.DEFAULT, items=0)
    set_shop_policy(merchant_id=shop.merchant.pk, limits=none, by=owner, at=now)
    behind = phone.get("/manifest", drawn=3).json()
    assert (behind["offline"], Lease.objects.filter(returned_at=None).count()) == (False, 1), "its rows come first"
    told = phone.get("/manifest", drawn=0).json()
    assert (told["offline"], told["vouchers"][0]["leased"]) == (False, False)
    set_shop_policy(merchant_id=shop.merchant.pk, limits=rules.DEFAULT, by=owner, at=now)
    assert phone.get("/manifest").json()["vouchers"][0]["leased"] is True


def test_rd22_an_offer_that_asks_the_guest_leaves_the_manifest(shop: Shop, owner: Any) -> None:
    phone, now = make_phone(shop), timezone.now()
    voucher = shop.sell(now)
    ensure_codes(vouchers=[voucher], at=now)
    first = phone.get("/manifest").json()
    offer = first["offers"][0]["offer"]
    set_offer_policy(offer_id=offer, asks_member=True, at_stand=False, typed_alone=False, by=owner, at=now)
    told = phone.get("/manifest", since=first["number"]).json()
    assert (told["offers"][0]["asks_member"], told["gone"]) == (True, [first["vouchers"][0]["handle"]])
    set_offer_policy(offer_id=offer, asks_member=False, at_stand=False, typed_alone=False, by=owner, at=now)
    again = phone.get("/manifest", since=told["number"]).json()
    assert (again["offers"][0]["asks_member"], len(again["vouchers"])) == (False, 1)


def test_rd15_phones_are_told_what_digits_to_know_once_the_owner_takes_the_risk(shop: Shop, owner: Any) -> None:
    phone, now = make_phone(shop), timezone.now()
    voucher = shop.sell(now)
    ensure_codes(vouchers=[voucher], at=now)
    first = phone.get("/manifest").json()
    assert (first["typing"], "typed" in first["vouchers"][0]) == (None, False)
    ticks = {"offer_id": first["offers"][0]["offer"], "asks_member": False, "at_stand": False, "by": owner, "at": now}
    set_offer_policy(**ticks, typed_alone=True)
    told = phone.get("/manifest", since=first["number"]).json()
    assert told["typing"]["most_minor"] == rules.TYPED_MOST_MINOR
    assert [each["handle"] for each in told["vouchers"] if each.get("typed")] == [first["vouchers"][0]["handle"]]
    set_offer_policy(**ticks, typed_alone=False)
    (again,) = phone.get("/manifest", since=told["number"]).json()["vouchers"]
    assert not again.get("typed")


def test_only_an_owner_of_the_shop_decides(shop: Shop, owner: Any) -> None:
    now, foreign = timezone.now(), make_user("别人")
    make_role(foreign, make_shop("别家", "Elsewhere").merchant, kind="owner")
    voucher = shop.sell(now)
    for somebody in (foreign, shop.clerk, make_user()):
        with pytest.raises(NotOwner):
            set_shop_policy(merchant_id=shop.merchant.pk, limits=rules.MOST, by=somebody, at=now)
        with pytest.raises(NotOwner):
            offer = voucher.order.offer_version.offer_id
            set_offer_policy(offer_id=offer, asks_member=True, at_stand=True, typed_alone=True, by=somebody, at=now)
    assert (ShopPolicy.objects.count(), OfferPolicy.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": 201}, "items"),
        ({"items": -1}, "items"),
        ({"total_minor": 600_001}, "total_minor"),
        ({"total_minor": 99}, "total_minor"),
        ({"item_minor": 100_001}, "item_minor"),
        ({"item_minor": 9_000, "total_minor": 5_000}, "item_minor"),
        ({"hours": 0}, "hours"),
        ({"hours": 25}, "hours"),
    ],
)
def test_limits_are_kept_by_the_rules_and_by_the_database(
    shop: Shop, owner: Any, change: dict[str, int], field: str
) -> None:
    now, limits = timezone.now(), replace(rules.DEFAULT, **change)
    with pytest.raises(rules.LimitsRefused) as refused:
        set_shop_policy(merchant_id=shop.merchant.pk, limits=limits, by=owner, at=now)
    assert list(refused.value.errors) == [field]
    values = {name: getattr(limits, name) for name in ("items", "total_minor", "item_minor", "hours")}
    with pytest.raises(IntegrityError, match="redemption_shop_policy_within"), transaction.atomic():
        ShopPolicy.objects.create(merchant=shop.merchant, changed_at=now, **values)


def test_the_bounds_themselves_are_good(shop: Shop, owner: Any) -> None:
    for limits in (rules.LEAST, rules.MOST):
        set_shop_policy(merchant_id=shop.merchant.pk, limits=limits, by=owner, at=timezone.now())
        assert get_limits(shop.merchant.pk) == limits
    assert (rules.MOST.at_own_risk, rules.DEFAULT.at_own_risk) == (True, False)
    assert rules.DEFAULT.as_caps() == rules.CAPS


def test_each_change_is_kept_with_who_made_it(shop: Shop, owner: Any) -> None:
    now = timezone.now()
    for minute, items in enumerate((5, 7, 7)):
        at = now + timedelta(minutes=minute)
        limits = replace(rules.DEFAULT, items=items)
        set_shop_policy(merchant_id=shop.merchant.pk, limits=limits, by=owner, at=at)
    changes = [(change.items, change.changed_at, change.changed_by) for change in list_limit_changes(shop.merchant.pk)]
    assert changes == [(7, now + timedelta(minutes=1), owner), (5, now, owner)], "the same again is no change"


def test_rd33_higher_limits_do_not_move_what_the_platform_bears(shop: Shop, owner: Any) -> None:
    now = timezone.now()
    set_shop_policy(merchant_id=shop.merchant.pk, limits=rules.MOST, by=owner, at=now)
    exposure = rules.Exposure(items=rules.CAPS.hard_items, worth_minor=0, manifest_at=now, leased=True)
    assert rules.payer_of(proven=True, pressed_at=now, worth_minor=100, exposure=exposure) == "merchant"
