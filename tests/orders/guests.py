"""What the tests of bills share: a shop's offers, what a guest holds, and a bill that waits for its money."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from bacao.accounts.models import User
from bacao.ledger.queries import get_balance
from bacao.ledger.rules import Credit, Debit
from bacao.ledger.services import post
from bacao.offers.models import Offer
from bacao.offers.queries import get_current_version
from bacao.offers.services import create_offer
from bacao.orders.models import Order, Voucher
from bacao.orders.services import place_bill, quote_bill
from bacao.places.models import Place
from tests.factories import make_voucher

TAGS = {"stack_tags": ["all"], "stack_accepts": ["all"]}


def offer(place: Place, at: datetime, kind: str, platform: int = 0, **terms: Any) -> Offer:
    """Put an offer on sale that stands with every other; the platform carries so many basis points of it."""
    funders = [(party, points) for party, points in (("platform", platform), ("merchant", 10000 - platform)) if points]
    facts = {"title_zh": kind, **TAGS, **terms}
    return create_offer(place=place, kind=kind, terms=facts, funders=funders, by=None, at=at, state="live")


def own(place: Place, user: User, at: datetime, **terms: Any) -> Voucher:
    """Let somebody own a voucher of ¥50 bought for ¥44, of which nobody else can buy one."""
    facts = {"price_minor": 4400, "face_minor": 5000, "units_per_bill": 2} | terms
    sold = offer(place, at, "voucher", **facts)
    voucher = make_voucher(get_current_version(sold.pk), user, at=at)
    Offer.objects.filter(pk=sold.pk).update(state="paused")
    return voucher


def give_credit(user: User, minor: int, at: datetime) -> None:
    entries = [Debit("expense.compensation", minor), Credit(f"liab.credit.customer.{user.pk}", minor)]
    with transaction.atomic():
        post(id=uuid4(), kind="credited", entries=entries, origin={}, effective_at=at)


def place_one(user: User, place: Place, at: datetime, bill: int = 10000, **asked: Any) -> Order:
    quote = quote_bill(user=user, place=place, bill_minor=bill, at=at, **asked)
    return place_bill(user=user, quote_id=quote.pk, at=at)


def owed(place: Place) -> int:
    return get_balance(f"liab.payable.merchant.{place.merchant_id}").balance_minor
