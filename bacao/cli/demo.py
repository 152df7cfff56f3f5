"""`bacao demo`: the demo city, and who may sign in to look at it."""

import argparse

from bacao.cli import postgres
from bacao.cli.say import console, say
from bacao.kit.text import Text


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao demo`."""
    parser = subparsers.add_parser("demo", help="build the demo city if there is no shop yet; print its logins")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build the demo city where there is none and print the logins."""
    with postgres.opened():
        import django

        django.setup()
        from django.conf import settings

        from bacao.cli.migrate import build_demo, migrate
        from bacao.simulation import queries as simulation

        migrate()
        build_demo()
        logins = simulation.list_demo_logins()
        if logins:
            say(Text("可以这样登录：", "Sign in as:"))
        for login in logins:
            console.print(
                f"  {login.role.zh} {login.role.en}  {login.how}  {settings.BASE_URL}{login.link}", markup=False
            )
    return 0
