"""`bacao build` names a tree of static files after its content and does nothing twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bacao.kit.paths import ROOT


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which everything was built once."""
    folder = tmp_path_factory.mktemp("var")
    assert "static files" in build(folder)
    return folder


def build(var: Path) -> str:
    """Run the command and return what it says."""
    return subprocess.run(
        [sys.executable, "-m", "bacao.cli", "build"],
        env={**os.environ, "BACAO_VAR": str(var)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def tree(var: Path) -> Path:
    return var / "static" / (var / "static" / "current").read_text()


def test_the_tree_has_what_pages_ask_for_and_nothing_else(var: Path) -> None:
    files = {path.relative_to(tree(var)).as_posix() for path in tree(var).rglob("*") if path.is_file()}
    assert {"vendor/htmx/htmx.min.js", "vendor/maplibre/maplibre-gl.mjs", "emoji/steaming-bowl.svg"} <= files
    assert "vendor/htmx/htmx.min.js.gz" in files
    assert [name for name in files if name.endswith((".map", ".d.ts")) or "-dev." in name] == []


def test_nothing_is_done_twice(var: Path) -> None:
    before = tree(var)
    assert build(var) == ""
    assert tree(var) == before


def test_the_same_content_has_the_same_name_and_the_tree_before_is_kept(var: Path) -> None:
    static, first = var / "static", tree(var)
    (static / "inputs").write_text("of another day")
    (static / "current").write_text("of-yesterday")
    (static / "of-yesterday").mkdir()
    (static / "of-long-ago").mkdir()
    build(var)
    assert tree(var) == first
    assert {path.name for path in static.iterdir() if path.is_dir()} == {first.name, "of-yesterday"}
