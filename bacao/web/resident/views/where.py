"""Where am I: a district, a street, a station, or this device (U28)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from bacao.discovery.queries import get_gazetteer
from bacao.discovery.rules import AREA_KINDS
from bacao.places.queries import list_districts, list_streets
from bacao.web.requests import PageRequest
from bacao.web.sign_in import safe_next
from bacao.web.where import OutOfTown, forget_where, remember_area, remember_device

if TYPE_CHECKING:
    from bacao.discovery.rules import Known

SUGGESTED_MAX = 24


@require_http_methods(["GET", "HEAD", "POST"])
def where(request: PageRequest) -> HttpResponse:
    """Show what can be chosen (`?q=` narrows it); POST chooses: `to` = street:code, district:code, device or forget."""
    if request.method == "POST":
        return _choose(request)
    query = request.GET.get("q", "").strip()[:40]
    context: dict[str, object] = {"wanted": query, "next": request.GET.get("next", "/now")}
    if query:
        context["found"] = _find_areas(query)
    else:
        context |= _whole_city()
    is_part = "HX-Request" in request.headers
    return render(request, "resident/where_list.html" if is_part else "resident/where.html", context)


def _choose(request: PageRequest) -> HttpResponse:
    """Remember the choice in the browser and go back to `next`."""
    answer = redirect(safe_next(request, request.POST.get("next") or "/now"))
    choice = request.POST.get("to", "")
    if choice == "forget":
        forget_where(answer)
    elif choice == "device":
        try:
            remember_device(answer, float(request.POST["latitude"]), float(request.POST["longitude"]))
        except (KeyError, ValueError):
            return redirect("resident:where")
        except OutOfTown as refused:
            messages.error(request, refused.text.say(get_language() or "zh-hans"))
    else:
        remember_area(answer, choice)
    return answer


def _find_areas(query: str) -> "list[Known]":
    """Return districts, streets and stations called like `query`, in Chinese, in English or by sound."""
    known = get_gazetteer().suggest(query)
    return [entry for entry in known if entry.kind in AREA_KINDS][:SUGGESTED_MAX]


def _whole_city() -> dict[str, object]:
    """Return every district with its streets, and the stations."""
    areas = list_streets()
    streets: dict[str, list[object]] = {}
    for area in areas:
        if area.kind == "street":
            streets.setdefault(area.district_id, []).append(area)
    return {
        "districts": [(district, streets.get(district.code, [])) for district in list_districts()],
        "stations": [area for area in areas if area.kind == "station"],
    }
