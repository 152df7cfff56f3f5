"""Looking at the published index: one reference that changes hands, never what it refers to (DS11)."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bacao.discovery.index.answering import answer_public
from bacao.discovery.index.asking import Query, Unanswerable
from bacao.discovery.index.files import (
    CURRENT,
    Current,
    Unusable,
    base_folder,
    delta_folder,
    read_current,
    read_fragments,
    read_part,
)
from bacao.discovery.index.fragments import Fragments
from bacao.discovery.index.kernel import COLUMNS
from bacao.discovery.index.view import View, make_view

TRIES = 5


class Reader:
    """Follows one folder of the index. `view` is the newest whole state seen: take it once into a variable of your own.

    Several threads may call `refresh`: each maps files that never change and stores one reference.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.view: View | None = None
        self.touched: float | None = None  # when somebody last looked after the index, seconds since 1970
        self._seen: Current | None = None
        self._said: Fragments | None = None  # of the base
        self._looked: tuple[int, int] | None = None

    def refresh(self) -> View | None:
        """Take over what was published since the last look, and return the view; None where nothing ever was.

        A new view answers a question before anybody sees it, so that no request waits for pages or for a compiler.
        """
        for _ in range(TRIES):
            stamp = self._stamp()
            if stamp is not None and stamp == self._looked:
                break
            current = read_current(self.folder)
            if current is None:
                break
            if current != self._seen:
                try:
                    view = self._load(current)
                except Unusable:  # replaced and removed between reading `current` and opening what it names
                    continue
                warm(view)
                self.view, self._seen = view, current
            self._looked = stamp
            break
        return self.view

    def age_seconds(self, at: datetime) -> float | None:
        """Return for how long nobody looked after the index, as of the last look; None where there is none."""
        if self.touched is None:
            return None
        return max(0.0, (at - datetime.fromtimestamp(self.touched, UTC)).total_seconds())

    def _stamp(self) -> tuple[int, int] | None:
        """Return which file `current` is (each publication is a new one), having noted when it was touched."""
        try:
            found = (self.folder / CURRENT).stat()
        except OSError:
            self.touched = None
            return None
        self.touched = found.st_mtime
        return found.st_ino, found.st_ctime_ns

    def _load(self, current: Current) -> View:
        """Map what is new; a base that is known already is kept."""
        delta, frame, gone, about = read_part(delta_folder(self.folder, current.delta))
        if about["base"] != current.base:
            raise Unusable(f"delta {current.delta} is of another base")
        if self.view is not None and frame == self.view.frame:
            frame = self.view.frame  # the very same: what was worked out from it is found sooner
        number, posterior = (current.base, current.delta), about.get("posterior", 0)
        delta_said = read_fragments(delta_folder(self.folder, current.delta))
        if self.view is not None and self.view.number[0] == current.base:
            said = (self._said, delta_said) if self._said and delta_said else None
            known = make_view(frame, self.view.base, delta, gone, number, said, posterior)
            return replace(known, most=(self.view.most[0], known.most[1]), base_moments=self.view.base_moments)
        base = read_part(base_folder(self.folder, current.base))[0]
        self._said = read_fragments(base_folder(self.folder, current.base))
        return make_view(
            frame, base, delta, gone, number, (self._said, delta_said) if self._said and delta_said else None, posterior
        )


def warm(view: View) -> None:
    """Ask a view something, at the first minute it knows and at the one asked for last."""
    first = max(int(view.base.horizon[0]), int(view.delta.horizon[0]))
    for minute in {first, *list(view.base_moments)[-1:]}:
        with suppress(Unanswerable):
            query = Query(view.frame.latitude, view.frame.longitude, 1000, minute)
            view.try_new(replace(query, seed=0), np.zeros((query.count, COLUMNS), np.int64))
            view.find(query)
            if view.paper is not None:
                answer_public(view, query)
