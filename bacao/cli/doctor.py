"""`bacao doctor`: what the house needs, what it finds, and every environment variable with its present value."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from rich.table import Table

from bacao.cli import postgres
from bacao.cli.say import console
from bacao.cli.variables import VARIABLES, Variable
from bacao.kit.paths import ROOT, VAR
from bacao.kit.text import Refused, Text

OLDEST_PYTHON = (3, 11)
DISK_BYTES = 2_000_000_000  # the software is about 1 GB, a city some hundred MB


class Finding(NamedTuple):
    """One look at the machine: `found` in a few words, and the remedy if it is not well."""

    subject: str
    found: str
    well: bool = True
    remedy: Text | None = None


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao doctor`."""
    parser = subparsers.add_parser("doctor", help="what is needed, what is found, every environment variable")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every finding and variable; return 1 if something that is needed is missing."""
    findings = [look() for look in LOOKS]
    console.print(_findings(findings))
    console.print(_variables())
    for finding in findings:
        if not finding.well and finding.remedy:
            console.print(f"✗ {finding.remedy.zh}\n  {finding.remedy.en}", style="red", markup=False)
    return 0 if all(finding.well for finding in findings) else 1


def python() -> Finding:
    """Look at the Python that runs this."""
    return Finding(
        "python",
        sys.version.split()[0],
        sys.version_info >= OLDEST_PYTHON,
        Text("需要 Python 3.11 或更新。", "Python 3.11 or newer is needed."),
    )


def database() -> Finding:
    """Look at the PostgreSQL of `DATABASE_URL`, or at the built-in one's programs."""
    try:
        if url := os.environ.get("DATABASE_URL"):
            return Finding("postgresql", f"{postgres.check_version(url)} (DATABASE_URL)")
        postgres.check_reachable(VAR / "postgres")
        return Finding("postgresql", f"{postgres.VERSION} (built-in, {VAR / 'postgres'})")
    except Refused as refused:
        return Finding("postgresql", "-", False, refused.text)


def node() -> Finding:
    """Look for the Node that fetches the browser libraries."""
    path = shutil.which("node", path=os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")]))
    found = _version([path, "--version"]) if path else ""
    remedy = Text("缺少 Node: 请运行 script/up。", "Node is missing: run script/up, which installs it into .venv.")
    return Finding("node", found or "-", bool(found), remedy)


def browser() -> Finding:
    """Look for the browser that only the tests need."""
    path = shutil.which("chromium")
    found = _version([path, "--version"]) if path else ""
    return Finding("chromium", found or "- (script/test)")


def disk() -> Finding:
    """Look at the room left where the data grows."""
    folder = VAR if VAR.exists() else VAR.parent
    free = shutil.disk_usage(folder).free
    remedy = Text("磁盘剩余不足 2 GB。", "Less than 2 GB of disk are left.")
    return Finding("disk", f"{free / 1e9:.0f} GB", free >= DISK_BYTES, remedy)


def folder() -> Finding:
    """Look whether we may write into `var/`."""
    there = next(folder for folder in [VAR, *VAR.parents] if folder.exists())
    remedy = Text(
        f"{there} 不可写: 请改权限或设 BACAO_VAR。", f"{there} is not writable: change that or set BACAO_VAR."
    )
    return Finding("var", str(VAR), os.access(there, os.W_OK), remedy)


LOOKS: tuple[Callable[[], Finding], ...] = (python, database, node, browser, disk, folder)


def _version(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found.group() if found else ""


def _findings(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        table.add_row("[green]✓[/]" if finding.well else "[red]✗[/]", finding.subject, finding.found)
    return table


def _variables() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    for variable in VARIABLES:
        meaning = f"{variable.meaning.zh}\n[dim]{variable.meaning.en}[/]"
        table.add_row(f"[bold]{variable.name}[/]", _shown(variable) or f"[dim]({variable.default})[/]", meaning)
    return table


def _shown(variable: Variable) -> str:
    value = os.environ.get(variable.name, "")
    return "••••" if variable.secret and value else value
