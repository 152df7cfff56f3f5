"""`bacao backup` and `bacao restore`: the whole database in one file, by PostgreSQL's own programs."""

import argparse
import os
import subprocess
from pathlib import Path

from bacao.cli import postgres
from bacao.cli.say import say
from bacao.cli.up import alone
from bacao.kit.paths import VAR
from bacao.kit.text import Refused, Text


class BackupFailed(Refused):
    """PostgreSQL's program said no; its own words stand above."""

    code = "backup_failed"


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register both commands."""
    backup = subparsers.add_parser("backup", help="write the whole database to a file; the city may run meanwhile")
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.set_defaults(run=write)
    restore = subparsers.add_parser("restore", help="put a backup in place of the database; the city is stopped")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.set_defaults(run=read)


def write(arguments: argparse.Namespace) -> int:
    """Write the database to the file, whole or not at all."""
    fresh = arguments.file.with_name(f"{arguments.file.name}.part")
    with postgres.opened():
        _run("pg_dump", "--format=custom", "--enable-row-security", f"--file={fresh}", f"--dbname={_address()}")
    fresh.replace(arguments.file)
    size = arguments.file.stat().st_size / 1e6
    say(Text(f"已备份到 {arguments.file} ({size:.1f} MB)", f"backed up to {arguments.file} ({size:.1f} MB)"))
    return 0


def read(arguments: argparse.Namespace) -> int:
    """Replace the database by the file's, in one transaction, while no city runs on it."""
    with alone(), postgres.opened():
        words = ("--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={_address()}")
        _run("pg_restore", *words, str(arguments.file))
    say(Text("已恢复。请运行 bacao up。", "Restored. Start the city with bacao up."))
    return 0


def _address() -> str:
    return os.environ.get("DATABASE_URL") or f"postgresql://postgres@/bacao?host={VAR / 'postgres'}"


def _run(program: str, *words: str) -> None:
    if subprocess.run([postgres.programs() / program, *words], check=False).returncode:
        raise BackupFailed(Text(f"{program} 没有成功 (见上)。", f"{program} did not succeed (see above)."))
