"""`bacao up` is one tree: it starts whole, stops whole, and says in a sentence why it does not start."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from bacao.kit.paths import ROOT
from tests.live import free_port

START_SECONDS = 120
GONE_SECONDS = 25


def command_of(process: psutil.Process) -> str:
    """Return a process's command line, nothing of one that has ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return ""


@dataclass(frozen=True)
class Tree:
    """A running `bacao up`."""

    process: psutil.Popen
    port: int
    said: Path

    def members(self) -> list[psutil.Process]:
        """Return the process itself and everything it started, however deep."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def member(self, word: str) -> psutil.Process:
        """Return the highest process whose command line has `word` in it."""
        return next(found for found in self.members()[1:] if word in command_of(found))

    def answers(self) -> int:
        """Return the status of `/health`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=10) as answer:
            return int(answer.status)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Return a folder for `var/` that PostgreSQL's own user can enter (pytest's own folders are closed to it)."""
    folder = Path(tempfile.mkdtemp(prefix="bacao-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def up(home: Path) -> Iterator[Callable[[], Tree]]:
    """Return what starts a tree in `home` and waits until it says its address."""
    started: list[psutil.Popen] = []

    def start() -> Tree:
        port = free_port()
        said = home / "said.log"
        with said.open("wb") as log:
            process = psutil.Popen(_command(port), env=_environment(home), cwd=ROOT, stdout=log, stderr=log)
        started.append(process)
        until = time.monotonic() + START_SECONDS
        while f"localhost:{port}" not in said.read_text():
            assert process.poll() is None and time.monotonic() < until, said.read_text()
            time.sleep(0.05)
        return Tree(process, port, said)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def _command(port: int) -> list[str]:
    return [sys.executable, "-m", "bacao.cli", "up", "--empty", "--port", str(port)]


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BACAO_DEMO"}}
    return kept | {"BACAO_VAR": str(home)}


def _left(members: list[psutil.Process]) -> list[str]:
    """Return the command lines of the processes that are still there after a fair time."""
    _, alive = psutil.wait_procs(members, timeout=GONE_SECONDS)
    return [" ".join(found.cmdline()) for found in alive if found.status() != psutil.STATUS_ZOMBIE]


def test_ctrl_c_stops_every_process_though_a_visitor_stays_connected(up: Callable[[], Tree]) -> None:
    tree = up()
    members = tree.members()
    assert len(members) > 4  # ourselves, PostgreSQL and its own, granian and its own, the worker
    with socket.create_connection(("127.0.0.1", tree.port)) as visitor:
        visitor.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert visitor.recv(15) == b"HTTP/1.1 200 OK"
        tree.process.send_signal(signal.SIGINT)
        assert tree.process.wait(GONE_SECONDS) == 0
    assert _left(members) == []


def test_a_second_tree_in_the_same_folder_is_refused_and_sigterm_ends_the_first(
    up: Callable[[], Tree], home: Path
) -> None:
    tree = up()
    members = tree.members()
    second = subprocess.run(_command(free_port()), env=_environment(home), cwd=ROOT, capture_output=True, text=True)
    assert second.returncode == 1
    assert f"process {tree.process.pid}" in second.stderr
    assert tree.answers() == 200
    tree.process.send_signal(signal.SIGTERM)
    assert tree.process.wait(GONE_SECONDS) == 0
    assert _left(members) == []


def test_killing_the_parent_leaves_nobody(up: Callable[[], Tree]) -> None:
    tree = up()
    members = tree.members()
    tree.process.kill()
    tree.process.wait()
    assert _left(members) == []


@pytest.mark.parametrize("word", ["procrastinate", "postgres"])
def test_a_part_that_dies_takes_the_tree_down(up: Callable[[], Tree], word: str) -> None:
    tree = up()
    members = tree.members()
    tree.member(word).kill()
    assert tree.process.wait(GONE_SECONDS) == 1
    assert "ended by itself" in tree.said.read_text()
    assert _left(members) == []


def test_a_database_emptied_behind_its_back_is_made_ready_before_anything_is_served(
    up: Callable[[], Tree], home: Path
) -> None:
    tree = up()
    with psycopg.connect(f"host={home / 'postgres'} user=postgres dbname=bacao") as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    tree.process.send_signal(signal.SIGINT)
    tree.process.wait(GONE_SECONDS)
    tree = up()
    assert tree.answers() == 200
    assert "not green" not in tree.said.read_text()
    tree.process.send_signal(signal.SIGINT)
    assert tree.process.wait(GONE_SECONDS) == 0


def test_the_site_outlives_the_builder_of_its_index(up: Callable[[], Tree]) -> None:
    tree = up()
    builder = tree.member("bacao.cli index")
    builder.kill()
    until = time.monotonic() + START_SECONDS
    while not any("bacao.cli index" in command_of(one) for one in tree.members()[1:] if one.pid != builder.pid):
        assert time.monotonic() < until and tree.answers() == 200
        time.sleep(0.1)
    tree.process.send_signal(signal.SIGTERM)
    assert tree.process.wait(GONE_SECONDS) == 0


def test_a_web_server_that_ends_is_started_again(up: Callable[[], Tree]) -> None:
    """Granian ends by itself when the same worker falls twice within seconds; here it falls itself."""
    tree = up()
    server = tree.member("granian")
    server.kill()
    until = time.monotonic() + START_SECONDS
    answered = 0
    while answered != 200:
        assert time.monotonic() < until and tree.process.poll() is None
        time.sleep(0.1)
        with suppress(OSError):  # nobody listens for a second
            answered = 0 if server.is_running() else tree.answers()
    assert "web ended by itself" in tree.said.read_text()
    tree.process.send_signal(signal.SIGTERM)
    assert tree.process.wait(GONE_SECONDS) == 0
