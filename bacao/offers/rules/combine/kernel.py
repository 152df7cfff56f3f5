"""The search itself, on integer arrays, so that Numba can compile it; without Numba it runs as it stands, slowly.

Depth-first over the published order, keeping what is left of every line, with the optimistic value of pricing.md
section 8 as bound. Method: branch and bound (Land and Doig, 1960) on a fixed order of at most `most` choices.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    F = TypeVar("F", bound=Callable[..., Any])

    def compiled(function: F) -> F: ...

else:
    try:
        from numba import njit

        compiled = njit(cache=True, nogil=True)
    except ImportError:  # the answers are the same

        def compiled(function):
            return function


# columns of the table of candidates
(OP, BASIS_POINTS, CAP, THRESHOLD, ON_RUNNING, LIST_BASE, LIST_ONLY, TARGET, STEP, OFF, TIMES, FACE, PRICE, UNITS,
 OWNED, EXPIRES, ID, LINES) = range(18)  # fmt: skip
COLUMNS = 18
# columns of the state of a node
RUNNING, LEFT, BURN, NEW_CASH = range(4)


@compiled
def spread(amount: int, mask: int, weights: np.ndarray, parts: np.ndarray) -> None:
    """Fill `parts` with the amount split over the lines of `mask` by largest remainder, ties to the first (PR3).

    `weights` = what is left of the lines (of the covered units, for a cover), so that no part exceeds its line.
    """
    count = weights.shape[0]
    total = 0
    for line in range(count):
        parts[line] = 0
        if mask >> line & 1:
            total += weights[line]
    if total == 0 or amount == 0:
        return
    given = 0
    for line in range(count):
        if mask >> line & 1:
            parts[line] = amount * weights[line] // total
            given += parts[line]
    taken = 0  # lines that already got their odd unit
    for _ in range(amount - given):
        best, best_rest = -1, -1
        for line in range(count):
            if mask >> line & 1 and not taken >> line & 1:
                rest = amount * weights[line] % total
                if rest > best_rest:
                    best, best_rest = line, rest
        taken |= 1 << best
        parts[best] += 1


@compiled
def amount_of(mask: int, amounts: np.ndarray) -> int:
    """Return the sum of the amounts of the lines of a mask."""
    total = 0
    for line in range(amounts.shape[0]):
        if mask >> line & 1:
            total += amounts[line]
    return total


@compiled
def line_price_discount(mask: int, targets: np.ndarray, left: int, amounts: np.ndarray, parts: np.ndarray) -> int:
    """Return the discount that brings every line down to its target, and fill `parts`; at most `left` in all."""
    total = 0
    for line in range(amounts.shape[0]):
        parts[line] = 0
        if mask >> line & 1 and amounts[line] > targets[line]:
            parts[line] = amounts[line] - targets[line]
            total += parts[line]
    if total > left:
        wanted = parts.copy()
        spread(left, mask, wanted, parts)
        return left
    return total


@compiled
def bill_discount(row: np.ndarray, tiers: np.ndarray, base: int, eligible_list: int) -> int:
    """Return what a percentage, tier, step or target takes off a base, before the limit of what is left."""
    reach = base if row[ON_RUNNING] else eligible_list
    if reach < row[THRESHOLD]:
        return 0
    off = 0
    if row[OP] == 1:
        off = base * row[BASIS_POINTS] // 10000
    elif row[OP] == 3:
        off = max(0, base - row[TARGET])
    elif row[OP] == 4:
        for k in range(0, tiers.shape[0], 2):
            if tiers[k] > 0 and reach >= tiers[k]:
                off = max(off, tiers[k + 1])
    elif row[OP] == 5:
        off = min(row[TIMES], reach // row[STEP]) * row[OFF]
    return off if row[CAP] < 0 else min(off, row[CAP])


@compiled
def apply_candidate(
    row: np.ndarray, tiers: np.ndarray, cover: np.ndarray, lists: np.ndarray, open_now: np.ndarray, state: np.ndarray,
    open_next: np.ndarray, state_next: np.ndarray, parts: np.ndarray, measure: bool,
) -> int:  # fmt: skip
    """Apply one candidate to a state, write the next state, and return the discount; 0 = no effect, nothing written.

    With `measure` only the discount is found and nothing is written.

    `open_now` = what later offers may still touch of each line; `cover` = covered list amounts (COVER) or target
    amounts (LINE_PRICE) by line; `parts` is filled with the discount of each line.
    """
    mask, op, left = row[LINES], row[OP], state[LEFT]
    paid_before, used_up, burn, bought = 0, 0, 0, 0
    if op == 0:
        used_up = amount_of(mask, cover)
        discount = used_up - row[PRICE] * row[UNITS]
        paid_before = used_up
        bought = row[PRICE] * max(0, row[UNITS] - row[OWNED])
        if discount <= 0 or used_up > left:
            return 0
        if not measure:
            spread(discount, mask, cover, parts)
    elif op == 6:
        base = amount_of(mask, open_now)
        reach = base if row[ON_RUNNING] else amount_of(mask, lists)
        if reach < row[THRESHOLD] * row[UNITS]:
            return 0
        rest = min(left, base)
        discount = 0
        for _ in range(row[UNITS]):
            worth = min(row[FACE], rest)
            if worth <= row[PRICE]:
                return 0
            discount += worth - row[PRICE]
            burn += row[FACE] - worth
            rest -= worth
            paid_before += worth
        bought = row[PRICE] * max(0, row[UNITS] - row[OWNED])
        if not measure:
            spread(discount, mask, open_now, parts)
    elif op == 2:
        discount = line_price_discount(mask, cover, left, open_now, parts)
        paid_before = discount
    else:
        base = amount_of(mask, lists if row[LIST_BASE] else open_now)
        touchable = amount_of(mask, open_now)
        discount = min(bill_discount(row, tiers, base, amount_of(mask, lists)), left, touchable)
        paid_before = discount
        if not measure and discount > 0:
            spread(discount, mask, open_now, parts)
    if discount <= 0 or measure:
        return max(0, int(discount))
    for line in range(open_now.shape[0]):
        open_next[line] = open_now[line] - parts[line]
        if op == 0 and row[LIST_ONLY]:
            open_next[line] = open_now[line] - cover[line]
    state_next[RUNNING] = state[RUNNING] - discount
    state_next[LEFT] = left - paid_before
    state_next[BURN] = state[BURN] + burn
    state_next[NEW_CASH] = state[NEW_CASH] + bought
    return int(discount)


@compiled
def into_cliques(conflicts: np.ndarray, by_value: np.ndarray, clique: np.ndarray) -> int:
    """Number the cliques of candidates of which no two may stand together, the most valuable first; return how many.

    A set holds one of a clique at most, so an optimistic value need count only the best of each.
    """
    members = np.zeros(by_value.shape[0], np.int64)
    count = 0
    for k in range(by_value.shape[0]):
        i = by_value[k]
        c = 0
        while c < count and conflicts[i] & members[c] != members[c]:
            c += 1
        count = max(count, c + 1)
        members[c] |= 1 << i
        clique[i] = c
    return count


@compiled
def optimistic(
    start: int, room: int, state: np.ndarray, blocked: int, most_of: np.ndarray, clique: np.ndarray, top: np.ndarray,
    top_clique: np.ndarray,
) -> int:  # fmt: skip
    """Return the lowest cost any set could still reach from here, using candidates from `start` on.

    `most_of` = what each candidate could take off at most; the largest `room` of those still allowed count, one of a
    clique. `top` and `top_clique` are scratch.
    """
    top[:room] = 0
    top_clique[:room] = -1
    for i in range(start, most_of.shape[0]):
        if blocked >> i & 1 or not room or most_of[i] <= top[room - 1]:
            continue
        k = room - 1  # where its clique stands already, or the last place
        for other in range(room):
            if top_clique[other] == clique[i]:
                k = other
                break
        if most_of[i] <= top[k]:
            continue
        while k > 0 and top[k - 1] < most_of[i]:
            top[k], top_clique[k] = top[k - 1], top_clique[k - 1]
            k -= 1
        top[k], top_clique[k] = most_of[i], clique[i]
    return int(state[RUNNING] - min(state[LEFT], top[:room].sum()))


@compiled
def may_reach(
    start: int, room: int, needed: int, blocked: int, most_of: np.ndarray, conflicts: np.ndarray, by_most: np.ndarray
) -> bool:
    """Return whether candidates from `start` on that stand together could take off `needed`, as far as pairs tell.

    Any set has a most valuable candidate; with it go at most the `room` - 1 best of those that agree with it and are
    worth no more. `by_most` is scratch: the allowed candidates, the most valuable first.
    """
    count = 0
    for i in range(start, most_of.shape[0]):
        if blocked >> i & 1 or most_of[i] == 0:
            continue
        k = count
        while k > 0 and most_of[by_most[k - 1]] < most_of[i]:
            by_most[k] = by_most[k - 1]
            k -= 1
        by_most[k] = i
        count += 1
    for first in range(count):
        i = by_most[first]
        total, taken = most_of[i], 1
        if total * room < needed:
            return False
        for k in range(first + 1, count):
            if taken == room or total >= needed:
                break
            if not conflicts[i] >> by_most[k] & 1:
                total += most_of[by_most[k]]
                taken += 1
        if total >= needed:
            return True
    return False


@compiled
def better_tie(
    depth: int, chosen: np.ndarray, state: np.ndarray, best_count: int, best_set: np.ndarray, best_state: np.ndarray,
    table: np.ndarray,
) -> bool:  # fmt: skip
    """Return whether a set of equal cost is to be preferred: burn, number, new cash, expiries, ids (PR28)."""
    if state[BURN] != best_state[BURN]:
        return bool(state[BURN] < best_state[BURN])
    if depth != best_count:
        return depth < best_count
    cash, best_cash = state[LEFT] + state[NEW_CASH], best_state[LEFT] + best_state[NEW_CASH]
    if cash != best_cash:
        return bool(cash < best_cash)
    for column in (EXPIRES, ID):
        mine = np.sort(table[chosen[:depth], column])
        theirs = np.sort(table[best_set[:best_count], column])
        for k in range(depth):
            if mine[k] != theirs[k]:
                return bool(mine[k] < theirs[k])
    return False


@compiled
def cost_of_set(
    mask: int, table: np.ndarray, tiers: np.ndarray, cover: np.ndarray, lists: np.ndarray, open_: np.ndarray,
    states: np.ndarray, parts: np.ndarray, order: np.ndarray,
) -> int:  # fmt: skip
    """Apply the candidates of a mask in order; return how many had an effect. State and indices end up in `[count]`."""
    count = 0
    for i in range(table.shape[0]):
        if mask >> i & 1 and apply_candidate(table[i], tiers[i], cover[i], lists, open_[count], states[count],
                                             open_[count + 1], states[count + 1], parts, False) > 0:  # fmt: skip
            order[count] = i
            count += 1
    return count


@compiled
def greedy(
    table: np.ndarray, tiers: np.ndarray, cover: np.ndarray, lists: np.ndarray, conflicts: np.ndarray,
    by_value: np.ndarray, most: int, barred: int, open_: np.ndarray, states: np.ndarray, parts: np.ndarray,
    best_set: np.ndarray, best_state: np.ndarray,
) -> int:  # fmt: skip
    """Fill a first set, the most valuable candidate first, keeping each that lowers the cost; return its size.

    A good first answer is what lets the search skip most of the tree; it never decides anything by itself.
    """
    chosen, blocked, size, best_count = 0, barred, 0, 0
    order = np.zeros(most + 1, np.int64)
    best_state[:] = states[0]
    for k in range(by_value.shape[0]):
        i = by_value[k]
        if size == most:
            break
        if blocked >> i & 1:
            continue
        count = cost_of_set(chosen | 1 << i, table, tiers, cover, lists, open_, states, parts, order)
        if count == size + 1 and states[count, RUNNING] < best_state[RUNNING]:
            chosen |= 1 << i
            blocked |= conflicts[i]
            size = best_count = count
            best_set[:count] = order[:count]
            best_state[:] = states[count]
    return best_count


@compiled
def beats(
    depth: int, chosen: np.ndarray, state: np.ndarray, best_count: int, best_set: np.ndarray, best_state: np.ndarray,
    table: np.ndarray,
) -> bool:  # fmt: skip
    """Return whether a set is better than the best so far; there is none while `best_count` is -1."""
    if best_count < 0 or state[RUNNING] != best_state[RUNNING]:
        return bool(best_count < 0 or state[RUNNING] < best_state[RUNNING])
    return better_tie(depth, chosen, state, best_count, best_set, best_state, table)


@compiled
def measure_rest(
    start: int, table: np.ndarray, tiers: np.ndarray, cover: np.ndarray, lists: np.ndarray, open_now: np.ndarray,
    state: np.ndarray, blocked: int, scratch: np.ndarray, scratch_state: np.ndarray, most_of: np.ndarray,
) -> None:  # fmt: skip
    """Fill `most_of` with what each later candidate would take off a state: no descendant can take more (PR7)."""
    for j in range(start, table.shape[0]):
        most_of[j] = 0
        if not blocked >> j & 1:
            most_of[j] = apply_candidate(
                table[j], tiers[j], cover[j], lists, open_now, state, scratch, scratch_state, scratch, True
            )


@compiled
def measure_all(table: np.ndarray, tiers: np.ndarray, cover: np.ndarray, lists: np.ndarray) -> np.ndarray:
    """Return what each candidate takes off the untouched bill: no later discount of it can be larger (PR7)."""
    state, scratch = np.zeros(4, np.int64), np.zeros(lists.shape[0], np.int64)
    state[RUNNING] = state[LEFT] = lists.sum()
    found = np.zeros(table.shape[0], np.int64)
    measure_rest(0, table, tiers, cover, lists, lists, state, 0, scratch, np.zeros(4, np.int64), found)
    return found


@compiled
def lowest_left(
    depth: int, most: int, position: np.ndarray, states: np.ndarray, blocked: np.ndarray, most_of: np.ndarray,
    clique: np.ndarray, top: np.ndarray, top_clique: np.ndarray, lowest: int,
) -> int:  # fmt: skip
    """Return the lowest cost that any node on the open path could still reach; `lowest` where none is lower."""
    while depth >= 0:
        hope = optimistic(
            position[depth], most - depth, states[depth], blocked[depth], most_of[depth], clique, top, top_clique
        )
        lowest = min(lowest, hope)
        depth -= 1
    return lowest


@compiled
def search(
    table: np.ndarray, tiers: np.ndarray, cover: np.ndarray, lists: np.ndarray, conflicts: np.ndarray,
    standalone: np.ndarray, by_value: np.ndarray, most: int, budget: int, forced: int, barred: int,
    best_set: np.ndarray, best_state: np.ndarray,
) -> tuple[int, int, int]:  # fmt: skip
    """Find the cheapest set; write it to `best_set` and its state to `best_state`.

    `forced` = index that every set must hold, or -1. `barred` = bits of those no set may hold. `budget` = nodes after
    which it stops, or -1 for none.
    :returns: number chosen (-1 = no set holds `forced`), nodes looked at, lowest cost a cut node could still reach
    """
    n, lines = table.shape[0], lists.shape[0]
    open_, states = np.zeros((most + 1, lines), np.int64), np.zeros((most + 1, 4), np.int64)
    blocked, position = np.zeros(most + 1, np.int64), np.zeros(most + 1, np.int64)
    chosen, held, top = np.zeros(most + 1, np.int64), np.zeros(most + 1, np.int64), np.zeros(most + 1, np.int64)
    most_of, clique, top_clique = np.zeros((most + 1, n), np.int64), np.zeros(n, np.int64), np.zeros(most + 1, np.int64)
    top_place = np.zeros(n, np.int64)
    parts, scratch, scratch_state = np.zeros(lines, np.int64), np.zeros(lines, np.int64), np.zeros(4, np.int64)
    into_cliques(conflicts, by_value, clique)
    most_of[0], open_[0] = standalone, lists
    states[0, RUNNING] = states[0, LEFT] = lists.sum()
    best_state[:] = states[0]
    blocked[0] = barred
    wanted, best_count = 0, -1  # `held` = the chosen ones as bits, `wanted` = bits that have to be among them
    if forced >= 0:
        wanted, blocked[0] = 1 << forced, conflicts[forced] | barred
    else:
        best_count = greedy(
            table, tiers, cover, lists, conflicts, by_value, most, barred, open_, states, parts, best_set, best_state
        )
    depth, nodes = 0, 0
    while depth >= 0:
        i = position[depth]
        late = wanted and i > forced and not held[depth] & wanted  # what has to be in was passed over
        if i >= n or depth == most or late or (
            best_count >= 0
            and optimistic(i, most - depth, states[depth], blocked[depth], most_of[depth], clique, top, top_clique)
            > best_state[RUNNING]
        ):  # fmt: skip
            depth -= 1
            continue
        if budget >= 0 and nodes >= budget:
            break
        position[depth] = i + 1
        if blocked[depth] >> i & 1:
            continue
        room, running = most - depth - 1, states[depth, RUNNING]
        gain = most_of[depth, i]  # measured in this very state
        if gain == 0:
            continue
        if best_count >= 0:
            rest = running - optimistic(
                i + 1, room, states[depth], blocked[depth] | conflicts[i], most_of[depth], clique, top, top_clique
            )
            if running - min(states[depth, LEFT], gain + rest) > best_state[RUNNING]:
                continue
        nodes += 1
        below = depth + 1
        if apply_candidate(table[i], tiers[i], cover[i], lists, open_[depth], states[depth], open_[below],
                           states[below], parts, False) == 0:  # fmt: skip
            continue
        chosen[depth] = i
        held[below], blocked[below] = held[depth] | 1 << i, blocked[depth] | conflicts[i]
        if held[below] & wanted == wanted and beats(
            below, chosen, states[below], best_count, best_set, best_state, table
        ):
            best_count = below
            best_set[:below] = chosen[:below]
            best_state[:] = states[below]
        position[below] = i + 1
        if below < most:
            measure_rest(i + 1, table, tiers, cover, lists, open_[below], states[below], blocked[below], scratch,
                         scratch_state, most_of[below])  # fmt: skip
            if best_count >= 0 and not may_reach(
                i + 1, most - below, states[below, RUNNING] - best_state[RUNNING], blocked[below], most_of[below],
                conflicts, top_place,
            ):  # fmt: skip
                continue
        depth = below
    return (
        best_count,
        nodes,
        lowest_left(depth, most, position, states, blocked, most_of, clique, top, top_clique, best_state[RUNNING]),
    )
