"""Many rows at once, from PostgreSQL into arrays: `COPY` in binary, no Python object a value."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

if TYPE_CHECKING:
    import numpy as np

_HEADER = 19  # signature, flags, length of an extension there is none of
_TYPES = {"i8": (">i8", 8, "int8"), "i4": (">i4", 4, "int4"), "f8": (">f8", 8, "float8")}


def copy_rows(columns: Mapping[str, tuple[str, str]], source: str, values: Mapping[str, Any]) -> "np.ndarray":
    """Return the rows of a query as a structured array.

    columns = {name: ("i8", "i4" or "f8", expression)}, none of which may be NULL; `source` = what follows FROM;
    `values` = its parameters.
    """
    import numpy as np  # a quarter of a second that most programs can do without

    chosen = ", ".join(f"({expression})::{_TYPES[kind][2]}" for kind, expression in columns.values())
    pieces: list[bytes] = []
    with connection.cursor() as cursor:
        statement = f"COPY (SELECT {chosen} FROM {source}) TO STDOUT (FORMAT BINARY)"  # noqa: S608  # made of constants
        with cursor.cursor.copy(statement, values) as rows:  # not by the wrapper of DEBUG, which takes no values
            pieces += [bytes(piece) for piece in rows]
    layout = [("fields", ">i2")]
    for name, (kind, _) in columns.items():
        layout += [(f"{name} length", ">i4"), (name, _TYPES[kind][0])]
    data = b"".join(pieces)[_HEADER:-2]  # the end is marked by a row of -1 fields
    found = np.frombuffer(data, np.dtype(layout))
    result = np.empty(len(found), np.dtype([(name, kind) for name, (kind, _) in columns.items()]))
    for name, (kind, _) in columns.items():
        assert (found[f"{name} length"] == _TYPES[kind][1]).all(), f"{name} is NULL somewhere"
        result[name] = found[name]
    return result


@contextmanager
def one_snapshot() -> Iterator[int]:
    """Let everything inside see the same instant of the database; yields the mark to read news on from (DS8)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        yield cursor.fetchone()[0]


@contextmanager
def sole_holder(name: str) -> Iterator[bool]:
    """Hold an advisory lock while inside; yields False where another session holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        held = bool(cursor.fetchone()[0])
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
