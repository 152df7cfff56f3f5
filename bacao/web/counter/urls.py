"""Addresses of the counter."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.counter import pages, views

app_name = "counter"
urlpatterns: list[URLPattern | URLResolver] = [
    path("counter", pages.counter, name="counter"),
    path("counter-worker.js", pages.worker, name="worker"),
    path("counter/practice", views.practice, name="practice"),
    path("previews", views.previews, name="previews"),
    path("redemptions", views.redemptions, name="redemptions"),
    path("undos", views.undos, name="undos"),
]
