"""Price curves: the lowest cost of a bill as a table over every bill up to ¥10,000 (pricing.md, section 10).

For one shop and one entitlement class the cost depends on the bill alone. Within an allowed set of offers every step
(percentage, fixed amount, voucher, down to an amount) leaves a cost that never falls and rises by at most one fen when
the bill rises by one; thresholds look at the bill itself. So a set that costs d fen more than the best cannot beat it
during the next d fen, a set whose next step lacks d fen to have an effect equals one of its subsets until then, and a
set whose line lies above the best one's (`lines`) cannot beat it before they cross. Each set is looked at again at the
largest of these bills, so that the work goes with the runs and not with the bills: exact by construction.
What the best set takes off never falls, so sets whose caps and faces add up to no more are done with for good; and a
set that is the best one less a percentage or a fixed amount costs more as long as that one is the best.

What is stored are runs of the winning set (PR30). A run lasts as long as its set is among the best, so where sets
cost the same for a while the curve may name another one than the exact search, never another amount.
The functions marked `compiled` are also what the index of discovery calls from its kernel.
"""

from bisect import bisect_right
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from bacao.kit.compiling import compiled
from bacao.kit.text import Text

from .lines import DOWN_TO, NO_LIMIT, OP, RATE, SECOND, THRESHOLD, after_step, apart, cost_under, held_back
from .stacking import APPLIED_MAX, BillRow, agreement_masks, bill_rows
from .terms import Terms

BILL_MAX_MINOR = 1_000_000
SETS_MAX = 500  # CV5
KEYS_MAX = 6


class TooManySets(ValueError):
    """More conflict-free sets than a curve may have (CV5): ask the exact search."""

    text = Text("这家店的优惠组合太多，请按账单逐笔计算。", "Too many combinations here: price each bill on its own.")


@compiled
def allowed_sets(agrees: np.ndarray, useful: int, sets: np.ndarray, sizes: np.ndarray) -> int:
    """Fill `sets` with every mask of at most five offers that all agree, the empty one first; -1 if too many."""
    sets[0], sizes[0], count = 0, 0, 1
    for i in range(agrees.shape[0]):
        if not useful >> i & 1:
            continue
        for k in range(count):
            if agrees[i] & sets[k] == sets[k] and sizes[k] < APPLIED_MAX:
                if count == sets.shape[0]:
                    return -1
                sets[count], sizes[count] = sets[k] | 1 << i, sizes[k] + 1
                count += 1
    return count


@compiled
def at_least_as_good(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether an offer takes off at least as much as another of its kind from every bill."""
    if one[OP] != other[OP] or one[THRESHOLD] > other[THRESHOLD]:
        return False
    uncapped = one[SECOND] < 0 or (0 <= other[SECOND] <= one[SECOND])
    if one[OP] == 0:
        return bool(one[RATE] >= other[RATE] and uncapped)
    if one[OP] == DOWN_TO:
        return bool(one[RATE] <= other[RATE] and uncapped)
    if one[OP] == 1:
        return bool(one[RATE] >= other[RATE])
    return bool(one[SECOND] <= other[SECOND] and one[RATE] - one[SECOND] >= other[RATE] - other[SECOND])


@compiled
def useful_offers(offers: np.ndarray, agrees: np.ndarray) -> int:
    """Return the mask of offers worth looking at: where none may stand together, some are never the best."""
    count = offers.shape[0]
    useful: int = (1 << count) - 1
    if agrees.any():
        return useful
    for i in range(count):
        for j in range(count):
            if i != j and useful >> j & 1 and at_least_as_good(offers[j], offers[i]):
                useful &= ~(1 << i)
                break
    return useful


@compiled
def most_gained(mask: int, offers: np.ndarray) -> int:
    """Return the most that a set of offers can ever take off: its caps and faces; without a cap there is no limit."""
    total = 0
    for i in range(offers.shape[0]):
        if mask >> i & 1:
            if offers[i, OP] == 0 or offers[i, OP] == DOWN_TO:
                if offers[i, SECOND] < 0:
                    return NO_LIMIT
                total += offers[i, SECOND]
            else:
                total += offers[i, RATE] - offers[i, SECOND]
    return int(total)


@compiled
def still_rivals(sets: np.ndarray, sizes: np.ndarray, count: int, offers: np.ndarray, gained: int) -> int:
    """Keep the sets that can ever take off more than `gained`, which never falls again; return how many are left."""
    kept = 0
    for k in range(count):
        if most_gained(sets[k], offers) > gained:
            sets[kept], sizes[kept] = sets[k], sizes[k]
            kept += 1
    return kept


@compiled
def next_look(rival: int, winner: int, offers: np.ndarray, bill: int, lowest: int, vouchers: int) -> int:
    """Return the next bill at which a set may be cheaper than all others; `winner` is the best one at this bill."""
    if rival == winner or (rival & ~winner == 0 and winner & ~rival & vouchers == 0):
        return NO_LIMIT
    cost, missing = cost_under(rival, offers, bill)
    step = missing if missing > 0 else max(cost - lowest + 1, held_back(rival, winner, offers, bill, lowest))
    return min(NO_LIMIT, bill + max(step, apart(rival, winner, offers, bill), 1))


@compiled
def best_set(
    sets: np.ndarray, sizes: np.ndarray, count: int, offers: np.ndarray, bill: int, winner: int
) -> tuple[int, int]:
    """Return the place of the set that makes a bill cheapest, -1 where none is cheaper than the winner, and the cost.

    Of sets that cost the same, the smallest, and of these the first.
    """
    lowest, _ = cost_under(winner, offers, bill)
    best = -1
    for k in range(count):
        cost, missing = cost_under(sets[k], offers, bill)
        if missing == 0 and (cost < lowest or (cost == lowest and best >= 0 and sizes[k] < sizes[best])):
            lowest, best = cost, k
    return best, lowest


@compiled
def draw(
    offers: np.ndarray, agrees: np.ndarray, bill_max: int, sets: np.ndarray, sizes: np.ndarray,
    run_from: np.ndarray, run_set: np.ndarray,
) -> int:  # fmt: skip
    """Fill the runs of the winning set over the bills 0 to `bill_max`; return how many, or -1 if there are too many.

    offers int64[n, 4] in order of calculation, agrees int64[n] = masks of the offers each may stand beside. A set is
    looked at again only where it may have come to be cheaper than what was the best one when it was looked at last.
    """
    count = allowed_sets(agrees, useful_offers(offers, agrees), sets, sizes)
    if count < 0:
        return -1
    vouchers = 0
    for i in range(offers.shape[0]):
        vouchers |= (offers[i, OP] == 2) << i
    looks = np.zeros(count, np.int64)
    runs, bill, winner = 1, 0, 0
    run_from[0], run_set[0] = 0, 0
    while bill <= bill_max:
        lowest, _ = cost_under(winner, offers, bill)
        beaten = runs == 1 and bill == 0
        for k in range(count):
            if looks[k] <= bill and not beaten:
                cost, missing = cost_under(sets[k], offers, bill)
                beaten = missing == 0 and cost < lowest
        if beaten:
            best, lowest = best_set(sets, sizes, count, offers, bill, winner)
            if best >= 0:
                if runs == run_from.shape[0]:
                    return -1
                winner = sets[best]
                run_from[runs], run_set[runs] = bill, winner
                runs += 1
            count = still_rivals(sets, sizes, count, offers, bill - lowest)
            looks[:count] = bill
        following = NO_LIMIT
        for k in range(count):
            if looks[k] <= bill:
                looks[k] = next_look(sets[k], winner, offers, bill, lowest, vouchers)
            following = min(following, looks[k])
        bill = following
    return runs


@compiled
def find_run(bill: int, first: int, end: int, run_from: np.ndarray) -> int:
    """Return the run of a curve that a bill falls into, by bisection; the curve's runs are first .. end - 1."""
    low, high = first, end
    while high - low > 1:
        middle = (low + high) >> 1
        if run_from[middle] <= bill:
            low = middle
        else:
            high = middle
    return low


@compiled
def cost_along(bill: int, chain: int, chain_ptr: np.ndarray, steps: np.ndarray) -> int:
    """Return what a bill costs after the steps of a chain; steps int32[n, 3] = op, rate, second."""
    running, left = bill, bill
    for s in range(chain_ptr[chain], chain_ptr[chain + 1]):
        running, left = after_step(int(steps[s, 0]), int(steps[s, 1]), int(steps[s, 2]), running, left)
    return running


@dataclass(frozen=True, slots=True)
class Curve:
    """The lowest cost of every bill up to `BILL_MAX_MINOR` under one class; `sets` = the rows applied in each run."""

    run_from: tuple[int, ...]
    sets: tuple[tuple[BillRow, ...], ...]

    def rows_at(self, bill_minor: int) -> tuple[BillRow, ...]:
        """Return what makes a bill cheapest, in order of calculation."""
        assert 0 <= bill_minor <= BILL_MAX_MINOR, "a larger bill is for the exact search (CV5)"
        return self.sets[bisect_right(self.run_from, bill_minor) - 1]

    def offers_at(self, bill_minor: int) -> tuple[Terms, ...]:
        """Return the offers that make a bill cheapest, in order of calculation."""
        return tuple(terms for terms, _ in self.rows_at(bill_minor))

    def cost_of(self, bill_minor: int) -> int:
        """Return the lowest cost of a bill, minor units."""
        running, left = bill_minor, bill_minor
        for _, row in self.rows_at(bill_minor):
            running, left = after_step(row.op, row.rate, row.second, running, left)
        return running


def draw_curve(offers: Sequence[Terms]) -> Curve:
    """Return the curve of a shop's offers for somebody who may use them all.

    :raises TooManySets: more than 500 sets agree, more than 62 rows, or a threshold on what is left (CV2, CV5)
    """
    kept = bill_rows(offers)
    if len(kept) > 62 or any(row.on_running for _, row in kept):
        raise TooManySets
    sets, sizes = np.empty(SETS_MAX, np.int64), np.empty(SETS_MAX, np.int64)
    run_from, run_set = np.empty(4 * SETS_MAX, np.int64), np.empty(4 * SETS_MAX, np.int64)
    table = np.array([row[:4] for _, row in kept], np.int64).reshape(len(kept), 4)
    agrees = np.array(agreement_masks(kept), np.int64)
    runs = draw(table, agrees, BILL_MAX_MINOR, sets, sizes, run_from, run_set)
    if runs < 0:
        raise TooManySets
    chosen = (tuple(one for i, one in enumerate(kept) if mask >> i & 1) for mask in run_set[:runs].tolist())
    return Curve(tuple(run_from[:runs].tolist()), tuple(chosen))


@dataclass(frozen=True, slots=True)
class ClassCurves:
    """One curve for each entitlement class: bit j of a class says whether `keys[j]` is held."""

    keys: tuple[str, ...]
    curves: tuple[Curve, ...]

    def curve_for(self, held: Set[str]) -> Curve:
        """Return the curve of somebody who holds these keys."""
        return self.curves[sum(1 << j for j, key in enumerate(self.keys) if key in held)]


def draw_classes(offers: Sequence[Terms]) -> ClassCurves:
    """Return the curves of every class; who may have an offer is what its audience says.

    :raises TooManySets: more than 500 sets agree in a class, or the offers name more than six keys
    """
    keys = tuple(sorted(frozenset[str]().union(*(terms.audience.keys for terms in offers))))
    if len(keys) > KEYS_MAX:
        raise TooManySets
    classes = [{key for j, key in enumerate(keys) if bits >> j & 1} for bits in range(1 << len(keys))]
    open_to = [[terms for terms in offers if terms.audience.admits(held)] for held in classes]
    return ClassCurves(keys, tuple(draw_curve(some) for some in open_to))
