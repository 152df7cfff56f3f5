"""`bacao up`: PostgreSQL, web server, job worker and index builder as one tree that starts and stops together."""

import argparse
import fcntl
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from types import FrameType

from bacao.cli import build, edge, postgres
from bacao.cli.processes import Child, Kept, start, wait_for_port
from bacao.cli.say import console, say, warn
from bacao.kit.paths import ROOT, VAR, WHOLE, compiled_folder
from bacao.kit.text import Refused, Text

GREEN_SECONDS = 90.0
LOOK_SECONDS = 0.2
AFTER_DEATH_SECONDS = 3.0
PORT_SECONDS = 3.0  # a predecessor that was killed still needs a moment to let go
# Measured on two cores: one thread answers a fifth more pages a second than two. But a page that waits for another
# company would hold up its whole process, and in the demo that company, the sandbox, is answered by the same server.
THREADS_PER_PROCESS = 2
CONNECTIONS_PER_PROCESS = 512  # granian counts open connections, idle ones included, not requests
PREPARED = VAR / "prepared"
EMPTY = VAR / "empty"  # a city of one's own stays one when the word is forgotten at the next start


class PortInUse(Refused):
    """Another program listens where the site should."""

    code = "port_in_use"


class UpAlready(Refused):
    """The same folder is served already."""

    code = "up_already"


class Died(Refused):
    """A process of the tree ended on its own."""

    code = "died"


class Stop(BaseException):
    """Somebody asked the tree to stop."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao up`."""
    parser = subparsers.add_parser("up", help="set up and run everything; Ctrl-C stops it")
    parser.add_argument("--port", type=int, default=int(os.environ.get("BACAO_PORT", "8000")))
    parser.add_argument("--host", default=os.environ.get("BACAO_HOST", "127.0.0.1"), help="0.0.0.0 for every network")
    parser.add_argument("--edge", action="store_true", help="put this machine's nginx in front, with TLS")
    parser.add_argument("--edge-port", type=int, default=int(os.environ.get("BACAO_EDGE_PORT", "8443")))
    parser.add_argument("--edge-http-port", type=int, default=int(os.environ.get("BACAO_EDGE_HTTP_PORT", "8080")))
    parser.add_argument("--edge-host", default=os.environ.get("BACAO_EDGE_HOST", "127.0.0.1"))
    parser.add_argument("--empty", action="store_true", help="no demo city: a city of your own")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the tree until somebody stops it (0) or a part of it fails (1)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    began = time.monotonic()
    try:
        with ExitStack() as tree:
            try:
                front = _edge(arguments) if arguments.edge else None
                children, kept = _grow(tree, arguments)
                if front:
                    kept.append(tree.enter_context(Kept(lambda: edge.begin(front))))
                _announce(arguments, time.monotonic() - began)
                _watch(children, kept, edge.Watch(front) if front else None)
            finally:
                _let_nothing_interrupt()
    except Stop:
        say(Text("已停止。", "Stopped."))
    return 0


def _grow(tree: ExitStack, arguments: argparse.Namespace) -> tuple[list[Child], list[Kept]]:
    """Start everything in order; leaving `tree` stops it in the opposite order.

    Returned are the processes without which nothing goes on, and those that are started again when they end.
    """
    tree.enter_context(alone())
    if not wait_for_port(arguments.host, arguments.port, seconds=PORT_SECONDS):
        raise PortInUse(
            Text(
                f"端口 {arguments.port} 已被别的程序占用: 请停掉它, 或用 --port 换一个。",
                f"Port {arguments.port} is in use by another program: stop it, or choose one with --port.",
            )
        )
    os.environ["BACAO_PORT"] = str(arguments.port)
    with _compiling():
        build.build()
        children = [child for child in [tree.enter_context(postgres.opened())] if child]
        if arguments.empty:
            EMPTY.touch()
        if is_new := not _is_prepared():
            _prepare()
    web = tree.enter_context(Kept(lambda: _web(arguments)))
    _wait_until_green(arguments, [*children, *filter(None, [web.child])])
    if not is_new:  # what is left is today's opening hours, and people wait for the first page
        _prepare()
    children.append(tree.enter_context(_worker()))  # after the first page, which people wait for
    return children, [web, tree.enter_context(Kept(_index))]


@contextmanager
def alone() -> Iterator[None]:
    """Hold the folder `var/` for this tree alone.

    :raises UpAlready: another holds it.
    """
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            number = lock.read().strip()
            raise UpAlready(
                Text(
                    f"{VAR} 已在运行 (进程 {number}): 请先停掉它, 或把 BACAO_VAR 设为另一个目录。",
                    f"{VAR} is up already (process {number}): stop that one, or set BACAO_VAR to another folder.",
                )
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _compiling() -> Iterator[None]:
    """Compile while the block runs what is not compiled yet; no visitor should wait for it.

    :raises Died: it cannot be compiled
    """
    if (compiled_folder() / WHOLE).exists():
        yield
        return
    command = [sys.executable, "-m", "bacao.cli", "compile"]
    with start("compile", command, env=_python_path()) as child:
        yield
        if code := child.process.wait():
            raise Died(Text(f"算法编译失败 ({code})。", f"The arithmetic could not be compiled (exit code {code})."))


def _is_prepared() -> bool:
    """Return whether this very program made this very database ready before, so that pages can be served at once."""
    return PREPARED.exists() and PREPARED.read_text() == _preparation()


def _preparation() -> str:
    """Return the state that makes a database ready: its migrations, those of the program, and what was asked for."""
    ours = sorted(f"{path.parts[-3]}/{path.name}" for path in (ROOT / "bacao").glob("*/migrations/*.py"))
    theirs = (ROOT / "requirements" / "run.txt").read_text()
    asked = f"{os.environ.get('DATABASE_URL')} {EMPTY.exists()} {postgres.count_migrations()}"
    return sha256("\n".join([*ours, theirs, asked]).encode()).hexdigest()


def _prepare() -> None:
    """Migrate, make the demo city if there is no shop yet, and work out today's opening hours."""
    words = ["migrate"] if EMPTY.exists() else ["migrate", "--demo"]
    with start("migrate", [sys.executable, "-m", "bacao.cli", *words], env=_python_path()) as child:
        code = child.process.wait()
    if code:
        raise Died(Text(f"数据库准备失败 ({code})。", f"The database could not be made ready (exit code {code})."))
    PREPARED.write_text(_preparation())


def serving(host: str, port: int, *, workers: int) -> list[str]:
    """Return the command that serves the site.

    It replaces a worker that dies, but ends when the same one dies twice within a few seconds: keep it.
    """
    return [
        *(sys.executable, "-m", "granian", "bacao.wsgi:application", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(THREADS_PER_PROCESS), "--backpressure", str(CONNECTIONS_PER_PROCESS)),
        *("--workers-kill-timeout", "8", "--respawn-failed-workers", "--respawn-interval", "0.5"),
    ]


def _web(arguments: argparse.Namespace) -> Child:
    command = serving(arguments.host, arguments.port, workers=os.cpu_count() or 1)
    return start("web", command, log=VAR / "log" / "web.log", env=_python_path())


def _worker() -> Child:
    """Start the job worker; orphaned it is killed, for with its database gone it would wait for it for ever.

    The job in its hands is then handed on by `kit.jobs.retry_stalled_jobs`.
    """
    command = [sys.executable, str(ROOT / "manage.py"), "procrastinate", "--skip-checks", "worker"]
    return start("worker", command, log=VAR / "log" / "worker.log", orphan_with=signal.SIGKILL)


def _index() -> Child:
    """Start the builder of the index; the site goes on without it, with the newest index there is."""
    command = [sys.executable, "-m", "bacao.cli", "index"]
    return start("index", command, log=VAR / "log" / "index.log", env=_python_path())


def _edge(arguments: argparse.Namespace) -> edge.Edge | None:
    """Return the edge, ready to start, and None where there is no nginx.

    :raises edge.BadConfiguration: nginx refuses what was written
    :raises PortInUse: another program listens where the edge should
    """
    if edge.find_nginx() is None:
        said = Text(
            "没有 nginx，先不用边缘层: apt-get install nginx。", "No nginx here, so no edge: apt-get install nginx."
        )
        warn(said)
        return None
    for port in (arguments.edge_port, arguments.edge_http_port):
        if not wait_for_port(arguments.edge_host, port, seconds=PORT_SECONDS):
            raise PortInUse(Text(f"端口 {port} 已被占用。", f"Port {port} is in use by another program."))
    return edge.prepare(
        arguments.port, arguments.edge_host, https_port=arguments.edge_port, http_port=arguments.edge_http_port
    )


def _python_path() -> dict[str, str]:
    """Return the environment in which `bacao` can be imported wherever the command was typed."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}


def _wait_until_green(arguments: argparse.Namespace, children: list[Child]) -> None:
    """Wait for `/health` to say 200; a site that answers but is behind with its jobs is announced with a warning."""
    until = time.monotonic() + GREEN_SECONDS
    answer = "no answer"
    while time.monotonic() < until:
        _check(children)
        try:
            with urllib.request.urlopen(f"{_address(arguments)}/health", timeout=5):  # noqa: S310  # our own address
                return
        except urllib.error.HTTPError as problem:
            answer = problem.read().decode(errors="replace")
        except OSError as problem:
            answer = str(problem)
        time.sleep(0.05)
    warn(Text(f"/health 还没有变绿: {answer}", f"/health is not green yet: {answer}"))


def _watch(children: list[Child], kept: list[Kept], front: edge.Watch | None) -> None:
    """Stay until a process ends (those that are kept are started again) or somebody asks to stop.

    :raises Died: a process ended on its own.
    """
    while True:
        _check(children)
        for child in children:
            child.trim_log()
        for one in kept:
            one.look()
        if front:
            front.look(kept[-1].child)
        time.sleep(LOOK_SECONDS)


def _check(children: list[Child]) -> None:
    for child in children:
        if (code := child.process.poll()) is not None:
            for other in children[:0:-1]:  # not PostgreSQL, the first: what lost it may wait for it for ever
                other.stop(seconds=AFTER_DEATH_SECONDS)
            raise Died(
                Text(
                    f"{child.name} 自己退出了 (代码 {code}), 因此全部停止。日志 {child.log}:\n{child.tail()}",
                    f"{child.name} ended by itself (exit code {code}), so everything was stopped. See {child.log}.",
                )
            )


def _address(arguments: argparse.Namespace) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(arguments.host, arguments.host)  # noqa: S104  # compared, not bound
    return f"http://{host}:{arguments.port}"


def _announce(arguments: argparse.Namespace, seconds: float) -> None:
    """Print where the site is and who may sign in."""
    address = os.environ.get("BACAO_BASE_URL") or f"http://localhost:{arguments.port}"
    console.print()
    say(
        Text(f"拔草在 {address} 等您 ({seconds:.1f} 秒)。", f"Bacao is at {address} ({seconds:.1f} s)."),
        style="bold green",
    )
    if (VAR / "demo").exists():
        with start("demo", [sys.executable, "-m", "bacao.cli", "demo"], env=_python_path()) as logins:
            logins.process.wait()
    say(Text("按 Ctrl-C 停止。", f"Ctrl-C stops it. Logs are in {VAR / 'log'}."), style="dim")


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stop


def _let_nothing_interrupt() -> None:
    """Ignore further signals while the tree is stopping; each process has a time limit for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
