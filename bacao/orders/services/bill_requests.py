"""What a clerk asks a guest to pay: opened at the counter, shown as an address, answered once."""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from bacao.kit.services import take_token
from bacao.kit.text import Refused, Text
from bacao.orders import rules
from bacao.orders.models import BillRequest

from .bill_quotes import WrongBill

if TYPE_CHECKING:
    from bacao.accounts.models import User

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
REQUESTS_A_MINUTE = 20


class TooManyBills(Refused):
    """One counter asks faster than anybody can type."""

    code = "too_fast"
    text = Text("出单太快了，请等几秒。", "Too many bills at once; wait a few seconds.")
    status = 429


def ask_bill(
    *,
    id: UUID,
    place_id: int,
    bill_minor: int,
    undiscounted_minor: int = 0,
    party: int = 1,
    by: "User | None" = None,
    counter_id: UUID | None = None,
    at: datetime,
) -> BillRequest:
    """Ask for a bill; the same `id` gives the same request again. :raises WrongBill, TooManyBills:"""
    if not 0 < bill_minor <= rules.BILL_MOST_MINOR or not 0 <= undiscounted_minor <= bill_minor:
        raise WrongBill(rules.BILL_MOST_MINOR)
    if earlier := BillRequest.objects.filter(pk=id, place=place_id).first():
        return earlier
    refill = REQUESTS_A_MINUTE / 60
    if not take_token(key=f"bills:{place_id}", capacity=REQUESTS_A_MINUTE, refill_per_second=refill, at=at):
        raise TooManyBills
    request, _ = BillRequest.objects.get_or_create(
        pk=id,
        defaults={
            "code": "".join(secrets.choice(ALPHABET) for _ in range(10)),
            "place_id": place_id,
            "bill_minor": bill_minor,
            "undiscounted_minor": undiscounted_minor,
            "party": max(1, min(party, 50)),
            "asked_by": by,
            "counter_id": counter_id,
            "asked_at": at,
            "expires_at": at + rules.BILL_REQUEST,
        },
    )
    return request


def address_request(*, request_id: UUID, place_id: int, user_id: int, at: datetime) -> bool:
    """Name the member whom a request is for, because their code was scanned; False if it is over or another's."""
    open_requests = BillRequest.objects.filter(pk=request_id, place=place_id, order=None, expires_at__gt=at)
    return bool(open_requests.update(user=user_id))
