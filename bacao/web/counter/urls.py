"""Addresses of this audience."""

from django.urls import URLPattern, URLResolver

app_name = "counter"
urlpatterns: list[URLPattern | URLResolver] = []
