"""What the races share: buyers, what is taken, and a way to take a unit without thinking."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from bacao.accounts.models import User
from bacao.offers.models import OfferStock, OfferVersion, PersonalUse, Quota, RollingUse
from bacao.orders.models import Quote
from bacao.orders.services import take_quote
from tests.factories import make_user

LATE = timedelta(minutes=20)
Race = Callable[[], object]


def people(count: int) -> list[User]:
    return [make_user(f"人{number}") for number in range(count)]


def used(version: OfferVersion) -> int:
    return OfferStock.objects.get(offer=version.offer_id).used


def empty(version: OfferVersion) -> None:
    """Begin a round anew: nothing is taken."""
    OfferStock.objects.filter(offer=version.offer_id).update(used=0)
    PersonalUse.objects.filter(offer=version.offer_id).delete()
    RollingUse.objects.filter(offer=version.offer_id).delete()
    Quota.objects.filter(offer=version.offer_id).delete()


def take(quote: Quote, at: datetime, quantity: int = 1, id: UUID | None = None) -> Race:
    return lambda: take_quote(quote_id=quote.pk, user=quote.user, quantity=quantity, at=at, id=id)


def read_then_write(offer_id: int, limit: int, meet: threading.Barrier) -> bool:
    """Take a unit as one would without thinking: read, compare, write back."""
    with transaction.atomic():
        stock = OfferStock.objects.get(offer=offer_id)
        meet.wait(30)
        if stock.used + 1 > limit:
            return False
        stock.used += 1
        stock.save()
        return True
