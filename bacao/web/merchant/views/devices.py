"""What stands at the counter: phones that the owner let in, name tiles with PINs, printed stands (RD49, RD50, X12)."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.redemption.queries import find_clerk, find_counter, list_clerks, list_counters, list_waiting_counters
from bacao.redemption.services import (
    add_clerk,
    agree_device,
    change_pin,
    create_stand,
    end_clerk,
    free_clerk,
    refuse_device,
    revoke_device,
)
from bacao.web.merchant.access import ShopRequest, for_owners
from bacao.web.qr import draw_symbol

if TYPE_CHECKING:
    from bacao.redemption.models import Clerk, Counter

STAND_WORDS = Text("有券？打开手机相机，扫这里", "Got a voucher? Scan this with your camera")  # both are printed


@require_safe
@for_owners
def devices(request: ShopRequest) -> HttpResponse:
    """Show phones that ask, phones that were let in, stands, tiles; and the link that a till's sticker carries."""
    merchant = request.shop.merchant.pk
    standing = list_counters(merchant)
    links = [
        (place, request.build_absolute_uri(f"{resolve_url('counter:counter')}?place={place.pk}"))
        for place in request.shop.places
    ]
    context = {
        "section": "shop",
        "waiting": list_waiting_counters(merchant, request.at),
        "phones": [one for one in standing if one.kind != "stand"],
        "stands": [one for one in standing if one.kind == "stand"],
        "tiles": list_clerks(merchant),
        "links": [(place, link, draw_symbol(link)) for place, link in links],
    }
    return render(request, "merchant/devices.html", context)


@require_POST
@for_owners
def agree(request: ShopRequest, counter_id: UUID) -> HttpResponse:
    """Let a phone in whose six digits were typed, or turn it away (`refuse=1`)."""
    phone = _find_phone(request, counter_id)
    try:
        if request.POST.get("refuse"):
            refuse_device(counter_id=phone.pk, by=request.user, at=request.at)
            return _back(request, Text("已拒绝。", "Turned away."))
        digits = "".join(filter(str.isdigit, request.POST.get("digits", "")))
        agree_device(counter_id=phone.pk, by=request.user, digits=digits, at=request.at)
    except Refused as refused:
        return _back(request, refused.text, messages.ERROR)
    return _back(request, Text("好了，那台手机马上就能用。", "Done; that phone works at once."))


@require_POST
@for_owners
def revoke(request: ShopRequest, counter_id: UUID) -> HttpResponse:
    """End a phone or a stand: what it had not sent yet is still taken once it is let in again."""
    revoke_device(counter_id=_find_phone(request, counter_id).pk, by=request.user, at=request.at)
    return _back(request, Text("已收回。", "It is no counter any more."))


@require_POST
@for_owners
def stand_new(request: ShopRequest) -> HttpResponse:
    """Make a printed stand for a place."""
    place = request.shop.get_place(request.POST.get("place"))
    made = create_stand(place=place, name=place.name_zh or place.name_en, by=request.user, at=request.at)
    return redirect("merchant:stand", made.pk)


@require_safe
@for_owners
def stand(request: ShopRequest, counter_id: UUID) -> HttpResponse:
    """Show a stand as it is printed: the shop's code and one line of instruction."""
    found = _find_phone(request, counter_id)
    address = f"HTTPS://{request.get_host().upper()}/S/{found.code}"
    shown = {"stand": found, "symbol": draw_symbol(address), "words": STAND_WORDS, "section": "shop"}
    return render(request, "merchant/stand.html", shown)


@require_POST
@for_owners
def tile_new(request: ShopRequest) -> HttpResponse:
    """Add a name tile."""
    name = request.POST.get("name", "").strip()[:40]
    if not name:
        return _back(request, Text("写个名字。", "Write a name."), messages.ERROR)
    try:
        add_clerk(
            merchant_id=request.shop.merchant.pk,
            name=name,
            pin=request.POST.get("pin", ""),
            owner=request.POST.get("owner") == "1",
            by=request.user,
            at=request.at,
        )
    except Refused as refused:
        return _back(request, refused.text, messages.ERROR)
    return _back(request, Text(f"{name} 可以上岗了。", f"{name} can start."))


@require_POST
@for_owners
def tile(request: ShopRequest, clerk_id: int) -> HttpResponse:
    """Give a tile another PIN, free it after five wrong ones, or take it away."""
    found = _find_tile(request, clerk_id)
    try:
        if request.POST.get("end"):
            end_clerk(clerk=found, by=request.user, at=request.at)
            return _back(request, Text(f"{found.name} 的名牌收起来了。", f"{found.name}'s tile is gone."))
        if request.POST.get("free"):
            free_clerk(clerk=found, by=request.user)
            return _back(request, Text(f"{found.name} 可以再试了。", f"{found.name} can try again."))
        change_pin(clerk=found, pin=request.POST.get("pin", ""), by=request.user)
    except Refused as refused:
        return _back(request, refused.text, messages.ERROR)
    return _back(request, Text("PIN 改好了。", "The PIN is changed."))


def _find_phone(request: ShopRequest, counter_id: UUID) -> "Counter":
    found = find_counter(counter_id)
    if found is None or found.merchant_id != request.shop.merchant.pk:
        raise Http404("no such device")
    return found


def _find_tile(request: ShopRequest, clerk_id: int) -> "Clerk":
    found = find_clerk(clerk_id, request.shop.merchant.pk)
    if found is None:
        raise Http404("no such tile")
    return found


def _back(request: ShopRequest, said: Text, level: int = messages.SUCCESS) -> HttpResponse:
    messages.add_message(request, level, said.say(request.LANGUAGE_CODE))
    return redirect("merchant:devices")
