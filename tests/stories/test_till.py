"""The counter that may be alone, in a real browser with its real store: nothing shown is lost (RD28 to RD40)."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bacao.redemption import rules
from tests.redemption.modules import run, serving

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def modules() -> Iterator[str]:
    """Serve the modules; return the address."""
    with serving() as address:
        yield address


@pytest.fixture
def phone(browser: Browser, modules: str) -> Iterator[Page]:
    """Return a page of the counter's origin with an empty store."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{modules}/blank")
    yield page
    context.close()


def test_online_the_server_decides_and_the_row_is_gone(phone: Page) -> None:
    seen = run(phone, "onlineTheServerDecidesAndTheRowIsGone")
    assert seen == {"first": "green", "second": "used_here", "rows": 0, "posts": 1, "wrong": []}


def test_rd34_rd35_alone_it_serves_by_the_rules_and_keeps_the_row(phone: Page) -> None:
    seen = run(phone, "rd34Rd35AloneItServesByTheRulesAndKeepsTheRow")
    assert seen == {
        "first": "green", "served": True, "unsent": 1, "left": 49, "alone": True, "second": "used_here",
        "rows": 0, "number": 1, "mark": True, "wrong": [],
    }  # fmt: skip


def test_rd35_an_unknown_answer_is_asked_for_under_the_same_key(phone: Page) -> None:
    seen = run(phone, "rd35AnUnknownAnswerIsAskedForUnderTheSameKey")
    assert seen == {"first": "wait", "reason": "over_cap", "second": "green", "keys": 1}


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"voucher": {"leased": False, "worth": 20000}}, "over_cap"),
        ({"manifest": {"caps": {"hard_items": 0}}}, "over_cap"),
        ({"manifest": {"caps": {"hard_minor": 3000}}}, "over_cap"),
        ({"manifest": {"offline": False}}, "stale"),
        ({"later": 24 * 3600_000 + 60_000}, "stale"),
        ({"shown": -600_000}, "old"),
        ({"shown": 600_000}, "early"),
        ({"stranger": True}, "newer"),
        ({"spans": [[1, 2]]}, "not_now"),
        ({"spans": []}, "not_now"),
    ],
)
def test_what_is_not_served_alone(phone: Page, setting: dict[str, Any], reason: str) -> None:
    seen = run(phone, "whatIsNotServedAlone", setting)
    assert seen == {"look": "red", "reason": reason, "rows": 0}


def test_an_offer_with_hours_of_its_own_is_served_alone_within_them(phone: Page) -> None:
    seen = run(phone, "hoursOfItsOwn")
    assert seen == {"before": "not_now", "opens": 2, "inside": "green", "after": "not_now", "none": None}


def test_what_a_full_phone_cannot_write_down_is_no_green(phone: Page) -> None:
    """And what it cannot cross out it sends again, under the same key."""
    seen = run(phone, "aFullPhone")
    assert seen == {"refused": "QuotaExceededError", "posts": 0, "look": "green", "rows": 0, "taken": 1, "wrong": []}


def test_two_tabs_are_one_phone(phone: Page) -> None:
    seen = run(phone, "twoTabs")
    assert seen == {
        "looks": ["green", "green"], "third": "over_cap", "again": "used_here", "numbers": [1, 2], "taken": 2,
        "missing": [], "wrong": [],
    }  # fmt: skip


def test_clocks_that_jump(phone: Page) -> None:
    """Turned back, a clock changes nothing; asleep, the steady one stands still and the date counts."""
    seen = run(phone, "clocksThatJump")
    assert seen == {"runs": 1500, "turnedBack": 2500, "slept": 601500, "told": 100, "reopened": 0}


def test_a_whole_day_alone(phone: Page) -> None:
    """Thirty guests over 23 hours, past the edge of the UTC day, with reloads between; then everything goes out."""
    seen = run(phone, "aWholeDayAlone")
    assert seen == {
        "greens": 30, "unsent": 30, "left": 20, "near": True, "exported": 30, "after": 0, "taken": 30,
        "missing": [], "wrong": [],
    }  # fmt: skip


def test_rd36_a_row_is_tried_for_ever_and_never_dropped(phone: Page) -> None:
    seen = run(phone, "rd36ARowIsTriedForEverAndNeverDropped")
    assert len(seen["tried"]) > 14
    gaps = [after - before for before, after in zip(seen["tried"], seen["tried"][1:], strict=False)]
    assert gaps[:4] == [5, 5, 5, 5] and set(gaps[5:]) == {40}, gaps
    assert (seen["trouble"], seen["rows"]) == (1, 1)


def test_rd38_served_here_and_used_elsewhere_is_a_conflict_that_is_told(phone: Page) -> None:
    seen = run(phone, "rd38ServedHereAndUsedElsewhereIsAConflictThatIsTold")
    assert seen == {"look": "green", "rows": 0, "status": 409, "outcome": "already_redeemed"}


def test_rd39_a_late_yes_is_told_once(phone: Page) -> None:
    seen = run(phone, "rd39ALateYesIsToldOnce")
    assert seen == {"look": "wait", "news": [201]}


def test_rd42_an_undo_alone_travels_behind_its_row(phone: Page) -> None:
    seen = run(phone, "rd42AnUndoAloneTravelsBehindItsRow")
    assert seen == {
        "looks": ["green", "undone", "green"], "late": "too_late",
        "order": ["/redemptions", "/undos", "/redemptions"], "left": 0, "rows": 0,
    }  # fmt: skip


def test_a_bill_is_checked_and_charged_alone(phone: Page) -> None:
    seen = run(phone, "aBillIsCheckedAndChargedAlone")
    assert seen == {"short": "below_threshold", "look": "green", "charge": 10000}


@pytest.mark.parametrize("seed", range(1, 7))
def test_random_weather_loses_nothing(phone: Page, seed: int) -> None:
    """Presses, undos, reloads, silence, lost answers in any order: every green is a use, no number is missing."""
    seen = run(phone, "play", seed, 60)
    assert seen["greens"] > 3
    assert (seen["lost"], seen["over"], seen["unsent"], seen["missing"], seen["wrong"], seen["conflicts"]) == (
        [], 0, 0, [], [], 0,
    ), seen  # fmt: skip


def test_rd11_signatures_are_checked_where_the_browser_cannot(phone: Page) -> None:
    seed = bytes(range(32))
    head = rules.sign_head(seed, rules.SignedHead(3, bytes(5), 20779, 31, bytes(14)))
    keys = [{"id": 3, "public_key": rules.to_text(rules.public_key_of(seed))}]
    seen = run(phone, "signaturesWithoutWebCrypto", rules.encode_signed(head, bytes(14)), keys)
    assert seen == {"itself": True, "library": True, "spoiled": False}


ALONE, DEAR, USED = "typed_alone", "typed_dear", "used_here"


@pytest.mark.parametrize(
    ("setting", "seen"),
    [
        ({}, {"first": "red", "reason": ALONE, "again": ALONE, "scanned": "green"}),
        ({"allowed": True}, {"first": "green", "again": USED, "scanned": USED}),
        ({"allowed": True, "worth": 10100}, {"first": "red", "reason": DEAR, "again": DEAR, "scanned": "green"}),
        ({"allowed": True, "twin": True}, {"first": "red", "reason": ALONE, "again": ALONE, "scanned": "green"}),
        ({"allowed": True, "closed": True}, {"first": "red", "reason": ALONE, "again": "green", "scanned": USED}),
    ],
)  # fmt: skip
def test_rd15_typed_digits_without_network(phone: Page, setting: dict[str, Any], seen: dict[str, Any]) -> None:
    """Closed = five wrong codes in a minute; a minute later the pad is open again."""
    said = run(phone, "rd15TypedAlone", setting)
    assert {name: said.get(name) for name in seen} == seen
    assert said["bad"] == [ALONE]
    typed = "green" in (seen["first"], seen["again"])
    assert said["rows"] == [[typed, True, setting.get("worth", 3800)]]
