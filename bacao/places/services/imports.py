"""Bringing in places from outside: all or nothing, and the same files twice change nothing."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from bacao.kit.services import announce_many
from bacao.kit.text import Refused, Text
from bacao.places.models import Category, ImportRun, Place
from bacao.places.rules import PlaceRow, row_hash
from bacao.places.rules.osm import read_places
from bacao.places.rules.report import ImportReport
from bacao.places.rules.table import CellError, read_table
from bacao.places.services.extract_files import BadFile, Progress, read_extract
from bacao.places.services.hours import find_or_make_patterns
from bacao.places.services.places import Locator, fill_place, load_places

OSM_FIELDS = ("name_zh", "name_en", "category", "brand", "address_zh", "address_en", "phone", "latitude", "longitude")
ALWAYS = ("source", "source_ref", "source_hash")
CLOSE_FREELY = 20  # this many shops, or a quarter of all, may vanish without a question
ERRORS_SHOWN = 20
_LOCK = 0x42616361  # of imports; any number nobody else uses


class TooManyClosed(Refused):
    """The files lack so many places that they rather are a part of the city than a newer city."""

    code = "too_many_closed"

    def __init__(self, closed: int, of: int) -> None:
        super().__init__(
            Text(
                f"这些文件里少了 {of} 家店中的 {closed} 家，导入会把它们标为停业，所以没有导入。"
                "如果文件只是城市的一部分，请加 --part；如果确实停业了，请加 --close-many。",
                f"The files lack {closed} of {of} places, and importing would mark them as closed, so nothing was "
                "imported. If the files are a part of the city, add --part; if they did close, add --close-many.",
            )
        )


class BadTable(Refused):
    """Cells of a table cannot be read; `errors` holds all of them."""

    code = "bad_table"
    status = 422

    def __init__(self, path: Path, errors: Sequence[CellError]) -> None:
        self.errors = errors
        more = len(errors) - ERRORS_SHOWN
        lines = [
            (
                f"第 {error.line} 行{f'，{error.column} 列' if error.column else ''}：{error.text.zh}",
                f"line {error.line}{f', column {error.column}' if error.column else ''}: {error.text.en}",
            )
            for error in errors[:ERRORS_SHOWN]
        ]
        super().__init__(
            Text(
                "\n".join([f"{path.name} 有 {len(errors)} 处错误，没有导入任何内容。", *(zh for zh, _ in lines)])
                + (f"\n还有 {more} 处" if more > 0 else ""),
                "\n".join([f"{path.name} has {len(errors)} errors. Nothing was imported.", *(en for _, en in lines)])
                + (f"\nand {more} more" if more > 0 else ""),
            )
        )


def _silent(step: Text, done: int, total: int) -> None:
    """Tell nobody."""


def import_osm(
    *,
    paths: Sequence[Path],
    at: datetime,
    part: bool = False,
    close_many: bool = False,
    check: bool = False,
    progress: Progress = _silent,
) -> ImportReport:
    """Bring in the shops of OpenStreetMap extracts (Overpass JSON, .osm.pbf), all files together.

    What is in OpenStreetMap no more is marked as closed, unless the files are but a `part` of the city; what comes
    back is open again. `check` = say what would happen, and change nothing.

    :raises BadFile: a file cannot be read
    :raises TooManyClosed: over a quarter of the places would be closed, and `close_many` was not said
    """
    reading = read_places(read_extract(paths, progress))
    report = ImportReport("osm", [path.name for path in paths], read=reading.read)
    report.skipped, report.bad_hours = reading.skipped, reading.bad_hours
    progress(Text("写入", "writing"), 0, 1)
    _apply(reading.rows, OSM_FIELDS, report, at=at, close_missing=not part, close_many=close_many, check=check)
    progress(Text("写入", "writing"), 1, 1)
    return report


def import_csv(*, path: Path, at: datetime, check: bool = False) -> ImportReport:
    """Bring in a table of places (docs/guide/importing.md); columns it lacks are left as they are.

    :raises BadFile: the file cannot be read
    :raises BadTable: with every cell that cannot be read
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except OSError:
        raise BadFile(path, "打不开。", "cannot be opened.") from None
    except UnicodeDecodeError as error:
        raise BadFile(
            path,
            f"在第 {error.start} 字节处不是 UTF-8。请在表格软件里另存为「CSV UTF-8」。",
            f"is not UTF-8 at byte {error.start}. Save it as “CSV UTF-8”.",
        ) from None
    table = read_table(lines, categories=set(Category.objects.values_list("code", flat=True)))
    if table.errors:
        raise BadTable(path, table.errors)
    report = ImportReport("csv", [path.name], read=len(table.rows))
    fields = (set(table.columns) - {"ref", "datum", "hours"}) | {"latitude", "longitude"}
    _apply(table.rows, sorted(fields), report, at=at, hours="hours" in table.columns, check=check)
    return report


@transaction.atomic
def _apply(
    rows: Sequence[PlaceRow],
    fields: Collection[str],
    report: ImportReport,
    *,
    at: datetime,
    hours: bool = True,
    close_missing: bool = False,
    close_many: bool = False,
    check: bool = False,
) -> None:
    """Make the places of a source what `rows` say, and count; one import at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    hashed = {*fields, "hours"} if hours else set(fields)
    rows = [replace(row, source_hash=row_hash(row, hashed)) for row in rows]
    known = {place.source_ref: place for place in Place.objects.filter(source=report.source)}
    made = load_places(rows=[row for row in rows if row.source_ref not in known], at=at)
    report.new = len(made)
    pairs = [(known[row.source_ref], row) for row in rows if row.source_ref in known]
    _update(pairs, fields, report, at=at, hours=hours)
    if close_missing:
        _close({row.source_ref for row in rows}, known, report, at=at, close_many=close_many)
    ImportRun.objects.create(source=report.source, files=report.files, started_at=at, counts=report.counts())
    if check:
        transaction.set_rollback(True)


def _update(
    pairs: Sequence[tuple[Place, PlaceRow]],
    fields: Collection[str],
    report: ImportReport,
    *,
    at: datetime,
    hours: bool,
) -> None:
    """Bring known places up to date and count.

    A place with a merchant belongs to its owner and is left alone. A place an import closed has lost its fingerprint;
    one that a person closed has kept it, and stays closed.
    """
    find = Locator()
    free = [(place, row) for place, row in pairs if place.merchant_id is None]
    changed = [(place, row) for place, row in free if place.source_hash != row.source_hash]
    patterns = find_or_make_patterns({row.hours for _, row in changed}, at=at) if hours else {}
    for place, row in changed:
        if place.state == Place.State.CLOSED and not place.source_hash:
            place.state, place.closed_at = Place.State.OPEN, None
            report.reopened += 1
        fill_place(place, row, find, [*fields, *ALWAYS])
        if hours:
            place.hours = patterns.get(row.hours)
        place.updated_at = at
    written = {*fields, *ALWAYS} | {
        "cell", "district", "street", "hours", "state", "closed_at", "updated_at",
    }  # fmt: skip
    Place.objects.bulk_update([place for place, _ in changed], sorted(written), batch_size=500)
    announce_many(kind="place", ref_ids=[place.pk for place, _ in changed])
    report.updated = len(changed)
    report.unchanged = len(free) - len(changed)
    report.owned = len(pairs) - len(free)


def _close(
    present: Collection[str], known: dict[str, Place], report: ImportReport, *, at: datetime, close_many: bool
) -> None:
    """Close the open places the source no longer has."""
    trading = [place for place in known.values() if place.state == Place.State.OPEN and place.merchant_id is None]
    gone = [place.pk for place in trading if place.source_ref not in present]
    if len(gone) > max(CLOSE_FREELY, len(trading) // 4) and not close_many:
        raise TooManyClosed(len(gone), len(trading))
    Place.objects.filter(pk__in=gone).update(state=Place.State.CLOSED, closed_at=at, source_hash="", updated_at=at)
    announce_many(kind="place", ref_ids=gone)
    report.closed = len(gone)
