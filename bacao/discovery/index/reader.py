"""Looking at the published index: one reference that changes hands, never what it refers to (DS11)."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bacao.discovery.index.files import (
    CURRENT,
    Current,
    Unusable,
    base_folder,
    delta_folder,
    read_current,
    read_part,
)
from bacao.discovery.index.view import View, make_view

TRIES = 5


class Reader:
    """Follows one folder of the index. `view` is the newest whole state seen: take it once into a variable of your own.

    Several threads may call `refresh`: each maps files that never change and stores one reference.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.view: View | None = None
        self._seen: Current | None = None

    def refresh(self) -> View | None:
        """Take over what was published since the last look, and return the view; None where nothing ever was."""
        for _ in range(TRIES):
            current = read_current(self.folder)
            if current is None or (self._seen is not None and current == self._seen):
                break
            try:
                view = self._load(current)
            except Unusable:  # replaced and removed between reading `current` and opening what it names
                continue
            self.view, self._seen = view, current
            break
        return self.view

    def age_seconds(self, at: datetime) -> float | None:
        """Return for how long nobody looked after the index, None where there is none."""
        try:
            touched = (self.folder / CURRENT).stat().st_mtime
        except OSError:
            return None
        return max(0.0, (at - datetime.fromtimestamp(touched, UTC)).total_seconds())

    def _load(self, current: Current) -> View:
        """Map what is new; a base that is known already is kept."""
        delta, frame, gone, about = read_part(delta_folder(self.folder, current.delta))
        if about["base"] != current.base:
            raise Unusable(f"delta {current.delta} is of another base")
        number = (current.base, current.delta)
        if self.view is not None and self.view.number[0] == current.base:
            known = make_view(frame, self.view.base, delta, gone, number)
            return replace(known, most=(self.view.most[0], known.most[1]))
        base = read_part(base_folder(self.folder, current.base))[0]
        return make_view(frame, base, delta, gone, number)
