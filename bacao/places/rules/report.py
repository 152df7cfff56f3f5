"""What an import did, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ImportReport:
    """Counts of one import; `read` = `kept` + everything skipped.

    `skipped` counts (reason, kind); `bad_hours` = opening hours that could not be read, their places kept without.
    """

    source: str
    files: list[str]
    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    owned: int = 0  # left alone: the place has a merchant now
    reopened: int = 0
    closed: int = 0
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad_hours: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Return how many of the things read are places now."""
        return self.new + self.updated + self.unchanged + self.owned

    def reasons(self) -> dict[str, Counter[str]]:
        """Return what was skipped by reason, most first, each with its kinds."""
        grouped: dict[str, Counter[str]] = {}
        for (reason, kind), count in self.skipped.items():
            grouped.setdefault(reason, Counter())[kind] += count
        return dict(sorted(grouped.items(), key=lambda item: -item[1].total()))

    def counts(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        names = ("read", "kept", "new", "updated", "unchanged", "owned", "reopened", "closed", "bad_hours")
        return {name: getattr(self, name) for name in names} | {
            "skipped": {reason: dict(kinds) for reason, kinds in self.reasons().items()}
        }
