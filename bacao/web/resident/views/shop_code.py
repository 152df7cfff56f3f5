"""The shop's code: the member scans, picks a voucher, sees shop, item and amount, and presses (RD16 to RD19)."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bacao.orders.queries import list_usable_vouchers
from bacao.redemption.queries import find_counter_by_code
from bacao.web.requests import PageRequest
from bacao.web.resident.passes import Group, make_passes


@require_safe
@never_cache
def shop_code(request: PageRequest, shop: str, code: str = "") -> HttpResponse:
    """Show what somebody can use at the shop whose code they scanned; `code` = of the half minute, "" on a stand."""
    counter = find_counter_by_code(shop.upper())
    if counter is None:
        raise Http404("no such shop code")
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    vouchers = list_usable_vouchers(request.user, request.at)
    here = [voucher for voucher in vouchers if voucher.order.place_id == counter.place_id]
    passes = make_passes(here, at=request.at, where=counter.place)
    bill = reverse("resident:bill", args=[counter.place_id])
    context = {
        "place": counter.place,
        "address": f"/s/{counter.code}/{code.upper()}/redemptions" if code else f"/s/{counter.code}/redemptions",
        "passes": [one for one in passes if one.group == Group.NOW],
        "later": [one for one in passes if one.group == Group.LATER],
        "is_stand": not code,
        "bill_url": f"{bill}?shop={counter.code}&live={code.upper()}" if code else bill,
    }
    return render(request, "resident/shop_code.html", context)
