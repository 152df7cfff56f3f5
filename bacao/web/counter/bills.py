"""Bills at the counter: ask for one, see it paid by itself, take cash, recognise a guest, take one back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.orders.queries import get_bill_request, list_bills, list_vouchers_by_id
from bacao.orders.services import accept_bill, address_request, ask_bill, recognise_guest
from bacao.redemption import rules
from bacao.redemption.queries import find_login
from bacao.redemption.services import note_bill, prepare, take_bill_back
from bacao.web.counter.pages import DEVICE_COOKIE
from bacao.web.counter.stations import (
    NotUnderstood,
    SignedOut,
    device_of,
    find_chosen,
    get_station,
    list_stations,
)
from bacao.web.qr import draw_symbol
from bacao.web.requests import PageRequest
from bacao.web.templatetags.bacao import say, t
from bacao.web.yuan import read_yuan

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.orders.models import Bill, BillRequest
    from bacao.places.models import Place

MOST, TYPED_DIGITS = 40, 12
FRESH = timedelta(minutes=5)
"""For how long a bill at the top of the list is shown large."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands where: a signed-in clerk, or a phone that the owner let in."""

    place: "Place"
    merchant_id: int
    clerk: "User | None" = None
    counter_id: UUID | None = None


@require_safe
@never_cache
def bills(request: PageRequest) -> HttpResponse:
    """Show the pad, what is asked for (`?ask=`) with its symbol, and the bills of today and yesterday."""
    standing = _find_standing(request)
    if standing is None:
        return redirect("counter:counter")
    asked = _find_asked(request.GET.get("ask"), standing)
    context = _list(request, standing) | {"standing": standing, "asked": asked, "new": uuid4()}
    if asked:
        address = request.build_absolute_uri(reverse("resident:bill-asked", args=[asked.code]))
        context["symbol"] = draw_symbol(address.upper())
    return render(request, "counter/bills.html", context)


@require_safe
@never_cache
def bill_list(request: PageRequest) -> HttpResponse:
    """Return the bills alone, for a page that looks every few seconds."""
    standing = _find_standing(request)
    if standing is None:
        return HttpResponse(status=204)
    return render(request, "counter/bill_list.html", _list(request, standing))


@require_POST
@never_cache
def ask(request: PageRequest) -> HttpResponse:
    """Ask a guest for a bill; the same key asks once."""
    try:
        standing = _standing(request)
        asked = ask_bill(
            id=_key(request),
            place_id=standing.place.pk,
            bill_minor=read_yuan(request.POST.get("amount", "")),
            undiscounted_minor=read_yuan(request.POST.get("without") or "0"),
            by=standing.clerk,
            counter_id=standing.counter_id,
            at=request.at,
        )
    except Refused as refused:
        return _back(request, refused)
    return redirect(f"{reverse('counter:bills')}?ask={asked.pk}")


@require_POST
@never_cache
def guest(request: PageRequest) -> HttpResponse:
    """Name the guest of a bill by a code of theirs, scanned or typed: it opens in their wallet by itself."""
    asked_id = request.POST.get("ask", "")
    try:
        standing = _standing(request)
        asked = _find_asked(asked_id, standing)
        typed = "".join(request.POST.get("typed", "").split())
        is_token = len(typed) > TYPED_DIGITS
        found = prepare(
            merchant_id=standing.merchant_id,
            place_id=standing.place.pk,
            token=typed if is_token else None,
            typed=None if is_token else typed,
            device=str(standing.counter_id) if standing.counter_id else device_of(request),
            at=request.at,
        )
        voucher = list_vouchers_by_id([UUID(found.voucher)])[UUID(found.voucher)]
        if asked is None or not address_request(
            request_id=asked.pk, place_id=standing.place.pk, user_id=voucher.user_id, at=request.at
        ):
            raise NotUnderstood
    except Refused as refused:
        return _back(request, refused, asked_id)
    messages.success(request, t("在客人的卡包里打开了。", "It opened in the guest's wallet."))
    return redirect(f"{reverse('counter:bills')}?ask={asked_id}")


@require_POST
@never_cache
def press(request: PageRequest, order_id: UUID, what: str) -> HttpResponse:
    """Do with a bill what a clerk does: `take` the cash, say that the guest is `seen`, `undo` it."""
    try:
        standing = _standing(request)
        if what == "take":
            accept_bill(order_id=order_id, place_id=standing.place.pk, by=standing.clerk, at=request.at)
            note_bill(order_id=order_id)
            said = Text("收到了，算数。", "Taken; it counts.")
        elif what == "seen":
            recognise_guest(order_id=order_id, place_id=standing.place.pk, at=request.at)
            note_bill(order_id=order_id)
            said = Text("认出来了，记一次到店。", "Recognised; the visit counts.")
        elif what == "undo":
            take_bill_back(order_id=order_id, merchant_id=standing.merchant_id, by=standing.clerk, at=request.at)
            said = Text(
                "撤回了：钱、余额和券都还给客人。", "Taken back: money, credit and vouchers are the guest's again."
            )
        else:
            raise Http404
    except Refused as refused:
        return _back(request, refused)
    messages.success(request, say(said))
    return redirect("counter:bills")


def _list(request: PageRequest, standing: Standing) -> dict[str, Any]:
    """Return the bills that count or wait, newest first; what was asked for, or the newest, is told large once paid."""
    midnight = timezone.localtime(request.at).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = list_bills([standing.place.pk], midnight - timedelta(days=1), limit=MOST)
    shown = [row for row in rows if row.settled_at or row.order.expires_at > request.at]
    latest = next((row for row in shown if row.settled_at and not row.undone_at), None)
    fresh = latest if latest and latest.settled_at and latest.settled_at > request.at - FRESH else None
    answer = _answer_of(shown, request.GET.get("ask", ""))
    return {
        "waiting": [row for row in shown if not row.settled_at],
        "rows": [(row, row.is_undoable_at(request.at)) for row in shown if row.settled_at],
        "fresh": answer or fresh,
        "answered": answer,
        "midnight": midnight,
    }


def _answer_of(rows: "list[Bill]", asked: str) -> "Bill | None":
    """Return the paid bill that answers what is asked for just now; None where nothing is."""
    return next((row for row in rows if asked and row.settled_at and _request_of(row) == asked), None)


def _request_of(row: "Bill") -> str:
    """Return the id of what a clerk asked for, "" where the guest came by themselves."""
    request: BillRequest | None = getattr(row.order, "bill_request", None)
    return str(request.pk) if request else ""


def _find_standing(request: PageRequest) -> Standing | None:
    """Return where somebody stands: signed in at a shop, or a phone with its own login; None = nowhere."""
    login = rules.read_login(request.COOKIES.get(DEVICE_COOKIE, ""))
    counter = find_login(*login) if login else None
    if counter and counter.agreed_at and not counter.revoked_at:
        return Standing(counter.place, counter.merchant_id, counter_id=counter.pk)
    if not request.user.is_authenticated:
        return None
    station = find_chosen(request, list_stations(request.user))
    return Standing(station.place, station.merchant_id, station.clerk) if station else None


def _standing(request: PageRequest) -> Standing:
    """Return where a press happens; a form names the shop. :raises SignedOut, NotClerk, NotUnderstood:"""
    standing, place = _find_standing(request), request.POST.get("place", "")
    if standing is None:
        raise SignedOut
    if standing.counter_id or str(standing.place.pk) == place:
        return standing
    if not place.isdecimal() or len(place) > 18:
        raise NotUnderstood
    station = get_station(request, int(place))
    return Standing(station.place, station.merchant_id, station.clerk)


def _find_asked(typed: str | None, standing: Standing) -> "BillRequest | None":
    try:
        asked = get_bill_request(UUID(typed or ""))
    except (ValueError, ObjectDoesNotExist):
        return None
    if asked.place_id != standing.place.pk:
        raise Http404
    return asked


def _key(request: PageRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise NotUnderstood from None


def _back(request: PageRequest, refused: Refused, asked: str = "") -> HttpResponse:
    messages.error(request, refused.text.say(request.LANGUAGE_CODE))
    return redirect(f"{reverse('counter:bills')}{f'?ask={asked}' if asked else ''}")
