"""Every address of the site, by who looks."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("bacao.web.resident.urls")),
    path("", include("bacao.web.counter.urls")),
    path("merchant/", include("bacao.web.merchant.urls")),
    path("sandbox/", include("bacao.web.sandbox.urls")),
    path("desk/", admin.site.urls),
]
