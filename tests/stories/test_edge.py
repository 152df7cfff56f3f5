"""The whole tree with its edge, as browsers and strangers meet it: `bacao up --edge`."""

import json
import os
import re
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import h3
import httpx
import psutil
import pytest
from django.conf import settings
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from playwright.sync_api import Browser, expect

from bacao.kit.services import announce_many
from bacao.offers.models import OfferVersion
from bacao.places.models import Place
from tests.canary import WAYS, Person, crawl, odd_addresses, words_in
from tests.discovery.town import LAKE, found_town, open_shop
from tests.factories import make_merchant, make_offer_version, make_user
from tests.live import Site, live_var

pytestmark = pytest.mark.story
EDGE = True
SOON = 20_000
LISTED_SECONDS = 120
CELL = h3.latlng_to_cell(*LAKE, 9)


@pytest.fixture
def edge(live_site: Site) -> Iterator[httpx.Client]:
    """Return somebody without anything at the edge's door."""
    trusted = ssl.create_default_context(cafile=str(live_var() / "edge" / "localhost.crt"))
    with httpx.Client(base_url=live_site.url, verify=trusted, timeout=30) as client:
        yield client


@pytest.fixture
def offer(live_site: Site, edge: httpx.Client) -> OfferVersion:
    """Open a coffee shop, once, and wait until the public answer has heard of it and its price."""
    known = OfferVersion.objects.first()
    if known:
        return known
    at = timezone.now()
    found_town()
    place = open_shop("鹿里咖啡", at=at)
    Place.objects.filter(pk=place.pk).update(merchant=make_merchant())  # whom nobody owns sells nothing
    version = make_offer_version(place, at=at)
    announce_many(kind="place", ref_ids=[version.offer.place_id])
    until = time.monotonic() + LISTED_SECONDS
    while "package" not in edge.get(f"/nearby/{CELL}", follow_redirects=True).text:
        assert time.monotonic() < until
        time.sleep(0.2)
    return version


def named_addresses(known: dict[str, Any]) -> list[str]:
    """Return an address for every name of the site, its open parts filled with what they stand for in `known`."""
    found = []

    def walk(patterns: list[Any], before: str) -> None:
        for pattern in patterns:
            said = before + str(pattern.pattern)
            if not isinstance(pattern, URLPattern):
                walk(pattern.url_patterns if said != "desk/" else [], said)
                continue
            if said.startswith("^"):
                said = re.sub(r"[$^]|\\[sS\\]", "", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", said)).replace("[sS]", "s")
            filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(known.get(part[1], "1")), said)
            found.append(f"/{filled}")

    walk(get_resolver().url_patterns, "")
    return sorted({*found, "/desk/"} - {"/sign-out"})


def test_nobody_is_served_what_is_another_s(live_site: Site, edge: httpx.Client, offer: OfferVersion) -> None:
    """ED5, over every named address of the site."""
    people = []
    for name in ("a", "b"):
        person = Person.signed_in(name)
        session = live_site.session_of(make_user(person.word))
        people.append(Person(name, person.word, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}))
    known = {"place_id": offer.offer.place_id, "offer_id": offer.offer_id} | dict.fromkeys(
        ("order_id", "voucher_id", "counter_id", "incident_id"), uuid4()
    )
    known["user_id"] = 0  # the page of a person shows the name, the word, to everybody
    addresses = named_addresses(known)
    assert len(addresses) > 60 and {"/me", "/wallet", f"/checkout/{offer.offer_id}"} < set(addresses)
    assert people[0].word in edge.get("/me", headers=people[0].headers).text, "the canary has no voice"
    minute = timezone.now().strftime("at=%Y-%m-%dT04:00Z")
    ways = WAYS if os.environ.get("BACAO_CANARY") else WAYS[:1]
    leaks = crawl(edge, addresses, people, seed=1, ways=ways)
    leaks += crawl(edge, [*odd_addresses(f"/nearby/{CELL}?{minute}"), "/me"], people, seed=2)
    assert leaks + words_in(live_var() / "edge" / "cache", people) == []
    kept = [path.read_bytes() for path in (live_var() / "edge" / "cache").rglob("*") if path.is_file()]
    assert kept and all(b"/nearby/" in answer[:2000] for answer in kept), "only public answers are ever kept"


def test_found_bought_and_seen_by_nobody_else(browser: Browser, live_site: Site, offer: OfferVersion) -> None:
    """Somebody finds a shop, signs in, saves and buys; another browser sees nothing of it."""
    phone = {"base_url": live_site.url, "locale": "zh-CN", "viewport": {"width": 390, "height": 844}}
    mine, other = (browser.new_context(ignore_https_errors=True, **phone) for _ in range(2))
    me = make_user("只有我知道")
    page = mine.new_page()
    page.goto("/now")
    page.get_by_role("link", name=re.compile("鹿里咖啡")).first.click()
    expect(page.get_by_role("heading", name="鹿里咖啡").first).to_be_visible()
    live_site.sign_in(mine, me)
    page.goto(f"/checkout/{offer.offer_id}")
    page.get_by_role("button", name="付款").click()
    page.wait_for_url("**/sandbox/payments/*")
    page.get_by_role("button", name="付款").click()
    expect(page.get_by_role("heading", name="付好了")).to_be_visible(timeout=SOON)
    bought = page.url
    page.goto("/me")
    expect(page.locator("body")).to_contain_text("只有我知道")
    stranger = other.new_page()
    for address in ("/me", "/orders", "/wallet", bought, "/now", f"/places/{offer.offer.place_id}"):
        stranger.goto(address)
        assert "只有我知道" not in stranger.content(), address
    stranger.goto(bought)
    assert "付好了" not in stranger.content()
    mine.close()
    other.close()


def test_a_killed_worker_is_replaced_and_no_answer_is_half(
    live_site: Site, edge: httpx.Client, offer: OfferVersion
) -> None:
    answers: list[httpx.Response] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            answers.append(edge.get("/ranking"))  # a body cut short would raise

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        time.sleep(0.3)
        killed = workers(live_site)
        for worker in killed:
            worker.kill()
        until = time.monotonic() + LISTED_SECONDS
        while len(set(workers(live_site)) - set(killed)) < len(killed) or edge.get("/ranking").is_error:
            assert time.monotonic() < until, "nobody came in their place"
            time.sleep(0.2)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    answers.append(edge.get("/ranking"))
    assert {answer.status_code for answer in answers} <= {200, 502}
    assert all("</html>" in answer.text for answer in answers)
    assert all("马上回来" in answer.text and "Retry-After" in answer.headers for answer in answers if answer.is_error)
    assert answers[-1].status_code == 200 and psutil.Process(live_site.pid).is_running()


def workers(site: Site) -> list[psutil.Process]:
    """Return the processes that answer."""
    [main] = [one for one in psutil.Process(site.pid).children() if "granian" in title(one)]
    return [one for one in main.children() if title(one) and "resource_tracker" not in title(one)]


def title(process: psutil.Process) -> str:
    """Return what a process calls itself, "" where it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_the_whole_tree_keeps_its_limits(live_site: Site, edge: httpx.Client) -> None:
    """Sizes, rates, headers and lines of the log, through nginx and the application together."""
    assert edge.post("/nearby", content=b"x" * 9000).status_code == 413
    assert edge.post("/me/settings", content=b"x" * 1_100_000).status_code == 413
    assert edge.post("/notes/new", content=b"x" * 1_100_000).status_code == 403  # arrives, and has no form token
    assert edge.get("/media/none.webp").status_code == 404 == edge.get("/protected/none.webp").status_code
    page = edge.get("/sign-in?contact=13900000000")
    for name, value in (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY")):
        assert page.headers[name] == value
    assert "script-src" in page.headers["Content-Security-Policy"] and "Strict-Transport-Security" in page.headers
    assert edge.get("/edge-health").text == "ok\n"
    assert 429 in {edge.get("/sign-in").status_code for _ in range(40)}
    lines = [json.loads(line) for line in (live_var() / "log" / "edge-access.log").read_text().splitlines()]
    assert {413, 429} < {line["status"] for line in lines} and not any("?" in line["path"] for line in lines)
    assert not any(line["address"] for line in lines if line["path"].startswith("/nearby"))
