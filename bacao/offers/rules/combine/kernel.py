"""What one candidate does to a bill, on integer arrays, so that Numba can compile it; without it, the same, slowly."""

import numpy as np

from bacao.kit.compiling import compiled

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
