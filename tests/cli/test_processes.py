"""A child process: stopped with all of its group, its log kept short."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from bacao.cli import processes


def test_stopping_ends_the_whole_group_however_deaf(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {deaf!r}])"
    child = processes.start("deaf", [sys.executable, "-c", parent], log=tmp_path / "deaf.log")
    while "here" not in child.tail():
        time.sleep(0.02)
    [grandchild] = psutil.Process(child.process.pid).children()
    child.stop(seconds=5)
    assert child.process.poll() is not None
    assert psutil.wait_procs([grandchild], timeout=5)[1] == []


def test_a_long_log_is_put_aside_and_written_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    log = tmp_path / "a.log"
    talk = "import time\nwhile True: print('words', flush=True); time.sleep(0.01)"
    with processes.start("talker", [sys.executable, "-c", talk], log=log) as child:
        while log.stat().st_size < 20:
            time.sleep(0.01)
        child.trim_log()
        while "words" not in child.tail():
            time.sleep(0.01)
    assert (tmp_path / "a.log.1").read_text().startswith("words\nwords\nwords\n")
    assert log.read_text().startswith("words\n")
