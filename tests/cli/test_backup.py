"""A backup put back is the database as it was."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bacao.cli import backup
from tests.live import fresh_database


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """Return a connection to a database that the commands are pointed at."""
    url = fresh_database("test_bacao_backup")
    monkeypatch.setenv("DATABASE_URL", url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table shop (name text); insert into shop values ('Luli Coffee')")
        yield connection


def shops(city: psycopg.Connection) -> list[str]:
    return [name for (name,) in city.execute("select name from shop")]


def test_a_restore_brings_back_what_was_lost(city: psycopg.Connection, tmp_path: Path) -> None:
    file = argparse.Namespace(file=tmp_path / "bacao.dump")
    assert backup.write(file) == 0
    city.execute("delete from shop")
    assert backup.read(file) == 0
    assert shops(city) == ["Luli Coffee"]


def test_a_file_that_is_no_backup_changes_nothing(city: psycopg.Connection, tmp_path: Path) -> None:
    broken = tmp_path / "broken.dump"
    broken.write_bytes(b"PGDMP but not really")
    with pytest.raises(backup.BackupFailed):
        backup.read(argparse.Namespace(file=broken))
    assert shops(city) == ["Luli Coffee"]


def test_a_backup_that_fails_leaves_no_file(city: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(backup.BackupFailed):
        backup.write(argparse.Namespace(file=tmp_path / "missing" / "bacao.dump"))
    assert list(tmp_path.iterdir()) == []
