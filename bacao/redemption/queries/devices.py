"""Reads about devices and tiles: who stands at a counter."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from bacao.redemption.models import Clerk, Counter


def find_counter(counter_id: UUID) -> Counter | None:
    """Return a device, a till or a stand with its place, in whatever state."""
    return Counter.objects.select_related("place").filter(pk=counter_id).first()


def find_login(counter_id: UUID, secret_hash: bytes) -> Counter | None:
    """Return the device of a login with its place, agreed or not; None where nobody has it."""
    return Counter.objects.select_related("place").filter(pk=counter_id, secret_hash=secret_hash).first()


def find_counter_by_code(code: str) -> Counter | None:
    """Return the counter that the shop's code names, if it still counts."""
    rows = Counter.objects.select_related("place").filter(code=code, revoked_at=None)
    return rows.exclude(agreed_at=None).first()


def list_counters(merchant_id: int) -> list[Counter]:
    """Return the devices of a merchant that count, by place and name."""
    rows = Counter.objects.select_related("place", "agreed_by").filter(merchant=merchant_id, revoked_at=None)
    return list(rows.exclude(agreed_at=None).order_by("place", "name", "asked_at"))


def list_waiting_counters(merchant_id: int, at: datetime) -> list[Counter]:
    """Return the phones that ask to stand at a merchant's counters and show their digits now, newest first."""
    rows = Counter.objects.select_related("place").filter(merchant=merchant_id, agreed_at=None, refused_at=None)
    return list(rows.filter(revoked_at=None, expires_at__gt=at).order_by("-asked_at"))


def list_clerks(merchant_id: int, place_ids: Iterable[int] | None = None) -> list[Clerk]:
    """Return the tiles of a merchant, of some places or all; those of every place belong to each."""
    rows = Clerk.objects.select_related("place").filter(merchant=merchant_id, ended_at=None).order_by("name", "pk")
    if place_ids is None:
        return list(rows)
    wanted = set(place_ids)
    return [row for row in rows if row.place_id is None or row.place_id in wanted]


def find_clerk(clerk_id: int, merchant_id: int) -> Clerk | None:
    """Return a merchant's tile that still counts."""
    return Clerk.objects.filter(pk=clerk_id, merchant=merchant_id, ended_at=None).first()
