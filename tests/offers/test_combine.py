"""The best combination against a search that shares no code with it: every allowed set, one by one."""

from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bacao.offers.rules.combine import (
    NO_CAP,
    Candidate,
    Combination,
    Line,
    Op,
    best_combination,
    find_best,
    state_problem,
)

# --- the judge -------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """A bill as the judge keeps it: what is open of each line, and four sums."""

    open: dict[int, int]
    cost: int
    left: int
    burn: int = 0
    bought: int = 0


def share_out(amount: int, weights: dict[int, int]) -> dict[int, int]:
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    parts = {line: amount * weight // total for line, weight in weights.items()}
    by_rest = sorted(weights, key=lambda line: (-(amount * weights[line] % total), line))
    for line in by_rest[: amount - sum(parts.values())]:
        parts[line] += 1
    return parts


def judge_apply(tally: Tally, c: Candidate, lists: dict[int, int]) -> Tally | None:
    mine = {line: tally.open[line] for line in c.lines}
    at_list = sum(lists[line] for line in c.lines)
    if c.op == Op.COVER:
        covered = dict(c.cover)
        worth = sum(covered.values())
        gain = worth - c.price_minor
        if gain <= 0 or worth > tally.left:
            return None
        parts = share_out(gain, covered)
        gone = covered if c.list_only else parts
        return Tally(
            {line: amount - gone.get(line, 0) for line, amount in tally.open.items()},
            tally.cost - gain, tally.left - worth, tally.burn, tally.bought + (0 if c.owned else c.price_minor),
        )  # fmt: skip
    if c.op == Op.LINE_PRICE:
        targets = dict(c.targets)
        wanted = {line: max(0, amount - targets.get(line, 0)) for line, amount in mine.items()}
        gain = min(sum(wanted.values()), tally.left)
        parts = share_out(gain, wanted) if gain < sum(wanted.values()) else wanted
        return _taken(tally, parts, gain, gain) if gain else None
    here = sum(mine.values())
    reach = here if c.threshold_on_running else at_list
    if c.op == Op.VOUCHER:
        if reach < c.threshold_minor * c.units:
            return None
        rest, gain, worth_all, burn = min(here, tally.left), 0, 0, 0
        for _ in range(c.units):
            worth = min(c.face_minor, rest)
            if worth - c.price_minor <= 0:
                return None
            rest, gain, worth_all, burn = (
                rest - worth,
                gain + worth - c.price_minor,
                worth_all + worth,
                burn + c.face_minor - worth,
            )
        after = _taken(tally, share_out(gain, mine), gain, worth_all)
        return replace(after, burn=tally.burn + burn, bought=tally.bought + (0 if c.owned else c.price_minor * c.units))
    if reach < c.threshold_minor:
        return None
    base = at_list if c.layer == 1 else here
    if c.op == Op.PERCENT:
        gain = base * c.basis_points // 10000
    elif c.op == Op.DOWN_TO:
        gain = max(0, base - c.target_minor)
    elif c.op == Op.TIERS:
        gain = max((off for least, off in c.tiers if reach >= least), default=0)
    else:
        gain = min(c.max_times, reach // c.step_minor) * c.off_minor
    if c.cap_minor != NO_CAP:
        gain = min(gain, c.cap_minor)
    gain = min(gain, tally.left, here)
    return _taken(tally, share_out(gain, mine), gain, gain) if gain > 0 else None


def _taken(tally: Tally, parts: dict[int, int], gain: int, off_the_bill: int) -> Tally:
    return Tally(
        {line: amount - parts.get(line, 0) for line, amount in tally.open.items()},
        tally.cost - gain, tally.left - off_the_bill, tally.burn, tally.bought,
    )  # fmt: skip


def judge_agree(a: Candidate, b: Candidate, lists: dict[int, int]) -> bool:
    if a.stands_alone or b.stands_alone or (a.group and a.group == b.group) or b.id in a.excludes or a.id in b.excludes:
        return False
    if a.layer == b.layer == 1 and a.lines & b.lines:
        if Op.PERCENT in (a.op, b.op):
            return False
        both = [dict(a.cover).get(line, 0) + dict(b.cover).get(line, 0) for line in a.lines & b.lines]
        return all(total <= lists[line] for total, line in zip(both, a.lines & b.lines, strict=True))
    return True


def judge(lines: list[Line], candidates: list[Candidate], most: int = 5) -> tuple[int, tuple[int, ...]]:
    """Return the lowest cost and the chosen ids, by trying every set of at most `most`."""
    lists = {line.id: line.list_minor for line in lines}
    ordered = sorted(candidates, key=lambda c: (c.layer, int(c.op), c.rank, c.id))
    quarrels = {(a.id, b.id) for a, b in combinations(ordered, 2) if not judge_agree(a, b, lists)}
    found: list[tuple[tuple[object, ...], tuple[int, ...]]] = []

    def visit(start: int, tally: Tally, chosen: list[Candidate]) -> None:
        key = (
            tally.cost, tally.burn, len(chosen), tally.left + tally.bought,
            sorted(c.expires for c in chosen), sorted(c.id for c in chosen),
        )  # fmt: skip
        found.append((key, tuple(c.id for c in chosen)))
        if len(chosen) == most:
            return
        for i in range(start, len(ordered)):
            if any((c.id, ordered[i].id) in quarrels for c in chosen):
                continue
            after = judge_apply(tally, ordered[i], lists)
            if after is not None:
                visit(i + 1, after, [*chosen, ordered[i]])

    whole = sum(lists.values())
    visit(0, Tally(dict(lists), whole, whole), [])
    key, ids = min(found)
    return int(str(key[0])), ids


# --- random carts ----------------------------------------------------------------------------------------------------


def random_cart(random: Random, offers: int) -> tuple[list[Line], list[Candidate]]:
    lines = [
        Line(k, random.choice((0, 1200, 4900, 9900, random.randint(1, 20000)))) for k in range(random.randint(1, 4))
    ]
    ids = random.sample(range(1, 500), offers)
    return lines, [random_candidate(random, number, lines, ids) for number in ids]


def random_candidate(random: Random, number: int, lines: list[Line], ids: list[int]) -> Candidate:
    op = random.choice(list(Op))
    layer = {Op.COVER: 1, Op.VOUCHER: 4, Op.LINE_PRICE: 2, Op.DOWN_TO: 5}.get(op) or random.choice((2, 3, 3, 5))
    if op == Op.PERCENT and random.random() < 0.15:
        layer = 1
    some = frozenset(line.id for line in random.sample(lines, random.randint(1, len(lines))))
    total = sum(line.list_minor for line in lines)

    def amount(most: int) -> int:
        exact, round_one = random.randint(1, max(1, most)), random.randint(1, max(1, most)) // 100 * 100 + 100
        return random.choice((exact, round_one))

    cover = tuple(
        (line.id, random.choice((line.list_minor, line.list_minor // 2))) for line in lines if line.id in some
    )
    return Candidate(
        id=number, op=op, layer=layer, lines=some, rank=random.randrange(2),
        basis_points=random.choice((500, 1000, 1500, 3333, random.randint(1, 9999))),
        cap_minor=random.choice((NO_CAP, NO_CAP, amount(3000))) if op != Op.COVER else NO_CAP,
        threshold_minor=random.choice((0, 0, amount(total))),
        threshold_on_running=random.random() < 0.4,
        cover=cover if op == Op.COVER else (), list_only=random.random() < 0.3,
        targets=tuple((line, amount(8000)) for line in sorted(some)) if op == Op.LINE_PRICE else (),
        target_minor=amount(total),
        tiers=tuple(sorted((amount(total), amount(2500)) for _ in range(random.randint(1, 3) * (op == Op.TIERS)))),
        step_minor=amount(6000), off_minor=amount(900), max_times=random.randint(1, 4),
        face_minor=amount(6000), price_minor=amount(5000), units=random.randint(1, 3), owned=random.random() < 0.4,
        expires=random.choice((10, 20, 30)), stands_alone=random.random() < 0.06, group=random.choice((0, 0, 0, 1, 2)),
        excludes=frozenset(random.sample(ids, random.randint(0, len(ids) // 3))),
    )  # fmt: skip


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
    voucher = Candidate(3, Op.VOUCHER, 4, every, face_minor=5000, price_minor=4400, owned=True, group=1)
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
    gain = lambda start, end: start.cost - end.cost if end else 0  # noqa: E731
    assert gain(before, poor) <= gain(after, rich)


def test_the_bound_holds_where_the_search_is_cut() -> None:
    """PR26: the true best is never below the price less the bound."""
    random = Random("cut")
    cut = 0
    for _ in range(150):
        lines, candidates = random_cart(random, 12)
        problem = state_problem(lines, candidates)
        exact = find_best(problem)
        short = find_best(replace(problem, budget=12))
        assert exact and short
        assert short.cost_minor - short.bound_minor <= exact.cost_minor <= short.cost_minor
        cut += short.bound_minor > 0
    assert cut > 20, "the budget of 12 nodes hardly ever cut anything"


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
    many = [Candidate(k, Op.PERCENT, 3, frozenset({0}), basis_points=100) for k in range(63)]
    with pytest.raises(ValueError, match="62 candidates"):
        best_combination([Line(0, 9900)], many)
