"""The formula of the lists, for everybody to read (P13, X62)."""

import pytest
from django.test import Client

from bacao.discovery.rules import WEIGHTS, WEIGHTS_VERSION

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_weight_is_printed(client: Client, language: str) -> None:
    client.cookies["django_language"] = language
    page = client.get("/ranking").content.decode()
    for weight in WEIGHTS.values():
        assert str(weight) in page
    assert WEIGHTS_VERSION in page
    assert "/ranking" in client.get("/now").content.decode() or "now__none" in client.get("/now").content.decode()
