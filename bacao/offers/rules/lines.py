"""What a bill costs under a set of offers as the bill grows, and for how long one set surely stays dearer than another.

Without rounding, the cost is a straight line between the bills at which a threshold, a cap or an end is reached: each
percentage bends it, each amount moves it. Rounding raises it by less than one fen for each percentage. So two sets are
apart for as long as their lines are, and how far away they cross is a division. All functions are `compiled`.
"""

import numpy as np

from bacao.kit.compiling import compiled

from . import steps

NO_CAP, DOWN_TO = steps.NO_CAP, steps.DOWN_TO
NO_LIMIT = 2**62
SURE = 1e-9
"""Less than the lines of two sets can differ by, more than adding them up can be wrong by."""
OP, RATE, SECOND, THRESHOLD = range(4)
"""Columns of a row of `steps.Row` as numbers. The order of the rows is the order of calculation."""

after_step = compiled(steps.after_step)


@compiled
def lacking(row: np.ndarray, bill: int, running: int, left: int) -> int:
    """Return how many fen the bill lacks at least before an offer has an effect, 0 where it has one."""
    if bill < row[THRESHOLD]:
        return int(row[THRESHOLD] - bill)
    if row[OP] == 0:
        need = (10000 + row[RATE] - 1) // row[RATE]
        return int(max(0, need - running, 1 - left))
    if row[OP] == 1:
        return int(max(0, 1 - left))
    if row[OP] == DOWN_TO:
        return int(max(0, row[RATE] + 1 - running, 1 - left))
    return int(max(0, row[SECOND] + 1 - left))


@compiled
def cost_under(mask: int, offers: np.ndarray, bill: int) -> tuple[int, int]:
    """Return what a bill costs under a set of offers, and how many fen it lacks before each of them has an effect."""
    running, left, missing = bill, bill, 0
    for i in range(offers.shape[0]):
        if mask >> i & 1:
            short = lacking(offers[i], bill, running, left)
            missing = max(missing, short)
            if short == 0:
                running, left = after_step(offers[i, OP], offers[i, RATE], offers[i, SECOND], running, left)
    return running, missing


@compiled
def held_back(rival: int, winner: int, offers: np.ndarray, bill: int, lowest: int) -> int:
    """Return for how many fen a set surely cannot beat the best one, 0 where this is not known.

    Of sets with one percentage at most and no voucher, one with neither the higher percentage nor the larger fixed
    amounts stays behind until the other's percentage reaches its cap. `lowest` = what the best one leaves to pay.
    """
    rate_a, rate_b, fixed_a, fixed_b, cap = 0, 0, 0, 0, -1
    if lowest <= 0:
        return 0
    for i in range(offers.shape[0]):
        mine, best = rival >> i & 1, winner >> i & 1
        if (mine or best) and offers[i, OP] >= 2:
            return 0
        if offers[i, OP] == 1:
            fixed_a, fixed_b = fixed_a + mine * offers[i, RATE], fixed_b + best * offers[i, RATE]
        elif (mine and rate_a) or (best and rate_b):
            return 0
        else:
            rate_a = offers[i, RATE] if mine else rate_a
            rate_b, cap = (offers[i, RATE], offers[i, SECOND]) if best else (rate_b, cap)
    if rate_a > rate_b or fixed_a > fixed_b:
        return 0
    return NO_LIMIT if cap < 0 else int((cap * 10000 + rate_b - 1) // rate_b - bill)


@compiled
def until_it_is(need: int, running: int, cost: float, raised: float, slope: float, lasts: int) -> int:
    """Return for how many fen an amount that is `running` now stays below `need`: it rises no quicker than its line."""
    steady = lasts if slope <= 0 else min(lasts, int((need - cost - raised) / slope))
    return max(need - running, steady)


@compiled
def line_along(mask: int, offers: np.ndarray, bill: int) -> tuple[float, float, float, int, int]:
    """Return what a bill costs under a set without rounding, and for how long it goes on like that.

    (cost, slope, most by which rounding raises it, fen until a cap or an end is reached, percentages); a slope of -1
    where something has no effect yet: nothing is known then. Whatever the larger bill, it costs no less than its line.
    """
    running, left, cost, slope, raised, lasts, count = bill, bill, float(bill), 1.0, 0.0, NO_LIMIT, 0
    for i in range(offers.shape[0]):
        if not mask >> i & 1:
            continue
        op, rate, second = offers[i, OP], offers[i, RATE], offers[i, SECOND]
        if lacking(offers[i], bill, running, left) > 0:
            return cost, -1.0, 0.0, 0, 0
        before = running - left
        if op == 1 or op == 2:
            if left < rate:  # all that was left comes off: the rest is what was paid before
                lasts = until_it_is(rate + before, running, cost, raised, slope, lasts)
                return float(before + (second if op == 2 else 0)), 0.0, 0.0, lasts, count
            cost -= rate - (second if op == 2 else 0)
        else:
            off = running * rate // 10000 if op == 0 else running - rate
            if min(off, second if second >= 0 else off) > left:
                return float(before), 0.0, 0.0, 1, count
            if second >= 0 and off >= second:
                cost -= second
            else:
                if second >= 0:
                    need = (second * 10000 + rate - 1) // rate if op == 0 else rate + second
                    lasts = min(lasts, until_it_is(need, running, cost, raised, slope, lasts))
                keep = 1.0 - rate / 10000.0 if op == 0 else 0.0
                cost, slope = (cost * keep, slope * keep) if op == 0 else (float(rate), 0.0)
                raised, count = (raised * keep + 1.0, count + 1) if op == 0 else (0.0, count)
        running, left = after_step(op, rate, second, running, left)
    return cost, slope, max(raised - 1.0, 0.0), lasts, count


@compiled
def same_steps(one: int, other: int, offers: np.ndarray) -> bool:
    """Return whether two sets do the same to a bill, step by step."""
    i, j = 0, 0
    while True:
        while i < offers.shape[0] and not one >> i & 1:
            i += 1
        while j < offers.shape[0] and not other >> j & 1:
            j += 1
        if i == offers.shape[0] or j == offers.shape[0]:
            return i == j
        for column in range(THRESHOLD):
            if offers[i, column] != offers[j, column]:
                return False
        i, j = i + 1, j + 1


@compiled
def apart(rival: int, winner: int, offers: np.ndarray, bill: int) -> int:
    """Return for how many fen the lines of two sets show that one cannot beat the other, 0 where they do not.

    A cost is a whole number: it is lower only where its line is lower by more than rounding raises the other. Where
    neither has more than two percentages, lines that differ at all do so by more than the error of their arithmetic.
    """
    below, steeper, raised, lasts, some = line_along(winner, offers, bill)
    if steeper == 0 and below + raised <= 0:
        return lasts  # nothing is cheaper than nothing
    above, slope, _, _, few = line_along(rival, offers, bill)
    if slope < 0 or steeper < 0:
        return 0
    if same_steps(rival, winner, offers):
        return NO_LIMIT
    gap, closing = above - below - raised, steeper - slope
    if gap < (-SURE if few <= 2 and some <= 2 else 1e-6):
        return 0
    if closing <= (SURE if few <= 2 and some <= 2 else 0.0):
        return lasts
    return min(lasts, max(0, int((gap - 1e-6) / closing)))
