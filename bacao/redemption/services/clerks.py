"""Clerks are name tiles with a PIN (RD50): five wrong ones, then only the owner can free the tile."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from django.db.models import F

from bacao.kit.text import Refused, Text
from bacao.places.queries import is_owner
from bacao.redemption import rules
from bacao.redemption.models import Clerk
from bacao.redemption.queries import find_clerk, list_clerks

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.places.models import Place


class PinWrong(Refused):
    """The PIN is another; `tries_left` more."""

    code = "pin_wrong"
    status = 403

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        super().__init__(Text(f"密码不对，还能试 {tries_left} 次。", f"Wrong PIN; {tries_left} more tries."))


class PinLocked(Refused):
    """Five wrong PINs in a row."""

    code = "pin_locked"
    text = Text("输错 5 次，请店长在「店员」里解锁。", "Five wrong PINs; the owner can free this name under Clerks.")
    status = 429


class NoSuchClerk(Refused):
    """The tile is gone, or never was of this shop."""

    code = "not_found"
    text = Text("没有这位店员，请选别的名字。", "There is no such clerk; choose another name.")
    status = 404


class NoOwnersPin(Refused):
    """No owner has a tile at this place."""

    code = "no_owners_pin"
    text = Text(
        "店长还没设 PIN：请店长在自己的手机上同意。", "No owner has a PIN here: the owner can agree on their own phone."
    )


class PinTooSimple(Refused):
    """A PIN of another shape than four to six digits, not all the same."""

    code = "pin_too_simple"
    text = Text("请用 4 到 6 位数字，不要全一样。", "Use four to six digits, not all the same.")
    status = 422


class OnlyOwner(Refused):
    """Tiles are the owner's business."""

    code = "not_owner"
    text = Text("只有店长能改店员。", "Only the owner can change clerks.")
    status = 403


@cache
def _hasher() -> PasswordHasher:
    """Return argon2id with the parameters of OWASP's password storage cheat sheet (19 MiB, 2 passes)."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def add_clerk(
    *,
    merchant_id: int,
    name: str,
    pin: str,
    place: "Place | None" = None,
    user: "User | None" = None,
    owner: bool = False,
    by: "User",
    at: datetime,
) -> Clerk:
    """Add a tile, of one place or of all. :raises OnlyOwner, PinTooSimple:"""
    _check_owner(by, merchant_id)
    fields = _secrets_of(pin)
    return Clerk.objects.create(
        merchant_id=merchant_id, place=place, user=user, name=name, is_owner=owner, created_at=at, **fields
    )


def change_pin(*, clerk: Clerk, pin: str, by: "User") -> None:
    """Give a tile another PIN, which frees it, too. :raises OnlyOwner, PinTooSimple:"""
    _check_owner(by, clerk.merchant_id)
    Clerk.objects.filter(pk=clerk.pk).update(wrong_pins=0, **_secrets_of(pin))


def free_clerk(*, clerk: Clerk, by: "User") -> None:
    """Let a tile try again after five wrong PINs. :raises OnlyOwner:"""
    _check_owner(by, clerk.merchant_id)
    Clerk.objects.filter(pk=clerk.pk).update(wrong_pins=0)


def end_clerk(*, clerk: Clerk, by: "User", at: datetime) -> None:
    """Take a tile away; what it did stays. :raises OnlyOwner:"""
    _check_owner(by, clerk.merchant_id)
    Clerk.objects.filter(pk=clerk.pk, ended_at=None).update(ended_at=at)


def check_pin(*, merchant_id: int, clerk_id: int, pin: str) -> Clerk:
    """Return the tile that a PIN opens. :raises NoSuchClerk, PinWrong, PinLocked:"""
    clerk = find_clerk(clerk_id, merchant_id)
    if clerk is None:
        raise NoSuchClerk
    return _open([clerk], pin)


def check_owners_pin(*, merchant_id: int, place_id: int, pin: str) -> Clerk:
    """Return the owner's tile that a PIN opens at a place, without telling whose tiles there are.

    :raises NoOwnersPin, PinWrong, PinLocked:
    """
    tiles = [tile for tile in list_clerks(merchant_id, [place_id]) if tile.is_owner]
    if not tiles:
        raise NoOwnersPin
    return _open(tiles, pin)


def _open(tiles: Sequence[Clerk], pin: str) -> Clerk:
    """Return the tile that a PIN opens. The try is counted before it is judged, so that many at once gain nothing.

    :raises PinWrong, PinLocked:
    """
    free = Clerk.objects.filter(wrong_pins__lt=rules.MOST_WRONG_PINS)
    tried = [tile for tile in tiles if free.filter(pk=tile.pk).update(wrong_pins=F("wrong_pins") + 1)]
    if not tried:
        raise PinLocked
    right = next((tile for tile in tried if _is_pin_of(tile, pin)), None)
    counted = Clerk.objects.filter(pk__in=[tile.pk for tile in tried])
    if right is None:
        fewest = min(counted.values_list("wrong_pins", flat=True))
        raise PinWrong(max(rules.MOST_WRONG_PINS - fewest, 0))
    counted.exclude(pk=right.pk).filter(wrong_pins__gt=0).update(wrong_pins=F("wrong_pins") - 1)
    Clerk.objects.filter(pk=right.pk).update(wrong_pins=0)
    return right


def _is_pin_of(tile: Clerk, pin: str) -> bool:
    try:
        return _hasher().verify(tile.pin_hash, pin)
    except VerifyMismatchError:
        return False


def _check_owner(user: "User", merchant_id: int) -> None:
    if not is_owner(user, merchant_id):
        raise OnlyOwner


def _secrets_of(pin: str) -> dict[str, object]:
    if not rules.is_pin(pin):
        raise PinTooSimple
    salt, rounds = secrets.token_bytes(16), rules.VERIFIER_ROUNDS
    verifier = rules.pin_verifier(pin, salt, rounds)
    return {"pin_hash": _hasher().hash(pin), "salt": salt, "rounds": rounds, "verifier": verifier}
