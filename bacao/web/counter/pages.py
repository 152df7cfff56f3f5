"""The counter's page as a program that needs no network once opened: its shell, its worker, what both are made of."""

from pathlib import Path

import msgspec
from django.contrib.auth.views import redirect_to_login
from django.contrib.staticfiles import finders
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from bacao.places.queries import get_place, is_owner
from bacao.web.counter.stations import find_chosen, list_stations
from bacao.web.requests import PageRequest

DEVICE_COOKIE = "counter"
JS = Path(__file__).resolve().parents[1] / "static" / "js"
FILES = (
    *(f"css/{name}.css" for name in ("tokens", "base", "layout", "components", "covers", "counter", "till")),
    *("img/mark.svg", "img/mark-180.png", "counter.webmanifest"),
    *(f"js/{name}.js" for name in ("base", "chain", "counter", "looks", "qr", "scan_worker", "scanner", "signals")),
    *(f"js/{folder}/{path.name}" for folder in ("counter", "till") for path in sorted((JS / folder).glob("*.js"))),
    *("vendor/htmx/htmx.min.js", "vendor/uqr/index.mjs", "vendor/noble/index.js"),
    *(f"vendor/zxing/{name}" for name in ("es/reader/index.js", "es/share.js", "reader/zxing_reader.wasm")),
)
"""Every static file that the page may ask for, now or later: the worker keeps them all or none."""


@require_safe
@never_cache
def counter(request: PageRequest) -> HttpResponse:
    """Show the counter.

    A signed-in clerk stands at the shop they work at (with several, they are asked which). A phone that was enrolled
    gets the shell: the same page for everybody, which finds shop and clerk in the phone's own memory. `?place=`, the
    link or QR at the till, names a shop and grants nothing (RD49).
    """
    if "shell" in request.GET or DEVICE_COOKIE in request.COOKIES:
        return _shell(request)
    if not request.user.is_authenticated:
        return _shell(request) if request.GET.get("place") else redirect_to_login(request.path)
    stations = list_stations(request.user)
    station = find_chosen(request, stations)
    if station is None and request.GET.get("place", "0") != "0" and not stations:
        return _shell(request)
    if station is None:
        return render(request, "counter/choose.html", {"stations": stations})
    context = {"station": station, "place": station.place, "several": len(stations) > 1, "files": _files()}
    context["owner"] = is_owner(request.user, station.merchant_id)
    return render(request, "counter/counter.html", context)


@ensure_csrf_cookie
def _shell(request: PageRequest) -> HttpResponse:
    """Return the page with nobody in it; a shop only where the address names one."""
    asked, place = request.GET.get("place", ""), None
    if asked.isdecimal() and len(asked) < 19:
        try:
            place = get_place(int(asked))
        except ObjectDoesNotExist:
            raise Http404("no such shop") from None
    return render(request, "counter/counter.html", {"place": place, "files": _files()})


def _files() -> str:
    return msgspec.json.encode([static(name) for name in FILES]).decode()


@require_safe
def worker(request: PageRequest) -> HttpResponse:
    """Send the service worker that opens the counter without network; from the root, so that it may."""
    path = finders.find("js/counter_worker.js")
    assert isinstance(path, str), "the file is part of the project"
    answer = HttpResponse(Path(path).read_bytes(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer
