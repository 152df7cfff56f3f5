"""The index as this process sees it: one reader of one folder, which one thread looks after (DS11).

Numba comes with the index, so the thread imports it, and nobody waits for that.
"""

from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog
from django.db import DEFAULT_DB_ALIAS, connection, connections

from bacao.kit.paths import VAR

if TYPE_CHECKING:
    from bacao.discovery.index.reader import Reader
    from bacao.discovery.index.view import View

LOOK_SECONDS = 0.5
log = structlog.get_logger("bacao.discovery")
_readers: "dict[str, Reader]" = {}  # by database


def get_index_folder() -> Path:
    """Return where the index of this city is published: a database is a city."""
    return VAR / "index" / str(connection.settings_dict["NAME"])


def follow_index(until: Event | None = None) -> Thread:
    """Start the thread that keeps this process's view new; a web server calls it once, before it takes requests.

    Until its first view is warm, `find_view` returns None and lists are the simple ones of the database.
    """
    thread = Thread(target=_follow, args=(get_index_folder(), until or Event()), name="index", daemon=True)
    thread.start()
    return thread


def _follow(folder: Path, until: Event) -> None:
    """Look twice a second at what is published; what goes wrong at one look may be well at the next."""
    from bacao.discovery.index.reader import Reader

    reader = _readers[folder.name] = Reader(folder)
    while True:
        try:
            reader.refresh()
        except Exception:
            log.exception("index", folder=str(folder))
        if until.wait(LOOK_SECONDS):
            del _readers[folder.name]
            return


def find_view() -> "View | None":
    """Return the newest whole state of the index that this process has seen; None where it follows none."""
    reader = _readers.get(
        connections.settings[DEFAULT_DB_ALIAS]["NAME"]
    )  # as `connection` has it, in a tenth of the time
    return reader.view if reader else None


def list_tags(limit: int) -> tuple[str, ...]:
    """Return the tags that most places have, as the index knows them; nothing where there is none."""
    view = find_view()
    return view.frame.tags[:limit] if view else ()


def get_index_age_seconds(at: datetime) -> float | None:
    """Return for how long nobody looked after the index, as this process saw it; None where it saw none."""
    reader = _readers.get(connection.settings_dict["NAME"])
    return reader.age_seconds(at) if reader else None
