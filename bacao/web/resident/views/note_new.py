"""Writing a note: choose places, say it, show it; publish."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bacao.discovery.queries import search
from bacao.kit.text import Refused, Text
from bacao.notes.rules import PICTURES_AT_MOST, TITLE_LENGTH
from bacao.notes.rules.pictures import PictureRefused
from bacao.notes.services import publish_note
from bacao.places.queries import list_places_by_id
from bacao.redemption.queries import list_arrivals
from bacao.web.covers import LAYOUTS, Cover, draw
from bacao.web.requests import PageRequest
from bacao.web.resident.note_form import COVER_EMOJI, KINDS, LINE_LENGTH, Draft, find_mistakes, read_cover, read_draft
from bacao.web.resident.views.me import invite
from bacao.web.templatetags.bacao import t

if TYPE_CHECKING:
    from bacao.places.models import Place

FOUND = 8
VISITED = 12
TINT = 36  # of a cover nobody has chosen a colour for


@require_http_methods(["GET", "POST"])
def note_new(request: PageRequest) -> HttpResponse:
    """Show the empty page (`?place=` chooses one), or publish what was written; `find` only looks for places."""
    if not request.user.is_authenticated:
        return invite(
            request,
            Text("写一篇，帮后面的人少走冤枉路", "Write it down for those who come after"),
            Text("不用粉丝，去过就能写。先登录。", "No followers needed: who was there may write. Sign in first."),
            "pencil",
        )
    if request.method == "GET":
        return _page(request, read_draft(request.GET))
    draft, pictures = read_draft(request.POST), request.FILES.getlist("pictures")
    if "find" in request.POST:
        return _page(request, draft, query=request.POST.get("q", ""))
    mistakes = find_mistakes(draft, pictures)
    if mistakes:
        return _page(request, draft, mistakes)
    try:
        note = publish_note(
            author=request.user,
            kind=draft.kind,
            title=draft.title,
            body=draft.body,
            place_ids=draft.place_ids,
            pictures=pictures,
            disclosure=draft.disclosure,
            language=request.LANGUAGE_CODE,
            cover=draft.cover,
            at=request.at,
        )
    except Refused as refused:
        return _page(request, draft, {"pictures" if isinstance(refused, PictureRefused) else "other": refused.text})
    if note.state == "published":
        messages.success(request, t("发布了。", "Published."))
    else:
        messages.success(request, t("收到了，第一篇要等管理员看一眼。", "Received; a moderator looks at a first note."))
    return redirect("resident:note", note_id=note.pk)


@require_safe
@login_required
def note_places(request: PageRequest) -> HttpResponse:
    """Answer the place box while somebody types."""
    return render(request, "resident/note_places.html", {"found": _find_places(request, request.GET.get("q", ""))})


@require_safe
@login_required
def note_covers(request: PageRequest) -> HttpResponse:
    """Answer the cover picker: every layout drawn from what is chosen so far."""
    return render(request, "resident/note_covers.html", {"covers": _draw_all(read_cover(request.GET))})


def _page(
    request: PageRequest, draft: Draft, mistakes: Mapping[str, Text] | None = None, query: str = ""
) -> HttpResponse:
    """Return the page with what was typed kept, and each mistake beside its field."""
    chosen = list_places_by_id(draft.place_ids)
    context = {
        "draft": draft,
        "mistakes": mistakes or {},
        "chosen": [chosen[place_id] for place_id in draft.place_ids if place_id in chosen],
        "found": [place for place in _find_places(request, query) if place.pk not in chosen],
        "query": query,
        "kinds": KINDS,
        "covers": _draw_all(draft.cover),
        "emoji_names": COVER_EMOJI,
        "pictures_at_most": PICTURES_AT_MOST,
        "title_length": TITLE_LENGTH,
        "line_length": LINE_LENGTH,
        "lost_pictures": bool(request.FILES),
        "tint": draft.cover.get("tint", TINT),
    }
    return render(request, "resident/note_new.html", context, status=422 if mistakes else 200)


def _find_places(request: PageRequest, query: str) -> "list[Place]":
    """Return the places that answer a query; without one, those where the writer was last."""
    if not query.strip():
        assert request.user.is_authenticated, "only who is signed in gets this far"
        return list({arrival.place_id: arrival.place for arrival in list_arrivals(request.user, VISITED)}.values())
    result = search(
        text=query,
        language=request.LANGUAGE_CODE,
        lat=request.where.latitude,
        lon=request.where.longitude,
        at=request.at,
        limit=FOUND,
    )
    return [item.place for item in result.places]


def _draw_all(words: Mapping[str, Any]) -> list[tuple[Cover, bool]]:
    """Return the words drawn in every layout, and whether that one is chosen."""
    chosen = words.get("layout", next(iter(LAYOUTS)))
    return [(draw({**words, "layout": name}, emoji=COVER_EMOJI[0], tint=TINT), name == chosen) for name in LAYOUTS]
