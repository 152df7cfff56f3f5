"""What one candidate does to a bill, on integer arrays, so that Numba can compile it; without it, the same, slowly."""

from typing import NamedTuple

import numpy as np

from bacao.kit.compiling import compiled, leaf

# columns of the table of candidates
(OP, BASIS_POINTS, CAP, THRESHOLD, ON_RUNNING, LIST_BASE, LIST_ONLY, TARGET, STEP, OFF, TIMES, FACE, PRICE, UNITS,
 OWNED, EXPIRES, ID, LINES, LISTED, COVERED) = range(20)  # fmt: skip
COLUMNS = 20
# columns of the state of a node
RUNNING, LEFT, BURN, NEW_CASH = range(4)
# numbers of operations, as `candidates.Op` has them: an enumeration is no constant to the compiler
COVER, PERCENT, LINE_PRICE, DOWN_TO, TIERS, EACH, VOUCHER = range(7)


class Cart(NamedTuple):
    """Candidates in the order of calculation, and a bill, as int64 arrays.

    `table` = a row of the columns above for each candidate (`LISTED` = its lines at list price, `COVERED` = its covered
    units), `tiers` = minimum and off by turns, `cover` = covered list amounts (COVER) or target amounts (LINE_PRICE) by
    line, `lists` = the lines at list price, `conflicts` = bits of those that a candidate may not stand beside.
    """

    table: np.ndarray
    tiers: np.ndarray
    cover: np.ndarray
    lists: np.ndarray
    conflicts: np.ndarray


@leaf
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


@leaf
def amount_of(mask: int, amounts: np.ndarray) -> int:
    """Return the sum of the amounts of the lines of a mask."""
    total = 0
    for line in range(amounts.shape[0]):
        if mask >> line & 1:
            total += amounts[line]
    return total


@leaf
def bring_down(mask: int, targets: np.ndarray, amounts: np.ndarray, excess: np.ndarray) -> int:
    """Fill `excess` with what each line of a mask is above its target; return the sum."""
    total = 0
    for line in range(amounts.shape[0]):
        excess[line] = 0
        if mask >> line & 1 and amounts[line] > targets[line]:
            excess[line] = amounts[line] - targets[line]
            total += excess[line]
    return total


@leaf
def bill_discount(row: np.ndarray, tiers: np.ndarray, base: int) -> int:
    """Return what a percentage, tier, step or target takes off a base, before the limit of what is left."""
    reach = base if row[ON_RUNNING] else row[LISTED]
    if reach < row[THRESHOLD]:
        return 0
    off = 0
    if row[OP] == PERCENT:
        off = base * row[BASIS_POINTS] // 10000
    elif row[OP] == DOWN_TO:
        off = max(0, base - row[TARGET])
    elif row[OP] == TIERS:
        for k in range(0, tiers.shape[0], 2):
            if tiers[k] > 0 and reach >= tiers[k]:
                off = max(off, tiers[k + 1])
    elif row[OP] == EACH:
        off = min(row[TIMES], reach // row[STEP]) * row[OFF]
    return off if row[CAP] < 0 else min(off, row[CAP])


@leaf
def voucher_discount(row: np.ndarray, base: int, left: int) -> int:
    """Return what the units of a voucher save together; 0 where one of them would not be worth its price."""
    if (base if row[ON_RUNNING] else row[LISTED]) < row[THRESHOLD] * row[UNITS]:
        return 0
    rest = min(left, base)
    used_up = 0
    for _ in range(row[UNITS]):
        worth = min(row[FACE], rest - used_up)
        if worth <= row[PRICE]:
            return 0
        used_up += worth
    return int(used_up - row[PRICE] * row[UNITS])


@leaf
def discount_of(i: int, cart: Cart, open_now: np.ndarray, left: int) -> int:
    """Return what candidate `i` takes off a state, 0 = nothing. `open_now` as in `apply_candidate`."""
    row = cart.table[i]
    mask, op = row[LINES], row[OP]
    if op == COVER:
        used_up = row[COVERED]
        return int(max(0, used_up - row[PRICE] * row[UNITS])) if used_up <= left else 0
    if op == LINE_PRICE:
        total = 0
        for line in range(open_now.shape[0]):
            if mask >> line & 1:
                total += max(0, open_now[line] - cart.cover[i, line])
        return int(min(total, left))
    touchable = amount_of(mask, open_now)
    if op == VOUCHER:
        return voucher_discount(row, touchable, left)
    base = row[LISTED] if row[LIST_BASE] else touchable
    return int(max(0, min(bill_discount(row, cart.tiers[i], base), left, touchable)))


@leaf
def apply_candidate(
    i: int, cart: Cart, open_now: np.ndarray, state: np.ndarray, open_next: np.ndarray, state_next: np.ndarray,
    parts: np.ndarray,
) -> int:  # fmt: skip
    """Apply candidate `i` to a state, write the next state, and return the discount; 0 = no effect, nothing written.

    `open_now` = what later offers may still touch of each line; `parts` is filled with the discount of each line.
    """
    discount = discount_of(i, cart, open_now, state[LEFT])
    if discount == 0:
        return 0
    row, cover = cart.table[i], cart.cover[i]
    mask, op = row[LINES], row[OP]
    uses_units = op in (COVER, VOUCHER)
    used_up = discount + row[PRICE] * row[UNITS] if uses_units else discount
    if op == LINE_PRICE:
        bring_down(mask, cover, open_now, open_next)  # for a moment the weights, until the lines are written below
        spread(discount, mask, open_next, parts)
    else:
        spread(discount, mask, cover if op == COVER else open_now, parts)
    for line in range(open_now.shape[0]):
        open_next[line] = open_now[line] - parts[line]
        if op == COVER and row[LIST_ONLY]:
            open_next[line] = open_now[line] - cover[line]
    state_next[RUNNING] = state[RUNNING] - discount
    state_next[LEFT] = state[LEFT] - used_up
    state_next[BURN] = state[BURN] + (row[FACE] * row[UNITS] - used_up if op == VOUCHER else 0)
    state_next[NEW_CASH] = state[NEW_CASH] + (row[PRICE] * max(0, row[UNITS] - row[OWNED]) if uses_units else 0)
    return int(discount)


@compiled
def replay(chosen: np.ndarray, cart: Cart) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the state after the chosen candidates in order, and of each: its base, its discount, its parts by line."""
    count, lines = chosen.shape[0], cart.lists.shape[0]
    open_now, open_next, state = cart.lists.copy(), np.zeros(lines, np.int64), np.zeros(4, np.int64)
    bases, discounts, parts = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros((count, lines), np.int64)
    state[RUNNING] = state[LEFT] = cart.lists.sum()
    for k in range(count):
        row = cart.table[chosen[k]]
        bases[k] = row[LISTED] if row[LIST_BASE] else amount_of(row[LINES], open_now)
        discounts[k] = apply_candidate(chosen[k], cart, open_now, state, open_next, state, parts[k])
        open_now[:] = open_next
    return state, bases, discounts, parts
