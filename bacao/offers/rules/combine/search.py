"""The lowest price over every allowed combination of offers, exactly, and what each offer contributed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from . import kernel, tree
from .bounds import measure_all
from .candidates import NEVER, Candidate, Line, Op, conflict_masks, merge_lines, order_of

MOST_APPLIED = 5
MOST_ELIGIBLE = 30
MOST_CANDIDATES = 62
MOST_LINES = 62
NODE_BUDGET = 200_000
NOBODY: Mapping[int, Iterable[int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Applied:
    """One candidate as it was applied: its discount, and its part of each line in order of line id (PR3)."""

    candidate: Candidate
    base_minor: int
    discount_minor: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """The answer. All amounts in minor units.

    `cost_minor` = economic cost: what is still to pay plus the price of what was used (PR9). `pay_now_minor` = still to
    pay at the counter. `bought_minor` = to be bought now, `already_paid_minor` = paid earlier. `bound_minor` = how much
    lower the true best could be; 0 = exact (PR25, PR26). `nodes` = sets looked at.
    """

    applied: tuple[Applied, ...]
    list_minor: int
    cost_minor: int
    pay_now_minor: int
    bought_minor: int
    already_paid_minor: int
    burn_minor: int
    bound_minor: int
    nodes: int

    @property
    def ids(self) -> tuple[int, ...]:
        """Return the ids of the applied candidates, in the order of calculation."""
        return tuple(step.candidate.id for step in self.applied)


@dataclass(frozen=True, slots=True)
class Problem:
    """Candidates and a bill as arrays; made once and searched several times.

    `beyond_minor` = the cost that a set with a candidate left out could still reach, where there are too many.
    """

    lines: tuple[Line, ...]
    ordered: tuple[Candidate, ...]
    cart: kernel.Cart
    standalone: np.ndarray
    by_value: np.ndarray
    budget: int
    beyond_minor: int = NEVER


def state_problem(
    lines: Iterable[Line], candidates: Sequence[Candidate], quarrels: Mapping[int, Iterable[int]] = NOBODY
) -> Problem:
    """Return the arrays of a bill and its candidates; those worth nothing on their own are dropped (section 8).

    `quarrels` = the groups that each group of candidates refuses, beside what the candidates themselves say.

    Of more than 62 candidates the most valuable are searched, and the answer carries a bound for the others (PR25).
    :raises ValueError: more than 62 lines, doubled ids, negative amounts
    """
    ordered_lines = merge_lines(lines)
    if len(ordered_lines) > MOST_LINES:
        raise ValueError(f"a bill has at most {MOST_LINES} lines, not {len(ordered_lines)}")
    ordered = sorted(candidates, key=order_of)
    if len({candidate.id for candidate in ordered}) != len(ordered):
        raise ValueError("two candidates share an id")
    index = {line.id: k for k, line in enumerate(ordered_lines)}
    cart = _cart(ordered, ordered_lines, index)
    standalone = measure_all(cart)
    by_value = np.argsort(-standalone, kind="stable")[: np.count_nonzero(standalone)]
    whole, beyond = int(cart.lists.sum()), NEVER
    if len(by_value) > MOST_CANDIDATES:
        beyond = whole - min(whole, int(standalone[by_value[:MOST_APPLIED]].sum()))
    kept = np.sort(by_value[:MOST_CANDIDATES])
    ordered, standalone = [ordered[i] for i in kept], standalone[kept]
    distinct = len({candidate.group or -candidate.id for candidate in ordered})
    return Problem(
        lines=ordered_lines,
        ordered=tuple(ordered),
        cart=kernel.Cart(
            cart.table[kept], cart.tiers[kept], cart.cover[kept], cart.lists,
            np.array(conflict_masks(ordered, ordered_lines, quarrels), np.int64),
        ),
        standalone=standalone,
        by_value=np.argsort(-standalone, kind="stable"),
        budget=-1 if distinct <= MOST_ELIGIBLE else NODE_BUDGET,
        beyond_minor=beyond,
    )  # fmt: skip


def _cart(ordered: Sequence[Candidate], lines: Sequence[Line], index: dict[int, int]) -> kernel.Cart:
    """Return candidates and a bill as arrays, conflicts still empty: what is worth nothing alone need not have any."""
    amounts = {line.id: line.list_minor for line in lines}
    reach = {ids: _reach(ids, index, amounts) for ids in {c.lines for c in ordered}}
    rows = [
        (
            c.op, c.basis_points, c.cap_minor, c.threshold_minor, c.threshold_on_running, c.layer == 1, c.list_only,
            c.target_minor, c.step_minor, c.off_minor, c.max_times, c.face_minor, c.price_minor, c.units, c.owned,
            c.expires, c.id, *reach[c.lines], _covered(c, index) if c.cover else 0,
        )
        for c in ordered
    ]  # fmt: skip
    table = np.array(rows, np.int64).reshape(len(rows), kernel.COLUMNS)
    tiers = np.zeros((len(rows), 2 * max((len(c.tiers) for c in ordered), default=0)), np.int64)
    cover = np.zeros((len(rows), len(index)), np.int64)
    for i, c in enumerate(ordered):
        for k, (minimum, off) in enumerate(c.tiers):
            tiers[i, 2 * k : 2 * k + 2] = minimum, off
        for line, amount in c.cover or c.targets:
            if line in index:
                cover[i, index[line]] = amount
    lists = np.array([line.list_minor for line in lines], np.int64)
    return kernel.Cart(table, tiers, cover, lists, np.zeros(0, np.int64))


def _reach(ids: frozenset[int], index: dict[int, int], amounts: dict[int, int]) -> tuple[int, int]:
    """Return the lines of a bill that some ids name: as bits, and their sum at list price."""
    known = [line for line in ids if line in index]
    return sum(1 << index[line] for line in known), sum(amounts[line] for line in known)


def _covered(candidate: Candidate, index: dict[int, int]) -> int:
    return sum(amount for line, amount in candidate.cover if line in candidate.lines and line in index)


def find_best(
    problem: Problem, *, forced: int | None = None, without: int | None = None, most: int = MOST_APPLIED
) -> Combination | None:
    """Return the cheapest combination, or the cheapest that holds the candidate `forced` and not the one `without`.

    Exact for at most 30 offers and 5 applied; beyond that `bound_minor` says how far off it could be (PR25, PR26).
    Ties: least burn, fewest offers, less new cash, earliest expiry, smallest ids (PR28).
    :returns: None only where no allowed combination holds `forced`
    """
    place = {candidate.id: i for i, candidate in enumerate(problem.ordered)}
    if forced is not None and forced not in place:
        return None
    index = -1 if forced is None else place[forced]
    barred = 1 << place[without] if without is not None and without in place else 0
    best_set, best_state = np.zeros(most + 1, np.int64), np.zeros(4, np.int64)
    count, nodes, lowest = tree.search(
        problem.cart, problem.standalone, problem.by_value, most, problem.budget, index, barred, best_set, best_state
    )
    if count < 0:
        return None
    return _combination(problem, best_set[:count], nodes, min(int(lowest), problem.beyond_minor))


def _combination(problem: Problem, chosen: np.ndarray, nodes: int, lowest: int) -> Combination:
    """Replay the chosen candidates, keeping what each of them did."""
    state, bases, discounts, parts = kernel.replay(chosen, problem.cart)
    applied = tuple(
        Applied(problem.ordered[i], base, discount, tuple(shares))
        for i, base, discount, shares in zip(
            chosen.tolist(), bases.tolist(), discounts.tolist(), parts.tolist(), strict=True
        )
    )
    instruments = (step.candidate for step in applied if step.candidate.op in (Op.COVER, Op.VOUCHER))
    paid = sum(one.price_minor * min(one.owned, one.units) for one in instruments)
    running, left, burn, new_cash = state.tolist()
    return Combination(
        applied=applied,
        list_minor=sum(line.list_minor for line in problem.lines),
        cost_minor=running,
        pay_now_minor=left,
        bought_minor=new_cash,
        already_paid_minor=paid,
        burn_minor=burn,
        bound_minor=max(0, running - int(lowest)),
        nodes=int(nodes),
    )


def best_combination(
    lines: Iterable[Line], candidates: Sequence[Candidate], quarrels: Mapping[int, Iterable[int]] = NOBODY
) -> Combination:
    """Return the cheapest allowed combination of candidates for a bill; with no candidates, the bill itself."""
    found = find_best(state_problem(lines, candidates, quarrels))
    assert found is not None, "without a forced candidate the empty set is always allowed"
    return found
