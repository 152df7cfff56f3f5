"""Discover (发现): the wall of notes, newest first, each with the price there now."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from bacao.kit.text import Text
from bacao.notes.queries import list_feed
from bacao.notes.rules import Cursor, read_cursor
from bacao.places.queries import list_categories
from bacao.web.cards import make_note_cards
from bacao.web.requests import PageRequest

if TYPE_CHECKING:
    from bacao.notes.models import Note
    from bacao.places.models import Category

PAGE = 24
CATEGORIES_KEPT_SECONDS = 300

# what the street is about at an hour: the first row whose hour is not yet past
HOURS_OF_A_DAY = (
    (5, Text("还没睡？有几家亮着灯。", "Still up? A few never close.")),
    (10, Text("先吃口热的，再说别的。", "Something hot first.")),
    (12, Text("上午，找张靠窗的桌子。", "Morning: take the window table.")),
    (14, Text("到饭点了。", "Lunch, then.")),
    (17, Text("下午，坐一会儿。", "Afternoon: sit down a while.")),
    (21, Text("该吃晚饭了。", "Time for dinner.")),
    (24, Text("灯还亮着的地方。", "Where the lights are on.")),
)


@require_safe
def feed(request: PageRequest) -> HttpResponse:
    """Show a page of the feed; to htmx only its cards. `?category=` filters, `?before=` goes on below a note."""
    category = request.GET.get("category") or None
    notes = list_feed(before=read_cursor(request.GET.get("before")), category=category, limit=PAGE + 1)
    shown = notes[:PAGE]
    cards = make_note_cards(shown, at=request.at, where=request.where, viewer=request.user)
    is_part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    context: dict[str, Any] = {
        "cards": cards,
        "category": category,
        "before": _cursor_below(shown[-1]) if len(notes) > PAGE else None,
        "is_first": "before" not in request.GET,
        "hour_says": hour_says(request.at),
    }
    if not is_part:
        context["categories"] = list_top_categories()
    answer = render(request, "resident/feed_page.html" if is_part else "resident/feed.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def list_top_categories() -> "list[Category]":
    """Return the categories the chips show; they hardly ever change, so five minutes old ones will do."""
    kept: list[Category] = cache.get_or_set("top-categories", _list_top_categories, CATEGORIES_KEPT_SECONDS) or []
    return kept


def _list_top_categories() -> "list[Category]":
    return [category for category in list_categories() if category.parent_id is None]


def hour_says(at: datetime) -> Text:
    """Return the sentence of the hour."""
    hour = localtime(at).hour
    return next(says for until, says in HOURS_OF_A_DAY if hour < until)


def _cursor_below(note: "Note") -> Cursor:
    assert note.published_at is not None, "the feed holds published notes only"
    return Cursor(note.published_at, note.pk)
