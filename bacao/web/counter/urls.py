"""Addresses of the counter."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.counter import bills, pages, views

app_name = "counter"
urlpatterns: list[URLPattern | URLResolver] = [
    path("counter", pages.counter, name="counter"),
    path("counter-worker.js", pages.worker, name="worker"),
    path("counter/bills", bills.bills, name="bills"),
    path("counter/bills/list", bills.bill_list, name="bill-list"),
    path("counter/bills/ask", bills.ask, name="bill-ask"),
    path("counter/bills/guest", bills.guest, name="bill-guest"),
    path("counter/bills/<uuid:order_id>/<str:what>", bills.press, name="bill-press"),
    path("counter/practice", views.practice, name="practice"),
    path("previews", views.previews, name="previews"),
    path("redemptions", views.redemptions, name="redemptions"),
    path("undos", views.undos, name="undos"),
]
