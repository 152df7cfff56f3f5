"""`bacao compile`: the arithmetic of prices and of the index compiled beforehand, so that no visitor waits for it."""

import argparse
import time

from bacao.cli.say import say
from bacao.kit.text import Text


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao compile`."""
    parser = subparsers.add_parser("compile", help="compile the arithmetic beforehand; needs no database")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compile what is not compiled yet."""
    import django

    django.setup()
    from django.utils import timezone

    from bacao.discovery.services.warming import warm_up

    began = time.monotonic()
    warm_up(at=timezone.now())
    seconds = time.monotonic() - began
    say(Text(f"算法已编译 ({seconds:.1f} 秒)", f"compiled ({seconds:.1f} s)"))
    return 0
