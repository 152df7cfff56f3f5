"""Addresses for residents and members."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.resident.views import health, sign_in

app_name = "resident"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-in/code", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("join/<str:secret>", sign_in.join, name="join"),
    path("health", health.health, name="health"),
]
