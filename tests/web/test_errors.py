"""A refusal that no view turned into something better is said, and changes nothing."""

import json

import pytest
from allauth.core.context import request_context
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation

from bacao.kit.text import Refused, Text
from bacao.web.errors import RefusedMiddleware


class Slower(Refused):
    code = "slower"
    text = Text("太快了，30 秒后再试。", "Too fast; try again in 30 seconds.")
    status = 429


def refuse(**headers: str) -> HttpResponse:
    request = RequestFactory().get("/", headers=headers)
    request.user = AnonymousUser()

    def view(_: HttpRequest) -> HttpResponse:
        raise AssertionError("never called")

    with request_context(request):
        answer = RefusedMiddleware(view).process_exception(request, Slower())
    assert answer is not None
    assert answer.status_code == 429
    return answer


def test_a_person_gets_a_page_that_says_what_to_do() -> None:
    html = refuse(Accept="text/html", Referer="http://testserver/orders").content.decode()
    assert "太快了，30 秒后再试。" in html
    assert 'href="http://testserver/orders"' in html


def test_a_stranger_s_page_is_no_way_back() -> None:
    assert "example.com" not in refuse(Accept="text/html", Referer="https://example.com/").content.decode()


def test_a_program_gets_a_code_and_a_sentence_in_its_language() -> None:
    with translation.override("en"):
        said = json.loads(refuse(Accept="application/json").content)
    assert said == {"code": "slower", "message": "Too fast; try again in 30 seconds."}


def test_htmx_gets_the_bare_sentence() -> None:
    answer = refuse(**{"HX-Request": "true"})
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode() == "太快了，30 秒后再试。"


@pytest.mark.parametrize("mistake", [ValueError("ours"), PermissionError()])
def test_other_exceptions_go_on(mistake: Exception) -> None:
    request = RequestFactory().get("/")
    assert RefusedMiddleware(lambda _: HttpResponse()).process_exception(request, mistake) is None
