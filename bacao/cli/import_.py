"""`bacao import`: shops from OpenStreetMap or from a table, all or nothing."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bacao.cli import postgres
from bacao.cli.migrate import migrate
from bacao.cli.say import console, say
from bacao.kit.text import Text

if TYPE_CHECKING:
    from bacao.places.rules.report import ImportReport

KINDS_SHOWN = 5


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao import osm` and `bacao import csv`."""
    parser = subparsers.add_parser("import", help="bring in shops from OpenStreetMap or from a table")
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    osm = sources.add_parser("osm", help="Overpass JSON and .osm.pbf files, all files of the city together")
    osm.add_argument("files", nargs="+", type=Path, metavar="FILE")
    osm.add_argument("--part", action="store_true", help="the files are a part of the city: close nothing")
    osm.add_argument("--close-many", action="store_true", help="yes, over a quarter of the shops did close")
    osm.set_defaults(run=run_osm)
    csv = sources.add_parser("csv", help="a table with a header, see docs/guide/importing.md")
    csv.add_argument("file", type=Path, metavar="FILE")
    csv.set_defaults(run=run_csv)
    for each in (osm, csv):
        each.add_argument("--check", action="store_true", help="say what would happen and change nothing")


def run_osm(arguments: argparse.Namespace) -> int:
    """Import extracts of OpenStreetMap."""
    with postgres.opened(), _progress_bar() as bar:
        _prepare_django()
        from django.utils import timezone

        from bacao.places.services import import_osm

        task = bar.add_task("", total=None)

        def progress(step: Text, done: int, total: int) -> None:
            bar.update(task, description=escape(f"{step.zh}  {step.en}"), completed=done, total=total)

        report = import_osm(
            paths=arguments.files,
            at=timezone.now(),
            part=arguments.part,
            close_many=arguments.close_many,
            check=arguments.check,
            progress=progress,
        )
    show(report, check=arguments.check)
    return 0


def run_csv(arguments: argparse.Namespace) -> int:
    """Import a table."""
    with postgres.opened():
        _prepare_django()
        from django.utils import timezone

        from bacao.places.services import import_csv

        report = import_csv(path=arguments.file, at=timezone.now(), check=arguments.check)
    show(report, check=arguments.check)
    return 0


def _prepare_django() -> None:
    """Start Django on a database that is up to date."""
    import django

    django.setup()
    migrate()


def _progress_bar() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    return Progress(*columns, console=console, transient=True)


def show(report: "ImportReport", *, check: bool) -> None:
    """Print what an import did as a table."""
    from bacao.places.rules.osm_kinds import REASONS

    table = Table("", "", "数量 count", "其中 of which", box=SIMPLE_HEAD)
    table.columns[2].justify = "right"
    table.columns[3].overflow = "fold"
    table.add_row("读到", "read", str(report.read), "")
    table.add_row("保留", "kept", str(report.kept), _of_kept(report), style="green")
    reopened = f"重新开业 reopened {report.reopened}" if report.reopened else ""
    table.add_row("停业", "closed", str(report.closed), reopened, end_section=True)
    table.add_row("略过", "skipped", str(report.skipped.total()), "")
    for reason, kinds in report.reasons().items():
        name = REASONS[reason]
        most = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(KINDS_SHOWN) if kind)
        table.add_row(f"  {name.zh}", name.en, str(kinds.total()), escape(most), style="dim")
    if report.bad_hours:
        table.add_section()
        examples = " | ".join(dict.fromkeys(report.bad_hours[:KINDS_SHOWN]))
        table.add_row("营业时间看不懂", "hours not readable", str(len(report.bad_hours)), escape(examples))
    console.print(table)
    if check:
        say(Text("以上只是检查，没有改动任何内容。", "This was a check only; nothing was changed."))


def _of_kept(report: "ImportReport") -> str:
    """Return what the places kept are made of."""
    parts = {
        "新 new": report.new,
        "更新 updated": report.updated,
        "不变 unchanged": report.unchanged,
        "店主自管 left to owners": report.owned,
    }
    return ", ".join(f"{name} {count}" for name, count in parts.items() if count)
