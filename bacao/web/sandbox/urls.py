"""Addresses of the sandbox payment company: a hosted page for payers, a server for merchants."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.sandbox import views

app_name = "sandbox"
urlpatterns: list[URLPattern | URLResolver] = [
    path("pay", views.pay, name="pay"),
    path("payments/<str:payment_id>", views.payment, name="payment"),
    path("api/<str:verb>", views.api, name="api"),
]
