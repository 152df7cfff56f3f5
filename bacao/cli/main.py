"""The `bacao` command. Each module beside this one that has `add(subparsers)` adds its own words.

`add` registers a parser and says `set_defaults(run=...)`: a callable from the parsed arguments to an exit code.
Modules import Django and other chapters only inside `run`, so that every command starts at once.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

from bacao import cli
from bacao.cli.say import error
from bacao.kit.text import Refused, Text


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    top = argparse.ArgumentParser(prog="bacao", description="Bacao: saved online, visited for real.")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for found in pkgutil.iter_modules(cli.__path__):
        if found.name not in {"main", "__main__"}:
            module = importlib.import_module(f"bacao.cli.{found.name}")
            if hasattr(module, "add"):
                module.add(subparsers)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what cannot be done is said in a sentence, with 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bacao.settings")
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except Refused as refused:
        error(refused.text)
        return 1
    except PermissionError as problem:
        error(
            Text(
                f"{problem.filename} 属于别的用户: 请用那个用户运行, 或 chown -R, 或把 BACAO_VAR 设到别处。",
                f"{problem.filename} belongs to another user: run as that one, give it to this one with chown -R, "
                "or set BACAO_VAR to another folder.",
            )
        )
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
