"""How cheap any set below a node could still be: admissible, because no discount grows when less is left (PR7)."""

import numpy as np

from bacao.kit.compiling import compiled

from .kernel import LEFT, RUNNING, apply_candidate


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
def hope_with(
    i: int, room: int, state: np.ndarray, blocked: int, most_of: np.ndarray, clique: np.ndarray, top: np.ndarray,
    top_clique: np.ndarray,
) -> int:  # fmt: skip
    """Return the lowest cost of any set that takes candidate `i` next, whose discount here `most_of` holds exactly.

    `room` = places after it; `blocked` = what it and those before it refuse.
    """
    rest = state[RUNNING] - optimistic(i + 1, room, state, blocked, most_of, clique, top, top_clique)
    return int(state[RUNNING] - min(state[LEFT], most_of[i] + rest))
