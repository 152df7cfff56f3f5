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

from bacao.kit.text import Refused, Text
from bacao.notes.queries import get_note
from bacao.offers.queries import get_current_version, get_terms, list_live_terms
from bacao.offers.rules import Price, Terms, price_of
from bacao.offers.services import NotOnSale, SoldOut
from bacao.orders.rules import MOST_PER_ORDER, REFUND_TERMS, valid_until
from bacao.orders.services import PriceChanged, WrongQuantity, place_order, start_payment
from bacao.places.queries import get_open_until
from bacao.web.requests import PageRequest

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion
    from bacao.orders.models import Order


@never_cache
@require_safe
def checkout(request: PageRequest, offer_id: int) -> HttpResponse:
    """Show what is bought, where and until when it is good, what it costs, and how one gets the money back."""
    if not request.user.is_authenticated:
        return _sign_in(request.get_full_path())
    version = _find_version(offer_id)
    return _page(request, version, quantity=_number(request.GET.get("quantity"), 1))


@require_POST
def buy(request: PageRequest) -> HttpResponse:
    """Place the order and send the buyer to the provider's page; what is free is done at once."""
    typed = request.POST
    offer_id, quantity = _number(typed.get("offer"), 0), _number(typed.get("quantity"), 0)
    if not request.user.is_authenticated:
        return _sign_in(reverse("resident:checkout", args=[offer_id]))
    try:
        order = place_order(
            user=request.user,
            offer_id=offer_id,
            quantity=quantity,
            note_id=_known_note(typed.get("note")),
            seen_price_minor=_number(typed.get("seen_price"), -1),
            at=request.at,
            id=_uuid(typed.get("order")),
        )
        return redirect(reverse("resident:order", args=[order.pk]) if order.paid_at else pay_page(request, order))
    except ObjectDoesNotExist:
        raise Http404 from None
    except Refused as refused:
        return _page(request, _find_version(offer_id), quantity=quantity, refused=refused)


def _sign_in(back_to: str) -> HttpResponse:
    return redirect(f"{reverse('resident:sign-in')}?{urlencode({'next': back_to})}")


def pay_page(request: PageRequest, order: "Order") -> str:
    """Return the provider's page for an order. :raises AlreadyPaid, NoLongerOpen:"""
    site = request.build_absolute_uri("/").rstrip("/")
    return start_payment(order=order, at=request.at, site=site, language=request.LANGUAGE_CODE)


def _page(
    request: PageRequest, version: "OfferVersion", *, quantity: int, refused: Refused | None = None
) -> HttpResponse:
    """Show the checkout, with the reason where it was refused; without a button where nothing can be bought."""
    terms = get_terms(version)
    most = min(terms.per_order, MOST_PER_ORDER, *([terms.stock_left] if terms.stock_left is not None else []))
    status, refused = refused.status if refused else 200, refused or _why_not(terms, version, request)
    if refused and not isinstance(refused, PriceChanged | WrongQuantity | SoldOut):
        most = 0
    place = version.offer.place
    context: dict[str, Any] = {
        "version": version,
        "place": place,
        "place_url": f"/places/{place.pk}",
        "terms": terms,
        "price": price_of(terms),
        "most": most,
        "quantity": max(1, min(quantity, most)),
        "total_minor": terms.price_minor * max(1, min(quantity, most)),
        "refused": refused,
        "refund_terms": REFUND_TERMS,
        "last_day": valid_until(localtime(request.at), terms.valid_days) - timedelta(seconds=1),
        "open_until": get_open_until(place, request.at),
        "order_id": uuid4(),
        "note": request.GET.get("note") or request.POST.get("note", ""),
        "others": [] if most else _others(terms, request),
    }
    return render(request, "resident/checkout.html", context, status=status)


def _why_not(terms: Terms, version: "OfferVersion", request: PageRequest) -> Refused | None:
    """Return why an offer cannot be bought now, before anybody presses the button."""
    begins, ends = terms.sale_from, terms.sale_until
    if version.offer.state != "live" or version.offer.place.closed_at:
        return NotOnSale()
    if (begins and request.at < begins) or (ends and request.at >= ends):
        return NotOnSale()
    return Refused(Text("已经售罄。", "It is sold out."), code="sold_out") if terms.stock_left == 0 else None


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
