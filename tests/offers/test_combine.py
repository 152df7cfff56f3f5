"""The best combination against a search that shares no code with it: every allowed set, one by one."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bacao.offers.rules.combine import (
    Candidate,
    Combination,
    Line,
    Op,
    best_combination,
    find_best,
    state_problem,
)
from tests.offers.judge_combine import Tally, judge, judge_agree, judge_apply, random_candidate, random_cart


def agree(lines: list[Line], candidates: list[Candidate]) -> None:
    found = best_combination(lines, candidates)
    cost, ids = judge(lines, candidates)
    assert (found.cost_minor, found.ids) == (cost, ids)
    assert found.bound_minor == 0
    check_sums(found, lines)


def check_sums(found: Combination, lines: list[Line]) -> None:
    assert found.cost_minor == found.list_minor - sum(step.discount_minor for step in found.applied)
    assert found.cost_minor == found.pay_now_minor + found.bought_minor + found.already_paid_minor
    assert all(sum(step.parts) == step.discount_minor for step in found.applied)
    by_line = [sum(step.parts[k] for step in found.applied) for k in range(len(lines))]
    assert all(0 <= taken <= line.list_minor for taken, line in zip(by_line, lines, strict=True))
    assert found.pay_now_minor >= 0


@pytest.mark.parametrize("block", range(20))
def test_the_search_equals_trying_every_set_in_20000_carts(block: int) -> None:
    """PR25: prices and chosen sets, ties included."""
    random = Random(f"carts {block}")
    for _ in range(1000):
        agree(*random_cart(random, random.choice((1, 3, 5, 6, 7, 8))))


def test_ties_are_broken_as_published() -> None:
    """PR28: equal prices everywhere, so that only the tie-breaks decide."""
    random = Random("ties")
    for _ in range(400):
        lines = [Line(0, 10000)]
        candidates = [
            replace(
                random_candidate(random, number, lines, [1]), op=Op.VOUCHER, layer=4, lines=frozenset({0}), units=1,
                face_minor=random.choice((2000, 2500)), price_minor=random.choice((1500, 2000)), threshold_minor=0,
                stands_alone=False, group=random.choice((0, 1)), excludes=frozenset(),
            )
            for number in range(1, 8)
        ]  # fmt: skip
        agree(lines, candidates)


def test_golden_bill() -> None:
    """PR24."""
    food = frozenset({0, 1})
    every = frozenset({0, 1, 2})
    lines = [Line(0, 9900), Line(1, 4900), Line(2, 1200)]
    voucher = Candidate(3, Op.VOUCHER, 4, every, face_minor=5000, price_minor=4400, owned=2, group=1)
    found = best_combination(
        lines,
        [
            Candidate(1, Op.PERCENT, 2, every, basis_points=500),
            Candidate(2, Op.TIERS, 3, food, tiers=((10000, 2000),)),
            voucher,
            replace(voucher, id=4, units=2),
            Candidate(5, Op.PERCENT, 5, every, basis_points=1000, cap_minor=800),
        ],
    )
    assert found.ids == (1, 2, 4, 5)
    assert [step.parts for step in found.applied] == [(495, 245, 60), (1338, 662, 0), (733, 363, 104), (489, 242, 69)]
    assert (found.cost_minor, found.pay_now_minor, found.already_paid_minor) == (11200, 2400, 8800)


def test_one_voucher_of_the_golden_bill() -> None:
    """PR24, last sentence."""
    every = frozenset({0, 1, 2})
    found = best_combination(
        [Line(0, 9900), Line(1, 4900), Line(2, 1200)],
        [
            Candidate(1, Op.PERCENT, 2, every, basis_points=500),
            Candidate(2, Op.TIERS, 3, frozenset({0, 1}), tiers=((10000, 2000),)),
            Candidate(3, Op.VOUCHER, 4, every, face_minor=5000, price_minor=4400),
            Candidate(5, Op.PERCENT, 5, every, basis_points=1000, cap_minor=800),
        ],
    )
    assert found.cost_minor == 11800


def test_a_larger_voucher_is_used_only_while_it_gains() -> None:
    """PR8: ¥100 for ¥88 on a bill of ¥95 saves ¥7 and burns ¥5; on ¥88 it is left alone."""
    voucher = Candidate(1, Op.VOUCHER, 4, frozenset({0}), face_minor=10000, price_minor=8800)
    found = best_combination([Line(0, 9500)], [voucher])
    assert (found.cost_minor, found.burn_minor) == (8800, 500)
    assert best_combination([Line(0, 8800)], [voucher]).ids == ()


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 10**9), small=st.lists(st.integers(0, 9000), min_size=3, max_size=3),
    more=st.lists(st.integers(0, 3000), min_size=3, max_size=3),
)  # fmt: skip
def test_no_discount_falls_when_more_is_left(seed: int, small: list[int], more: list[int]) -> None:
    """PR7, the assumption the bound rests on, for every kind: same list prices, more running, no smaller discount."""
    random = Random(seed)
    lines = [Line(k, small[k] + more[k]) for k in range(3)]
    candidate = random_candidate(random, 1, lines, [1])
    lists = {line.id: line.list_minor for line in lines}
    before = Tally(dict(enumerate(small)), sum(small), sum(small))
    after = Tally(dict(lists), sum(lists.values()), sum(lists.values()))
    if candidate.op == Op.COVER:
        return  # its units are whole or gone; overlapping covers are conflicts
    poor, rich = judge_apply(before, candidate, lists), judge_apply(after, candidate, lists)
    little, much = before.cost - poor.cost if poor else 0, after.cost - rich.cost if rich else 0
    assert little <= much


def test_the_bound_holds_where_the_search_is_cut() -> None:
    """PR26: the true best is never below the price less the bound."""
    random = Random("cut")
    cut = 0
    for _ in range(150):
        lines, candidates = random_cart(random, 12)
        problem = state_problem(lines, candidates)
        exact = find_best(problem)
        short = find_best(replace(problem, budget=5))
        assert exact and short
        assert short.cost_minor - short.bound_minor <= exact.cost_minor <= short.cost_minor
        cut += short.bound_minor > 0
    assert cut > 20, "the budget of 5 nodes hardly ever cut anything"


def test_forcing_a_candidate_gives_the_best_set_that_holds_it() -> None:
    """PR29: what `beaten_by` is computed from."""
    random = Random("forced")
    for _ in range(200):
        lines, candidates = random_cart(random, 6)
        lists = {line.id: line.list_minor for line in lines}
        chosen = candidates[0]
        rest = [
            c for c in candidates if c.id != chosen.id and judge_agree(*sorted((c, chosen), key=lambda x: x.id), lists)
        ]
        found = find_best(state_problem(lines, candidates), forced=chosen.id)
        if found is None:
            continue
        assert chosen.id in found.ids
        free = judge(lines, [chosen, *rest])
        assert found.cost_minor >= free[0]
        if chosen.id in free[1]:
            assert found.ids == free[1]


def test_refuses_what_it_cannot_search() -> None:
    with pytest.raises(ValueError, match="share an id"):
        best_combination([Line(1, 5), Line(1, 6)], [])
    with pytest.raises(ValueError, match="negative"):
        best_combination([Line(1, -5)], [])


def test_more_candidates_than_can_be_searched_leave_a_bound() -> None:
    """PR25: the most valuable are searched; what the others could still give is said."""
    many = [Candidate(k, Op.PERCENT, 3, frozenset({0}), basis_points=100 + k) for k in range(63)]
    found = best_combination([Line(0, 9900)], many)
    assert len(found.ids) == 5
    assert 0 < found.bound_minor < 500
