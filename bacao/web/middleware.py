"""What every page needs to know about a request, read once."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from pghistory.middleware import HistoryMiddleware

from bacao.web.where import read_where

log = structlog.get_logger("bacao.web")
SECRET_PARTS = {"secret", "token", "key"}  # parts of an address that let their reader in are not written down


class RequestLogMiddleware:
    """Writes one line a request, and gives everything logged meanwhile the same `request` number."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        number = request_number(request.META)
        with structlog.contextvars.bound_contextvars(request=number):
            response = self.get_response(request)
            log.info(
                "request",
                method=request.method,
                path=_path_without_secrets(request),
                status=response.status_code,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )
        response["X-Request-Id"] = number
        return response


def request_number(environ: Mapping[str, Any]) -> str:
    """Return the number that a proxy of ours gave a request, or a new one."""
    if settings.PROXIES and (given := str(environ.get("HTTP_X_REQUEST_ID", ""))).isalnum() and len(given) <= 32:
        return given
    return f"{random.getrandbits(48):012x}"  # a name to find lines by, nothing secret


def _path_without_secrets(request: HttpRequest) -> str:
    path = request.path
    for name, value in request.resolver_match.kwargs.items() if request.resolver_match else ():
        if name in SECRET_PARTS:
            path = path.replace(str(value), "***")
    return path


class WhoChangedMiddleware(HistoryMiddleware):
    """Tells the triggers of tracked tables who asks and where (`pghistory`), but for the busiest addresses.

    Every writing statement carries the context to the database, about 0.1 ms each; these addresses write a dozen
    and change no tracked table.
    """

    UNTRACKED = ("/redemptions", "/previews", "/undos", "/payments/")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response if request.path.startswith(self.UNTRACKED) else super().__call__
        return cast(HttpResponse, answer(request))


class RequestContextMiddleware:
    """Reads the clock once (`request.at`), and where somebody looks from when a page asks (`request.where`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.at = timezone.now()  # type: ignore[attr-defined]  # Django requests carry what middleware adds
        request.where = SimpleLazyObject(lambda: read_where(request))  # type: ignore[attr-defined]  # as above
        return self.get_response(request)
