"""What the database itself refuses of an offer version, and what the owner is told before it comes to that."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bacao.offers.models import Offer, OfferFunder, OfferVersion
from bacao.offers.queries import get_terms, list_live_terms
from bacao.offers.rules import Audience, TermsRefused, check_terms
from bacao.places.models import Place
from tests.offers.conftest import make_offer

DAY = timedelta(days=1)
PERCENT: dict[str, Any] = {"title_zh": "九折", "percent_basis_points": 1000}


def write(place: Place, at: datetime, **columns: Any) -> None:
    """Write a version past all services."""
    with transaction.atomic():
        offer = Offer.objects.create(place=place, kind="threshold_off", state_changed_at=at, created_at=at)
        version = OfferVersion.objects.create(offer=offer, number=1, created_at=at, **columns)
        OfferFunder.objects.create(version=version, party="merchant", share_basis_points=10000)


@pytest.mark.parametrize(
    "columns",
    [
        {"tiers": [[10000, 2000], [9000, 3000]]},  # does not ask for more
        {"tiers": [[10000, 2000], [20000, 2000]]},  # does not give more
        {"tiers": [[10000, 20000]]},
        {"tiers": [[10000]]},
        {"tiers": {"10000": 2000}},
        {"tiers": [[0, 0]]},
        {"audience_any": [[]]},
        {"audience_any": ["student"]},
        {"audience_any": [[""]]},
        {"audience_any": {"student": True}},
        {"party_min": 0},
        {"party_min": 4, "party_max": 3},
        {"units_per_bill": 0},
        {"units_per_bill": 11},
        {"max_times": 0},
        {"step_minor": -1},
        {"target_minor": -1},
        {"per_day": -1},
        {"budget_minor": -1},
        {"person_period": "year"},
    ],
)
def test_the_database_refuses_shapes_that_make_no_sense(place: Place, at: datetime, columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        write(place, at, **columns)


def test_the_database_refuses_a_use_window_that_ends_first(place: Place, at: datetime) -> None:
    with pytest.raises(IntegrityError):
        write(place, at, use_from=at, use_until=at)
    write(
        place, at, use_from=at, use_until=at + DAY, tiers=[[1000, 100], [2000, 300]], audience_any=[["a"], ["b", "c"]]
    )


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("percent_off", {"audience_any": [["Student"]]}, "audience_any"),
        ("percent_off", {"audience_any": [[]]}, "audience_any"),
        ("percent_off", {"audience_any": [[f"key-{n}"] for n in range(7)]}, "audience_any"),
        ("percent_off", {"party_min": 3, "party_max": 2}, "party_max"),
        ("percent_off", {"person_period": "year"}, "person_period"),
        ("percent_off", {"use_until": datetime(2020, 1, 1).astimezone()}, "use_until"),
        ("percent_off", {"stack_tags": ["x" * 25]}, "stack_tags"),
        ("threshold_off", {"tiers": [[10000, 2000], [8000, 3000]]}, "tiers"),
        ("threshold_off", {"tiers": [[10000, 2000]], "face_minor": 500}, "tiers"),
        ("threshold_off", {}, "face_minor"),
        ("threshold_off", {"face_minor": 2000, "step_minor": 1000}, "step_minor"),
        ("member", {"percent_basis_points": 500}, "audience_any"),
        ("member", {"audience_any": [["student"]]}, "percent_basis_points"),
        ("member", {"audience_any": [["a"]], "percent_basis_points": 500, "target_minor": 900}, "target_minor"),
        ("time_slot", {"percent_basis_points": 2000}, "weekly_hours"),
        ("subsidy", {}, "percent_basis_points"),
        ("voucher", {"price_minor": 4400, "face_minor": 5000, "units_per_bill": 11}, "units_per_bill"),
    ],
)
def test_the_owner_is_told_by_field(kind: str, change: dict[str, Any], field: str, at: datetime) -> None:
    terms = (PERCENT if kind == "percent_off" else {"title_zh": "优惠"}) | change
    with pytest.raises(TermsRefused) as refused:
        check_terms(kind, terms, at=at)
    assert list(refused.value.errors) == [field]


def test_tiers_and_steps_say_from_which_bill_on(at: datetime) -> None:
    tiers = check_terms("threshold_off", {"title_zh": "满减", "tiers": [[5000, 500], [10000, 1500]]}, at=at)
    steps = check_terms("threshold_off", {"title_zh": "满减", "step_minor": 6000, "face_minor": 900}, at=at)
    assert (tiers["threshold_minor"], steps["threshold_minor"]) == (5000, 6000)


def test_terms_come_back_as_they_were_written(place: Place, at: datetime) -> None:
    offer = make_offer(
        place, at, kind="subsidy", face_minor=800, budget_minor=100_000, audience_any=[["student"], ["a", "b:c"]],
        audience_none=["staff"], party_min=2, party_max=4, group="lunch", rank=3, person_period="week", per_person=1,
        excluded_categories=["酒水"], blackout_dates=[datetime(2027, 2, 14).date()],  # noqa: DTZ001  # a date
    )  # fmt: skip
    terms = list_live_terms([place.pk], at)[place.pk][0]
    assert terms.budget_left_minor == 100_000
    assert replace(terms, budget_left_minor=None) == get_terms(OfferVersion.objects.get(offer=offer))
    assert terms.audience == Audience((("student",), ("a", "b:c")), ("staff",))
    assert (terms.party_min, terms.party_max, terms.group, terms.rank, terms.person_period) == (
        2,
        4,
        "lunch",
        3,
        "week",
    )
    assert (terms.excluded_categories, terms.budget_minor) == (("酒水",), 100_000)


def test_pr12_no_offer_on_a_blackout_date_and_a_night_belongs_to_its_first_day(place: Place) -> None:
    shanghai = datetime.fromisoformat("2026-11-20T12:00:00+08:00")
    make_offer(place, shanghai - DAY, blackout_dates=[shanghai.date()], weekly_hours="Fr,Sa 18:00-02:00")
    moments = [shanghai.replace(hour=20), (shanghai + DAY).replace(hour=1), (shanghai + DAY).replace(hour=20)]
    assert [bool(list_live_terms([place.pk], moment)) for moment in moments] == [False, False, True]
