"""The first operator is made at the command line."""

import argparse
from contextlib import nullcontext

import pytest

from bacao.accounts.models import User
from bacao.accounts.queries import has_role
from bacao.accounts.rules import NotAContact
from bacao.accounts.services import create_person
from bacao.cli.main import parser


@pytest.fixture(autouse=True)
def _running(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bacao.cli.postgres.opened", nullcontext)


def run(*words: str) -> int:
    arguments: argparse.Namespace = parser().parse_args(["operator", *words])
    return int(arguments.run(arguments))


def test_somebody_new_becomes_a_person_and_an_operator() -> None:
    assert run("138 0013 8000", "--name", "小秦") == 0
    boss = User.objects.get(phone="+8613800138000")
    assert (boss.display_name, boss.is_staff, boss.is_superuser) == ("小秦", True, False)
    assert has_role(boss, "operator")


def test_somebody_known_keeps_their_name(capsys: pytest.CaptureFixture[str]) -> None:
    lin = create_person(email="lin@example.org", display_name="Lin")
    run("Lin@example.org", "--administrator", "--name", "x")
    lin.refresh_from_db()
    assert (lin.display_name, lin.is_superuser) == ("Lin", True)
    run("lin@example.org", "--end")
    lin.refresh_from_db()
    assert (lin.is_staff, lin.is_superuser, has_role(lin, "operator")) == (False, False, False)


def test_a_mistyped_contact_makes_nobody() -> None:
    with pytest.raises(NotAContact):
        run("12345")
    assert User.objects.count() == 0
