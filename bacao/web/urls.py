"""Every address of the site, by who looks."""

from django.contrib import admin
from django.urls import include, path

from bacao.web.media import picture

urlpatterns = [
    path("", include("bacao.web.resident.urls")),
    path("", include("bacao.web.counter.urls")),
    path("", include("bacao.web.api.urls")),
    path("merchant/", include("bacao.web.merchant.urls")),
    path("sandbox/", include("bacao.web.sandbox.urls")),
    path("media/<path:name>", picture, name="picture"),
    path("desk/", admin.site.urls),
]
