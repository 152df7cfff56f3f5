"""Addresses for programs that Django answers; devices come in by the door, `/nearby` is answered beside it."""

from django.urls import path

from bacao.web.api import members, owners, views

urlpatterns = [
    path("tokens", views.token, name="token"),
    path("s/<str:shop>/<str:live>/redemptions", members.redemptions, name="shop-redemptions"),
    path("s/<str:shop>/redemptions", members.redemptions, name="stand-redemptions"),
    path("confirmations", members.confirmations, name="confirmations"),
    path("incidents", members.incidents, name="incidents"),
    path("incidents/<uuid:incident_id>", members.incident, name="incident"),
    path("devices/<uuid:counter_id>/agreement", owners.agreement, name="device-agreement"),
    path("devices/<uuid:counter_id>/revocation", owners.revocation, name="device-revocation"),
]
