"""Twelve digits typed while the counter has no network: refused, unless the shop takes the risk (RD15)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from bacao.ledger.queries import get_balance, get_total
from bacao.orders.models import Voucher
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Counter, OfferPolicy, Redemption, Served
from bacao.redemption.services import create_till, ensure_codes
from tests.factories import Shop, make_offer_version, make_role, make_shop, make_user, make_voucher
from tests.redemption.phone import Phone, make_phone

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def voucher(shop: Shop) -> Voucher:
    sold = shop.sell(timezone.now() - 3 * HOUR)
    ensure_codes(vouchers=[sold], at=timezone.now())
    return sold


def decide(shop: Shop, voucher: Voucher, allowed: bool = True) -> None:
    """Let the shop decide about the offer of a voucher."""
    OfferPolicy.objects.update_or_create(
        offer=voucher.order.offer_version.offer, defaults={"merchant": shop.merchant, "typed_alone": allowed}
    )


def typed(phone: Phone, shop: Shop, voucher: Voucher, ago: timedelta = HOUR, **change: Any) -> Any:
    """Send digits that were typed some time ago; green was shown then."""
    pressed = timezone.now() - ago
    digits = change.pop("typed", None) or shop.typed(voucher, timezone.now())
    return phone.redeem(typed=digits, pressed_at=pressed.isoformat(), served_at=pressed, **change)


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["outcome"]


def test_rd15_off_is_the_default_and_the_refusal_is_kept(shop: Shop, voucher: Voucher) -> None:
    phone, key = make_phone(shop), uuid4()
    told = phone.get("/manifest").json()
    assert told["typing"] is None
    assert "typed" not in told["vouchers"][0]
    first = typed(phone, shop, voucher, key=key)
    assert outcome(first) == (409, "typed_alone")
    assert Attempt.objects.get(key=key).status == 409
    assert not Redemption.objects.exists()
    assert Served.objects.get().payer == "merchant"
    assert outcome(phone.redeem(typed=shop.typed(voucher, timezone.now()))) == (201, "redeemed"), "online it is as ever"


def test_rd15_allowed_a_phone_is_told_a_tag_that_fits_many_codes(shop: Shop, voucher: Voucher) -> None:
    phone, digits = make_phone(shop), shop.typed(voucher, timezone.now())
    dear = shop.sell(timezone.now(), list_minor=rules.TYPED_MOST_MINOR + 100)
    other = shop.sell(timezone.now())
    ensure_codes(vouchers=[dear, other], at=timezone.now())
    decide(shop, voucher)
    decide(shop, dear)
    told = phone.get("/manifest").json()
    assert told["typing"]["most_minor"] == rules.TYPED_MOST_MINOR
    tags = [each["typed"] for each in told["vouchers"] if "typed" in each]
    assert tags == [rules.typed_tag(rules.from_text(told["typing"]["key"]), digits)], "not the dear one, not the other"
    assert len(tags[0]) * 4 == 20
    assert digits not in str(told)
    second = make_phone(shop, "二号").get("/manifest").json()
    assert second["typing"] == told["typing"], "two keys would tell twice as much of the same code"
    Counter.objects.filter(pk=phone.device).update(frozen_at=timezone.now())
    assert phone.get("/manifest").json()["typing"] is None


def test_rd15_each_shop_has_a_key_of_its_own() -> None:
    keys = rules.derive_keys("a secret of the tests")
    assert len({rules.tag_key(keys.tag, merchant) for merchant in range(50)}) == 50
    tags = {rules.typed_tag(rules.tag_key(keys.tag, 7), f"{n:012d}") for n in range(3000)}
    assert 2980 < len(tags) <= 3000


def test_rd15_allowed_it_counts_unproven_once(shop: Shop, voucher: Voucher) -> None:
    phone, key = make_phone(shop), uuid4()
    decide(shop, voucher)
    phone.get("/manifest")
    first = typed(phone, shop, voucher, key=key, number=1)
    assert outcome(first) == (201, "redeemed")
    assert Redemption.objects.get().proof == first.json()["proof"] == "unproven"
    assert outcome(typed(phone, shop, voucher, number=2)) == (409, "already_redeemed")
    assert Redemption.objects.count() == 1
    assert sorted(Served.objects.values_list("payer", flat=True)) == ["", "merchant"]


def test_rd15_the_same_row_again_is_the_same_answer(shop: Shop, voucher: Voucher) -> None:
    phone, key = make_phone(shop), uuid4()
    decide(shop, voucher)
    at = timezone.now() - HOUR
    body = {"typed": shop.typed(voucher, timezone.now()), "pressed_at": at.isoformat()}
    answers = [phone.send("/redemptions", body, key=key, number=1, served_at=at).content for _ in range(3)]
    assert len(set(answers)) == 1
    decide(shop, voucher, allowed=False)
    assert phone.send("/redemptions", body, key=key, number=1, served_at=at).content == answers[0]


@pytest.mark.parametrize(("uses", "said"), [(2, (201, "redeemed")), (3, (409, "typed_alone"))])
def test_rd15_above_the_floor_it_is_refused(shop: Shop, uses: int, said: tuple[int, str]) -> None:
    version = make_offer_version(shop.place, kind="card", list_minor=25_000, uses=5)
    card = make_voucher(version, shop.member, at=timezone.now() - 3 * HOUR)
    decide(shop, card)
    phone = make_phone(shop)
    assert rules.TYPED_MOST_MINOR == 10_000
    assert outcome(typed(phone, shop, card, uses=uses)) == said


def test_rd15_a_wrong_code_is_nobodys_voucher_and_the_shops_loss(shop: Shop, voucher: Voucher) -> None:
    phone = make_phone(shop)
    decide(shop, voucher)
    body = f"{(int(shop.typed(voucher, timezone.now())[:11]) + 12_345) % 10**11:011d}"
    wrong = body + rules.damm_digit(body)
    assert outcome(typed(phone, shop, voucher, typed=wrong)) == (404, "not_found")
    other = make_shop("别家", "Elsewhere")
    theirs = other.sell(timezone.now())
    decide(other, theirs)
    assert outcome(typed(phone, other, theirs)) == (404, "not_found")
    assert set(Served.objects.values_list("payer", flat=True)) == {"merchant"}
    assert not Redemption.objects.exists()


def test_rd15_used_online_meanwhile_the_shop_bears_it(shop: Shop, voucher: Voucher) -> None:
    phone, second = make_phone(shop), make_phone(shop, "二号")
    decide(shop, voucher)
    assert outcome(phone.redeem(token=shop.token(voucher, timezone.now()))) == (201, "redeemed")
    assert outcome(typed(second, shop, voucher)) == (409, "already_redeemed")
    assert Served.objects.get().payer == "merchant"
    assert get_balance(f"asset.receivable.customer.{shop.member.pk}").balance_minor == 0
    assert get_total("cny") == 0


def test_rd15_whose_digits_another_used_owes_nothing(shop: Shop, voucher: Voucher) -> None:
    """Somebody overheard the digits and was first; then the member was served by the code itself, without network."""
    first, second = make_phone(shop), make_phone(shop, "二号")
    decide(shop, voucher)
    for phone in (first, second):
        phone.get("/manifest")
    Counter.objects.update(manifest_at=timezone.now() - 2 * HOUR)
    for counter in Counter.objects.all():
        counter.manifests.update(issued_at=timezone.now() - 2 * HOUR)
    assert outcome(typed(first, shop, voucher)) == (201, "redeemed")
    pressed = timezone.now() - HOUR / 2
    body = {"token": shop.token(voucher, pressed), "pressed_at": pressed.isoformat()}
    assert outcome(second.send("/redemptions", body, served_at=pressed)) == (409, "already_redeemed")
    assert Served.objects.get(counter=second.device).payer == "merchant"
    assert get_balance(f"asset.receivable.customer.{shop.member.pk}").balance_minor == 0


def test_rd15_switched_off_what_was_served_before_still_counts(shop: Shop) -> None:
    phone, now = make_phone(shop), timezone.now()
    vouchers = [shop.sell(now - 60 * HOUR) for _ in range(2)]
    for voucher in vouchers:
        decide(shop, voucher)
        decide(shop, voucher, allowed=False)
    assert all(OfferPolicy.objects.values_list("typed_ended_at", flat=True))
    assert phone.get("/manifest").json()["typing"] is None
    assert outcome(typed(phone, shop, vouchers[0])) == (201, "redeemed")
    OfferPolicy.objects.update(typed_ended_at=now - 30 * HOUR)
    assert outcome(typed(phone, shop, vouchers[1])) == (409, "typed_alone")


def test_rd15_a_till_is_told_nothing(shop: Shop, voucher: Voucher) -> None:
    owner = make_user("老板")
    make_role(owner, shop.merchant, kind="owner")
    decide(shop, voucher)
    till, secret = create_till(place=shop.place, name="收银机", by=owner, at=timezone.now())
    told = Client().get("/manifest", headers={"Authorization": f"Bearer {rules.login_of(till.pk, secret)}"}).json()
    assert told["typing"] is None
    assert "typed" not in str(told["vouchers"])
