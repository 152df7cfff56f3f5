"""The wallet (卡包): the code one needs now comes first; a voucher with its code, and how its phone keeps it alive."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.contrib.staticfiles import finders
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bacao.kit.text import Text
from bacao.orders.queries import find_voucher, get_credit, list_vouchers
from bacao.places.queries import list_week
from bacao.redemption import rules
from bacao.redemption.queries import LiveCode, find_policy, get_live_code, get_signed_heads, list_incidents_of_user
from bacao.redemption.services import ensure_codes
from bacao.reviews.queries import find_review_of_arrival
from bacao.web.qr import draw_qr
from bacao.web.requests import PageRequest
from bacao.web.resident.passes import Group, by_group, make_passes
from bacao.web.resident.views.me import invite
from bacao.web.templatetags.bacao import money, say

if TYPE_CHECKING:
    from bacao.orders.models import Voucher
    from bacao.web.cards import Point


class Here(NamedTuple):
    """A position a phone reported for one look at its wallet; it is not kept."""

    latitude: float
    longitude: float


@require_safe
@never_cache
def wallet(request: PageRequest) -> HttpResponse:
    """Show one's vouchers, the nearest usable one open; `?near=latitude,longitude` sorts by the phone's position."""
    if not request.user.is_authenticated:
        title = Text("你的券都在这里", "Your vouchers live here")
        body = Text(
            "登录以后，离店最近的那张会自己打开。", "Sign in, and the one for the shop you stand at opens by itself."
        )
        return invite(request, title, body, "admission-tickets")
    here = _read_position(request.GET.get("near", "")) or request.where
    passes = make_passes(list_vouchers(request.user), at=request.at, where=here)
    groups = by_group(passes)
    first = next((one for one in passes if one.is_usable), None)
    rest = {group: [one for one in groups[group] if one is not first] for group in groups}
    context = {
        "first": first,
        "rest": rest,
        "count": len(groups[Group.NOW]) + len(groups[Group.LATER]),
        "here": here,
        "credit_minor": get_credit(request.user.pk),
        **(_code_of(first.voucher, request) if first else {}),
    }
    return render(request, "resident/wallet.html", context)


@require_safe
@never_cache
def voucher(request: PageRequest, voucher_id: UUID) -> HttpResponse:
    """Show a voucher: what the clerk scans or types, where and until when, refund; or what became of it."""
    own = _own_voucher(request, voucher_id)
    (one,) = make_passes([own], at=request.at, where=request.where)
    arrival = getattr(one.last, "arrival", None) if one.last else None
    context = {
        "pass": one,
        "arrival": arrival,
        "review": find_review_of_arrival(arrival.pk) if arrival else None,
        "today": next(iter(list_week(own.order.place, request.at)), None),
        "uses": range(1, own.uses_total + 1),
        "troubles": [one for one in list_incidents_of_user(own.user_id) if one.voucher_id == own.pk],
        **(_code_of(own, request) if one.is_usable else {}),
    }
    return render(request, "resident/voucher.html", context)


@require_safe
@never_cache
def seeds(request: PageRequest, voucher_id: UUID) -> JsonResponse:
    """Answer with what a phone needs to show a voucher's code for four days without network (RD5).

    `heads` = the signed form for today and tomorrow: readable by a counter that has not heard of the voucher (RD10).
    """
    own = _own_voucher(request, voucher_id)
    code = ensure_codes(vouchers=[own], at=request.at)[own.pk]
    live = get_live_code(code, request.at)
    heads = get_signed_heads(code, own.order.version.offer_id, request.at)
    return JsonResponse(
        {
            "handle": live.handle.hex(),
            "typed": live.typed,
            "seeds": {day: seed.hex() for day, seed in live.seeds.items()},
            "heads": {day: head.hex() for day, head in heads.items()},
            "now": int(request.at.timestamp() * 1000),
        }
    )


@require_safe
@never_cache
def voucher_state(request: PageRequest, voucher_id: UUID) -> JsonResponse:
    """Answer with how often a voucher can still be used; its page asks while somebody looks, and turns green."""
    own = _own_voucher(request, voucher_id)
    (one,) = make_passes([own], at=request.at, where=request.where)
    state: dict[str, Any] = {"group": one.group, "uses_left": own.uses_left}
    if one.last:
        state |= {
            "key": str(one.last.key),
            "used": say(one.used_where),
            "charge": money(one.last.charge_minor) if one.last.charge_minor else "",
        }
    return JsonResponse(state)


@require_safe
def worker(request: PageRequest) -> HttpResponse:
    """Send the service worker that keeps the wallet readable without network; from the root, so that it may."""
    path = finders.find("js/wallet_worker.js")
    assert isinstance(path, str), "the file is part of the project"
    return HttpResponse(Path(path).read_bytes(), content_type="text/javascript; charset=utf-8")


def _own_voucher(request: PageRequest, voucher_id: UUID) -> "Voucher":
    """Return the visitor's own voucher; another person's is as unknown as none. :raises Http404:"""
    own = find_voucher(voucher_id, request.user) if request.user.is_authenticated else None
    if own is None:
        raise Http404
    return own


def _live_code(voucher: "Voucher", request: PageRequest) -> LiveCode:
    return get_live_code(ensure_codes(vouchers=[voucher], at=request.at)[voucher.pk], request.at)


def _code_of(voucher: "Voucher", request: PageRequest) -> dict[str, Any]:
    """Return what the code's template shows: the symbol of this step, and the digits in groups."""
    live = _live_code(voucher, request)
    offer = voucher.order.version.offer_id
    policy = find_policy(offer)
    return {
        "asks_member": bool(policy and policy.asks_member),
        "symbol": draw_qr(live.token_at(request.at)),
        "digits": rules.grouped(live.typed).split(),
        "spelled": ", ".join(" ".join(group) for group in rules.grouped(live.typed).split()),
    }


def _read_position(text: str) -> "Point | None":
    """Return a position written as `30.2536,120.1644`, None for anything else."""
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return Here(latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
