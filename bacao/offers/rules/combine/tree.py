"""The walk through the tree of sets: a greedy set first, then depth-first, leaving what cannot be as good.

Method: branch and bound (Land and Doig, 1960) on the published order of at most `most` choices.
"""

import numpy as np

from bacao.kit.compiling import compiled

from .bounds import hope_with, into_cliques, lowest_left, may_reach, measure_rest, optimistic
from .kernel import BURN, EXPIRES, ID, LEFT, NEW_CASH, RUNNING, apply_candidate


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
def search(
    table: np.ndarray, tiers: np.ndarray, cover: np.ndarray, lists: np.ndarray, conflicts: np.ndarray,
    standalone: np.ndarray, by_value: np.ndarray, most: int, budget: int, forced: int, barred: int,
    best_set: np.ndarray, best_state: np.ndarray,
) -> tuple[int, int, int]:  # fmt: skip
    """Find the cheapest set; write it to `best_set` and its state to `best_state`.

    `forced` = index that every set must hold, or -1; `barred` = bits no set may hold; `budget` = most nodes.
    :returns: number chosen (-1 = no set holds `forced`), nodes looked at, lowest cost a cut node could still reach
    """
    n, lines = table.shape[0], lists.shape[0]
    open_, states = np.zeros((most + 1, lines), np.int64), np.zeros((most + 1, 4), np.int64)
    blocked, position, chosen, held, top, top_clique = np.zeros((6, most + 1), np.int64)
    most_of, scratch_state = np.zeros((most + 1, n), np.int64), np.zeros(4, np.int64)
    (clique, top_place), (parts, scratch) = np.zeros((2, n), np.int64), np.zeros((2, lines), np.int64)
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
        if blocked[depth] >> i & 1 or most_of[depth, i] == 0 or (
            best_count >= 0
            and hope_with(i, most - depth - 1, states[depth], blocked[depth] | conflicts[i], most_of[depth], clique,
                          top, top_clique) > best_state[RUNNING]
        ):  # fmt: skip
            continue
        nodes += 1
        below = depth + 1
        apply_candidate(table[i], tiers[i], cover[i], lists, open_[depth], states[depth], open_[below],
                        states[below], parts, False)  # fmt: skip
        chosen[depth] = i
        held[below], blocked[below] = held[depth] | 1 << i, blocked[depth] | conflicts[i]
        is_whole = held[below] & wanted == wanted
        if is_whole and beats(below, chosen, states[below], best_count, best_set, best_state, table):
            best_count, best_set[:below], best_state[:] = below, chosen[:below], states[below]
        position[below] = i + 1
        if below < most:
            measure_rest(i + 1, table, tiers, cover, lists, open_[below], states[below], blocked[below], scratch,
                         scratch_state, most_of[below])  # fmt: skip
            needed = states[below, RUNNING] - best_state[RUNNING]
            if best_count >= 0 and not may_reach(
                i + 1, most - below, needed, blocked[below], most_of[below], conflicts, top_place
            ):
                continue
        depth = below
    left = lowest_left(depth, most, position, states, blocked, most_of, clique, top, top_clique, best_state[RUNNING])
    return best_count, nodes, left
