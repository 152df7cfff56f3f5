"""`bacao migrate`: the database brought up to date: tables, the demo city if asked for, today's opening hours."""

import argparse
import time

from bacao.cli import postgres
from bacao.cli.say import console, say
from bacao.kit.paths import VAR
from bacao.kit.text import Text

DEMO_SEED = 20261121  # any number makes a city; one number makes everybody's demo the same


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao migrate`."""
    parser = subparsers.add_parser("migrate", help="bring the database up to date")
    parser.add_argument("--demo", action="store_true", help="build the demo city if there is no shop yet")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Bring the database up to date."""
    with postgres.opened():
        import django

        django.setup()
        migrate()
        if arguments.demo:
            build_demo()
        _refresh_hours()
    return 0


def migrate() -> None:
    """Run the migrations that have not run yet."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from bacao.accounts.services import refresh_operators

    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not waiting:
        return
    began = time.monotonic()
    call_command("migrate", interactive=False, verbosity=0)
    refresh_operators()  # new tables come with new permissions
    seconds = time.monotonic() - began
    say(
        Text(
            f"数据库: {len(waiting)} 步迁移 ({seconds:.1f} 秒)",
            f"database: {len(waiting)} migrations ({seconds:.1f} s)",
        )
    )


def build_demo() -> None:
    """Build the demo city unless there is a shop already."""
    from django.utils import timezone

    from bacao.places import queries as places
    from bacao.simulation import services as simulation

    if places.count_places():
        return
    began = time.monotonic()
    simulation.build_city(seed=DEMO_SEED, at=timezone.now(), progress=_show_progress)
    (VAR / "demo").touch()
    seconds = time.monotonic() - began
    say(Text(f"演示城市已建成 ({seconds:.0f} 秒)", f"the demo city is built ({seconds:.0f} s)"))


def _show_progress(step: Text, done: float) -> None:
    console.print(f"  {done:>4.0%}  {step.zh}  {step.en}", markup=False, style="dim")


def _refresh_hours() -> None:
    """Work out which shops are open these days: the spans of a city that slept are old."""
    from django.utils import timezone

    from bacao.places import services as places

    places.refresh_opening_spans(at=timezone.now())
