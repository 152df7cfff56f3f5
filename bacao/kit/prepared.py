"""Statements that are planned once a connection: for the few that run with every press.

Django binds parameters into the text, so PostgreSQL parses and plans anew each time; a statement of ten tables costs it
more to plan than to run. `PREPARE` and `EXECUTE` are plain SQL, so this needs nothing of the driver.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Prepared:
    """A statement with `%(name)s` parameters, whose SQL types are `types`; `run` returns its rows."""

    name: str
    text: str
    types: Mapping[str, str]
    names: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", sorted(set(PARAMETER.findall(self.text))))

    def run(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Execute it on this thread's connection, which remembers what it has prepared."""
        with connection.cursor() as cursor:
            raw = connection.connection
            known: set[str] = raw.__dict__.setdefault("bacao_prepared", set())
            if self.name not in known:
                cursor.execute(self._prepare())
                known.add(self.name)
            marks = ", ".join(["%s"] * len(self.names))
            cursor.execute(f"EXECUTE {self.name} ({marks})", [values[name] for name in self.names])
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
            return rows

    def _prepare(self) -> str:
        numbers = {name: number for number, name in enumerate(self.names, start=1)}
        text = PARAMETER.sub(lambda found: f"${numbers[found[1]]}", self.text)
        types = ", ".join(self.types[name] for name in self.names)
        return f"PREPARE {self.name} ({types}) AS {text}".replace("%%", "%")
