"""Pay the bill (买单): the amount, what it comes to with whatever somebody holds, one tap (U32)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.offers.rules import say_amount
from bacao.orders.queries import find_bill_request, find_quote, find_request_for, get_bill_request
from bacao.orders.services import Busy, Difference, VoucherGone, place_bill, quote_bill
from bacao.places.queries import get_place
from bacao.redemption.services import ask_leases_of, get_counter_of_code
from bacao.web.requests import PageRequest
from bacao.web.resident.receipt import Receipt, receipt_of_bill
from bacao.web.resident.views.checkout import pay_page
from bacao.web.yuan import read_yuan

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.orders.models import BillRequest, Quote
    from bacao.places.models import Place

SEEN_SECONDS = 900
"""For how long a scan of the shop's live code shows that somebody is there."""
_SALT = "bill.presence"
PARTIES = (1, 2, 4, 6)


class HeldByCounter(Refused):
    """The shop's phone holds a voucher of the bill for the time without network, and was asked for it."""

    code = "waiting_for_counter"
    text = Text(
        "店里的收银手机正拿着你的券，已经叫它交回来，几秒后再点一次。",
        "The shop's phone holds your voucher and was asked to give it back; press again in a few seconds.",
    )


@require_safe
@never_cache
def bill(request: PageRequest, place_id: int) -> HttpResponse:
    """Ask for the amount of a bill and say at once what it comes to.

    `?amount=` and `?without=` (the part that takes no discount) in yuan, `?party=`, `?tender=counter`. `?shop=&live=`
    = the code at the counter that somebody scanned: it shows that they are there.
    """
    place = _find_place(place_id)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    typed = {name: request.GET.get(name, "").strip() for name in ("amount", "without", "party", "tender")}
    context = _context(place, None, typed | {"seen": _seen(request, place)})
    try:
        if typed["amount"]:
            amount, without = read_yuan(typed["amount"]), read_yuan(typed["without"] or "0")
            context |= _priced(request, request.user, place, amount, without)
    except Refused as refused:
        context |= {"refused": refused}
    return render(request, "resident/bill.html", context)


@require_safe
@never_cache
def bill_asked(request: PageRequest, code: str) -> HttpResponse:
    """Show a bill that a clerk asks for: the amount stands, the price is one's own."""
    asked = find_bill_request(code.upper(), request.at)
    if asked is None:
        return render(request, "resident/bill_over.html", status=410)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if asked.order is not None and asked.order.user_id == request.user.pk and not asked.order.cancelled_at:
        return redirect("resident:order", asked.order_id)
    context = _context(asked.place, asked, {"tender": request.GET.get("tender", "")})
    try:
        context |= _priced(request, request.user, asked.place, asked.bill_minor, asked.undiscounted_minor, asked)
    except Refused as refused:
        context |= {"refused": refused}
    return render(request, "resident/bill.html", context)


@require_safe
@never_cache
def bill_waiting(request: PageRequest) -> HttpResponse:
    """Tell an open wallet that a clerk asks its owner for a bill, as a piece of a page; 204 where nobody does."""
    asked = find_request_for(request.user, request.at) if request.user.is_authenticated else None
    if asked is None:
        return HttpResponse(status=204)
    return render(request, "resident/bill_waiting.html", {"asked": asked})


@require_POST
@never_cache
def bills(request: PageRequest) -> HttpResponse:
    """Take a quoted bill: on to the payment, or to the clerk; what became different is said beside a new price."""
    form, user = request.POST, request.user
    quote = find_quote(quote_id, user) if user.is_authenticated and (quote_id := _uuid(form.get("quote"))) else None
    if quote is None or quote.bill_minor is None or not user.is_authenticated:
        return redirect("resident:wallet")
    asked = _find_asked(form.get("asked"))
    counts_on_own = any(use["owned"] for use in quote.result["uses"])
    held = ask_leases_of(user_id=user.pk, place_id=quote.place_id, at=request.at) if counts_on_own else ()
    try:
        order = place_bill(
            user=user,
            quote_id=quote.pk,
            presence=_presence(form.get("seen"), quote),
            request_id=asked.pk if asked else None,
            without=held,
            id=_uuid(form.get("order")),
            at=request.at,
        )
        asks_money = order.tender_is_online and not order.paid_at
        return redirect(pay_page(request, order) if asks_money else reverse("resident:order", args=[order.pk]))
    except Difference as difference:
        if held and isinstance(difference, VoucherGone):
            return _again(request, quote, HeldByCounter(), asked)
        return _differs(request, difference, asked)
    except Refused as refused:
        return _again(request, quote, refused, asked)


def _differs(request: PageRequest, difference: Difference, asked: "BillRequest | None") -> HttpResponse:
    """Show the old price beside the new one, with one button; nothing was charged."""
    if difference.fresh is None:
        return _again(request, difference.quote, difference, asked)
    old = difference.quote if difference.quote.unit_price_minor != difference.fresh.unit_price_minor else None
    shown = {"refused": difference, "old": old, "quote": difference.fresh, "receipt": receipt_of_bill(difference.fresh)}
    return _show(request, difference.fresh, shown, difference, asked)


def _again(request: PageRequest, quote: "Quote", refused: Refused, asked: "BillRequest | None") -> HttpResponse:
    """Show the page as it was, priced anew, with the reason why nothing was taken."""
    user = request.user
    assert user.is_authenticated, "somebody's own quote"
    shown: dict[str, Any] = {"refused": refused}
    try:
        fresh = quote_bill(
            user=user,
            place=quote.place,
            bill_minor=quote.unit_list_minor,
            undiscounted_minor=quote.undiscounted_minor,
            party=quote.party,
            tender=quote.tender,
            at=request.at,
        )
        shown |= {"quote": fresh, "receipt": receipt_of_bill(fresh)}
    except Refused as closed:
        shown["refused"] = closed
    return _show(request, quote, shown, refused, asked)


def _show(
    request: PageRequest, quote: "Quote", shown: dict[str, Any], refused: Refused, asked: "BillRequest | None"
) -> HttpResponse:
    receipt: Receipt | None = shown.get("receipt")
    typed = {
        "amount": _typed(quote.unit_list_minor),
        "without": _typed(quote.undiscounted_minor),
        "party": str(quote.party),
        "tender": "counter" if quote.tender == "counter" else "",
        "seen": request.POST.get("seen", ""),
    }
    context = _context(quote.place, asked, typed) | shown | {"unused": receipt.rejected if receipt else ()}
    answer = render(request, "resident/bill.html", context, status=refused.status)
    if isinstance(refused, Busy):
        answer["Retry-After"] = str(refused.retry_after_seconds)
    return answer


def _priced(
    request: PageRequest,
    user: "User",
    place: "Place",
    amount: int,
    without: int,
    asked: "BillRequest | None" = None,
) -> dict[str, Any]:
    """Quote a bill; return what the page shows of it. Vouchers that the shop's phone holds are asked back meanwhile."""
    held = ask_leases_of(user_id=user.pk, place_id=place.pk, at=request.at)
    quote = quote_bill(
        user=user,
        place=place,
        bill_minor=amount,
        undiscounted_minor=min(without, amount),
        party=asked.party if asked else _party(request.GET.get("party", "")),
        tender="counter" if request.GET.get("tender") == "counter" else "online",
        without=held if request.GET.get("skip") else (),
        at=request.at,
    )
    receipt = receipt_of_bill(quote)
    return {
        "quote": quote,
        "receipt": receipt,
        "unused": receipt.rejected,
        "amount": _typed(amount),
        "without": _typed(quote.undiscounted_minor),
    }


def _context(place: "Place", asked: "BillRequest | None", typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows besides the price: what was typed so far, and where its links lead with it."""
    page = reverse("resident:bill-asked", args=[asked.code]) if asked else reverse("resident:bill", args=[place.pk])
    kept, party = {name: word for name, word in typed.items() if word}, _party(typed.get("party", ""))
    other = kept | {"tender": "" if kept.get("tender") else "counter"}
    return dict(typed) | {
        "place": place,
        "place_url": reverse("resident:place", args=[place.pk]),
        "asked": asked,
        "party": party,
        "parties": sorted({*PARTIES, party}),
        "order_id": uuid4(),
        "other_tender": f"{page}?{urlencode(other)}",
        "skip": f"{page}?{urlencode(kept | {'skip': '1'})}",
    }


def _seen(request: PageRequest, place: "Place") -> str:
    """Return a signed word that somebody scanned this shop's live code; "" where they did not."""
    if token := request.GET.get("seen"):
        return token
    shop, live = request.GET.get("shop", ""), request.GET.get("live", "")
    if not shop or not live:
        return ""
    try:
        counter = get_counter_of_code(shop=shop, live=live, at=request.at)
    except Refused:
        return ""
    return signing.dumps([place.pk, request.user.pk], salt=_SALT) if counter.place_id == place.pk else ""


def _presence(token: str | None, quote: "Quote") -> str:
    try:
        seen = signing.loads(token or "", salt=_SALT, max_age=SEEN_SECONDS)
    except signing.BadSignature:
        return ""
    return "shop_code" if seen == [quote.place_id, quote.user_id] else ""


def _find_asked(typed: str | None) -> "BillRequest | None":
    number = _uuid(typed)
    try:
        return get_bill_request(number) if number else None
    except ObjectDoesNotExist:
        return None


def _find_place(place_id: int) -> "Place":
    try:
        place = get_place(place_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    if place.merchant_id is None:
        raise Http404
    return place


def _party(typed: str) -> int:
    return min(int(typed), 50) if typed.isascii() and typed.isdigit() and len(typed) < 4 and int(typed) else 1


def _typed(minor: int) -> str:
    """Return an amount as somebody types it; "" of nothing."""
    return say_amount(minor)[1:].replace(",", "") if minor else ""


def _uuid(typed: str | None) -> UUID | None:
    try:
        return UUID(typed or "")
    except ValueError:
        return None
