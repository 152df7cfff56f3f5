"""Live offers as rows of numbers: the same price as the terms they were made from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest

from bacao.offers.queries import PACKAGE_ROW, copy_live_offers, list_live_terms
from bacao.offers.rules import Audience, Terms
from bacao.offers.rules.stacking import bill_rows, order_of
from bacao.places.models import Place
from tests.offers.conftest import make_offer
from tests.offers.random_terms import random_terms

OWN = {
    "percent_off": ("percent_basis_points", "cap_minor"),
    "member": ("percent_basis_points", "cap_minor"),
    "time_slot": ("percent_basis_points", "cap_minor"),
    "threshold_off": ("face_minor", "tiers", "step_minor", "max_times"),
    "voucher": ("face_minor", "price_minor", "units_per_bill"),
    "subsidy": ("percent_basis_points", "face_minor", "target_minor", "cap_minor"),
}
COMMON = ("threshold_minor", "rank", "stands_alone", "group", "stack_tags", "stack_accepts")


def written(place: Place, at: datetime, terms: Terms) -> None:
    """Write an offer with these terms; who it is for and when are added where the kind asks for it."""
    values: dict[str, Any] = {name: getattr(terms, name) for name in (*OWN[terms.kind], *COMMON)}
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    if terms.kind == "subsidy" and (terms.percent_basis_points or terms.target_minor):
        values["face_minor"] = 0
    if terms.tiers:
        values |= {"face_minor": 0, "tiers": [list(tier) for tier in terms.tiers]}
    extra: dict[str, Any] = {"audience_any": [["student"]]} if terms.kind == "member" else {}
    extra |= {"weekly_hours": "24/7"} if terms.kind == "time_slot" else {}
    make_offer(place, at, kind=terms.kind, **values | extra)


def sensible(terms: Terms) -> Terms:
    """Return terms that `check_terms` accepts, most of the time."""
    face = min(terms.face_minor, terms.step_minor) if terms.step_minor else terms.face_minor
    threshold = terms.threshold_minor if terms.kind != "threshold_off" else max(terms.threshold_minor, face)
    points = min(max(terms.percent_basis_points, 100), 9900) if terms.percent_basis_points else 0
    tiers = tuple((least + 10_000 * k, min(off, least) // 4 + 900 * k) for k, (least, off) in enumerate(terms.tiers, 1))
    rising = tuple(sorted(tiers)) if all(a[1] < b[1] for a, b in pairwise(tiers)) else tiers[:1]
    price = min(terms.price_minor, terms.face_minor - 1)
    return replace(
        terms, face_minor=face, threshold_minor=threshold, percent_basis_points=points, tiers=rising, price_minor=price
    )


@pytest.mark.django_db
def test_rows_say_what_the_terms_say(place: Place, at: datetime) -> None:
    """PR30: the rows that the database makes are those the rules make, in the same order of calculation."""
    random = Random("rows")
    for number in range(1, 81):
        written(place, at, sensible(random_terms(random, number)))
    live = copy_live_offers([place.pk])
    terms = list_live_terms([place.pk], at)[place.pk]
    rows = live.rows[np.lexsort([live.rows[name] for name in ("rate", "offer_id", "rank", "op_rank", "layer")])]
    mine = sorted(bill_rows(terms), key=lambda one: (order_of(one.terms), one.row.rate))
    gains = [row for row in rows if row["op"] != 2 or row["rate"] > row["second"]]
    assert [
        (int(r["offer_id"]), int(r["op"]), int(r["rate"]), int(r["second"]), int(r["threshold"])) for r in gains
    ] == [(one.terms.offer_id, *one.row[:4]) for one in mine]
    by_id = {one.offer_id: one for one in terms}
    for row in rows:
        one = by_id[int(row["offer_id"])]
        said = live.said[row["said"]]
        assert (said.audience, said.group, said.hours) == (one.audience, one.group, one.weekly_hours)
        assert (row["layer"], row["op_rank"], row["rank"]) == order_of(one)[:3]
        assert said.stacking == (frozenset(one.stack_tags), frozenset(one.stack_accepts))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"party_min": 3},
        {"party_max": 4},
        {"per_day": 5},
        {"blackout_dates": [datetime(2027, 1, 1).date()]},  # noqa: DTZ001  # a date has no zone
    ],
)
def test_what_a_row_cannot_say_is_flagged(place: Place, at: datetime, change: dict[str, Any]) -> None:
    """CV2, CV4: such a shop asks the exact search."""
    make_offer(place, at)
    make_offer(place, at, kind="percent_off", percent_basis_points=1000, **change)
    rows = copy_live_offers().rows
    assert rows["doubtful"].tolist() == [0, 1]
    assert rows["op"].tolist() == [PACKAGE_ROW, 0]


@pytest.mark.django_db
def test_what_no_amount_can_use_has_no_row(place: Place, at: datetime) -> None:
    items = [{"zh": "拿铁", "en": "Latte", "quantity": 1, "unit_minor": 3000}]
    make_offer(place, at, kind="card", uses=5, price_minor=10000, list_minor=15000)
    make_offer(place, at, kind="member", target_minor=2000, items=items, audience_any=[["student"]])
    assert not len(copy_live_offers().rows)


@pytest.mark.django_db
def test_the_use_window_cuts_the_sale_window(place: Place, at: datetime) -> None:
    """PR12: what may be bought but not used now is no price for now."""
    make_offer(
        place, at, use_from=at + timedelta(days=1), sale_until=at + timedelta(days=3), use_until=at + timedelta(days=2)
    )
    row = copy_live_offers().rows[0]
    minutes = [datetime.fromtimestamp(int(row[name]) * 60, UTC) for name in ("sale_from", "sale_until")]
    assert minutes == [at + timedelta(days=1), at + timedelta(days=2)]
    assert not list_live_terms([place.pk], at)
    assert list_live_terms([place.pk], at + timedelta(days=1))


@pytest.mark.django_db
def test_audiences_are_told_whole(place: Place, at: datetime) -> None:
    """PR11, PR33: whoever builds classes knows every key."""
    make_offer(place, at, kind="percent_off", percent_basis_points=1000)
    make_offer(place, at, audience_any=[["student"], ["a", "b:c"]], audience_none=["staff"])
    live = copy_live_offers([place.pk])
    assert [live.said[n].audience for n in live.rows["said"]] == [
        Audience(),
        Audience((("student",), ("a", "b:c")), ("staff",)),
    ]
    assert not len(copy_live_offers([0]).rows)
