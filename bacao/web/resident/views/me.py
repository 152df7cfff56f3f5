"""Me (我): what somebody wrote and kept, where their things are, and how the app should be."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bacao.accounts.rules import AVATARS, BIO_LENGTH, NAME_LENGTH
from bacao.accounts.services import set_preferences
from bacao.kit.text import Refused, Text
from bacao.notes.queries import list_notes_of_author, list_saves
from bacao.places.queries import list_shop_roles
from bacao.redemption.queries import count_arrivals
from bacao.web.cards import look_at_places, make_note_cards
from bacao.web.preferences import remember_language, remember_theme
from bacao.web.requests import PageRequest
from bacao.web.templatetags.bacao import t

if TYPE_CHECKING:
    from bacao.accounts.models import User

TABS = ("saved", "places", "notes")


@require_safe
def me(request: PageRequest) -> HttpResponse:
    """Show one's own page; `?tab=` chooses saved notes, saved places or own notes."""
    if not request.user.is_authenticated:
        return invite(
            request,
            Text("种下的、写过的、去过的，都在这里", "What you saved, wrote and visited"),
            Text("登录只要手机号或邮箱，不用密码。", "A phone number or an e-mail address will do; no password."),
            "seedling",
        )
    tab = request.GET.get("tab", TABS[0])
    tab = tab if tab in TABS else TABS[0]
    roles = list_shop_roles(request.user)
    context = {
        "tab": tab,
        "arrivals": count_arrivals(user=request.user),
        "owns": next((role for role in roles if role.kind == "owner"), None),
        "works": next(iter(roles), None),
        **_list_of(tab, request, request.user),
    }
    return render(request, "resident/me.html", context)


def _list_of(tab: str, request: PageRequest, user: "User") -> dict[str, object]:
    """Return what a tab shows: note cards, or places as they are now."""
    if tab == "notes":
        notes = list_notes_of_author(user.pk, include_unpublished=True)
        return {"cards": make_note_cards(notes, at=request.at, where=request.where, viewer=user)}
    saves = list_saves(user)
    if tab == "places":
        places = [save.place for save in saves if save.place]
        return {"places": look_at_places(places, at=request.at, where=request.where).values()}
    notes = [save.note for save in saves if save.note]
    return {"cards": make_note_cards(notes, at=request.at, where=request.where, viewer=user)}


@require_http_methods(["GET", "POST"])
def settings(request: PageRequest) -> HttpResponse:
    """Show and keep what a person chose: name, picture, language, light, ranking."""
    if not request.user.is_authenticated:
        return redirect("resident:me")
    context = {
        "avatars": dict.fromkeys((request.user.avatar, *AVATARS)), "name_length": NAME_LENGTH, "bio_length": BIO_LENGTH,
        "name": request.user.display_name, "bio": request.user.bio,
    }  # fmt: skip
    if request.method == "GET":
        return render(request, "resident/settings.html", context)
    typed = request.POST
    try:
        user = set_preferences(
            user=request.user,
            at=request.at,
            display_name=typed.get("display_name", ""),
            avatar=typed["avatar"] if typed.get("avatar") in AVATARS else None,
            bio=typed.get("bio", ""),
            personal_ranking="personal_ranking" in typed,
        )
    except Refused as refused:
        typed_again = {"name": typed.get("display_name", ""), "bio": typed.get("bio", ""), "refused": refused}
        return render(request, "resident/settings.html", {**context, **typed_again}, status=refused.status)
    answer = redirect("resident:me")
    remember_theme(answer, typed.get("theme", ""))
    remember_language(request, answer, typed.get("language", user.language))
    messages.success(request, t("记住了。", "Kept."))
    return answer


def invite(request: PageRequest, title: Text, body: Text, emoji: str) -> HttpResponse:
    """Return a page that says what signing in would give here."""
    return render(request, "resident/invite.html", {"title": title, "body": body, "emoji": emoji})
