"""Changing merchants, and who owns them or works for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from bacao.kit.text import Refused, Text
from bacao.places.models import Merchant, Place, ShopRole

if TYPE_CHECKING:
    from bacao.accounts.models import User


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """A business to be loaded, and the person who owns it."""

    name_zh: str
    name_en: str
    owner_id: int
    platform_fee_basis_points: int = 0


class NotOwner(Refused):
    """Somebody who does not own a merchant wants to change who works there."""

    code = "not_owner"
    text = Text("只有店主可以安排店员。", "Only the owner can decide who works here.")
    status = 403


class LastOwner(Refused):
    """The only owner wants to leave."""

    code = "last_owner"
    text = Text(
        "这是唯一的店主。请先把店交给另一位店主，再退出。",
        "This is the only owner. Make somebody else an owner first.",
    )


@transaction.atomic
def create_merchant(
    *, name_zh: str, name_en: str = "", owner: "User", at: datetime, platform_fee_basis_points: int = 0
) -> Merchant:
    """Make a business and its first owner."""
    merchant = Merchant.objects.create(
        name_zh=name_zh, name_en=name_en, created_at=at, platform_fee_basis_points=platform_fee_basis_points
    )
    grant_shop_role(merchant=merchant, user=owner, kind=ShopRole.Kind.OWNER, granted_by=None, at=at)
    return merchant


@transaction.atomic
def load_merchants(*, rows: Sequence[MerchantRow], at: datetime) -> list[Merchant]:
    """Insert many businesses with their owners; return them in the same order."""
    merchants = Merchant.objects.bulk_create(
        Merchant(
            name_zh=row.name_zh, name_en=row.name_en, created_at=at,
            platform_fee_basis_points=row.platform_fee_basis_points,
        )
        for row in rows
    )  # fmt: skip
    ShopRole.objects.bulk_create(
        ShopRole(merchant=merchant, user_id=row.owner_id, kind=ShopRole.Kind.OWNER, granted_at=at)
        for merchant, row in zip(merchants, rows, strict=True)
    )
    return merchants


@transaction.atomic
def grant_shop_role(
    *,
    merchant: Merchant,
    user: "User",
    kind: str,
    granted_by: "User | None",
    at: datetime,
    place: Place | None = None,
) -> ShopRole:
    """Make somebody an owner of a merchant, or a clerk of it (at one place, or at all where `place` is None).

    A role already held is returned as it is. A clerk of one place who is called to another one serves all from then.
    """
    Merchant.objects.select_for_update().get(pk=merchant.pk)
    held = ShopRole.objects.filter(merchant=merchant, user=user, kind=kind, ended_at=None).first()
    if held and held.place_id in (None, place.pk if place else None):
        return held
    if held:
        held.ended_at = at
        held.save(update_fields=["ended_at"])
        place = None
    return ShopRole.objects.create(
        merchant=merchant, place=place, user=user, kind=kind, granted_by=granted_by, granted_at=at
    )


@transaction.atomic
def end_shop_role(*, role: ShopRole, at: datetime) -> None:
    """Take a shop role from somebody; the row stays and says until when it was held.

    :raises LastOwner: nobody would own the merchant any more
    """
    Merchant.objects.select_for_update().get(pk=role.merchant_id)
    others = ShopRole.objects.filter(merchant=role.merchant_id, kind=ShopRole.Kind.OWNER, ended_at=None)
    if role.kind == ShopRole.Kind.OWNER and not others.exclude(pk=role.pk).exists():
        raise LastOwner
    ShopRole.objects.filter(pk=role.pk, ended_at=None).update(ended_at=at)
    role.refresh_from_db()
