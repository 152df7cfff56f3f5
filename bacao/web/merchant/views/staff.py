"""Who works here: the list, an invitation by link and QR, taking either back."""

from typing import TYPE_CHECKING

import segno
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.places.queries import get_shop_role, list_open_invites, list_staff
from bacao.places.services import end_shop_role, grant_shop_role, invite_clerk, withdraw_invite
from bacao.web.merchant.access import ShopRequest, for_owners, show_other

if TYPE_CHECKING:
    from bacao.places.models import ShopRole


@require_safe
@for_owners
def clerks(request: ShopRequest) -> HttpResponse:
    """Show owners, clerks, and the invitations that can still be accepted."""
    return _page(request)


@require_POST
@for_owners
def invite(request: ShopRequest) -> HttpResponse:
    """Make a link and show it with its QR code, this once: only its hash is kept."""
    place = request.shop.get_place(request.POST.get("place"))
    made, secret = invite_clerk(place=place, invited_by=request.user, at=request.at)
    link = request.build_absolute_uri(resolve_url("resident:join", secret))
    drawn = segno.make(link, error="m").svg_inline(omitsize=True, border=0)
    return _page(request, link=link, qr=SafeString(drawn), invited=made)


@require_POST
@for_owners
def withdraw(request: ShopRequest, invite_id: int) -> HttpResponse:
    """Take an invitation back."""
    for waiting in list_open_invites(request.shop.merchant.pk, request.at):
        if waiting.pk == invite_id:
            withdraw_invite(invite=waiting, by=request.user, at=request.at)
            _say(request, Text("邀请已撤回，链接失效。", "The invitation is taken back; its link is dead."))
            return redirect("merchant:clerks")
    raise Http404("no such invitation")


@require_POST
@for_owners
def remove(request: ShopRequest, role_id: int) -> HttpResponse:
    """End somebody's work here; the toast takes it back."""
    role = _find(request, role_id)
    try:
        end_shop_role(role=role, at=request.at)
    except Refused as refused:
        messages.error(request, refused.text.say(request.LANGUAGE_CODE))
        return redirect("merchant:clerks")
    name = role.user.display_name
    undo = resolve_url("merchant:clerk-restore", role_id) if role.kind == "clerk" else ""
    _say(request, Text(f"{name} 不再是这里的店员。", f"{name} no longer works here."), undo)
    return redirect("merchant:clerks")


@require_POST
@for_owners
def restore(request: ShopRequest, role_id: int) -> HttpResponse:
    """Give a clerk back the work that was just taken."""
    role = _find(request, role_id)
    if role.kind != "clerk":
        raise Http404("owners are not made here")
    grant_shop_role(
        merchant=role.merchant, place=role.place, user=role.user, kind=role.kind, granted_by=request.user, at=request.at
    )
    name = role.user.display_name
    _say(request, Text(f"{name} 又是店员了。", f"{name} works here again."))
    return redirect("merchant:clerks")


def _find(request: ShopRequest, role_id: int) -> "ShopRole":
    try:
        role = get_shop_role(role_id)
    except ObjectDoesNotExist:
        raise Http404("no such role") from None
    show_other(request, role.merchant_id)
    return role


def _say(request: ShopRequest, text: Text, undo: str = "") -> None:
    messages.success(request, text.say(request.LANGUAGE_CODE), extra_tags=undo)


def _page(request: ShopRequest, **more: object) -> HttpResponse:
    staff = list_staff(request.shop.merchant.pk)
    context = {
        "section": "shop",
        "owners": [role for role in staff if role.kind == "owner"],
        "clerks": [role for role in staff if role.kind == "clerk"],
        "invites": list_open_invites(request.shop.merchant.pk, request.at),
        **more,
    }
    return render(request, "merchant/clerks.html", context)
