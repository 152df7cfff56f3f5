"""The owner's page of phones, tiles, stands and incidents; the counter's shell; the page behind the shop's code."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from bacao.accounts.models import User
from bacao.redemption.models import Clerk, Counter, Incident
from bacao.redemption.services import check_pin, create_stand
from bacao.redemption.services.clerks import PinWrong
from bacao.web.counter.pages import FILES
from tests import factories
from tests.factories import Shop, make_shop
from tests.redemption.phone import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


@pytest.fixture
def owner(shop: Shop, client: Client) -> User:
    person = factories.make_user("林晓")
    factories.make_role(person, shop.merchant, kind="owner")
    client.force_login(person)
    return person


def test_the_owner_agrees_by_digits(client: Client, shop: Shop, owner: User) -> None:
    phone = Phone(shop).enrol()
    page = client.get("/merchant/devices").text
    assert "等你同意" in page
    assert f"/counter?place={shop.place.pk}" in page, "the link for the till"
    address = f"/merchant/devices/{phone.device}/agreement"
    assert phone.digits not in page, "whoever agrees has to see the phone"
    wrong = client.post(address, {"digits": "000000" if phone.digits != "000000" else "111111"}, follow=True)
    assert "toast--error" in wrong.text
    client.post(address, {"digits": phone.digits[:3] + " " + phone.digits[3:]})
    assert phone.row.agreed_by == owner
    client.post(f"/merchant/devices/{phone.device}/revocation")
    assert phone.row.revoked_at


def test_the_owner_turns_a_stranger_away(client: Client, shop: Shop, owner: User) -> None:
    phone = Phone(shop).enrol()
    client.post(f"/merchant/devices/{phone.device}/agreement", {"refuse": "1"})
    assert phone.row.refused_at and not phone.row.agreed_at


def test_tiles_are_added_changed_freed_and_put_away(client: Client, shop: Shop, owner: User) -> None:
    assert "toast--error" in client.post("/merchant/tiles", {"name": "小李", "pin": "1111"}, follow=True).text
    client.post("/merchant/tiles", {"name": "小李", "pin": "4711"})
    tile = Clerk.objects.get()
    assert (tile.name, tile.is_owner) == ("小李", False)
    for _ in range(5):
        with pytest.raises(PinWrong):
            check_pin(merchant_id=shop.merchant.pk, clerk_id=tile.pk, pin="9876")
    assert "锁了" in client.get("/merchant/devices").text
    client.post(f"/merchant/tiles/{tile.pk}", {"free": "1"})
    client.post(f"/merchant/tiles/{tile.pk}", {"pin": "2580"})
    assert check_pin(merchant_id=shop.merchant.pk, clerk_id=tile.pk, pin="2580") == tile
    client.post(f"/merchant/tiles/{tile.pk}", {"end": "1"})
    assert "小李" not in client.get("/merchant/devices").text.split("名牌")[2]


def test_another_owner_finds_nothing(client: Client, shop: Shop) -> None:
    other = make_shop("别家", "Elsewhere")
    stranger = factories.make_user("路人")
    factories.make_role(stranger, other.merchant, kind="owner")
    client.force_login(stranger)
    phone = Phone(shop).enrol()
    assert client.post(f"/merchant/devices/{phone.device}/agreement", {"digits": phone.digits}).status_code == 404
    assert client.post(f"/merchant/devices/{phone.device}/revocation").status_code == 404
    assert not phone.row.agreed_at


def test_a_stand_is_printed_with_the_shop_code(client: Client, shop: Shop, owner: User) -> None:
    page = client.post("/merchant/stands", {"place": shop.place.pk}, follow=True).text
    stand = Counter.objects.get(kind="stand")
    assert stand.code in page
    assert "<svg" in page


def test_an_incident_is_answered_once(client: Client, shop: Shop, owner: User) -> None:
    now = timezone.now()
    incident = Incident.objects.create(
        merchant=shop.merchant, place=shop.place, voucher=shop.sell(now), user=shop.member, door="member",
        reason="closed", opened_at=now, answer_by=now + timedelta(hours=24), decide_by=now + timedelta(hours=72),
    )  # fmt: skip
    assert "没开门" in client.get("/merchant/incidents").text
    client.post(f"/merchant/incidents/{incident.pk}/answer", {"text": "那天停电了"})
    assert "那天停电了" in client.get("/merchant/incidents").text
    again = client.post(f"/merchant/incidents/{incident.pk}/answer", {"text": "另一句"}, follow=True)
    assert "toast--error" in again.text


def test_the_shell_knows_nobody(client: Client, shop: Shop, owner: User) -> None:
    page = client.get("/counter?shell").text
    assert "林晓" not in page and "鹿里咖啡" not in page
    assert all(name.rpartition("/")[2] in page for name in FILES)
    client.logout()
    assert "鹿里咖啡" in client.get(f"/counter?place={shop.place.pk}").text
    assert client.get("/counter?place=999999").status_code == 404
    assert client.get("/counter-worker.js").headers["Content-Type"].startswith("text/javascript")


def test_the_page_behind_the_shop_code_shows_what_is_usable_there(client: Client, shop: Shop, owner: User) -> None:
    stand = create_stand(place=shop.place, name="立牌", by=owner, at=timezone.now())
    other = make_shop("别家", "Elsewhere")
    here = shop.sell(timezone.now(), title_zh="这家的")
    factories.make_voucher(factories.make_offer_version(other.place, title_zh="别家的"), shop.member)
    client.force_login(shop.member)
    page = client.get(f"/S/{stand.code}").text
    assert "这家的" in page and "别家的" not in page
    assert str(here.pk) in page
    assert client.get("/s/AAAAAAAA").status_code == 404
    client.logout()
    assert client.get(f"/S/{stand.code}")["Location"].startswith("/sign-in?next=/S/")


def test_every_module_that_the_counter_imports_is_kept() -> None:
    """What the page or its worker imports is among the files that open without network."""
    import re

    from bacao.web.counter.pages import JS

    kept = set(FILES)
    for name in sorted(kept):
        if not name.startswith("js/"):
            continue
        source = (JS / name.removeprefix("js/")).read_text()
        for target in re.findall(r"""(?:from|import\()\s*"(\.[^"]+)\"""", source):
            path = (JS / name.removeprefix("js/")).parent.joinpath(target).resolve().relative_to(JS.parent)
            assert str(path) in kept, f"{name} imports {path}"
