"""Price curves against the exact search: the same cost for every bill that is asked about (PR30 to PR33)."""

from dataclasses import replace
from random import Random

import pytest

from bacao.offers.rules import PACKAGE, PERCENT_OFF, THRESHOLD_OFF, VOUCHER, Terms
from bacao.offers.rules.combine import best_combination
from bacao.offers.rules.curve import BILL_MAX_MINOR, Curve, TooManySets, draw_classes, draw_curve
from bacao.offers.rules.stacking import BILL_KINDS, agree, bill_candidates, bill_line

TAGS = ("member", "weekday", "coupon")


def random_terms(random: Random, number: int) -> Terms:
    def round_amount(most: int) -> int:
        return random.choice((random.randint(1, most), random.randint(1, most // 100) * 100))

    kind = random.choice(BILL_KINDS)
    face = round_amount(20_000)
    some = [tuple(random.sample(TAGS, random.randint(0, 3))) for _ in range(2)]
    return Terms(
        offer_id=number, version_id=number, place_id=1, kind=kind,
        face_minor=face, price_minor=max(1, face * random.randint(50, 110) // 100) if kind == VOUCHER else 0,
        percent_basis_points=random.choice((500, 1000, 1500, 3333, 9999, 10000, random.randint(1, 9999))),
        cap_minor=random.choice((None, None, 1, round_amount(10_000))) if kind == PERCENT_OFF else None,
        threshold_minor=random.choice((0, face, face * 2, round_amount(60_000))),
        exclusive=random.random() < 0.1, stack_tags=some[0], stack_accepts=some[1],
    )  # fmt: skip


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
        curve, candidates = draw_curve(offers), bill_candidates(offers)
        for bill in probes(random, curve, offers):
            exact = best_combination(bill_line(bill), candidates)
            assert curve.cost_of(bill) == exact.cost_minor, (bill, offers)


@pytest.mark.parametrize("block", range(3))
def test_the_curve_is_exact_where_offers_are_nearly_alike(block: int) -> None:
    """PR30: round amounts make sets that cost the same over long stretches, which the drawing passes in one step."""
    random = Random(f"alike {block}")
    for _ in range(60):
        offers = [
            replace(
                random_terms(random, number), kind=random.choice(BILL_KINDS[:2]), price_minor=0, exclusive=False,
                percent_basis_points=random.choice((1000, 1001, 3500)), cap_minor=random.choice((None, None, 4000)),
                face_minor=random.choice((3000, 3001, 4500)), threshold_minor=random.choice((0, 9000, 16000)),
                stack_tags=("a",), stack_accepts=("a",) if random.random() < 0.8 else (),
            )
            for number in range(1, random.randint(2, 5) + 1)
        ]  # fmt: skip
        curve, candidates = draw_curve(offers), bill_candidates(offers)
        for bill in [*probes(random, curve, offers), *(random.randint(3000, 50_000) for _ in range(60))]:
            assert curve.cost_of(bill) == best_combination(bill_line(bill), candidates).cost_minor, (bill, offers)


def test_every_single_bill_of_a_small_range() -> None:
    """PR30: no edge is stepped over, not even where two percentages are nearly alike."""
    random = Random("every bill")
    for _ in range(12):
        offers = [random_terms(random, number) for number in range(1, 5)]
        offers = [replace(t, threshold_minor=t.threshold_minor % 700, face_minor=t.face_minor % 300) for t in offers]
        offers = [replace(t, price_minor=t.face_minor * 3 // 4 if t.kind == VOUCHER else 0) for t in offers]
        curve, candidates = draw_curve(offers), bill_candidates(offers)
        for bill in range(1500):
            assert curve.cost_of(bill) == best_combination(bill_line(bill), candidates).cost_minor, (bill, offers)


def test_a_run_lasts_while_its_set_is_among_the_best() -> None:
    offers = [
        Terms(1, 1, 1, PERCENT_OFF, percent_basis_points=1500, cap_minor=3000),
        Terms(2, 2, 1, THRESHOLD_OFF, face_minor=2000, threshold_minor=10000),
    ]
    curve = draw_curve(offers)
    assert [(start, [t.offer_id for t in used]) for start, used in zip(curve.run_from, curve.sets, strict=True)] == [
        (0, []), (7, [1]), (10000, [2]), (13340, [1]),
    ]  # fmt: skip
    assert (curve.cost_of(9999), curve.cost_of(10000)) == (8500, 8000)  # PR31: dearer bills may cost less


def test_two_stand_together_only_where_both_say_so() -> None:
    """PR20: mutual consent; an exclusive offer stands alone whatever it accepts."""
    one = Terms(1, 1, 1, PERCENT_OFF, percent_basis_points=1000, stack_tags=("a",), stack_accepts=("b",))
    other = Terms(2, 2, 1, THRESHOLD_OFF, face_minor=500, threshold_minor=1000, stack_tags=("b",), stack_accepts=("a",))
    assert agree(one, other)
    assert draw_curve([one, other]).cost_of(10000) == 8500
    for refusing in (replace(one, stack_accepts=()), replace(one, stack_tags=("c",)), replace(one, exclusive=True)):
        assert not agree(refusing, other)
        assert draw_curve([refusing, other]).cost_of(10000) == 9000


def test_a_key_opens_the_curves_of_those_who_hold_it() -> None:
    """PR33: one curve a class; a package is no matter of a bill."""
    offers = [
        Terms(1, 1, 1, PERCENT_OFF, percent_basis_points=500),
        Terms(2, 2, 1, PERCENT_OFF, percent_basis_points=2000),
        Terms(3, 3, 1, PERCENT_OFF, percent_basis_points=3000),
        Terms(4, 4, 1, PACKAGE, price_minor=100, list_minor=9000),
    ]
    classes = draw_classes(offers, {2: "member:a", 3: "student"})
    costs = [classes.curve_for(held).cost_of(10000) for held in ({"x"}, {"member:a"}, {"student"}, {"member:a", "x"})]
    assert (classes.keys, costs) == (("member:a", "student"), [9500, 8000, 7000, 8000])
    with pytest.raises(TooManySets):
        draw_classes([replace(offers[0], offer_id=n) for n in range(7)], {n: f"key {n}" for n in range(7)})


def test_more_sets_than_a_curve_may_have_are_refused() -> None:
    """CV5: ten offers that all agree make 638 sets of up to five."""
    friends = [
        Terms(n, n, 1, THRESHOLD_OFF, face_minor=n, threshold_minor=100, stack_tags=("a",), stack_accepts=("a",))
        for n in range(1, 11)
    ]
    with pytest.raises(TooManySets):
        draw_curve(friends)
    draw_curve(friends[:9])
