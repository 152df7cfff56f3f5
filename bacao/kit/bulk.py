"""Many rows at once, from PostgreSQL into arrays: `COPY` in binary, no Python object a value."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, transaction

if TYPE_CHECKING:
    import numpy as np

_HEADER = 19  # signature, flags, length of an extension there is none of
_KEY_DIGITS = 19
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


class Texts(NamedTuple):
    """Many texts in UTF-8: text i is `data[start[i]:end[i]]` and belongs to `ids[i]`; ids rise."""

    ids: "np.ndarray"  # int64
    start: "np.ndarray"  # int64
    end: "np.ndarray"  # int64
    data: "np.ndarray"  # uint8


def no_texts() -> Texts:
    """Return no texts."""
    import numpy as np

    none = np.zeros(0, np.int64)
    return Texts(none, none, none, np.zeros(0, np.uint8))


def copy_texts(key: str, text: str, source: str, values: Mapping[str, Any]) -> Texts:
    """Return a text for each row of a query: `key` and `text` are expressions, `source` = what follows FROM.

    Keys are whole numbers, none below 0; a text has no line breaks or other control characters (JSON has none).
    """
    import numpy as np

    line = f"lpad(({key})::text, {_KEY_DIGITS}, '0') || ({text})"
    options = "FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02'"
    statement = f"COPY (SELECT {line} FROM {source} ORDER BY {key}) TO STDOUT ({options})"  # noqa: S608  # constants
    read = bytearray()
    with connection.cursor() as cursor, cursor.cursor.copy(statement, values) as rows:
        for piece in rows:
            read += piece
    data = np.frombuffer(read, np.uint8)
    end = np.flatnonzero(data == ord("\n"))
    start = np.concatenate([[0], end[:-1] + 1]) if len(end) else end
    digits = data[start[:, None] + np.arange(_KEY_DIGITS)] - ord("0")
    ids = digits.astype(np.int64) @ (10 ** np.arange(_KEY_DIGITS - 1, -1, -1, dtype=np.int64))
    return Texts(ids, start + _KEY_DIGITS, end, data)


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
