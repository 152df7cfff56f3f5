"""`bacao doctor` knows every variable that is read and hides what is secret."""

import re
from pathlib import Path

import pytest

from bacao.cli.main import main
from bacao.cli.variables import INTERNAL, VARIABLES
from bacao.kit.paths import ROOT

READ = re.compile(r"environ(?:\.get\(|\.setdefault\(|\[)\s*\"((?:BACAO_|DATABASE_)[A-Z_]+)\"")


def test_it_lists_every_variable_that_is_read_and_no_other() -> None:
    sources = [*ROOT.glob("bacao/**/*.py"), ROOT / "tests/conftest.py"]
    read = {name for path in sources for name in READ.findall(path.read_text())}
    assert {variable.name for variable in VARIABLES} == read - INTERNAL


def test_it_masks_secrets_and_shows_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("BACAO_SECRET_KEY", "not-for-your-eyes")
    monkeypatch.setenv("BACAO_CURRENCY", "JPY")
    main(["doctor"])
    said = capsys.readouterr().out
    assert "not-for-your-eyes" not in said
    assert "••••" in said
    assert "JPY" in said


def test_a_database_that_does_not_answer_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@/nothing?host={tmp_path}")
    assert main(["doctor"]) == 1
    assert "does not answer" in capsys.readouterr().out
