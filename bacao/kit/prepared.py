"""Statements that are planned once a connection: for the few that run with every press.

Django writes parameters into the text, so PostgreSQL parses and plans anew each time; a statement of ten tables costs
it more to plan than to run. These are sent by name, with the parameters beside them in PostgreSQL's own binary form.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connections
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

if TYPE_CHECKING:
    from psycopg import abc
    from psycopg.pq.abc import PGconn, PGresult

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
        """Execute it on this thread's connection, in its transaction if one is open."""
        began = perf_counter()
        connection = connections["default"]
        connection.ensure_connection()
        raw: psycopg.Connection[Any] = connection.connection
        with connection.wrap_database_errors:
            rows = self._run(raw, [values[name] for name in self.names])
        if connection.queries_logged:
            connection.queries_log.append({"sql": self.text.strip(), "time": f"{perf_counter() - began:.3f}"})
        return rows

    def _run(self, raw: "psycopg.Connection[Any]", values: list[Any]) -> list[tuple[Any, ...]]:
        link, known = raw.pgconn, raw.__dict__.setdefault("bacao_prepared", {})
        if not raw.autocommit and link.transaction_status == TransactionStatus.IDLE:
            _check(link, link.exec_(b"BEGIN"))
        adapter = known.get(self.name)
        if adapter is None:
            adapter = known[self.name] = self._prepare(raw)
        parameters = adapter.dump_sequence(values, [PyFormat.BINARY] * len(values))
        formats = [Format.BINARY] * len(values)
        result = _check(link, link.exec_prepared(self.name.encode(), parameters, formats, result_format=Format.BINARY))
        adapter.set_pgresult(result)
        return adapter.load_rows(0, result.ntuples, tuple) if result.nfields else []

    def _prepare(self, raw: "psycopg.Connection[Any]") -> "abc.Transformer":
        """Let PostgreSQL parse it, and return what knows its types."""
        numbers = {name: number for number, name in enumerate(self.names, start=1)}
        text = PARAMETER.sub(lambda found: f"${numbers[found[1]]}", self.text).replace("%%", "%")
        oids = [raw.adapters.types.get_oid(self.types[name]) for name in self.names]
        _check(raw.pgconn, raw.pgconn.prepare(self.name.encode(), text.encode(), oids))
        adapter = Transformer(raw)
        adapter.set_dumper_types(oids, Format.BINARY)
        return adapter


def _check(link: "PGconn", result: "PGresult") -> "PGresult":
    """Return a result that is none of an error. :raises psycopg.Error: the one that it is of"""
    if result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
        return result
    if link.status == ConnStatus.BAD:
        raise psycopg.OperationalError(result.get_error_message())
    raise error_from_result(result)
