"""A process that the others can do without: it is started again, later each time it does not live long."""

import sys
import time
from pathlib import Path

import pytest

from bacao.cli import processes
from bacao.cli.processes import Child, Kept


def test_what_ends_is_started_again_and_stopped_with_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FIRST_PAUSE_SECONDS", 0.01)
    started: list[Child] = []

    def begin() -> Child:
        started.append(processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"]))
        return started[-1]

    with Kept(begin) as kept:
        for number in range(3):
            assert len(started) == number + 1
            started[-1].process.kill()
            while len(started) == number + 1:
                kept.look()
                time.sleep(0.01)
        assert started[-1].process.poll() is None
    assert started[-1].process.poll() is not None
