"""A shop with its owner and clerk, and a browser for each; what they sell and redeem."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from bacao.accounts.models import User
from bacao.offers.models import Offer, OfferVersion
from bacao.places.models import Merchant, Place
from bacao.redemption.models import Arrival
from bacao.redemption.services import RedemptionRow, load_redemptions, undo_redemption
from tests.factories import make_merchant, make_offer_version, make_place, make_role, make_user, make_voucher

PACKAGE = {
    "kind": "package", "title_zh": "双人下午茶", "title_en": "Tea for two", "price_minor": "68", "party_size": "2",
    "cost_minor": "25", "stock": "50", "per_person": "2", "valid_days": "60", "items-TOTAL_FORMS": "3",
    "items-INITIAL_FORMS": "0", "items-0-zh": "手冲", "items-0-en": "Pour-over", "items-0-quantity": "2",
    "items-0-unit_minor": "30", "items-1-zh": "可颂", "items-1-quantity": "1", "items-1-unit_minor": "26",
    "items-2-zh": "", "items-2-quantity": "1",
}  # fmt: skip


@dataclass
class World:
    """A shop with its owner and clerk, and a browser for each."""

    merchant: Merchant
    place: Place
    owner: User
    clerk: User
    browser: Client
    clerks_browser: Client


def sign_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def make_world(name: str = "鹿里咖啡", name_en: str = "Luli Coffee") -> World:
    merchant = make_merchant(name, name_en, platform_fee_basis_points=200)
    place = make_place(merchant)
    owner, clerk = make_user("Lin"), make_user("Ah Xiu")
    make_role(owner, merchant, kind="owner")
    make_role(clerk, merchant, place=place)
    return World(merchant, place, owner, clerk, sign_in(owner), sign_in(clerk))


def redeem(version: OfferVersion, user: User, clerk: User | None = None, **row: Any) -> Arrival | None:
    """Sell and redeem one unit; return the visit, None where it is the same visit as before."""
    row = {"redeemed_at": timezone.now() - timedelta(minutes=5), **row}
    voucher = make_voucher(version, user, at=row["redeemed_at"] - timedelta(hours=1))
    rows = [RedemptionRow(voucher_id=voucher.pk, clerk_id=clerk.pk if clerk else None, **row)]
    return next(iter(load_redemptions(rows=rows, at=timezone.now())), None)


def make_by_form(world: World, values: dict[str, str] = PACKAGE) -> Offer:
    world.browser.post("/merchant/offers/new", values)
    return Offer.objects.get()


def sell_a_little(world: World) -> None:
    """Two packages (one taken back), one voucher the platform helps with, one card use, one discount at the counter."""
    guest = make_user("=HYPERLINK()")
    package = make_offer_version(world.place, title_en="Tea", price_minor=6800, list_minor=8600)
    redeem(package, guest, world.clerk)
    arrival = redeem(package, make_user(), world.clerk)
    assert arrival is not None
    assert arrival.redemption is not None
    voucher = make_offer_version(
        world.place, kind="voucher", title_en="Note", funders=[("platform", 3333), ("merchant", 6667)]
    )
    redeem(voucher, make_user(), world.clerk, bill_minor=12345)
    redeem(make_offer_version(world.place, kind="card", title_en="=Card", uses=3), make_user(), uses=2)
    redeem(make_offer_version(world.place, kind="percent_off", title_en="Off"), make_user(), bill_minor=10000)
    undo_redemption(
        merchant_id=world.merchant.pk, clerk=world.clerk, redemption_key=arrival.redemption.key, key=uuid4(),
        at=timezone.now(),
    )  # fmt: skip
