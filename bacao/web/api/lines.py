"""Log lines of what is answered beside Django: gathered, and written ten times a second.

Every write gives the interpreter's lock away, and waiting for it to come back costs more than all else about a line.
The standard library's QueueListener writes each line by itself, and wakes for each.
"""

import atexit
import os
import select
import sys
import time
from collections import deque
from threading import Lock, Thread

PAUSE_SECONDS = 0.1
LINES_MAX = 100_000  # of a log that nobody takes any more; the oldest are lost


class Lines:
    """Lines that wait to be written to the error stream, oldest first; any thread may add some."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque(maxlen=LINES_MAX)
        self._lock = Lock()
        self._is_kept = False

    def put(self, line: bytes) -> None:
        """Add a whole line; the first one starts the thread that writes."""
        self._waiting.append(line)
        if not self._is_kept:
            self._start()

    def write(self) -> None:
        """Write what gathered, in pieces that a pipe takes whole, so that no line is torn by who else writes."""
        with self._lock:
            while self._waiting:
                piece = self._waiting.popleft()
                while self._waiting and len(piece) + len(self._waiting[0]) <= select.PIPE_BUF:
                    piece += self._waiting.popleft()
                os.write(sys.stderr.fileno(), piece)

    def _start(self) -> None:
        with self._lock:
            if not self._is_kept:
                self._is_kept = True
                Thread(target=self._keep, name="lines", daemon=True).start()
                atexit.register(self.write)

    def _keep(self) -> None:
        while True:
            time.sleep(PAUSE_SECONDS)
            self.write()


lines = Lines()
