"""Rows for tests, each function with defaults that make sense; append, do not change what others lean on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from bacao.accounts.models import User
from bacao.kit.geo import cell_of
from bacao.ledger.rules import Credit, Debit
from bacao.ledger.services import post
from bacao.offers.models import Offer, OfferFunder, OfferStock, OfferVersion
from bacao.offers.services import take_units
from bacao.orders.models import Order, Payment, Voucher
from bacao.places.models import Category, Merchant, Place, ShopRole
from bacao.redemption.queries import get_live_code
from bacao.redemption.services import Answer, ensure_codes, redeem_voucher

_numbers = count(1)


def make_user(name: str = "小满", **fields: Any) -> User:
    """Insert a person with a phone number of their own."""
    return User.objects.create_user(phone=f"+86139{next(_numbers):08d}", display_name=name, **fields)


def make_merchant(name: str = "鹿里咖啡", name_en: str = "Luli Coffee", **fields: Any) -> Merchant:
    """Insert a merchant that pays a fee of 2.5 %."""
    return Merchant.objects.create(name_zh=name, name_en=name_en, **{"platform_fee_basis_points": 250, **fields})


def make_place(merchant: Merchant | None = None, **fields: Any) -> Place:
    """Insert a coffee shop in the middle of the city, named after its merchant."""
    coffee = {"name_zh": "咖啡", "name_en": "Coffee", "emoji": "hot-beverage", "tint": 30}
    category, _ = Category.objects.get_or_create(code="coffee", defaults=coffee)
    latitude, longitude = fields.pop("latitude", 30.2536), fields.pop("longitude", 120.1644)
    return Place.objects.create(
        **{
            "merchant": merchant,
            "name_zh": merchant.name_zh if merchant else "湖边长椅",
            "name_en": merchant.name_en if merchant else "Lake bench",
            "category": category,
            "address_zh": "湖滨路 12 号",
            "address_en": "12 Hubin Road",
            "latitude": latitude,
            "longitude": longitude,
            "cell": cell_of(latitude, longitude),
            "usual_minor": 4000,
            **fields,
        }
    )


def make_role(
    user: User, merchant: Merchant, *, kind: str = "clerk", place: Place | None = None, at: datetime | None = None
) -> ShopRole:
    """Let somebody work for a merchant, at all of its shops where no place is given."""
    return ShopRole.objects.create(
        merchant=merchant, user=user, kind=kind, place=place, granted_at=at or timezone.now()
    )


@transaction.atomic
def make_offer_version(
    place: Place,
    *,
    kind: str = "package",
    state: str = "live",
    funders: Sequence[tuple[str, int]] = (("merchant", 10000),),
    at: datetime | None = None,
    **fields: Any,
) -> OfferVersion:
    """Insert a live offer with its one version; a package of ¥50 for ¥38 unless told otherwise."""
    at = at or timezone.now()
    offer = Offer.objects.create(place=place, kind=kind, state=state, state_changed_at=at, created_at=at)
    prices = {
        "package": {"price_minor": 3800, "list_minor": 5000},
        "voucher": {"price_minor": 8800, "face_minor": 10000},
        "percent_off": {"percent_basis_points": 1500},
        "threshold_off": {"face_minor": 2000, "threshold_minor": 10000},
        "card": {"price_minor": 10000, "list_minor": 15000, "uses": 10},
    }[kind]
    version = OfferVersion.objects.create(
        offer=offer,
        number=1,
        created_at=at,
        **{"title_zh": "手冲加可颂", "title_en": "Pour-over with croissant", **prices, **fields},
    )
    OfferFunder.objects.bulk_create(
        OfferFunder(version=version, party=party, share_basis_points=points) for party, points in funders
    )
    OfferStock.objects.create(offer=offer)
    return version


@transaction.atomic
def make_vouchers(
    version: OfferVersion,
    user: User,
    *,
    quantity: int = 1,
    at: datetime | None = None,
    valid_until: datetime | None = None,
    **order_fields: Any,
) -> list[Voucher]:
    """Insert a paid order with its vouchers and its money in the books."""
    at = at or timezone.now()
    place, price = version.offer.place, version.price_minor
    take_units(offer_id=version.offer_id, user_id=user.pk, quantity=quantity, per_person=None, at=at)
    order = Order.objects.create(
        **{
            "number": f"BCT{next(_numbers):08d}",
            "user": user,
            "place": place,
            "offer_version": version,
            "quantity": quantity,
            "unit_price_minor": price,
            "unit_list_minor": version.list_minor or version.face_minor,
            "total_minor": price * quantity,
            "refund_terms_zh": "没用掉随时全额退",
            "refund_terms_en": "Refunded in full until used",
            "placed_at": at,
            "expires_at": at + timedelta(minutes=15),
            "paid_at": at,
            **order_fields,
        }
    )
    if order.total_minor:
        _pay(order, at)
    assert place.merchant_id is not None, "only a shop sells"
    return [
        Voucher.objects.create(
            order=order,
            merchant_id=place.merchant_id,
            user=user,
            unit=unit,
            paid_minor=price,
            uses_total=version.uses,
            issued_at=at,
            valid_until=valid_until or at + timedelta(days=90),
        )
        for unit in range(1, quantity + 1)
    ]


def _pay(order: Order, at: datetime) -> None:
    total = order.total_minor
    Payment.objects.create(
        order=order, provider="sandbox", amount_minor=total, captured_minor=total, created_at=at, captured_at=at
    )
    entries = [Debit("asset.provider.sandbox", total), Credit(f"liab.unredeemed.{order.pk}", total)]
    post(id=uuid4(), kind="paid", entries=entries, origin={"order": str(order.pk)}, effective_at=at)


def make_voucher(version: OfferVersion, user: User, **fields: Any) -> Voucher:
    """Insert a paid order of one voucher, as `make_vouchers`."""
    return make_vouchers(version, user, **fields)[0]


@dataclass
class Shop:
    """A shop with its clerk and a member; the member's phone shows `token` or `typed` of a voucher."""

    merchant: Merchant
    place: Place
    clerk: User
    member: User

    def sell(self, at: datetime, version: OfferVersion | None = None, **offer: Any) -> Voucher:
        """Sell the member one voucher of an offer with these terms."""
        version = version or make_offer_version(self.place, at=at, **offer)
        return make_voucher(version, self.member, at=at)

    def token(self, voucher: Voucher, at: datetime) -> str:
        """Return the 47 digits that the member's phone shows."""
        code = ensure_codes(vouchers=[voucher], at=at)[voucher.pk]
        return get_live_code(code, at).token_at(at)

    def typed(self, voucher: Voucher, at: datetime) -> str:
        """Return the twelve digits that the member reads aloud."""
        return get_live_code(ensure_codes(vouchers=[voucher], at=at)[voucher.pk], at).typed

    def redeem(self, voucher: Voucher, at: datetime, **change: Any) -> Answer:
        """Scan the member's phone at the counter, under a new key."""
        if not {"token", "typed"} & set(change):
            change["token"] = self.token(voucher, at)
        request: dict[str, Any] = {
            "merchant_id": self.merchant.pk,
            "place_id": self.place.pk,
            "clerk": self.clerk,
            "key": uuid4(),
            "at": at,
        }
        return redeem_voucher(**request | change)


def make_shop(name: str = "鹿里咖啡", name_en: str = "Luli Coffee") -> Shop:
    """Insert a shop that sells and serves: a merchant with one place, a clerk and a member."""
    merchant = make_merchant(name, name_en)
    place, clerk = make_place(merchant), make_user("李")
    make_role(clerk, merchant, place=place)
    return Shop(merchant, place, clerk, make_user("小满"))
