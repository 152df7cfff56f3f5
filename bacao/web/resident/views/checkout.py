"""Buying: three lines and a button, then the order with its money; every refusal is a page with a way on."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused
from bacao.notes.queries import get_note
from bacao.offers.queries import get_current_version, get_terms, get_version, list_live_terms
from bacao.offers.rules import Price, Terms, price_of
from bacao.orders.queries import find_quote, get_credit
from bacao.orders.rules import MOST_PER_ORDER, REFUND_TERMS, valid_until
from bacao.orders.services import (
    Busy,
    CreditGone,
    Difference,
    OrderIdTaken,
    QuotaGone,
    WrongQuantity,
    place_order,
    quote_purchase,
    start_payment,
)
from bacao.places.queries import get_open_until
from bacao.web.requests import PageRequest

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion
    from bacao.orders.models import Order, Quote


@never_cache
@require_safe
def checkout(request: PageRequest, offer_id: int) -> HttpResponse:
    """Show what is bought, where and until when it is good, what it costs, and how one gets the money back.

    The price on the page is a promise: it is quoted here and booked by `buy`.
    """
    user = request.user
    if not user.is_authenticated:
        return _sign_in(request.get_full_path())
    version = _find_version(offer_id)
    try:
        quote = quote_purchase(user=user, version=version, at=request.at)
    except Refused as refused:
        return _closed(request, version, refused, status=200)
    return _page(request, quote, version, quantity=_number(request.GET.get("quantity"), 1))


@require_POST
def buy(request: PageRequest) -> HttpResponse:
    """Take what was quoted and send the buyer to the provider's page; what is free is done at once."""
    typed, user = request.POST, request.user
    offer_id, quantity = _number(typed.get("offer"), 0), _number(typed.get("quantity"), 0)
    if not user.is_authenticated:
        return _sign_in(reverse("resident:checkout", args=[offer_id]))
    quote = find_quote(quote_id, user) if (quote_id := _uuid(typed.get("quote"))) else None
    if quote is None:  # a page from long ago: look at today's
        return redirect("resident:checkout", offer_id)
    try:
        order = place_order(
            user=user,
            quote_id=quote.pk,
            quantity=quantity,
            note_id=_known_note(typed.get("note")),
            credit_most=_number(typed.get("credit"), 0),
            at=request.at,
            id=_uuid(typed.get("order")),
        )
        return redirect(reverse("resident:order", args=[order.pk]) if order.paid_at else pay_page(request, order))
    except Difference as difference:
        return _differs(request, difference, quantity)
    except (WrongQuantity, Busy, OrderIdTaken) as refused:
        return _page(request, quote, quantity=quantity, refused=refused)


def _differs(request: PageRequest, difference: Difference, quantity: int) -> HttpResponse:
    """Show the old promise beside the new one, with one button; or why there is no new one, and what else there is."""
    quote = difference.fresh
    if isinstance(difference, CreditGone) or (isinstance(difference, QuotaGone) and difference.left):
        quote = quote or difference.quote
    if quote is None:
        version = _find_version(difference.quote.version.offer_id)
        return _closed(request, version, difference, status=difference.status)
    old = difference.quote if quote.unit_price_minor != difference.quote.unit_price_minor else None
    return _page(request, quote, quantity=quantity, refused=difference, old=old)


def _sign_in(back_to: str) -> HttpResponse:
    return redirect(f"{reverse('resident:sign-in')}?{urlencode({'next': back_to})}")


def pay_page(request: PageRequest, order: "Order") -> str:
    """Return the provider's page for an order. :raises AlreadyPaid, NoLongerOpen:"""
    site = request.build_absolute_uri("/").rstrip("/")
    return start_payment(order=order, at=request.at, site=site, language=request.LANGUAGE_CODE)


def _page(
    request: PageRequest,
    quote: "Quote",
    current: "OfferVersion | None" = None,
    *,
    quantity: int,
    refused: Refused | None = None,
    old: "Quote | None" = None,
) -> HttpResponse:
    """Show what a quote promises, with the reason where something stood in the way; `old` = the promise before."""
    version = current if current and current.pk == quote.offer_version_id else get_version(quote.version.pk)
    terms = get_terms(version)
    most = min(terms.per_order, MOST_PER_ORDER, *([terms.stock_left] if terms.stock_left is not None else []))
    quantity = max(1, min(quantity, most))
    total, credit = quote.unit_price_minor * quantity, get_credit(quote.user_id)
    context = _context(request, version, refused) | {
        "quote": quote,
        "old": old,
        "price": price_of(terms),
        "most": most,
        "quantity": quantity,
        "total_minor": total,
        "credit_minor": credit,
        "credit_used_minor": min(credit, total),
        "pay_minor": total - min(credit, total),
        "last_day": valid_until(localtime(request.at), terms.valid_days) - timedelta(seconds=1),
        "order_id": uuid4(),
    }
    answer = render(request, "resident/checkout.html", context, status=refused.status if refused else 200)
    if isinstance(refused, Busy):
        answer["Retry-After"] = str(refused.retry_after_seconds)
    return answer


def _closed(request: PageRequest, version: "OfferVersion", refused: Refused, *, status: int) -> HttpResponse:
    """Say why an offer cannot be bought now, and what else there is; without a button."""
    context = _context(request, version, refused) | {"most": 0, "others": _others(get_terms(version), request)}
    return render(request, "resident/checkout.html", context, status=status)


def _context(request: PageRequest, version: "OfferVersion", refused: Refused | None) -> dict[str, Any]:
    """Return what both pages show: the offer and its shop."""
    place = version.offer.place
    return {
        "version": version,
        "place": place,
        "place_url": f"/places/{place.pk}",
        "terms": get_terms(version),
        "refused": refused,
        "refund_terms": REFUND_TERMS,
        "open_until": get_open_until(place, request.at),
        "note": request.GET.get("note") or request.POST.get("note", ""),
    }


def _others(terms: Terms, request: PageRequest) -> list[tuple[Terms, Price | None]]:
    """Return what else can be had at the same shop now."""
    live = list_live_terms([terms.place_id], request.at).get(terms.place_id, [])
    return [(other, price_of(other)) for other in live if other.offer_id != terms.offer_id]


def _find_version(offer_id: int) -> "OfferVersion":
    try:
        return get_current_version(offer_id)
    except ObjectDoesNotExist:
        raise Http404 from None


def _known_note(typed: str | None) -> int | None:
    """Return the note somebody came from, None where there is none of that number."""
    number = _number(typed, 0)
    try:
        return get_note(number).pk if number else None
    except ObjectDoesNotExist:
        return None


def _number(typed: str | None, otherwise: int) -> int:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 10 else otherwise


def _uuid(typed: str | None) -> UUID | None:
    try:
        return UUID(typed or "")
    except ValueError:
        return None
