"""A person as others see them: what they wrote and whom it brought somewhere."""

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bacao.accounts.queries import get_user
from bacao.notes.queries import list_notes_of_author
from bacao.redemption.queries import count_arrivals_by_note
from bacao.web.cards import make_note_cards
from bacao.web.requests import PageRequest


@require_safe
def person(request: PageRequest, user_id: int) -> HttpResponse:
    """Show somebody's published notes and how many verified arrivals came from them."""
    try:
        shown = get_user(user_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    if not shown.is_active:
        raise Http404
    notes = list_notes_of_author(user_id)
    context = {
        "person": shown,
        "cards": make_note_cards(notes, at=request.at, where=request.where, viewer=request.user),
        "arrivals": sum(count_arrivals_by_note([note.pk for note in notes]).values()),
    }
    return render(request, "resident/person.html", context)
