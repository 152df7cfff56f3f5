"""One line a request, with a number to find it by and without the parts that let a reader in."""

import pytest
from django.test import Client

from bacao.web import middleware


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Return the list that request lines are written to."""
    written: list[dict[str, object]] = []

    class Log:
        def info(self, event: str, **facts: object) -> None:
            written.append({"event": event, **facts})

    monkeypatch.setattr(middleware, "log", Log())
    return written


@pytest.mark.django_db
def test_a_request_is_one_line(client: Client, lines: list[dict[str, object]]) -> None:
    answer = client.get("/health?who=me")
    [line] = lines
    assert (line["method"], line["path"], line["status"]) == ("GET", "/health", 200)
    assert float(str(line["milliseconds"])) > 0
    assert len(answer["X-Request-Id"]) == 12


@pytest.mark.django_db
def test_an_invitation_s_secret_is_not_written_down(client: Client, lines: list[dict[str, object]]) -> None:
    client.get("/join/let-me-in-1234567890")
    [line] = lines
    assert line["path"] == "/join/***"
