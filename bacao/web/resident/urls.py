"""Addresses for residents and members."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.resident.views import feed, health, me, note_new, notes, people, preferences, sign_in, style

app_name = "resident"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-in/code", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("join/<str:secret>", sign_in.join, name="join"),
    path("health", health.health, name="health"),
    path("", feed.feed, name="feed"),
    path("notes/new", note_new.note_new, name="note-new"),
    path("notes/new/places", note_new.note_places, name="note-places"),
    path("notes/new/covers", note_new.note_covers, name="note-covers"),
    path("notes/<int:note_id>", notes.note, name="note"),
    path("notes/<int:note_id>/save", notes.note_save, name="note-save"),
    path("me", me.me, name="me"),
    path("me/settings", me.settings, name="settings"),
    path("people/<int:user_id>", people.person, name="person"),
    path("language", preferences.language, name="language"),
    path("theme", preferences.theme, name="theme"),
    path("style", style.style, name="style"),
]
