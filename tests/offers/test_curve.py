"""Price curves against the exact search: the same cost for every bill that is asked about (PR30 to PR33)."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from bacao.offers.rules import (
    PACKAGE,
    PERCENT_OFF,
    THRESHOLD_OFF,
    VOUCHER,
    Audience,
    Bill,
    Situation,
    Terms,
    best_per_head,
    price_bill,
)
from bacao.offers.rules.combine import best_combination
from bacao.offers.rules.curve import BILL_MAX_MINOR, Curve, TooManySets, draw_classes, draw_curve
from bacao.offers.rules.expand import expand
from bacao.offers.rules.stacking import agree
from tests.offers.random_terms import random_terms

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)


def exact_cost(offers: list[Terms], bill: int) -> int:
    """Return what the exact search says."""
    posed = expand(offers, Bill.of_amount(bill))
    return best_combination(posed.lines, posed.candidates, posed.quarrels).cost_minor


def probes(random: Random, curve: Curve, offers: list[Terms]) -> list[int]:
    """Return both sides of every run's edge and of every threshold, and some bills in between."""
    edges = {*curve.run_from, *(terms.threshold_minor for terms in offers), *(terms.face_minor for terms in offers)}
    near = {edge + d for edge in edges for d in (-1, 0, 1)}
    scattered = {random.randint(0, 60_000) for _ in range(12)} | {0, 1, 2, BILL_MAX_MINOR, random.randint(0, 10**6)}
    return [bill for bill in near | scattered if 0 <= bill <= BILL_MAX_MINOR]


@pytest.mark.parametrize("block", range(8))
def test_the_curve_equals_the_exact_search(block: int) -> None:
    """PR30: 400 shops of up to six offers that may stack, zero differences on either side of any edge."""
    random = Random(f"curves {block}")
    for _ in range(50):
        offers = [random_terms(random, number) for number in range(1, random.randint(1, 6) + 1)]
        curve = draw_curve(offers)
        for bill in probes(random, curve, offers):
            assert curve.cost_of(bill) == exact_cost(offers, bill), (bill, offers)


@pytest.mark.parametrize("block", range(3))
def test_the_curve_is_exact_where_offers_are_nearly_alike(block: int) -> None:
    """PR30: round amounts make sets that cost the same over long stretches, which the drawing passes in one step."""
    random = Random(f"alike {block}")
    for _ in range(60):
        offers = [
            replace(
                random_terms(random, number), kind=THRESHOLD_OFF, price_minor=0, stands_alone=False, tiers=(),
                step_minor=0, target_minor=None, group="",
                percent_basis_points=random.choice((0, 1000, 1001, 3500)), cap_minor=random.choice((None, None, 4000)),
                face_minor=random.choice((3000, 3001, 4500)), threshold_minor=random.choice((0, 9000, 16000)),
                stack_tags=("a",), stack_accepts=("a",) if random.random() < 0.8 else (),
            )
            for number in range(1, random.randint(2, 5) + 1)
        ]  # fmt: skip
        curve = draw_curve(offers)
        for bill in [*probes(random, curve, offers), *(random.randint(3000, 50_000) for _ in range(60))]:
            assert curve.cost_of(bill) == exact_cost(offers, bill), (bill, offers)


def test_every_single_bill_of_a_small_range() -> None:
    """PR30: no edge is stepped over, not even where two percentages are nearly alike."""
    random = Random("every bill")
    for _ in range(12):
        offers = [random_terms(random, number) for number in range(1, 5)]
        offers = [
            replace(
                t, threshold_minor=t.threshold_minor % 700, face_minor=t.face_minor % 300, tiers=(), step_minor=0,
                target_minor=None if t.target_minor is None else t.target_minor % 900,
            )
            for t in offers
        ]  # fmt: skip
        offers = [replace(t, price_minor=t.face_minor * 3 // 4 if t.kind == VOUCHER else 0) for t in offers]
        curve = draw_curve(offers)
        for bill in range(1500):
            assert curve.cost_of(bill) == exact_cost(offers, bill), (bill, offers)


def test_a_run_lasts_while_its_set_is_among_the_best() -> None:
    offers = [
        Terms(1, 1, 1, PERCENT_OFF, percent_basis_points=1500, cap_minor=3000),
        Terms(2, 2, 1, THRESHOLD_OFF, face_minor=2000, threshold_minor=10000),
    ]
    curve = draw_curve(offers)
    assert [(start, [t.offer_id for t in curve.offers_at(start)]) for start in curve.run_from] == [
        (0, []), (7, [1]), (10000, [2]), (13340, [1]),
    ]  # fmt: skip
    assert (curve.cost_of(9999), curve.cost_of(10000)) == (8500, 8000)  # PR31: dearer bills may cost less


def test_two_stand_together_only_where_both_say_so() -> None:
    """PR20: mutual consent; one that stands alone does so whatever it accepts."""
    one = Terms(1, 1, 1, PERCENT_OFF, percent_basis_points=1000, stack_tags=("a",), stack_accepts=("b",))
    other = Terms(2, 2, 1, THRESHOLD_OFF, face_minor=500, threshold_minor=1000, stack_tags=("b",), stack_accepts=("a",))
    assert agree(one, other)
    assert draw_curve([one, other]).cost_of(10000) == 8500
    for refusing in (replace(one, stack_accepts=()), replace(one, stack_tags=("c",)), replace(one, stands_alone=True)):
        assert not agree(refusing, other)
        assert draw_curve([refusing, other]).cost_of(10000) == 9000


def test_a_key_opens_the_curves_of_those_who_hold_it() -> None:
    """PR33: one curve a class; a package is no matter of a bill."""
    offers = [
        Terms(1, 1, 1, PERCENT_OFF, percent_basis_points=500),
        Terms(2, 2, 1, PERCENT_OFF, percent_basis_points=2000, audience=Audience((("member:a",),))),
        Terms(3, 3, 1, PERCENT_OFF, percent_basis_points=3000, audience=Audience((("student",),))),
        Terms(4, 4, 1, PACKAGE, price_minor=100, list_minor=9000),
    ]
    classes = draw_classes(offers)
    costs = [classes.curve_for(held).cost_of(10000) for held in ({"x"}, {"member:a"}, {"student"}, {"member:a", "x"})]
    assert (classes.keys, costs) == (("member:a", "student"), [9500, 8000, 7000, 8000])
    with pytest.raises(TooManySets):
        draw_classes([replace(offers[0], offer_id=n, audience=Audience(((f"key {n}",),))) for n in range(7)])


def test_more_sets_than_a_curve_may_have_are_refused() -> None:
    """CV5: ten offers that all agree make 638 sets of up to five."""
    friends = [
        Terms(n, n, 1, THRESHOLD_OFF, face_minor=n, threshold_minor=100, stack_tags=("a",), stack_accepts=("a",))
        for n in range(1, 11)
    ]
    with pytest.raises(TooManySets):
        draw_curve(friends)
    draw_curve(friends[:9])


@pytest.mark.parametrize("block", range(6))
def test_lists_the_exact_search_and_the_curve_say_the_same(block: int) -> None:
    """PR32: 3,000 shops: the price a head of a list, the answer to the bill, and the curve; the same offers, too."""
    random = Random(f"three ways {block}")
    for number_of_shop in range(500):
        offers = [random_terms(random, number) for number in range(1, random.randint(1, 7) + 1)]
        usual, party = random.randint(500, 30_000), random.randint(1, 4)
        listed = best_per_head(offers, usual_minor=usual, party=party)
        answer = price_bill(offers, Situation(Bill.of_amount(usual * party), NOON, party), explain=False)
        assert (listed.payable_minor if listed else usual * party) == answer.payable_minor, offers
        assert (listed.offers if listed else ()) == tuple(use.terms.offer_id for use in answer.uses)
        if number_of_shop % 5 == 0:  # drawing takes a hundred times as long as asking
            assert draw_curve(offers).cost_of(usual * party) == answer.payable_minor
        if listed:
            assert listed.funders == answer.funders


def test_a_list_asks_the_exact_search_where_there_are_many_ways() -> None:
    """PR25: more ways than are worth walking through, the same answer."""
    random = Random("many ways")
    for _ in range(40):
        offers = [replace(random_terms(random, n), stack_tags=("a",), stack_accepts=("a",)) for n in range(1, 13)]
        listed = best_per_head(offers, usual_minor=9000, party=2)
        answer = price_bill(offers, Situation(Bill.of_amount(18_000), NOON, 2), explain=False)
        assert listed
        assert (listed.payable_minor, listed.offers) == (
            answer.payable_minor,
            tuple(use.terms.offer_id for use in answer.uses),
        )


@pytest.mark.parametrize("seed", [2, 17, 93, 151, 152, 179, 263, 288, 295])
def test_drawing_goes_by_runs_and_not_by_bills(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets that cost the same or nearly so for ever: walking along a hundred million bills would take minutes."""
    random = Random(seed)
    offers = [random_terms(random, number) for number in range(1, random.randint(3, 16))]
    short = draw_curve(offers)
    monkeypatch.setattr("bacao.offers.rules.curve.BILL_MAX_MINOR", 10**8)
    long = draw_curve(offers)
    assert long.run_from[: len(short.run_from)] == short.run_from
