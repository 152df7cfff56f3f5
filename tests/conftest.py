"""What every test may ask for: a database, an instant, the real data, a real browser.

Without `DATABASE_URL` a PostgreSQL of the tests' own is started in `var/test` before Django reads its settings.
Journeys have a running site besides (tests/stories/conftest.py).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("BACAO_VAR", str(ROOT / "var" / "test"))  # tests never write into a city's own folder
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "var" / "numba"))  # compiled once for all sites of all tests
os.environ.setdefault("BACAO_SECRET_KEY", "tests-sign-with-this-and-nothing-else-does")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bacao.settings")
os.environ["BACAO_DEMO"] = "1"

import django  # noqa: E402  # the settings read the environment above

django.setup()

# A busy machine is not a reason to fail: nothing here is timed.
hypothesis.settings.register_profile("bacao", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("bacao")

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let Django make the tests' database as a copy of one that has all tables."""
    from django.db import connection

    from tests.live import blank_database

    connection.settings_dict["TEST"]["TEMPLATE"] = blank_database()


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


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Return a real Chromium."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if not path:
        pytest.fail("Chromium is missing: run script/test, or apt-get install chromium")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop in this thread that our queries do not use
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def _cache_of_one_test() -> None:
    """Keep what one test made the process remember out of every other."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def _language_of_one_test() -> None:
    """Begin each test in the first language: a page in another leaves that one switched on in its thread."""
    from django.conf import settings
    from django.utils import translation

    translation.activate(settings.LANGUAGE_CODE)


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
