"""`/nearby` over WSGI: what is asked, what is refused, and that a public answer knows nobody."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import h3
import httpx
import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from bacao.accounts.models import User
from bacao.discovery.index import files
from bacao.discovery.index.build import build_part
from bacao.discovery.index.fragments import as_texts, build_fragments
from bacao.discovery.index.view import NONE_GONE
from bacao.discovery.queries.live import find_view, follow_index, get_index_folder
from bacao.discovery.queries.serving import seeded
from bacao.discovery.rules import WEIGHTS
from bacao.discovery.rules.exposure import Slate
from bacao.discovery.services.exposures import pseudonym_of
from bacao.notes.services import save_place
from bacao.offers.models import Offer
from bacao.web import entitlement
from bacao.web.api import is_beside_django, overlay
from bacao.web.api.asked import read_address, with_minute, write_minute
from bacao.web.api.lines import lines as waiting
from bacao.wsgi import application
from tests.discovery.generated_city import MIDNIGHT, ORIGIN, make_city
from tests.factories import make_merchant, make_offer_version, make_place, make_user, make_voucher

CELL = h3.latlng_to_cell(*ORIGIN, 9)
MINUTE = MIDNIGHT + 1440 + 750
AT = datetime.fromtimestamp(MINUTE * 60, UTC)
ADDRESS = f"/nearby/{CELL}?at={write_minute(AT)}"
WIDE = f"{ADDRESS}&radius_m=3000"


@pytest.fixture(scope="module")
def _city(django_db_setup: None) -> Iterator[None]:
    """Publish a made-up city where this process looks for its index."""
    raw, frame = make_city(20_000)
    ids = np.sort(raw.shops["shop_id"])
    raw = replace(raw, texts=as_texts(ids, [b'"id":%d' % shop_id for shop_id in ids.tolist()]))
    none = replace(raw, shops=raw.shops[:0])
    folder, zone = get_index_folder(), ZoneInfo("Asia/Shanghai")
    shutil.rmtree(folder, ignore_errors=True)
    for name, rows, about in (("base-1", raw, {}), ("delta-1", none, {"base": 1})):
        part = build_part(rows, frame)
        said = build_fragments(part.shop_id, rows, zone)
        files.write_part(folder / name, part, frame, NONE_GONE, about, said)
    files.write_current(folder, files.Current(1, 1, 0))
    until = Event()
    thread = follow_index(until)
    while find_view() is None:
        time.sleep(0.05)
    yield
    until.set()
    thread.join()


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> list[Slate]:
    """Return what is logged of lists, which no thread writes meanwhile."""
    slates: list[Slate] = []
    monkeypatch.setattr("bacao.web.api.nearby.log_exposure", lambda *, slate: slates.append(slate))
    return slates


@pytest.fixture
def web(_city: None) -> Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.WSGITransport(application), base_url="http://localhost") as client:
        yield client
    waiting.write()


def ask(web: httpx.Client, token: str = "", **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    where = {"latitude": ORIGIN[0], "longitude": ORIGIN[1], "at": write_minute(AT)}
    return web.post("/nearby", json=where | body, headers=headers)


def test_a_public_answer(web: httpx.Client) -> None:
    answer = web.get(f"{ADDRESS}&limit=5&party=2&radius_m=3000")
    said = answer.json()
    assert answer.status_code == 200 and len(said["shops"]) == 5
    assert (said["cell"], said["at"], said["party"], said["radius_m"]) == (CELL, write_minute(AT), 2, 3000)
    assert not said["widened"] and all(shop["distance_m"] <= 3000 for shop in said["shops"])
    assert answer.headers["Cache-Control"] == "public, max-age=1, stale-while-revalidate=1"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"vary", "set-cookie", "x-request-id"} & set(answer.headers), "nothing of one request is kept"
    assert web.get("/nearby/nowhere").headers["X-Request-Id"], "what is not kept says its number"


def test_filters_keep_to_what_is_asked(web: httpx.Client) -> None:
    view = find_view()
    assert view is not None
    tagged = web.get(f"{WIDE}&tag=quiet&tag=wifi").json()["shops"]
    branch = web.get(f"{ADDRESS}&category=food&radius_m=3000").json()["shops"]
    rows = {int(shop_id): row for row, shop_id in enumerate(view.base.shop_id)}
    both = sum(1 << view.frame.tags.index(tag) for tag in ("quiet", "wifi"))
    assert tagged and all(view.base.tags[rows[shop["id"]]] & both == both for shop in tagged)
    kinds = {view.frame.categories[view.base.category[rows[shop["id"]]]] for shop in branch}
    assert kinds and all("food" in kind for kind in kinds)


@pytest.mark.parametrize(
    "words", ["party=2&radius_m=500", "category=food&limit=9&party=3&radius_m=700&tag=quiet&tag=wifi"]
)
def test_one_question_has_one_address(web: httpx.Client, words: str) -> None:
    parts = words.split("&")
    for other in ("&".join(reversed(parts)), words.replace("party", "%70arty"), f"{words}&radius_m=1000"):
        answer = web.get(f"{ADDRESS}&{other}")
        assert answer.status_code == (400 if "%70" in other or "1000" in other else 308)
        assert answer.status_code == 400 or answer.headers["Location"] == f"{ADDRESS}&{words}"
    assert web.get(f"{ADDRESS}&limit=20&party=1").headers["Location"] == ADDRESS
    shouted = web.get(f"{ADDRESS.replace(CELL, CELL.upper())}&{words}")
    assert shouted.status_code == 308 and shouted.headers["Location"] == f"{ADDRESS}&{words}"
    assert web.get(f"{ADDRESS}&{words}").status_code == 200


def test_now_is_a_minute(web: httpx.Client) -> None:
    answer = web.get(f"/nearby/{CELL}?party=2")
    before, after = (with_minute(f"/nearby/{CELL}?party=2", datetime.now(UTC) + timedelta(minutes=m)) for m in (-1, 0))
    assert answer.status_code == 307 and answer.headers["Location"] in {before, after}
    assert answer.headers["Cache-Control"] == "public, max-age=1"


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        (f"/nearby/{CELL}?at=yesterday", 400, "at"),
        (f"/nearby/{CELL}?at=2026-13-40T99:99Z", 400, "at"),
        (f"/nearby/{CELL}?at=2030-01-01T00:00Z", 400, "unknown"),
        (f"{ADDRESS}&party=21", 400, "party"),
        (f"{ADDRESS}&party=02", 400, "party"),
        (f"{ADDRESS}&limit=61", 400, "limit"),
        (f"{ADDRESS}&radius_m=99900", 400, "radius_m"),
        (f"{ADDRESS}&radius_m=150", 400, "radius_m"),
        (f"{ADDRESS}&colour=red", 400, "unknown_parameter"),
        (f"{ADDRESS}&party=2&party=3", 400, "given_twice"),
        (f"{ADDRESS}&category=nowhere", 400, "unknown"),
        (f"{ADDRESS}&tag=unheard", 400, "unknown"),
        (f"{ADDRESS}&tag=", 400, "filter"),
        ("/nearby/8928308280fffff?at=" + write_minute(AT), 404, "outside"),
        ("/nearby/here", 400, "cell"),
        (f"/nearby/{h3.cell_to_parent(CELL, 8)}", 400, "cell"),
        ("/nearby/", 400, "cell"),
        (f"/nearby/{CELL}/x", 400, "cell"),
        (f"{ADDRESS}&category=" + "x" * 600, 414, "too_long"),
        ("/nearby", 405, "method"),
    ],
)
def test_what_is_wrong_is_said(web: httpx.Client, address: str, status: int, code: str) -> None:
    answer = web.get(address)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code) and said["zh"] and said["en"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_other_hosts_and_methods_are_refused(web: httpx.Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    from bacao.web.api.nearby import _check_host

    _check_host.cache_clear()
    assert web.get(ADDRESS, headers={"Host": "evil.example"}).json()["code"] == "host"
    assert web.get(ADDRESS, headers={"X-Forwarded-Host": "evil.example"}).status_code == 200
    _check_host.cache_clear()
    answer = web.put(ADDRESS)
    assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD"
    assert not is_beside_django("/nearbyish") and is_beside_django("/nearby/x")


def test_head_and_known_answers_have_no_body(web: httpx.Client) -> None:
    whole = web.get(WIDE)
    head = web.head(WIDE)
    assert head.status_code == 200 and not head.content
    assert head.headers["Content-Length"] == str(len(whole.content))
    again = web.get(WIDE, headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304 and not again.content


def test_a_public_answer_is_the_same_whoever_asks(web: httpx.Client) -> None:
    plain = web.get(WIDE)
    for headers in ({"Cookie": "sessionid=somebody"}, {"Authorization": "Bearer x"}, {"Accept-Language": "en"}):
        assert web.get(WIDE, headers=headers).content == plain.content


def test_nothing_is_asked_of_the_database(web: httpx.Client, django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        assert web.get(WIDE).status_code == 200
        assert ask(web).status_code == 200


def test_the_line_written_does_not_say_where(web: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    waiting.write()
    capfd.readouterr()
    web.get(WIDE)
    ask(web, latitude=31.2311)
    waiting.write()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if '"request"' in line]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/nearby", 200), ("POST", "/nearby", 200),
    ]  # fmt: skip
    assert CELL not in json.dumps(lines) and "31.23" not in json.dumps(lines)


def test_an_exact_position_is_private(web: httpx.Client) -> None:
    answer = ask(web, radius_m=3000, limit=7, party=2)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers and len(answer.json()["shops"]) == 7
    for shop in answer.json()["shops"]:
        assert shop["payable_holding_nothing_minor"] == shop["payable_minor"], "who shows no token holds nothing"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"radius_m": 0}, "radius_m"), ({"radius_m": 5001}, "radius_m"), ({"party": 0}, "party"),
        ({"limit": 61}, "limit"), ({"latitude": 91}, "position"), ({"latitude": "here"}, "body"),
        ({"colour": "red"}, "body"), ({"budget_minor": -1}, "budget_minor"), ({"at": "soon"}, "at"),
        ({"tags": ["unheard"]}, "unknown"),
    ],
)  # fmt: skip
def test_a_private_question_is_read_strictly(web: httpx.Client, body: dict[str, Any], code: str) -> None:
    answer = ask(web, **body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_bodies_are_small_json(web: httpx.Client) -> None:
    assert web.post("/nearby", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert web.post("/nearby", json={"tags": ["x" * 5000]}).status_code == 413
    assert web.post("/nearby", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400


@pytest.fixture
def person(db: None) -> Iterator[User]:
    overlay._kept.clear()
    yield make_user()
    overlay._kept.clear()


def token_of(person: User, keys: frozenset[str] = frozenset()) -> str:
    return entitlement.issue_token(person, keys, datetime.now(UTC))[0]


def test_what_a_person_saved_is_theirs_alone(web: httpx.Client, person: User) -> None:
    plain = ask(web, radius_m=3000, limit=60).json()["shops"]
    place = make_place(pk=plain[40]["id"])
    save_place(user=person, place=place, at=AT)
    mine = {shop["id"]: shop for shop in ask(web, token_of(person), radius_m=3000, limit=60).json()["shops"]}
    assert mine[place.pk]["terms"]["fit"] == WEIGHTS["saved"]
    [why] = [reason for reason in mine[place.pk]["reasons"] if reason["term"] == "fit"]
    assert f"{timezone.localtime(AT).month} 月收藏的" in why["zh"] and "Saved by you in " in why["en"]
    assert mine[place.pk]["score"] == plain[40]["score"] + WEIGHTS["saved"]
    assert ask(web, radius_m=3000, limit=60).json()["shops"] == plain


def test_a_person_is_looked_up_once_in_five_seconds(
    web: httpx.Client, person: User, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    token = token_of(person)
    with django_assert_max_num_queries(8):
        ask(web, token)
    with django_assert_num_queries(0):
        assert ask(web, token).status_code == 200


def test_tokens_end(web: httpx.Client, person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime.now(UTC)
    good, until = entitlement.issue_token(person, frozenset(), at)
    assert entitlement.find_entitlement(good, until - timedelta(seconds=1))
    assert entitlement.find_entitlement(good, until) is None
    body, _, signature = good.partition(".")
    for forged in (f"{body}x.{signature}", f"{body}.{signature[:-1]}0x", "", ".", f"{body}.", "é.é", "a" * 9000):
        assert entitlement.find_entitlement(forged, at) is None
        if forged.isascii():
            assert ask(web, forged or "-").status_code == 401
    assert ask(web, good).status_code == 200
    monkeypatch.setattr(overlay, "KEPT_SECONDS", 0.0)
    person.personal_ranking = False
    person.save()
    refused = ask(web, good)
    assert refused.status_code == 401 and refused.json()["code"] == "token"
    assert ask(web, token_of(person)).status_code == 200
    person.is_active = False
    person.save()
    assert ask(web, token_of(person)).status_code == 401, "who was blocked holds nothing"


def test_tokens_are_given_to_who_signed_in(person: User, client: Client, web: httpx.Client) -> None:
    assert client.post("/tokens", headers={"Accept": "application/json"}).status_code == 401
    client.force_login(person)
    assert client.get("/tokens").status_code == 405
    answer = client.post("/tokens")
    assert "no-store" in answer["Cache-Control"]
    assert ask(web, answer.json()["token"]).status_code == 200


def test_an_address_draws_by_its_cell_as_every_list_there_does() -> None:
    words = f"at={write_minute(AT)}&category=cafe&party=2&tag=quiet"
    for path, said in ((f"/nearby/{CELL}", words), (f"/nearby/{CELL}", f"at={write_minute(AT)}")):
        query = read_address(path, said).query
        assert query == seeded(replace(query, seed=None)) == read_address(path, said).query
    assert read_address(path, words).query.seed != query.seed


def test_both_doors_say_what_a_browser_must_not_do(web: httpx.Client, client: Client, db: None) -> None:
    """Pages say more: JSON links to nothing, and its policy forbids every frame, as their X-Frame-Options does."""
    beside, django = web.get(WIDE).headers, client.get("/sign-in").headers
    assert beside["X-Content-Type-Options"] == django["X-Content-Type-Options"] == "nosniff"
    assert beside["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "frame-ancestors" in django["Content-Security-Policy"] and django["X-Frame-Options"] == "DENY"


def test_what_a_person_owns_is_merged_into_their_list(web: httpx.Client, person: User, logged: list[Slate]) -> None:
    """One search, prices that are theirs alone laid over it; what was shown is logged, with what was drawn."""
    plain = {shop["id"]: shop for shop in ask(web, radius_m=3000, limit=60).json()["shops"]}
    shop_id = next(shop_id for shop_id, shop in plain.items() if shop["usual_minor"] and shop["price"] == "usual")
    usual = plain[shop_id]["usual_minor"]
    place = make_place(make_merchant(), pk=shop_id, usual_minor=usual)
    version = make_offer_version(place, kind="voucher", face_minor=usual, price_minor=usual // 2)
    make_voucher(version, person)
    Offer.objects.update(state="ended")
    mine = {shop["id"]: shop for shop in ask(web, token_of(person), radius_m=3000, limit=60).json()["shops"]}
    assert (mine[shop_id]["payable_minor"], mine[shop_id]["already_paid_minor"]) == (usual // 2, usual // 2)
    assert mine[shop_id]["payable_holding_nothing_minor"] == usual and mine[shop_id]["is_exact"]
    assert "paid" in {reason["term"] for reason in mine[shop_id]["reasons"]}
    assert all(shop["score"] == sum(shop["terms"].values()) for shop in mine.values())
    assert (
        [slate.unit_id for slate in logged] == [pseudonym_of(user_id=person.pk)] and logged[0].lot and logged[0].tried
    )
    ask(web, token_of(person), radius_m=3000, limit=60, party=2)
    assert ask(web, radius_m=3000, limit=60).json()["shops"] == list(plain.values())


def test_who_switched_it_off_is_shown_no_drawn_places(web: httpx.Client, person: User, logged: list[Slate]) -> None:
    """Neither history nor lots: the list is that of the formula alone, and nothing of it is kept."""

    def tried(shops: list[dict[str, Any]]) -> list[int]:
        return [shop["id"] for shop in shops if shop["terms"]["exploration"]]

    assert tried(ask(web, token_of(person), radius_m=3000, limit=60).json()["shops"])
    person.personal_ranking = False
    person.save()
    overlay._kept.clear()
    logged.clear()
    assert not tried(ask(web, token_of(person), radius_m=3000, limit=60).json()["shops"])
    assert not logged
    public = web.get(f"{ADDRESS}&limit=60&radius_m=3000").json()["shops"]
    assert tried(public)
    assert {"term": "exploration", "zh": "新店，正在试", "en": "New here, being tried"} in [
        reason for shop in public for reason in shop["reasons"]
    ]
