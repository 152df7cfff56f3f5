"""`/nearby`: here and now as JSON, answered beside Django in the same process (discovery.md, sections 9 and 11).

A search takes less time than Django's middleware, so what middleware would have done is done here by hand: host,
sizes, security headers, request id, log line. The public form never looks at cookies or at who asks; the private one
takes an exact position in its body and a token. No position is written down anywhere.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http.request import split_domain_port, validate_host

from bacao.discovery.index import kernel as k
from bacao.discovery.index.answering import Answer, answer_private, answer_public
from bacao.discovery.index.asking import Query, Unanswerable
from bacao.discovery.index.view import View
from bacao.discovery.queries.live import find_view
from bacao.discovery.queries.serving import seeded
from bacao.discovery.rules import WEIGHTS_VERSION
from bacao.discovery.rules.exposure import Slate
from bacao.discovery.services.exposures import log_exposure
from bacao.kit.text import Text
from bacao.web.api.asked import Elsewhere, Refusal, bad, read_address, read_body, with_minute, write_minute
from bacao.web.api.lines import lines
from bacao.web.api.overlay import Overlay, find_overlay
from bacao.web.middleware import request_number

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

BODY_BYTES_MAX = 4096
ADDRESS_MAX = 600
KEPT = ("Cache-Control", "public, max-age=1, stale-while-revalidate=1")
PRIVATE = "private, no-store"
REASONS = {200: "OK", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
           401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large",
           414: "URI Too Long", 415: "Unsupported Media Type", 500: "Internal Server Error",
           503: "Service Unavailable"}  # fmt: skip
SECURITY = [
    ("Content-Type", "application/json"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]  # JSON has no links and opens nothing: the others speak to pages, and a cache reads every line at every hit
if settings.HTTPS:
    SECURITY.append(("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}"))
Headers = list[tuple[str, str]]
Reply = tuple[int, Headers, bytes]


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer a request to `/nearby`."""
    began, number = time.perf_counter(), request_number(environ)
    method = environ["REQUEST_METHOD"]
    try:
        status, headers, body = _answer(environ, method)
    except Exception:
        import structlog

        structlog.get_logger("bacao.web").exception("nearby", request=number)
        status, headers, body = _refused(
            Refusal(500, "error", Text("出错了，请稍后再试。", "Something broke: try again."))
        )
    length = str(len(body))
    if method == "HEAD" or status == 304:
        body = b""
    start_response(
        f"{status} {REASONS[status]}",
        [*SECURITY, *headers, ("Content-Length", length if status != 304 else "0"), *_of_request(headers, number)],
    )
    _log(method, status, number, (time.perf_counter() - began) * 1000)
    return [body]


def _of_request(headers: Headers, number: str) -> Headers:
    """Return the request's number as a header; an answer that is kept for others belongs to no request."""
    return [] if KEPT in headers else [("X-Request-Id", number)]


def _answer(environ: "WSGIEnvironment", method: str) -> Reply:
    path = environ["PATH_INFO"]
    try:
        _check_host(environ.get("HTTP_HOST", ""))
        if path == "/nearby":
            return _private(environ) if method == "POST" else _wrong_method("POST")
        if method not in {"GET", "HEAD"}:
            return _wrong_method("GET, HEAD")
        return _public(path, environ.get("QUERY_STRING", ""), environ.get("HTTP_IF_NONE_MATCH"))
    except Refusal as refusal:
        return _refused(refusal)


def _public(path: str, words: str, known: str | None) -> Reply:
    """Answer for whoever asks: nothing but the address goes in."""
    if len(path) + len(words) > ADDRESS_MAX:
        raise Refusal(414, "too_long", Text("地址太长。", "The address is too long."))
    try:
        question = read_address(path, words)
    except Elsewhere as there:
        at = with_minute(there.address, datetime.now(UTC)) if there.is_now else there.address
        kept = "public, max-age=1" if there.is_now else "public, max-age=3600"
        return (307 if there.is_now else 308), [("Location", at), ("Cache-Control", kept)], b""
    view = _view()
    tag = f'"{view.number[0]}-{view.number[1]}-{WEIGHTS_VERSION}"'
    headers = [KEPT, ("ETag", tag)]
    if known == tag:
        return 304, headers, b""
    return 200, headers, _written(question.head, _asked(view, question.query, answer_public), question.query)


def _private(environ: "WSGIEnvironment") -> Reply:
    """Answer for one person at an exact position; who shows no token holds nothing."""
    at = datetime.now(UTC)
    query = read_body(_body(environ), at)
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    viewer = find_overlay(token, at) if scheme.lower() == "bearer" else None
    if viewer is None and scheme:
        raise Refusal(
            401, "token", Text("凭证已失效，请重新获取。", "The token is not good any more: fetch a new one.")
        )
    view = _view()
    if viewer is None:
        answer = _asked(view, query, lambda seen, asked: answer_private(seen, seeded(asked), {}))
    else:
        answer = _asked(view, viewer.seen_by(query), partial(_of_viewer, viewer, at))
    head = msgspec.json.encode(
        {"at": write_minute(datetime.fromtimestamp(query.minute * 60, UTC)), "party": query.party}
    )
    return 200, [("Cache-Control", PRIVATE)], _written(head[:-1], answer, query)


def _of_viewer(viewer: Overlay, at: datetime, view: View, query: Query) -> Answer:
    """Answer a person, and log what they were shown if their history may be read."""
    answer, lot = viewer.answer(view, query)
    if viewer.viewer.unit_id is not None and len(answer.found):
        served_ms, shop_ids = int(at.timestamp() * 1000), answer.found[:, k.SHOP_ID].tolist()
        log_exposure(slate=Slate.of(viewer.viewer.unit_id, "api", served_ms, shop_ids, view.number, lot))
    return answer


def _asked(view: View, query: Query, ask: Callable[[View, Query], Answer]) -> Answer:
    if not view.covers(query.latitude, query.longitude, query.radius_m * 2):
        raise Refusal(404, "outside", Text("这里不在本城。", "This is not in this city."))
    try:
        return ask(view, query)
    except Unanswerable as problem:
        raise bad("unknown", f"没有这样的条件：{problem}。", f"Nothing is known of this: {problem}.") from None


def _written(head: bytes, answer: Answer, query: Query) -> bytes:
    widened = b"true" if answer.radius_m != query.radius_m else b"false"
    return b'%b,"radius_m":%d,"widened":%b,"currency":"%b","shops":[%b]}' % (
        head, answer.radius_m, widened, settings.CURRENCY.encode(), answer.shops,
    )  # fmt: skip


def _view() -> View:
    view = find_view()
    if view is None or view.paper is None:
        raise Refusal(503, "starting", Text("正在准备，请几秒后再试。", "Still starting: try again in a few seconds."))
    return view


def _body(environ: "WSGIEnvironment") -> bytes:
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "content_type", Text("请求体要用 application/json。", "The body is application/json."))
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
        raise Refusal(
            413, "too_large",
            Text(f"请求体最多 {BODY_BYTES_MAX} 字节。", f"A body says its length: at most {BODY_BYTES_MAX} bytes."),
        )  # fmt: skip
    return bytes(environ["wsgi.input"].read(int(length)))


@lru_cache(maxsize=256)
def _check_host(host: str) -> None:
    """Let only hosts of ours in, as Django does. :raises Refusal: another"""
    allowed = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    try:
        domain, _ = split_domain_port(host)
    except DisallowedHost:
        domain = ""
    if not domain or not validate_host(domain, allowed):
        raise bad("host", "没有这个主机名。", "There is no such host here.")


def _wrong_method(allowed: str) -> Reply:
    status, headers, body = _refused(Refusal(405, "method", Text(f"只能用 {allowed}。", f"Only {allowed} here.")))
    return status, [*headers, ("Allow", allowed)], body


def _refused(refusal: Refusal) -> Reply:
    said = {"code": refusal.code, "zh": refusal.text.zh, "en": refusal.text.en}
    later = [("Retry-After", "2")] if refusal.status == 503 else []
    return refusal.status, [("Cache-Control", "no-store"), *later], msgspec.json.encode(said)


def _log(method: str, status: int, number: str, milliseconds: float) -> None:
    """Write the request's line as JSON, without the cell: it is where somebody looks from."""
    if settings.LOGGING["root"]["level"] in {"DEBUG", "INFO"}:
        now = time.time()
        line = (
            f'{{"event": "request", "method": "{method}", "path": "/nearby", "status": {status}, "milliseconds": '
            f'{milliseconds:.1f}, "request": "{number}", "level": "info", "logger": "bacao.web", '
            f'"timestamp": "{_second(int(now))}.{int(now % 1 * 1e6):06d}Z"}}\n'
        )
        lines.put(line.encode())


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
