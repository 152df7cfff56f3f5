"""The pages on which an owner decides what goes at the counter; plain forms, no JavaScript."""

import pytest

from bacao.redemption import rules
from bacao.redemption.models import OfferPolicy, ShopPolicy
from bacao.redemption.queries import get_limits
from tests.factories import make_offer_version
from tests.web.merchant.shop_world import World, make_world, sign_in

pytestmark = pytest.mark.django_db
LIMITS = {"alone": "on", "items": "5", "total_minor": "200", "item_minor": "60.50", "hours": "6"}
PAGE = "/merchant/devices/policy"


def test_limits_are_set_shown_and_reset(world: World) -> None:
    html = world.browser.get(PAGE).content.decode()
    assert 'value="1500"' in html and "up to 50 uses worth" in html, "what is usual stands there"
    assert 'name="reset"' not in html
    world.browser.post(PAGE, LIMITS)
    assert get_limits(world.merchant.pk) == rules.Limits(items=5, total_minor=20_000, item_minor=6_050, hours=6)
    html = world.browser.get(PAGE).content.decode()
    assert "up to 5 uses worth" in html and "Saved" in html and "Lin" in html
    world.browser.post(PAGE, {**LIMITS, "reset": "1"})
    assert get_limits(world.merchant.pk) == rules.DEFAULT


def test_what_cannot_be_is_said_beside_its_field_in_both_languages(world: World) -> None:
    wrong = {**LIMITS, "items": "500", "item_minor": "2000"}
    answer = world.browser.post(PAGE, wrong)
    assert answer.status_code == 422
    assert "Between 0 and 200, please." in answer.content.decode()
    assert "Between ¥0 and ¥1,000, please." in answer.content.decode()
    chinese = sign_in(world.owner, "zh-hans").post(PAGE, wrong).content.decode()
    assert "填 0 到 200。" in chinese and "柜台规则" in chinese
    assert "for none, switch it off" in world.browser.post(PAGE, {**LIMITS, "items": "0"}).content.decode()
    assert not ShopPolicy.objects.exists()


def test_switched_off_nothing_goes_without_network_and_the_rest_is_remembered(world: World) -> None:
    off = {name: value for name, value in LIMITS.items() if name != "alone"}
    world.browser.post(PAGE, off)
    limits = get_limits(world.merchant.pk)
    assert (limits.serves_alone, limits.hours) == (False, 6)
    assert "nothing is served without network. No risk" in world.browser.get(PAGE).content.decode()


def test_more_than_the_platform_bears_is_said_to_be_the_shops(world: World) -> None:
    world.browser.post(PAGE, {**LIMITS, "items": "80"})
    assert "the excess is yours" in world.browser.get(PAGE).content.decode()


def test_an_offer_asks_the_guest_or_takes_the_stand(world: World) -> None:
    offer = make_offer_version(world.place, title_en="Tea").offer_id
    page = f"/merchant/offers/{offer}/counter"
    assert page in world.browser.get(f"/merchant/offers/{offer}").content.decode()
    assert PAGE in world.browser.get("/merchant/devices").content.decode()
    assert 'name="reset"' not in world.browser.get(page).content.decode()
    world.browser.post(page, {"asks_member": "on"})
    policy = OfferPolicy.objects.get(offer=offer)
    assert (policy.asks_member, policy.at_stand, policy.changed_by) == (True, False, world.owner)
    assert "Back to the usual" in world.browser.get(page).content.decode()
    world.browser.post(page, {"asks_member": "on", "reset": "1"})
    policy.refresh_from_db()
    assert (policy.asks_member, policy.at_stand, policy.typed_alone) == (False, False, False)
    world.browser.post(page, {"typed_alone": "on"})
    policy.refresh_from_db()
    assert (policy.asks_member, policy.at_stand, policy.typed_alone) == (False, False, True)
    assert "worth up to ¥100" in " ".join(world.browser.get(page).content.decode().split())


def test_nobody_else_changes_them(world: World) -> None:
    offer = make_offer_version(world.place).offer_id
    other = make_world("别家", "Elsewhere")
    for path in (PAGE, f"/merchant/offers/{offer}/counter"):
        assert world.clerks_browser.post(path, LIMITS).status_code == 403
    assert other.browser.post(f"/merchant/offers/{offer}/counter", {"at_stand": "on"}).status_code == 404
    other.browser.post(PAGE, LIMITS)
    assert get_limits(world.merchant.pk) == rules.DEFAULT, "an owner elsewhere changes their own shop's"
    assert not OfferPolicy.objects.exists()
