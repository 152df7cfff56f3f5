"""A place: what it is, what it costs you now, and who says so."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from bacao.discovery.queries import get_standings, hours_at, nearest_usable
from bacao.discovery.rules import Hours
from bacao.kit.geo import distance_m, map_links, walking_minutes
from bacao.kit.queries import get_calendar_overlay
from bacao.notes.queries import list_notes_of_place, saved_ids, saved_place_ids
from bacao.notes.services import save_place, unsave_place
from bacao.offers.queries import list_offers_of_place
from bacao.offers.rules import say_amount
from bacao.places.queries import get_open_until, get_place, list_week
from bacao.redemption.queries import list_failure_rates
from bacao.reviews.queries import list_reviews
from bacao.web.cards import NoteCard
from bacao.web.requests import PageRequest
from bacao.web.resident.receipt import holdings_of, write_receipt
from bacao.web.shop_now import now_percent, offers_now, opens_next, week_bars
from bacao.web.sign_in import safe_next
from bacao.web.templatetags.bacao import t
from bacao.web.yuan import NotAnAmount, read_yuan

if TYPE_CHECKING:
    from bacao.places.models import Place

NOTES_MAX, REVIEWS_MAX = 12, 10
PARTIES = (1, 2, 4)


@require_safe
@cache_control(private=True, max_age=0)
def place(request: PageRequest, place_id: int) -> HttpResponse:
    """Show a place; `?party=` people, a `?bill=` in yuan, and the `?note=` that somebody came from."""
    shown = _find_place(place_id)
    party = _number(request.GET.get("party"), most=20) or 1
    context = {
        "place": shown,
        "party": party,
        "parties": PARTIES,
        "note_id": _number(request.GET.get("note"), most=2**53),
        "standing": get_standings([place_id])[place_id],
        "failures": list_failure_rates([place_id], request.at).get(place_id),
        "links": map_links(shown.latitude, shown.longitude, shown.name_zh or shown.name_en),
        "reviews": list_reviews(place_id, REVIEWS_MAX),
        "is_saved": place_id in saved_place_ids(request.user, [place_id]),
        **_distance(request, shown),
        **_hours(request, shown),
        **_notes(request, place_id),
    }
    context |= _prices(request, shown, party, is_shut=context["is_shut"])
    return render(request, "resident/place.html", context)


@require_safe
def nearest(request: PageRequest, place_id: int) -> HttpResponse:
    """Return the nearest other place of the kind with an offer usable now, as a piece of the place's page (U08)."""
    shown = _find_place(place_id)
    context = {"place": shown, "item": nearest_usable(shown, request.at)}
    return render(request, "resident/place_nearest.html", context)


@require_POST
def place_save(request: PageRequest, place_id: int) -> HttpResponse:
    """Keep a place (`keep=1`) or let it go (`keep=0`); answers htmx with the button, everybody else with the page."""
    page = reverse("resident:place", args=[place_id])
    if not request.user.is_authenticated:
        return redirect(f"{reverse('resident:sign-in')}?next={page}")
    keep = request.POST.get("keep", request.GET.get("keep", "1")) == "1"
    change = save_place if keep else unsave_place
    change(user=request.user, place=_find_place(place_id), at=request.at)
    if "HX-Request" in request.headers:
        return render(request, "components/save.html", {"url": request.path, "is_saved": keep})
    said = t("种下了，在「我」里。", "Saved; find it under Me.") if keep else t("拿走了。", "Taken out of your saves.")
    messages.success(request, said, extra_tags=f"{request.path}?keep={0 if keep else 1}")
    return redirect(safe_next(request, request.headers.get("Referer") or page))


def _find_place(place_id: int) -> "Place":
    try:
        return get_place(place_id)
    except ObjectDoesNotExist:
        raise Http404 from None


def _distance(request: PageRequest, shown: "Place") -> dict[str, Any]:
    where = request.where
    metres = distance_m(where.latitude, where.longitude, shown.latitude, shown.longitude)
    return {"distance_m": metres, "walking_minutes": walking_minutes(metres)}


def _hours(request: PageRequest, shown: "Place") -> dict[str, Any]:
    """Return whether it is open, until when, or when it opens again, and the week."""
    week = list_week(shown, request.at)
    until = get_open_until(shown, request.at)
    state, _ = hours_at(shown, {shown.hours_id: until} if shown.hours_id and until else {})
    is_gone = shown.state == shown.State.CLOSED
    return {
        "is_gone": is_gone,
        "is_shut": is_gone or state is Hours.CLOSED,
        "hours_known": state is not Hours.UNKNOWN,
        "open_until": until,
        "opens_next": None if until or is_gone else opens_next(week, request.at),
        "week": week_bars(week, request.at),
        "now_percent": now_percent(request.at),
    }


def _notes(request: PageRequest, place_id: int) -> dict[str, Any]:
    notes = list_notes_of_place(place_id, NOTES_MAX)
    saved = saved_ids(request.user, [note.pk for note in notes])
    return {"cards": [NoteCard(note, None, note.pk in saved) for note in notes]}


def _prices(request: PageRequest, shown: "Place", party: int, *, is_shut: bool) -> dict[str, Any]:
    """Return every offer with its state, and the receipt for this person now where somebody would open the door."""
    if shown.state == shown.State.CLOSED:
        return {"offers": []}
    offers = offers_now(
        list_offers_of_place(shown.pk),
        usual_minor=shown.usual_minor,
        party=party,
        at=request.at,
        overlay=get_calendar_overlay(),
    )
    typed = _yuan(request.GET.get("bill"))
    bill = typed or (shown.usual_minor * party if shown.usual_minor else None)
    usual = shown.usual_minor * party if shown.usual_minor else 0
    found: dict[str, Any] = {
        "offers": offers,
        "bill_typed": say_amount(typed)[1:].replace(",", "") if typed else "",
        "bill_usual": say_amount(usual)[1:] if usual else "",
    }
    if is_shut or not any(row.why_not is None for row in offers):
        return found
    holdings = holdings_of(request.user, shown.pk, request.at)
    receipt, rejected = write_receipt(
        shown.pk, holdings, bill_minor=bill, party=party, at=request.at, bill_is_theirs=typed is not None
    )
    resting = tuple(row.refused for row in offers if row.refused)
    return found | {"receipt": receipt, "unused": (*(receipt.rejected if receipt else rejected), *resting)}


def _yuan(given: str | None) -> int | None:
    """Return an amount typed in yuan as minor units, None for anything else or nothing."""
    try:
        return read_yuan(given or "") or None
    except NotAnAmount:
        return None


def _number(given: str | None, *, most: int) -> int | None:
    """Return a whole number from 1 to `most`, or None for anything else."""
    number = int(given) if given and given.isascii() and given.isdecimal() and len(given) < 17 else 0
    return number if 1 <= number <= most else None
