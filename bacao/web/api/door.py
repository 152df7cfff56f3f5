"""The door for devices: their requests need no session, no form token, no language, so they pass none of that.

Every address is served from here where a device speaks: one with a bearer token, or with the counter's cookie and
without the site's form token. Everybody else goes on to the pages of the same addresses.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable
from http.client import responses as PHRASES  # noqa: N812  # a constant by another name
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, RawPostDataException
from django.utils import timezone

from bacao.kit.text import Refused
from bacao.web.api import devices, rows
from bacao.web.api.calls import MOST_BYTES, Call, Reply, TooLarge, refuse
from bacao.web.api.logins import COOKIE, COOKIE_SECONDS

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

log = structlog.get_logger("bacao.web")
Handler = Callable[[Call], Reply]

UUID_PART, NUMBER_PART = r"([0-9a-fA-F-]{36})", r"(\d{1,18})"
ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", "/redemptions", rows.redeem),
    ("POST", "/undos", rows.undo),
    ("POST", "/previews", rows.preview),
    ("POST", "/incidents", rows.trouble),
    ("GET", "/redemptions", rows.history),
    ("GET", f"/redemptions/{UUID_PART}", rows.stored),
    ("GET", "/manifest", devices.manifest),
    ("GET", "/leases", devices.leases),
    ("POST", "/leases", devices.leases),
    ("POST", "/devices", devices.enrol),
    ("GET", f"/devices/{UUID_PART}", devices.enrolment),
    ("POST", f"/devices/{UUID_PART}/agreement", devices.agreement),
    ("POST", f"/devices/{UUID_PART}/revocation", devices.revocation),
    ("POST", f"/clerks/{NUMBER_PART}/unlock", devices.unlock),
    ("POST", "/drills", devices.drills),
]
PLAIN = {(method, path): handler for method, path, handler in ROUTES if "(" not in path}
OPEN = [(method, re.compile(path, re.ASCII), handler) for method, path, handler in ROUTES if "(" in path]
ROWS = {"/redemptions", "/undos"}
FOR_EVERYBODY = {("POST", "/devices")}
ONLY_HERE = ("/manifest", "/leases", "/clerks/", "/drills")


def find_handler(method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    """Return who answers an address, and what its open parts hold."""
    if handler := PLAIN.get((method, path)):
        return handler, ()
    for wanted, pattern, handler in OPEN:
        if wanted == method and (found := pattern.fullmatch(path)):
            return handler, found.groups()
    return None


def answer(handler: Handler, call: Call) -> Reply:
    """Return what a handler says, or its refusal."""
    began = time.perf_counter()
    try:
        if len(call.body) > MOST_BYTES:
            raise TooLarge
        reply = handler(call)
    except Refused as refused:
        reply = refuse(refused)
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    log.info("request", method=call.method, path=call.path, status=reply.status, milliseconds=milliseconds)
    return reply


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer a device's row beside Django: of its own middleware nothing is needed here, and a row costs less."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    body = environ["wsgi.input"].read(min(length, MOST_BYTES + 1)) if length else b""
    call = Call(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query={},
        header=lambda name: environ.get("HTTP_" + name.upper().replace("-", "_"), ""),
        cookie=_cookie_of(environ),
        body=body,
        at=timezone.now(),
    )
    reply = _answer_safely(PLAIN[call.method, call.path], call)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(reply.body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Request-Id", uuid.uuid4().hex[:12]),
        *reply.headers,
    ]
    start_response(f"{reply.status} {PHRASES.get(reply.status, 'Answer')}", headers)
    return [reply.body]


def is_row_of_device(environ: "WSGIEnvironment") -> bool:
    """Return whether a request is a row that a device sends: those are many, and answered beside Django."""
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in ROWS:
        return False
    if environ.get("CONTENT_TYPE") != "application/json" or "HTTP_X_CSRFTOKEN" in environ:
        return False
    return environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer ") or bool(_cookie_of(environ))


def _answer_safely(handler: Handler, call: Call) -> Reply:
    """Answer on a connection that may have died: a row under its key may always be asked again, so it is, once."""
    connection.close_if_unusable_or_obsolete()
    connection.health_check_done = True  # type: ignore[attr-defined]  # unknown to the stubs; saves each row a question
    for again in (True, False):
        try:
            return answer(handler, call)
        except (InterfaceError, OperationalError):
            connection.close()
            if not again:
                log.exception("row_failed", path=call.path)
        except Exception:
            log.exception("row_failed", path=call.path)
            break
    return Reply(503, b'{"outcome": "try_again"}', (("Retry-After", "5"),))


def _cookie_of(environ: "WSGIEnvironment") -> str:
    """Return the counter's cookie of a request."""
    for pair in environ.get("HTTP_COOKIE", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return str(value)
    return ""


class CounterDoor:
    """Middleware, the outermost: answers devices, and passes everybody else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = find_handler(request.method or "", request.path)
        if found is None or not _is_device(request):
            return self.get_response(request)
        reply = answer(found[0], _call_of(request, found[1]))
        response = HttpResponse(reply.body, status=reply.status, content_type="application/json")
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response["X-Request-Id"] = uuid.uuid4().hex[:12]
        for name, value in reply.headers:
            response[name] = value
        if reply.login:
            response.set_cookie(
                COOKIE, reply.login, COOKIE_SECONDS, httponly=True, samesite="Strict", secure=settings.HTTPS
            )
        return response


def _is_device(request: HttpRequest) -> bool:
    """Return whether a device speaks: the pages of people send the form token, or no counter's cookie."""
    headers = request.headers
    if headers.get("Authorization", "").startswith("Bearer "):
        return True
    if (request.method, request.path) in FOR_EVERYBODY or request.path.startswith(ONLY_HERE):
        return True
    return COOKIE in request.COOKIES and "X-CSRFToken" not in headers and _speaks_json(request)


def _speaks_json(request: HttpRequest) -> bool:
    """Return whether a program asks: JSON cannot be sent by a foreign page's form."""
    if request.method == "POST":
        return request.content_type == "application/json"
    return "text/html" not in request.headers.get("Accept", "")


def _call_of(request: HttpRequest, parts: tuple[str, ...]) -> Call:
    try:
        body = request.body
    except RawPostDataException:
        body = b""
    return Call(
        method=request.method or "",
        path=request.path,
        query=dict(parse_qsl(request.META.get("QUERY_STRING", ""))),
        header=lambda name: request.headers.get(name, ""),
        cookie=request.COOKIES.get(COOKIE, ""),
        body=body,
        at=timezone.now(),
        parts=parts,
    )
