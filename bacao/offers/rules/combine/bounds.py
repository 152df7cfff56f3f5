"""How cheap any set below a node could still be: admissible, because no discount grows when less is left (PR7)."""

import numpy as np

from bacao.kit.compiling import compiled, leaf

from .kernel import LEFT, RUNNING, Cart, discount_of


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


@leaf
def keep_top(value: int, mine: int, room: int, top: np.ndarray, top_clique: np.ndarray) -> None:
    """Keep the largest `room` values in `top`, falling, of which no two are of one clique."""
    if value <= top[room - 1]:
        return
    k = room - 1  # where its clique stands already, or the last place
    for other in range(room):
        if top_clique[other] == mine:
            k = other
            break
    if value <= top[k]:
        return
    while k > 0 and top[k - 1] < value:
        top[k], top_clique[k] = top[k - 1], top_clique[k - 1]
        k -= 1
    top[k], top_clique[k] = value, mine


@leaf
def sum_hopes(
    start: int, room: int, blocked: int, most_of: np.ndarray, clique: np.ndarray, top: np.ndarray,
    top_clique: np.ndarray, hopes: np.ndarray,
) -> None:  # fmt: skip
    """Fill `hopes[0, i]` with the most that any `room` candidates from `i` on could take off, `hopes[1, i]` one fewer.

    `most_of` = what each could take off at most; one of a clique counts. `top` and `top_clique` are scratch.
    """
    n = most_of.shape[0]
    top[:room] = 0
    top_clique[:room] = -1
    hopes[:, n] = 0
    for i in range(n - 1, start - 1, -1):
        if not blocked >> i & 1:
            keep_top(most_of[i], clique[i], room, top, top_clique)
        hopes[0, i] = top[:room].sum()
        hopes[1, i] = hopes[0, i] - top[room - 1]


@leaf
def most_beside(
    i: int, room: int, blocked: int, most_of: np.ndarray, clique: np.ndarray, top: np.ndarray, top_clique: np.ndarray
) -> int:
    """Return the most that any `room` candidates after `i` could take off; `blocked` = what it too refuses."""
    if room == 0:
        return 0
    top[:room] = 0
    top_clique[:room] = -1
    for j in range(i + 1, most_of.shape[0]):
        if not blocked >> j & 1:
            keep_top(most_of[j], clique[j], room, top, top_clique)
    return int(top[:room].sum())


@leaf
def lowest(state: np.ndarray, off: int) -> int:
    """Return the lowest cost that a state could still reach where at most `off` comes off."""
    return int(state[RUNNING] - min(state[LEFT], off))


@leaf
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


@leaf
def measure_rest(
    start: int, cart: Cart, open_now: np.ndarray, left: int, blocked: int, above: np.ndarray, most_of: np.ndarray
) -> None:
    """Fill `most_of` with what each later candidate would take off a state: no descendant can take more (PR7).

    `above` = the same one choice earlier: what took nothing off there takes nothing off here.
    """
    for j in range(start, most_of.shape[0]):
        most_of[j] = 0 if blocked >> j & 1 or above[j] == 0 else discount_of(j, cart, open_now, left)


@compiled
def measure_all(cart: Cart) -> np.ndarray:
    """Return what each candidate takes off the untouched bill: no later discount of it can be larger (PR7)."""
    found = np.zeros(cart.table.shape[0], np.int64)
    for i in range(found.shape[0]):
        found[i] = discount_of(i, cart, cart.lists, cart.lists.sum())
    return found
