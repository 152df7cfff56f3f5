"""Enrolment of devices: the link names a counter and grants nothing, the phone asks, the owner agrees (RD49)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from bacao.kit.services import take_token
from bacao.kit.text import Refused, Text
from bacao.places.queries import find_place, is_owner
from bacao.redemption import rules
from bacao.redemption.models import Counter, Lease
from bacao.redemption.queries import find_counter, list_missing_numbers

from .clerks import check_owners_pin
from .tries import TooFast

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.places.models import Place

ENROLMENTS, ENROLMENT_SECONDS = 5, 900


class NoSuchCounter(Refused):
    """There is no such shop, device or stand."""

    code = "not_found"
    text = Text("没有这个收银台，请重新打开店里的链接。", "There is no such counter; open the shop's link again.")
    status = 404


class NotOwner(Refused):
    """Somebody else than the owner answered a phone."""

    code = "not_owner"
    text = Text("只有店长能同意新设备。", "Only the owner can let a new device in.")
    status = 403


class DigitsWrong(Refused):
    """The digits are not those on the phone's screen."""

    code = "digits_wrong"
    text = Text("数字不对，请看那台手机上的 6 位数字。", "Wrong digits; read the six on the phone's screen.")


class EnrolmentOver(Refused):
    """The phone asked too long ago, or was answered."""

    code = "expired"
    text = Text("这次申请已过期，请在那台手机上重新申请。", "This request is over; ask again on that phone.")


def enrol_device(*, place_id: int, name: str, public_key: bytes, at: datetime) -> tuple[Counter, bytes]:
    """Let a phone ask to stand at a place; return its row, with the digits to show, and the secret of its login.

    :raises NoSuchCounter: the place is no shop, or closed
    :raises TooFast: five asked there within a quarter of an hour
    """
    place = find_place(place_id)
    if place is None or place.merchant_id is None or place.state != "open":
        raise NoSuchCounter
    refill = ENROLMENTS / ENROLMENT_SECONDS
    if not take_token(key=f"enrol:{place_id}", capacity=ENROLMENTS, refill_per_second=refill, at=at):
        raise TooFast(ENROLMENT_SECONDS // ENROLMENTS)
    secret = secrets.token_bytes(rules.SECRET_BYTES)
    counter = _create(
        place,
        kind=Counter.Kind.PHONE,
        name=name,
        public_key=public_key,
        secret_hash=hashlib.sha256(secret).digest(),
        digits=f"{secrets.randbelow(10**6):06d}",
        asked_at=at,
        expires_at=at + timedelta(minutes=rules.DIGITS_MINUTES),
    )
    return counter, secret


def create_till(*, place: "Place", name: str, by: "User", at: datetime) -> tuple[Counter, bytes]:
    """Let a till or partner program in at a place; its secret is shown this once. :raises NotOwner:"""
    _check_owner(by, place.merchant_id)
    secret = secrets.token_bytes(rules.SECRET_BYTES)
    hashed = hashlib.sha256(secret).digest()
    kind = Counter.Kind.TILL
    return _create(place, kind=kind, name=name, secret_hash=hashed, asked_at=at, agreed_at=at, agreed_by=by), secret


def create_stand(*, place: "Place", name: str, by: "User", at: datetime) -> Counter:
    """Make the code of a printed stand (RD19). :raises NotOwner:"""
    _check_owner(by, place.merchant_id)
    return _create(place, kind=Counter.Kind.STAND, name=name, asked_at=at, agreed_at=at, agreed_by=by)


def agree_device(
    *, counter_id: UUID, by: "User | None" = None, digits: str = "", pin: str = "", at: datetime
) -> Counter:
    """Let a phone in: the owner compares its digits, or types the PIN of an owner's tile on the phone itself.

    :raises NoSuchCounter, NotOwner, DigitsWrong, EnrolmentOver, NoOwnersPin, PinWrong, PinLocked:
    """
    counter = find_counter(counter_id)
    if counter is None:
        raise NoSuchCounter
    if counter.state_at(at) == "agreed":
        return counter
    if counter.state_at(at) != "waiting" or counter.wrong_digits >= rules.MOST_WRONG_DIGITS:
        raise EnrolmentOver
    if by is None:
        check_owners_pin(merchant_id=counter.merchant_id, place_id=counter.place_id, pin=pin)
    else:
        _check_owner(by, counter.merchant_id)
        if not secrets.compare_digest(counter.digits, digits):
            Counter.objects.filter(pk=counter.pk).update(wrong_digits=counter.wrong_digits + 1)
            raise DigitsWrong
    waiting = Counter.objects.filter(pk=counter.pk, agreed_at=None, refused_at=None, revoked_at=None)
    if not waiting.update(agreed_at=at, agreed_by=by, digits="", expires_at=None):
        raise EnrolmentOver
    counter.refresh_from_db()
    return counter


def refuse_device(*, counter_id: UUID, by: "User", at: datetime) -> None:
    """Turn a phone away. :raises NoSuchCounter, NotOwner:"""
    counter = find_counter(counter_id)
    if counter is None:
        raise NoSuchCounter
    _check_owner(by, counter.merchant_id)
    Counter.objects.filter(pk=counter.pk, agreed_at=None, refused_at=None).update(refused_at=at, digits="")


@transaction.atomic
def revoke_device(*, counter_id: UUID, by: "User | None" = None, at: datetime) -> None:
    """End a device: a lost phone, or one that signs out by itself (`by` None). Its leases return.

    Its unsent rows are still taken once the phone is enrolled again. :raises NoSuchCounter, NotOwner:
    """
    counter = find_counter(counter_id)
    if counter is None:
        raise NoSuchCounter
    if by is not None:
        _check_owner(by, counter.merchant_id)
    Counter.objects.filter(pk=counter.pk, revoked_at=None).update(revoked_at=at, digits="")
    Lease.objects.filter(counter=counter, returned_at=None).update(returned_at=at)


def _check_owner(user: "User", merchant_id: int | None) -> None:
    if merchant_id is None or not is_owner(user, merchant_id):
        raise NotOwner


def _create(place: "Place", **fields: object) -> Counter:
    """Insert a counter; its code is drawn again in the rare case that it is taken."""
    merchant_id = place.merchant_id
    assert merchant_id is not None, "only a shop has counters"
    while True:
        code = rules.code_from(secrets.token_bytes(5))
        try:
            with transaction.atomic():
                return Counter.objects.create(pk=uuid4(), merchant_id=merchant_id, place=place, code=code, **fields)
        except IntegrityError:
            if not Counter.objects.filter(code=code).exists():
                raise


def count_missing_rows() -> dict[UUID, list[int]]:
    """Count the rows that each phone drew and never sent, and return the numbers by phone (RD40).

    A gap is a lost row, seen by the server: its count stays with the phone until the rows arrive.
    """
    phones = Counter.objects.filter(kind=Counter.Kind.PHONE).exclude(agreed_at=None).order_by("pk")
    found = {}
    for counter_id, known in phones.values_list("pk", "rows_missing"):
        missing = list_missing_numbers(counter_id)[1]
        if len(missing) != known:
            Counter.objects.filter(pk=counter_id).update(rows_missing=len(missing))
        if missing:
            found[counter_id] = missing
    return found
