"""What every test may ask for: a database, an instant, the real data, a running site, a real browser.

Without `DATABASE_URL` a PostgreSQL of the tests' own is started in `var/test` before Django reads its settings.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("BACAO_VAR", str(ROOT / "var" / "test"))  # tests never write into a city's own folder
os.environ.setdefault("BACAO_SECRET_KEY", "tests-sign-with-this-and-nothing-else-does")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bacao.settings")
os.environ["BACAO_DEMO"] = "1"

import django  # noqa: E402  # the settings read the environment above

django.setup()

_until_the_end = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the tests' PostgreSQL once; pytest-xdist's workers find it by its folder."""
    if "DATABASE_URL" not in os.environ and not hasattr(config, "workerinput"):
        from bacao.cli.postgres import running
        from bacao.kit.paths import VAR

        _until_the_end.enter_context(running(VAR / "postgres", careless=True))


def pytest_unconfigure() -> None:
    """Stop what `pytest_configure` started."""
    _until_the_end.close()


@pytest.fixture
def at() -> datetime:
    """Return the instant at which every test happens: a working-free Saturday at noon."""
    return datetime(2026, 11, 21, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of real public data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("BACAO_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (BACAO_TEST_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _media_of_one_test(settings: object, tmp_path: Path) -> Iterator[None]:
    """Keep uploads of a test out of every other."""
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]  # pytest-django's wrapper sets anything
    yield


@pytest.fixture(autouse=True, scope="session")
def _flush_append_only_tables() -> Iterator[None]:
    """Let Django empty the tables after tests with real commits; the ledger's guards refuse that to everybody else."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    sql_flush = DatabaseOperations.sql_flush

    def past_the_guards(self: DatabaseOperations, *args: Any, **options: Any) -> list[str]:
        return ["SET LOCAL session_replication_role = replica", *sql_flush(self, *args, **options)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", past_the_guards)
        yield
