"""What owners decide for their counter: how much goes without network, which offers ask the guest (RD19, RD22, RD29).

Phones are told with their next manifest, five minutes later at most where there is a network. Uses at the counter and
the guest's voucher follow at once.
"""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from bacao.kit.text import Text
from bacao.offers.queries import get_current_version
from bacao.places.queries import is_owner
from bacao.redemption import rules
from bacao.redemption.models import OfferPolicy, ShopPolicy

from .devices import NotOwner

if TYPE_CHECKING:
    from bacao.accounts.models import User

ONLY_OWNERS = Text("只有店长能改收银规则。", "Only the owner can change the rules of the counter.")


@transaction.atomic
def set_shop_policy(*, merchant_id: int, limits: rules.Limits, by: "User", at: datetime) -> None:
    """Decide how much each phone of a shop may serve without network. :raises NotOwner, LimitsRefused:"""
    _check_owner(by, merchant_id)
    rules.check_limits(limits)
    if ShopPolicy.objects.filter(merchant=merchant_id, **asdict(limits)).exists():
        return
    ShopPolicy.objects.update_or_create(
        merchant_id=merchant_id, defaults={**asdict(limits), "changed_by": by, "changed_at": at}
    )


@transaction.atomic
def set_offer_policy(
    *, offer_id: int, asks_member: bool, at_stand: bool, typed_alone: bool, by: "User", at: datetime
) -> None:
    """Decide whether the guest confirms each use, whether a printed stand will do, and digits typed without network.

    :raises NotOwner:
    """
    merchant_id = get_current_version(offer_id).offer.place.merchant_id
    assert merchant_id is not None, "only a shop has offers"
    _check_owner(by, merchant_id)
    ticks = {"asks_member": asks_member, "at_stand": at_stand, "typed_alone": typed_alone}
    if OfferPolicy.objects.filter(offer=offer_id, **ticks).exists():
        return
    OfferPolicy.objects.update_or_create(
        offer_id=offer_id, defaults={"merchant_id": merchant_id, **ticks, "changed_by": by, "changed_at": at}
    )


def _check_owner(user: "User", merchant_id: int) -> None:
    if not is_owner(user, merchant_id):
        raise NotOwner(ONLY_OWNERS)
