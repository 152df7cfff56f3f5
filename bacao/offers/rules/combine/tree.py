"""The walk through the tree of sets: a greedy set first, then depth-first, leaving what cannot be as good.

Method: branch and bound (Land and Doig, 1960) on the published order of at most `most` choices.
"""

from typing import NamedTuple

import numpy as np

from bacao.kit.compiling import compiled, leaf

from .bounds import into_cliques, lowest, may_reach, measure_rest, most_beside, sum_hopes
from .kernel import BURN, EXPIRES, ID, LEFT, NEW_CASH, RUNNING, Cart, apply_candidate


class Path(NamedTuple):
    """The open path of the walk, a row for each choice: what is left, what was chosen, what may be hoped for."""

    open: np.ndarray  # what later offers may still touch of each line
    states: np.ndarray
    blocked: np.ndarray  # bits of those refused by what was chosen
    position: np.ndarray  # the next candidate to try
    chosen: np.ndarray
    held: np.ndarray  # the chosen ones as bits
    most_of: np.ndarray
    hopes: np.ndarray
    top: np.ndarray
    top_clique: np.ndarray
    clique: np.ndarray
    scratch: np.ndarray
    parts: np.ndarray


@leaf
def place_of(k: int, count: int, chosen: np.ndarray, table: np.ndarray, column: int) -> int:
    """Return what would stand in place `k` if the chosen ones' column were sorted; of equal ones each has a place."""
    for a in range(count):
        value = table[chosen[a], column]
        before = 0
        for b in range(count):
            other = table[chosen[b], column]
            before += other < value or (other == value and b < a)
        if before == k:
            return int(value)
    return -1


@leaf
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
        for k in range(depth):
            mine, theirs = place_of(k, depth, chosen, table, column), place_of(k, depth, best_set, table, column)
            if mine != theirs:
                return bool(mine < theirs)
    return False


@leaf
def cost_of_set(
    mask: int, cart: Cart, open_: np.ndarray, states: np.ndarray, parts: np.ndarray, order: np.ndarray
) -> int:
    """Apply the candidates of a mask in order; return how many had an effect. State and indices end up in `[count]`."""
    count = 0
    for i in range(cart.table.shape[0]):
        if mask >> i & 1 and apply_candidate(
            i, cart, open_[count], states[count], open_[count + 1], states[count + 1], parts
        ):
            order[count] = i
            count += 1
    return count


@compiled
def greedy(
    cart: Cart, by_value: np.ndarray, most: int, barred: int, path: Path, best_set: np.ndarray, best_state: np.ndarray
) -> int:
    """Fill a first set, the most valuable candidate first, keeping each that lowers the cost; return its size.

    A good first answer is what lets the search skip most of the tree; it never decides anything by itself.
    """
    chosen, blocked, size = 0, barred, 0
    order = np.zeros(most + 1, np.int64)
    for k in range(by_value.shape[0]):
        i = by_value[k]
        if size == most:
            break
        if blocked >> i & 1:
            continue
        count = cost_of_set(chosen | 1 << i, cart, path.open, path.states, path.parts, order)
        if count == size + 1 and path.states[count, RUNNING] < best_state[RUNNING]:
            chosen |= 1 << i
            blocked |= cart.conflicts[i]
            size = count
            keep(count, order, path.states[count], best_set, best_state)
    return size


@leaf
def beats(
    depth: int, chosen: np.ndarray, state: np.ndarray, best_count: int, best_set: np.ndarray, best_state: np.ndarray,
    table: np.ndarray,
) -> bool:  # fmt: skip
    """Return whether a set is better than the best so far; there is none while `best_count` is -1."""
    if best_count < 0 or state[RUNNING] != best_state[RUNNING]:
        return bool(best_count < 0 or state[RUNNING] < best_state[RUNNING])
    return better_tie(depth, chosen, state, best_count, best_set, best_state, table)


@compiled
def open_path(cart: Cart, standalone: np.ndarray, by_value: np.ndarray, most: int) -> Path:
    """Return the path before the first choice."""
    n, lines = cart.table.shape[0], cart.lists.shape[0]
    open_, states = np.zeros((most + 1, lines), np.int64), np.zeros((most + 1, 4), np.int64)
    blocked, position, chosen, held, top, top_clique = np.zeros((6, most + 1), np.int64)
    most_of, hopes = np.zeros((most + 1, n), np.int64), np.zeros((most + 1, 2, n + 1), np.int64)
    (clique, scratch), parts = np.zeros((2, n), np.int64), np.zeros(lines, np.int64)
    into_cliques(cart.conflicts, by_value, clique)
    most_of[0], open_[0] = standalone, cart.lists
    states[0, RUNNING] = states[0, LEFT] = cart.lists.sum()
    return Path(open_, states, blocked, position, chosen, held, most_of, hopes, top, top_clique, clique, scratch, parts)


@compiled
def search(
    cart: Cart, standalone: np.ndarray, by_value: np.ndarray, most: int, budget: int, forced: int, barred: int,
    best_set: np.ndarray, best_state: np.ndarray,
) -> tuple[int, int, int]:  # fmt: skip
    """Find the cheapest set; write it to `best_set` and its state to `best_state`.

    `forced` = index that every set must hold, or -1; `barred` = bits no set may hold; `budget` = most nodes.
    :returns: number chosen (-1 = no set holds `forced`), nodes looked at, lowest cost a cut node could still reach
    """
    path = open_path(cart, standalone, by_value, most)
    best_state[:] = path.states[0]
    path.blocked[0], best_count = barred, -1
    if forced >= 0:
        path.blocked[0] |= cart.conflicts[forced]
    else:
        best_count = greedy(cart, by_value, most, barred, path, best_set, best_state)
    return walk(cart, path, most, budget, forced, best_count, best_set, best_state)


@leaf
def walk(
    cart: Cart, path: Path, most: int, budget: int, forced: int, best_count: int, best_set: np.ndarray,
    best_state: np.ndarray,
) -> tuple[int, int, int]:  # fmt: skip
    """Go through the tree from the root of a path, as `search` says."""
    n, nodes, depth = cart.table.shape[0], 0, 0
    wanted = 1 << forced if forced >= 0 else 0  # bits that have to be among the chosen
    expect(0, most, path)
    while depth >= 0:
        i, state = path.position[depth], path.states[depth]
        late = wanted and i > forced and not path.held[depth] & wanted  # what has to be in was passed over
        if i >= n or late or (best_count >= 0 and lowest(state, path.hopes[depth, 0, i]) > best_state[RUNNING]):
            depth -= 1
            continue
        if budget >= 0 and nodes >= budget:
            break
        path.position[depth] = i + 1
        if path.most_of[depth, i] == 0 or path.blocked[depth] >> i & 1:
            continue
        if best_count >= 0 and hope_with(i, depth, most, cart, path, best_state[RUNNING]) > best_state[RUNNING]:
            continue
        nodes += 1
        below = depth + 1
        take(i, depth, cart, path)
        is_whole = path.held[below] & wanted == wanted
        if is_whole and beats(below, path.chosen, path.states[below], best_count, best_set, best_state, cart.table):
            best_count = keep(below, path.chosen, path.states[below], best_set, best_state)
        if below == most:
            continue
        measure_rest(i + 1, cart, path.open[below], path.states[below, LEFT], path.blocked[below],
                     path.most_of[depth], path.most_of[below])  # fmt: skip
        needed = path.states[below, RUNNING] - best_state[RUNNING]
        if best_count < 0 or may_reach(i + 1, most - below, needed, path.blocked[below], path.most_of[below],
                                       cart.conflicts, path.scratch):  # fmt: skip
            expect(below, most, path)
            depth = below
    left = best_state[RUNNING]
    for k in range(depth + 1):
        left = min(left, lowest(path.states[k], path.hopes[k, 0, path.position[k]]))
    return best_count, nodes, left


@leaf
def keep(count: int, chosen: np.ndarray, state: np.ndarray, best_set: np.ndarray, best_state: np.ndarray) -> int:
    """Write down a set as the best so far; return its size."""
    for k in range(count):
        best_set[k] = chosen[k]
    for k in range(state.shape[0]):
        best_state[k] = state[k]
    return count


@leaf
def expect(depth: int, most: int, path: Path) -> None:
    """Fill in what could still come off below a node."""
    sum_hopes(
        path.position[depth], most - depth, path.blocked[depth], path.most_of[depth], path.clique, path.top,
        path.top_clique, path.hopes[depth],
    )  # fmt: skip


@leaf
def hope_with(i: int, depth: int, most: int, cart: Cart, path: Path, known: int) -> int:
    """Return the lowest cost of any set that takes candidate `i` next; not lower than it is where above `known`.

    First without asking what `i` refuses, which is known already; only where that is not enough, with it.
    """
    state, mine = path.states[depth], path.most_of[depth, i]
    hope = lowest(state, mine + path.hopes[depth, 1, i + 1])
    if hope > known:
        return hope
    refused = path.blocked[depth] | cart.conflicts[i]
    return lowest(
        state,
        mine + most_beside(i, most - depth - 1, refused, path.most_of[depth], path.clique, path.top, path.top_clique),
    )


@leaf
def take(i: int, depth: int, cart: Cart, path: Path) -> None:
    """Choose candidate `i` at a node, and write the node below it."""
    below = depth + 1
    apply_candidate(i, cart, path.open[depth], path.states[depth], path.open[below], path.states[below], path.parts)
    path.chosen[depth] = i
    path.held[below], path.blocked[below] = path.held[depth] | 1 << i, path.blocked[depth] | cart.conflicts[i]
    path.position[below] = i + 1
