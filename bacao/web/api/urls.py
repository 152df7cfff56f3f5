"""Addresses for programs that Django answers; `/nearby` is answered beside it (bacao/wsgi.py)."""

from django.urls import path

from bacao.web.api import views

urlpatterns = [path("tokens", views.token, name="token")]
