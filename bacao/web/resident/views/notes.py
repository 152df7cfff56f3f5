"""One note: what it says, what its places cost now, who really went; and keeping it for later."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bacao.discovery.queries import nearest_usable
from bacao.notes.queries import get_note, list_notes_of_place, saved_ids
from bacao.notes.services import save_note, unsave_note
from bacao.redemption.queries import count_arrivals_by_note
from bacao.web.cards import look_at_places, make_note_cards
from bacao.web.requests import PageRequest
from bacao.web.sign_in import safe_next
from bacao.web.templatetags.bacao import t

if TYPE_CHECKING:
    from bacao.notes.models import Note

OTHERS = 6


@require_safe
def note(request: PageRequest, note_id: int) -> HttpResponse:
    """Show a note; one that is not published is shown to its author and to operators only."""
    shown = _find_note(request, note_id)
    named = [row.place for row in shown.note_places.all()]
    places = list(look_at_places(named, at=request.at, where=request.where).values())
    usable = next((row for row in places if row.price), None)
    others = list_notes_of_place(named[0].pk, OTHERS + 1) if named else []
    context = {
        "note": shown,
        "places": places,
        "usable": usable,
        "nearest": nearest_usable(named[0], request.at) if named and not usable else None,
        "arrivals": count_arrivals_by_note([note_id]).get(note_id, 0),
        "is_saved": bool(saved_ids(request.user, [note_id])),
        "others": make_note_cards(
            [other for other in others if other.pk != note_id][:OTHERS],
            at=request.at,
            where=request.where,
            viewer=request.user,
        ),
    }
    return render(request, "resident/note.html", context)


@require_POST
def note_save(request: PageRequest, note_id: int) -> HttpResponse:
    """Keep a note (`keep=1`) or let it go (`keep=0`); answers htmx with the button, everybody else with the page."""
    page = reverse("resident:note", args=[note_id])
    if not request.user.is_authenticated:
        return redirect(f"{reverse('resident:sign-in')}?next={page}")
    keep = request.POST.get("keep", request.GET.get("keep", "1")) == "1"
    change = save_note if keep else unsave_note
    change(user=request.user, note=_find_note(request, note_id), at=request.at)
    if "HX-Request" in request.headers:
        context = {"url": request.path, "is_saved": keep, "count": get_note(note_id).save_count}
        return render(request, "components/save.html", context)
    said = t("种下了，在「我」里。", "Saved; find it under Me.") if keep else t("拿走了。", "Taken out of your saves.")
    messages.success(request, said, extra_tags=f"{request.path}?keep={0 if keep else 1}")
    return redirect(safe_next(request, request.headers.get("Referer") or page))


def _find_note(request: PageRequest, note_id: int) -> "Note":
    """:raises Http404: there is none, or it is not for these eyes"""
    try:
        shown = get_note(note_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    may_see = request.user.is_authenticated and (request.user.is_staff or request.user.pk == shown.author_id)
    if shown.state != "published" and not may_see:
        raise Http404
    return shown
