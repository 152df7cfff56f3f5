"""Addresses for residents and members."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.resident.views import (
    callbacks,
    checkout,
    feed,
    health,
    me,
    note_new,
    notes,
    orders,
    people,
    preferences,
    sign_in,
    style,
)

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
    path("checkout/<int:offer_id>", checkout.checkout, name="checkout"),
    path("orders", orders.orders, name="orders"),
    path("orders/<uuid:order_id>", orders.order, name="order"),
    path("orders/<uuid:order_id>/state", orders.order_state, name="order-state"),
    path("orders/<uuid:order_id>/pay", orders.order_pay, name="order-pay"),
    path("orders/<uuid:order_id>/cancel", orders.order_cancel, name="order-cancel"),
    path("vouchers/<uuid:voucher_id>/refund", orders.voucher_refund, name="voucher-refund"),
    path("payments/<str:provider>/callback", callbacks.callback, name="payment-callback"),
]
