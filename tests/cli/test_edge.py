"""The edge by itself: the real nginx with the real configuration before an application that says what it was asked.

The canary (edge.md, ED5 and ED6) looks for one person's word in what others are given and in the cache's files. It is
shown to work by taking all five fences down, and each fence to be enough by leaving it as the only one.
"""

import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest

from bacao.cli import edge
from bacao.cli.edge import DEPLOY, BadConfiguration, Edge, find_nginx
from bacao.kit.paths import ROOT, VAR
from tests.canary import Person, crawl, odd_addresses, words_in
from tests.live import free_port

PUBLIC = "public, max-age=1, stale-while-revalidate=1"


class Site(BaseHTTPRequestHandler):
    """An application that answers with what it was asked, or as the class variables say."""

    protocol_version = "HTTP/1.1"
    slow_seconds = 0.0
    view_sees_identity = False
    public_address_is_personal = False
    private_header = "private, no-store"
    asked: list[str] = []

    def do_GET(self) -> None:
        """Answer."""
        type(self).asked.append(self.path)
        time.sleep(self.slow_seconds if self.path.startswith("/nearby/slow") else 0)
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        headers, body = self._answer()
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_POST = do_HEAD = do_GET  # noqa: N815  # the names that the library looks for

    def _answer(self) -> tuple[dict[str, str], bytes]:
        path = self.path.lower()
        if path.startswith("/picture"):
            return {"X-Accel-Redirect": "/protected/picture.webp", "Content-Type": "image/webp"}, b""
        identity = f"{self.headers.get('Cookie', '')} {self.headers.get('Authorization', '')}".strip()
        if path.startswith("/nearby/"):
            if self.public_address_is_personal:
                seen = identity if self.view_sees_identity else ""
                return {"Cache-Control": self.private_header}, f"personal {seen}".encode()
            return {"Cache-Control": PUBLIC}, f"public {time.time_ns()}".encode()
        if path.startswith("/me"):
            return {"Cache-Control": "private, no-store"}, f"personal {identity}".encode()
        return {"Cache-Control": "no-store"}, json.dumps(dict(self.headers)).encode()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(autouse=True)
def _as_it_should_be() -> Iterator[None]:
    yield
    for name in ("slow_seconds", "view_sees_identity", "public_address_is_personal", "private_header"):
        if name in vars(Site):
            setattr(Site, name, DEFAULTS[name])


DEFAULTS = {name: value for name, value in vars(Site).items() if not name.startswith("_")}


@contextmanager
def running(tmp_path: Path, port: int, **other: Any) -> Iterator[tuple[Edge, httpx.Client]]:
    """Run nginx before what listens on `port`."""
    assert find_nginx(), "nginx is missing: run script/test, or apt-get install nginx"
    folder = tmp_path / "edge"
    front = Edge(
        f"127.0.0.1:{port}", free_port(), free_port(), certificate=folder / "localhost.crt",
        key=folder / "localhost.key", folder=folder, static=tmp_path / "static", media=tmp_path / "media", **other,
    )  # fmt: skip
    edge.write(front)
    child = edge.begin(front)
    trusted = ssl.create_default_context(cafile=str(front.certificate))
    try:
        with httpx.Client(base_url=f"https://localhost:{front.https_port}", verify=trusted, timeout=30) as client:
            until = time.monotonic() + 30
            while True:
                try:
                    client.get("/edge-health")
                    break
                except httpx.TransportError:
                    assert child.process.poll() is None and time.monotonic() < until, child.tail()
                    time.sleep(0.05)
            yield front, client
    finally:
        child.stop()


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Return a folder that nginx's own user may pass when root runs the tests."""
    folder = Path(mkdtemp(prefix="edge-", dir=VAR))
    folder.chmod(0o755)
    yield folder
    rmtree(folder)


@pytest.fixture
def front(site: ThreadingHTTPServer, tmp_path: Path) -> Iterator[tuple[Edge, httpx.Client]]:
    with running(tmp_path, site.server_port) as both:
        yield both


def configuration() -> str:
    return "".join(path.read_text() for path in sorted(DEPLOY.glob("*.conf")))


def locations() -> dict[str, str]:
    """Return what stands in each location of the site."""
    text = re.sub(r"#.*", "", (DEPLOY / "site.conf").read_text())
    return {name.strip(): body for name, body in re.findall(r"location ([^{]+)\{([^}]*)\}", text)}


def test_the_cache_obeys_the_application() -> None:
    """ED4: nothing that speed tests like to use."""
    text = re.sub(r"#.*", "", configuration())
    assert "proxy_ignore_headers" not in text and "proxy_cache_valid" not in text
    cached = [name for name, body in locations().items() if "proxy_cache " in body]
    assert cached == ["^~ /nearby/"]
    for part in ("$scheme", "$host", "$uri", "$args"):
        assert part in re.findall(r"proxy_cache_key (.*);", text)[0]
    body = locations()["^~ /nearby/"]
    for fence in (
        'Cookie "";',
        'Authorization "";',
        "proxy_cache_bypass $has_identity",
        "proxy_no_cache $has_identity",
    ):
        assert fence in body


def test_every_location_sends_the_same_headers() -> None:
    """ED2: one header set in a location discards all inherited ones."""
    asking = [body for body in locations().values() if "proxy_pass" in body]
    assert len(asking) > 5 and all("proxy.conf" in body for body in asking)


def test_secrets_of_addresses_are_not_written_down() -> None:
    from bacao.web.middleware import SECRET_PARTS

    urls = "".join(path.read_text() for path in (ROOT / "bacao" / "web").rglob("urls.py"))
    letting_in = re.findall(rf'path\("([^"<]*)<\w+:(?:{"|".join(SECRET_PARTS)})>', urls)
    for beginning in letting_in:
        assert f"~^/{beginning}" in configuration(), f"/{beginning}... would stand in the log"


def test_the_application_learns_who_asks_and_nothing_made_up(front: tuple[Edge, httpx.Client]) -> None:
    forged = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil",
        "X-Request-Id": "x",
    }
    for path in ("/", "/redemptions", "/sign-in", "/notes/new"):
        arrived = front[1].get(path, headers=forged).json()
        assert arrived["X-Forwarded-For"] == "127.0.0.1" and arrived["X-Forwarded-Proto"] == "https"
        assert "X-Forwarded-Host" not in arrived and len(arrived["X-Request-Id"]) == 32
        assert arrived["Host"] == f"localhost:{front[0].https_port}"


def test_public_answers_are_kept_for_a_second(front: tuple[Edge, httpx.Client]) -> None:
    first, second = front[1].get("/nearby/a"), front[1].get("/nearby/a")
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert first.content == second.content != front[1].get("/nearby/a?x").content
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    private = front[1].get("/nearby/a", headers={"Authorization": "Bearer x"})
    assert private.headers["X-Cache"] == "BYPASS" and b"Bearer" not in private.content


def test_nobody_gets_an_answer_that_is_long_over(front: tuple[Edge, httpx.Client]) -> None:
    """A second it may be kept, a second more while it is asked for anew; nginx counts in whole seconds."""
    first = front[1].get("/nearby/quiet")
    time.sleep(3.2)
    assert front[1].get("/nearby/quiet").content != first.content


def test_eight_who_come_at_once_are_one_question(front: tuple[Edge, httpx.Client]) -> None:
    Site.slow_seconds, Site.asked = 0.5, []
    asking = [threading.Thread(target=front[1].get, args=("/nearby/slow",)) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert Site.asked == ["/nearby/slow"]


def test_files_come_from_the_edge(front: tuple[Edge, httpx.Client], tmp_path: Path) -> None:
    tree = tmp_path / "static" / "0123456789ab"
    tree.mkdir(parents=True)
    (tree / "a.css").write_text("a{}")
    (tmp_path / "static" / "plain.css").write_text("b{}")
    kept = front[1].get("/static/0123456789ab/a.css")
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.headers["Content-Type"] == "text/css" and kept.headers["X-Content-Type-Options"] == "nosniff"
    assert front[1].get("/static/plain.css").headers["Cache-Control"] == "no-cache"
    for climbing in ("/static/../edge/localhost.key", "/static/..%2fedge/localhost.key", "/static../edge/nginx.conf"):
        assert "PRIVATE" not in front[1].get(climbing).text


def test_media_go_through_the_application(front: tuple[Edge, httpx.Client], tmp_path: Path) -> None:
    (tmp_path / "media" / "picture.webp").write_bytes(b"RIFF")
    sent = front[1].get("/picture/1")
    assert sent.content == b"RIFF" and sent.headers["Content-Type"] == "image/webp"
    assert front[1].get("/protected/picture.webp").status_code == 404


def test_what_is_too_large_stops_at_the_edge(front: tuple[Edge, httpx.Client]) -> None:
    answer = front[1].post("/redemptions", content=b"x" * 2_000_000)
    assert answer.status_code == 413 and "太大" in answer.text and "Retry-After" not in answer.headers
    assert front[1].post("/nearby", content=b"x" * 9000).status_code == 413
    assert front[1].post("/notes/new", content=b"x" * 2_000_000).status_code == 200


def test_who_hurries_is_asked_to_wait(site: ThreadingHTTPServer, tmp_path: Path) -> None:
    with running(tmp_path, site.server_port, login_rate="1r/m", login_burst=3) as (_, client):
        answers = [client.get("/sign-in") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
        assert answers[-1].headers["Retry-After"] == "5" and "慢一点" in answers[-1].text
        assert client.get("/").status_code == 200


def test_without_an_application_people_get_a_page_of_ours(tmp_path: Path) -> None:
    with running(tmp_path, free_port()) as (_, client):
        answer = client.get("/now")
        assert answer.status_code == 502 and "马上回来" in answer.text and "safe" in answer.text
        assert answer.headers["Retry-After"] == "5" and answer.headers["Cache-Control"] == "no-store"
        assert client.get("/edge-health").text == "ok\n"


def test_other_hosts_get_nothing_and_http_leads_to_https(front: tuple[Edge, httpx.Client]) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        front[1].get("/", headers={"Host": "evil.example"})
    plain = httpx.get(f"http://localhost:{front[0].http_port}/now?x=1")
    assert plain.status_code == 308 and plain.headers["Location"] == f"https://localhost:{front[0].https_port}/now?x=1"


def test_lines_say_neither_what_was_asked_nor_who_asked_where(front: tuple[Edge, httpx.Client], tmp_path: Path) -> None:
    log = VAR / "log" / "edge-access.log"
    before = log.stat().st_size
    front[1].get("/now?at=secret-place", headers={"Cookie": "sessionid=secret-cookie"})
    front[1].get("/join/secret-invitation")
    front[1].get("/nearby/89309959d57ffff")
    time.sleep(0.2)
    written = log.read_text()[before:]
    lines = [json.loads(line) for line in written.splitlines()]
    assert "secret" not in written
    asked = {line["path"]: line["address"] for line in lines}
    assert asked["/now"] == "127.0.0.1" and asked["/nearby/89309959d57ffff"] == ""


def test_a_reload_loses_no_request_and_a_bad_file_changes_nothing(
    front: tuple[Edge, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    shaped, client = front
    stop, answers = threading.Event(), []

    def hurry() -> None:
        while not stop.is_set():
            answers.append(client.get("/").status_code)

    threads = [threading.Thread(target=hurry) for _ in range(4)]
    for thread in threads:
        thread.start()
    pid = int((shaped.folder / "nginx.pid").read_text())
    for _ in range(3):
        edge.write(shaped)
        edge.os.kill(pid, edge.signal.SIGHUP)
        time.sleep(0.4)
    stop.set()
    for thread in threads:
        thread.join()
    assert len(answers) > 20 and set(answers) == {200}
    good = (shaped.folder / "nginx.conf").read_text()
    with pytest.raises(BadConfiguration, match="no_such_word"):
        edge.write(replace(shaped, changes={"edge.conf": {"tcp_nopush on;": "no_such_word on;"}}))
    assert (shaped.folder / "nginx.conf").read_text() == good
    assert client.get("/edge-health").status_code == 200


FENCES = ("other address", "blind view", "blanked cookies", "bypass", "header")


def lowered(fences: frozenset[str]) -> dict[str, dict[str, str]]:
    """Take fences down, in the application and in the configuration; return the changes of the latter."""
    Site.public_address_is_personal = "other address" in fences
    Site.view_sees_identity = "blind view" in fences
    Site.private_header = "public, max-age=60" if "header" in fences else "private, no-store"
    changes: dict[str, str] = {}
    if "blanked cookies" in fences:
        changes |= {'    proxy_set_header Cookie "";\n': "", '    proxy_set_header Authorization "";\n': ""}
    if "bypass" in fences:
        changes |= {"    proxy_cache_bypass $has_identity;\n": "", "    proxy_no_cache $has_identity;\n": ""}
    return {"site.conf": changes, "edge.conf": {"zone=ask:10m rate=50r/s": "zone=ask:10m rate=9000r/s"}}


@pytest.mark.parametrize(
    "down", [frozenset(), *({fence} for fence in FENCES), *(set(FENCES) - {fence} for fence in FENCES), set(FENCES)],
    ids=lambda down: "-".join(sorted(down)) or "none",
)  # fmt: skip
def test_one_fence_is_enough_and_the_canary_sings_without_any(
    site: ThreadingHTTPServer, tmp_path: Path, down: frozenset[str]
) -> None:
    people = [Person.signed_in("a"), Person.signed_in("b")]
    with running(tmp_path, site.server_port, changes=lowered(frozenset(down))) as (front, client):
        addresses = [*odd_addresses("/nearby/89309959d57ffff"), "/me"]
        leaks = crawl(client, addresses, people, seed=len(down)) + words_in(front.folder / "cache", people)
    expected = set(down) == set(FENCES)
    assert bool(leaks) == expected, leaks
