"""The map's style and ground, the same for everybody and cacheable."""

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from bacao.web.basemap import INKS, make_city, make_style
from bacao.web.requests import PageRequest

KEPT_SECONDS = 3600


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
def style(request: PageRequest) -> HttpResponse:
    """Return how the map is drawn: `?theme=light|dark`, `?language=zh-hans|en`; anything else is light and Chinese."""
    theme = request.GET.get("theme", "")
    return JsonResponse(
        make_style(
            theme=theme if theme in INKS else "light",
            language=request.GET.get("language", "zh-hans"),
            city_url=request.build_absolute_uri(reverse("resident:map-city")),
        )
    )


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
def city(request: PageRequest) -> HttpResponse:
    """Return the ground as GeoJSON."""
    return JsonResponse(make_city(), json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})
