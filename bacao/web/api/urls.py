"""Addresses that people speak to with their session; devices come in by the door (`door.py`)."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.api import owners

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("devices/<uuid:counter_id>/agreement", owners.agreement, name="agreement"),
    path("devices/<uuid:counter_id>/revocation", owners.revocation, name="revocation"),
]
