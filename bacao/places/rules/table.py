"""A table of places as people write it: CSV with a header, judged cell by cell. Pure (docs/guide/importing.md)."""

import csv
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bacao.kit.geo import bd09_to_wgs84, gcj02_to_wgs84
from bacao.kit.hours import BadHours, check_hours, tidy_hours
from bacao.kit.text import Text
from bacao.places.rules.rows import PlaceRow

REQUIRED = ("ref", "category", "latitude", "longitude")
LENGTHS = {
    "ref": 60, "name_zh": 120, "name_en": 160, "brand": 120, "address_zh": 200, "address_en": 240,
    "about_zh": 300, "about_en": 500, "phone": 60,
}  # fmt: skip
COLUMNS = (*LENGTHS, "category", "latitude", "longitude", "datum", "hours", "usual_minor", "tags")
TO_WGS84: dict[str, Callable[[float, float], tuple[float, float]]] = {
    "wgs84": lambda latitude, longitude: (latitude, longitude),
    "gcj02": gcj02_to_wgs84,
    "bd09": bd09_to_wgs84,
}


class CellError(NamedTuple):
    """What is wrong in one cell; `line` counts from 1, the header being line 1."""

    line: int
    column: str
    text: Text


class _Bad(Exception):
    """A cell cannot be read."""

    def __init__(self, column: str, zh: str, en: str) -> None:
        self.column, self.text = column, Text(zh, en)
        super().__init__(en)


@dataclass(slots=True)
class TableReading:
    """The rows of a table, the columns it has, and everything that is wrong with it."""

    rows: list[PlaceRow] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    errors: list[CellError] = field(default_factory=list)


def read_table(lines: Iterable[str], *, categories: Collection[str]) -> TableReading:
    """Read a table; lines without any text are passed over."""
    reading, reader = TableReading(), csv.reader(lines, strict=True)
    used: dict[str, int] = {}
    line = 1
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        reading.columns = tuple(header)
        reading.errors += _check_header(header)
        if reading.errors:
            return reading
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return reading
            if any(cell.strip() for cell in cells):
                _read_row(reading, line, cells, used, categories)
    except csv.Error as error:
        reading.errors.append(CellError(line, "", Text(f"不是有效的 CSV：{error}", f"not valid CSV: {error}")))
    return reading


def _check_header(header: list[str]) -> list[CellError]:
    """Return what is wrong with the names of the columns."""
    errors = []
    for name in header:
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            errors.append(CellError(1, name, Text(f"没有这一列。可用：{known}", f"no such column. There are: {known}")))
    for name in {name for name in header if header.count(name) > 1}:
        errors.append(CellError(1, name, Text("这一列出现了两次", "this column is there twice")))
    missing = [name for name in REQUIRED if name not in header]
    if not {"name_zh", "name_en"} & set(header):
        missing.append("name_zh")
    errors += [CellError(1, name, Text("缺少这一列", "this column is missing")) for name in missing]
    return errors


def _read_row(
    reading: TableReading, line: int, cells: list[str], used: dict[str, int], categories: Collection[str]
) -> None:
    """Add a row, or what is wrong with it."""
    if len(cells) != len(reading.columns):
        wanted = len(reading.columns)
        text = Text(
            f"有 {len(cells)} 格，表头有 {wanted} 列", f"{len(cells)} cells, but the header has {wanted} columns"
        )
        reading.errors.append(CellError(line, "", text))
        return
    row = dict(zip(reading.columns, (cell.strip() for cell in cells), strict=True))
    checks: tuple[Callable[[], Any], ...] = (
        lambda: _check_words(row),
        lambda: _once(row["ref"], line, used),
        lambda: _category(row["category"], categories),
        lambda: _position(row),
        lambda: _hours(row.get("hours", "")),
        lambda: _amount(row.get("usual_minor", "")),
    )
    values = []
    for check in checks:
        try:
            values.append(check())
        except _Bad as bad:
            reading.errors.append(CellError(line, bad.column, bad.text))
    if len(values) == len(checks):
        words, ref, category, position, hours, usual_minor = values
        reading.rows.append(
            PlaceRow(
                **{"name_zh": "", **words},
                category=category, latitude=position[0], longitude=position[1], hours=hours, usual_minor=usual_minor,
                tags=[tag.strip() for tag in row.get("tags", "").split(";") if tag.strip()],
                source="csv", source_ref=ref,
            )
        )  # fmt: skip


def _check_words(row: Mapping[str, str]) -> dict[str, str]:
    """Return the cells that are kept as they are."""
    for column, longest in LENGTHS.items():
        if len(row.get(column, "")) > longest:
            raise _Bad(column, f"超过 {longest} 个字", f"longer than {longest} characters")
    if not row.get("name_zh") and not row.get("name_en"):
        raise _Bad("name_zh", "没有名字", "no name")
    return {column: row[column] for column in LENGTHS if column in row and column != "ref"}


def _once(ref: str, line: int, used: dict[str, int]) -> str:
    if not ref:
        raise _Bad("ref", "是空的", "is empty")
    if ref in used:
        raise _Bad("ref", f"「{ref}」在第 {used[ref]} 行已用过", f"“{ref}” was used in line {used[ref]} already")
    used[ref] = line
    return ref


def _category(code: str, categories: Collection[str]) -> str:
    if code not in categories:
        raise _Bad("category", f"没有分类「{code}」", f"there is no category “{code}”")
    return code


def _position(row: Mapping[str, str]) -> tuple[float, float]:
    """Return latitude and longitude in WGS-84."""
    degrees = []
    for column, limit in (("latitude", 90), ("longitude", 180)):
        try:
            value = float(row[column])
        except ValueError:
            raise _Bad(column, f"「{row[column]}」不是数字", f"“{row[column]}” is not a number") from None
        if not -limit <= value <= limit:
            raise _Bad(column, f"{value} 不在 ±{limit} 之间", f"{value} is not between -{limit} and {limit}")
        degrees.append(value)
    datum = row.get("datum", "").lower() or "wgs84"
    if datum not in TO_WGS84:
        raise _Bad("datum", f"「{datum}」不是 wgs84、gcj02 或 bd09", f"“{datum}” is none of wgs84, gcj02, bd09")
    latitude, longitude = TO_WGS84[datum](*degrees)
    return round(latitude, 7), round(longitude, 7)


def _hours(expression: str) -> str:
    hours = tidy_hours(expression)
    try:
        if hours:
            check_hours(hours)
    except BadHours as error:
        raise _Bad("hours", *error.text) from None
    return hours


def _amount(cell: str) -> int | None:
    if not cell:
        return None
    if not cell.isdecimal():
        raise _Bad("usual_minor", f"「{cell}」不是以分为单位的整数", f"“{cell}” is not a whole number of minor units")
    return int(cell)
