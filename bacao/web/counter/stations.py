"""Where a signed-in person may stand behind the counter, and what a press there says."""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec

from bacao.kit.text import Refused, Text
from bacao.places.queries import list_places_of_merchant, list_shop_roles
from bacao.web.requests import PageRequest
from bacao.web.yuan import read_yuan

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.places.models import Place

CHOSEN = "counter_place"
MOST_MINOR = 10_000_000
"""¥100,000: a bill above is a slip of the finger."""


class NotClerk(Refused):
    """Somebody who does not work at the shop they named."""

    code = "not_clerk"
    text = Text(
        "你不是这家店的店员了，请店长重新邀请。", "You do not work at this shop; ask its owner for a new invitation."
    )
    status = 403


class SignedOut(Refused):
    """The session has ended."""

    code = "signed_out"
    text = Text("登录过期了，请重新登录。", "You are signed out; sign in again.")
    status = 401


class NotUnderstood(Refused):
    """The request has not the shape it must have."""

    code = "not_understood"
    text = Text("这次请求看不懂，请重新扫码。", "This request cannot be read; scan again.")
    status = 400


class Press(msgspec.Struct, forbid_unknown_fields=True):
    """What the counter's page sends: a code scanned or typed, or what to undo, at a place."""

    place: int
    token: str | None = None
    typed: str | None = None
    bill_minor: int | None = None
    uses: int | None = None
    redemption: UUID | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """A shop behind whose counter a clerk may stand."""

    place: "Place"
    merchant_id: int
    clerk: "User"


def list_stations(user: "User") -> list[Station]:
    """Return the shops of somebody's open roles; an owner, or a clerk of all shops, stands at each."""
    stations: dict[int, Station] = {}
    for role in list_shop_roles(user):
        for place in [role.place] if role.place else list_places_of_merchant(role.merchant_id):
            stations.setdefault(place.pk, Station(place, role.merchant_id, user))
    return list(stations.values())


def get_station(request: PageRequest, place_id: int) -> Station:
    """Return the station of a press. :raises SignedOut: nobody is signed in :raises NotClerk: not their shop"""
    if not request.user.is_authenticated:
        raise SignedOut
    for station in list_stations(request.user):
        if station.place.pk == place_id:
            return station
    raise NotClerk


def find_chosen(request: PageRequest, stations: list[Station]) -> Station | None:
    """Return the station asked for, chosen before, or the only one there is; None = one has to choose."""
    asked = request.GET.get("place", "")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 19 else request.session.get(CHOSEN)
    chosen = next((station for station in stations if station.place.pk == wanted), None)
    if chosen is None and len(stations) == 1:
        chosen = stations[0]
    if chosen and request.session.get(CHOSEN) != chosen.place.pk:
        request.session[CHOSEN] = chosen.place.pk
    return chosen


def is_json(request: PageRequest) -> bool:
    """Return whether the counter's script speaks, not a plain form."""
    return request.content_type == "application/json"


def read_press(request: PageRequest) -> tuple[Press, UUID]:
    """Return what was pressed and the key it was sent under. :raises NotUnderstood:"""
    try:
        if is_json(request):
            press = msgspec.json.decode(request.body, type=Press)
            key = UUID(request.headers.get("Idempotency-Key", ""))
        else:
            press, key = _read_form(request), UUID(request.POST.get("key") or str(uuid4()))
    except (msgspec.MsgspecError, ValueError, OverflowError):
        raise NotUnderstood from None
    if press.bill_minor is not None and not 0 <= press.bill_minor <= MOST_MINOR:
        raise NotUnderstood
    if press.uses is not None and not 1 <= press.uses <= 100:
        raise NotUnderstood
    return press, key


def _read_form(request: PageRequest) -> Press:
    """Return the press of a plain form: digits with spaces, a bill in yuan."""
    form = request.POST
    redemption, uses = form.get("redemption"), form.get("uses")
    return Press(
        place=int(form.get("place", "")),
        typed=re.sub(r"\s", "", form.get("typed", "")) or None,
        bill_minor=read_yuan(form["bill"]) if form.get("bill") else None,
        uses=int(uses) if uses else None,
        redemption=UUID(redemption) if redemption else None,
    )


def device_of(request: PageRequest) -> str:
    """Return a name for the device of this session, for counting wrong codes; the session itself is not in it."""
    return hashlib.sha256((request.session.session_key or "").encode()).hexdigest()[:16]
