"""`bacao demo`: the demo city, and who may sign in to look at it."""

import argparse
from contextlib import ExitStack

from bacao.cli import postgres
from bacao.cli.say import console, say
from bacao.cli.up import alone
from bacao.kit.paths import VAR
from bacao.kit.text import Refused, Text


class NotADemo(Refused):
    """The city here is somebody's own."""

    code = "not_a_demo"
    text = Text(
        f"{VAR} 不是演示城市, 什么也没有删除。", f"The city in {VAR} is not the demo city; nothing was thrown away."
    )


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao demo`."""
    parser = subparsers.add_parser("demo", help="build the demo city if there is no shop yet; print its logins")
    parser.add_argument("--again", action="store_true", help="throw the demo city away first; the city is stopped")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build the demo city where there is none and print the logins."""
    with ExitStack() as open_things:
        if arguments.again:
            open_things.enter_context(alone())
        open_things.enter_context(postgres.opened())
        import django

        django.setup()
        from bacao.cli.migrate import build_demo, migrate

        if arguments.again:
            _throw_away()
        migrate()
        build_demo()
        _show_logins()
    return 0


def _throw_away() -> None:
    """Empty the database.

    :raises NotADemo: it is not the demo city's.
    """
    from django.db import connection

    if not (VAR / "demo").exists():
        raise NotADemo
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def _show_logins() -> None:
    from django.conf import settings

    from bacao.simulation import queries as simulation

    logins = simulation.list_demo_logins()
    if logins:
        say(Text("可以这样登录：", "Sign in as:"))
    for login in logins:
        link = f"{settings.BASE_URL}{login.link}"
        console.print(f"  {login.role.zh} {login.role.en}  {login.how}  {link}", markup=False)
