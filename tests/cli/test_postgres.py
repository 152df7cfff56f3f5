"""The embedded PostgreSQL refuses a place it cannot live in, in a sentence with the remedy."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from bacao.cli import postgres
from bacao.cli.main import main


def test_a_path_too_long_for_its_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(postgres.NoDatabase, match="set BACAO_VAR to a shorter one"):
        postgres.check_reachable(tmp_path / ("long" * 30))


def test_as_root_a_closed_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(postgres.NoDatabase, match="cannot enter"):
        postgres.check_reachable(closed / "postgres")


def test_nobody_else_minds_a_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    postgres.check_reachable(closed / "postgres")


def test_data_of_another_version_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(postgres.NoDatabase, match="was made by PostgreSQL 16"):
        postgres.check_reachable(tmp_path)


def test_a_postgresql_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        info = SimpleNamespace(server_version=140012)

        def __enter__(self) -> "Old":
            return self

        def __exit__(self, *_: Any) -> None:
            return None

    monkeypatch.setattr(psycopg, "connect", lambda *_, **__: Old())
    with pytest.raises(postgres.NoDatabase, match="is PostgreSQL 14; 15 or newer is needed"):
        postgres.check_version("postgresql://somewhere/bacao")


def test_a_folder_of_somebody_else_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed() -> None:
        raise PermissionError(13, "Permission denied", "/srv/bacao/var/up.lock")

    monkeypatch.setattr("bacao.cli.build.build", closed)
    assert main(["build"]) == 1
    assert "/srv/bacao/var/up.lock belongs to another user" in capsys.readouterr().err
