"""Search over places and notes, with what was understood as chips that can be taken back."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from bacao.discovery.queries import search as find
from bacao.discovery.services import ensure_built
from bacao.places.queries import list_districts
from bacao.web.cards import make_note_cards
from bacao.web.requests import PageRequest
from bacao.web.resident.views.feed import list_top_categories

PLACES_MAX, NOTES_MAX = 20, 12


@require_safe
@cache_control(private=True, max_age=0)
def search(request: PageRequest) -> HttpResponse:
    """Show what answers `?q=`; without a query, ways to begin."""
    query = " ".join(request.GET.get("q", "").split())[:80]
    if not query:
        ways = {"query": "", "categories": list_top_categories(), "districts": list_districts()}
        return render(request, "resident/search.html", ways)
    ensure_built(at=request.at)
    found = find(
        text=query,
        language=request.LANGUAGE_CODE,
        lat=request.where.latitude,
        lon=request.where.longitude,
        at=request.at,
        limit=PLACES_MAX,
        notes_limit=NOTES_MAX,
        viewer=request.user if request.user.is_authenticated else None,
    )
    cards = make_note_cards(found.notes, at=request.at, where=request.where, viewer=request.user)
    context: dict[str, object] = {"query": query, "found": found, "cards": cards}
    if not found.places and not cards:
        context["categories"] = list_top_categories()
    return render(request, "resident/search.html", context)
