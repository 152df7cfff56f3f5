"""A site that really runs: granian and the job worker over a database of their own, for journeys in a browser."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from psycopg import sql

from bacao.kit.paths import ROOT, VAR

START_SECONDS = 120
MIGRATING = (  # what it reads
    "bacao/*/migrations/*.py", "bacao/places/rules/*.py", "bacao/accounts/services/roles.py", "requirements/run.txt"
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """The running site: its address, and what a journey may need besides a browser. `pid` = that of `bacao up`."""

    url: str
    log_folder: Path
    pid: int = 0

    def sign_in(self, context: Any, user: Any) -> None:
        """Give a browser context the cookie of a person who has signed in."""
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": self.session_of(user), "url": self.url, "httpOnly": True}]
        )

    def session_of(self, user: Any) -> str:
        """Return the key of a session of a person who has signed in."""
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        return str(session.session_key)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fresh_database(name: str, *, like: str = "template1") -> str:
    """Make the database `name` anew on the tests' server, a copy of `like`, and return its address."""
    given = _given()
    with _server() as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(like)))
    words = "&".join(f"{key}={quote(given[key], safe='')}" for key in ("host", "port") if key in given)
    user, password = (quote(given.get(key, "")) for key in ("user", "password"))
    return f"postgresql://{user}:{password}@/{name}?{words}"


def _given() -> dict[str, str]:
    """Return how the tests' server is reached."""
    server = settings.DATABASES["default"]
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return {key: str(server[setting]) for key, setting in keys.items() if server[setting]}


def _server() -> "psycopg.Connection[Any]":
    return psycopg.connect(dbname="postgres", autocommit=True, **_given())  # type: ignore[arg-type]  # words, all of them


def blank_database() -> str:
    """Return the name of a database with all tables and nobody in it, to be copied.

    Migrating takes a hundred times as long as copying, so it outlives the tests until what it was made from changes.
    """
    name = f"{os.environ.get('BACAO_TEST_DATABASE', 'test_bacao')}_blank"
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "blank.lock").open("a") as lock, _server() as server:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_from = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
        if server.execute(made_from, [name]).fetchone() != (_made_from(),):
            environment = os.environ | {"DATABASE_URL": fresh_database(name)}
            command = [sys.executable, "-m", "bacao.cli", "migrate"]
            subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            server.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(name), _made_from()))
    return name


def _made_from() -> str:
    """Return the state of everything that migrating reads."""
    ours = [path for words in MIGRATING for path in sorted(ROOT.glob(words))]
    return sha256(b"".join(path.read_bytes() for path in ours)).hexdigest()


@contextmanager
def running_site(database: str, var: Path, *words: str, edge: bool = False) -> Iterator[Site]:
    """Run `bacao up` over the database at the address `database` while the block runs, with nginx in front or not."""
    port, front = free_port(), free_port()
    site = Site(f"https://localhost:{front}" if edge else f"http://127.0.0.1:{port}", var / "log")
    if edge:
        words = (*words, "--edge", "--edge-port", str(front), "--edge-http-port", str(free_port()))
    environment = os.environ | {"DATABASE_URL": database, "BACAO_VAR": str(var), "BACAO_BASE_URL": site.url}
    site.log_folder.mkdir(parents=True, exist_ok=True)
    said = site.log_folder / "up.log"
    with said.open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "bacao.cli", "up", "--port", str(port), *words],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while site.url not in said.read_text(errors="replace"):
            assert up.poll() is None and time.monotonic() < until, f"the site did not start:\n{said.read_text()}"
            time.sleep(0.1)
        yield replace(site, pid=up.pid)
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(60)


@contextmanager
def looking_at(name: str) -> Iterator[None]:
    """Let this process's own queries go to the database `name` while the block runs."""
    connection = connections["default"]
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def live_name() -> str:
    """Return the name of the live database of this test process (pytest-xdist runs several)."""
    base = settings.DATABASES["default"]["TEST"]["NAME"]
    return f"{base}_live_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"


def live_var() -> Path:
    """Return the folder that the live site writes into."""
    return VAR / f"live_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"
