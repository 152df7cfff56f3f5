"""Processes that start and stop together."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from bacao.cli.say import warn
from bacao.kit.text import Text

STOP_SECONDS = 10.0
LOG_BYTES = 50_000_000
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.5, 30.0
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Owner(NamedTuple):
    """The user and group, by number, that a process of root's runs as."""

    user: int
    group: int


@dataclass(frozen=True)
class Child:
    """A process of ours, in a group of its own: a terminal's Ctrl-C reaches us alone, and we stop it in order."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None
    stop_with: signal.Signals

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """Ask it to end, wait up to `seconds`, then end whatever is left of its group by force."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_with)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # nobody is left

    def trim_log(self) -> None:
        """Put a log that has grown too long aside as `<name>.log.1`; the process writes on into the emptied file."""
        if self.log and self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    def tail(self, lines: int = 12) -> str:
        """Return the last lines that it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log else ""


class Kept:
    """A process that the others can do without for a while: it is started again whenever it ends.

    The pause before that doubles from one second to half a minute while it does not live that long.
    """

    def __init__(self, begin: Callable[[], Child]) -> None:
        self._begin = begin
        self._pause = FIRST_PAUSE_SECONDS
        self._again_at = 0.0
        self._start()

    def _start(self) -> None:
        self.child: Child | None = self._begin()
        self._since = time.monotonic()

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        if self.child:
            self.child.stop()

    def look(self) -> None:
        """Start it again if it ended and its pause is over."""
        now = time.monotonic()
        if self.child and self.child.process.poll() is not None:
            lived = now - self._since
            name, code = self.child.name, self.child.process.returncode
            self.child.stop()  # whatever it started ends, too
            self.child = None
            longer = min(self._pause * 2, LAST_PAUSE_SECONDS)
            self._pause = FIRST_PAUSE_SECONDS if lived > LAST_PAUSE_SECONDS else longer
            self._again_at = now + self._pause
            warn(
                Text(
                    f"{name} 自己退出了 (代码 {code}), {self._pause:.1f} 秒后重新启动。",
                    f"{name} ended by itself (exit code {code}); it starts again in {self._pause:.1f} s.",
                )
            )
        if self.child is None and now >= self._again_at:
            self._start()
        if self.child:
            self.child.trim_log()


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    owner: Owner | None = None,
    stop_with: signal.Signals = signal.SIGTERM,
    orphan_with: signal.Signals | None = None,
) -> Child:
    """Start `command` as `owner` or as ourselves, writing to the end of the file `log`, or where we write.

    Should we die without stopping it, the kernel sends it `orphan_with`, or what stops it otherwise.
    """
    with _opened(log) as out:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, **(env or {})},
            user=owner.user if owner else None,
            group=owner.group if owner else None,
            extra_groups=[] if owner else None,
            cwd="/" if owner else None,
            start_new_session=True,
            preexec_fn=_die_with_parent(orphan_with or stop_with),
        )
    return Child(name, process, log, stop_with)


def wait_for_port(host: str, port: int, *, seconds: float) -> bool:
    """Return whether `port` is free to listen on, after waiting up to `seconds` for a predecessor to let go."""
    until = time.monotonic() + seconds
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return True
            except OSError:
                if time.monotonic() > until:
                    return False
        time.sleep(0.1)


@contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        yield out


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Return what a new process runs first so that the kernel sends it `number` when its parent dies (Linux)."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie
