"""The slots of a list that are kept for new places, filled by lot after the search (rules.exploration, DS3).

The search runs first and knows nothing of this. Candidates are the new places of the circle that pass every filter and
do not stand in the list by themselves; the best of the draw take the kept slots, the rest of the list moves down.
"""

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import Ask, Moment, Tables
from bacao.discovery.index.boxes import Box
from bacao.discovery.index.columns import CELL_DM, SHUT, UNKNOWN, Part
from bacao.discovery.index.kernel import is_gone, weigh
from bacao.discovery.index.prices import distance_slot
from bacao.discovery.rules import exploration
from bacao.discovery.rules.exploration import FIRST_SLOT, NEAR_STEP_M, ONE_IN
from bacao.kit.compiling import compiled, leaf

level_of = leaf(exploration.level_of)
LOT_ID, BASE, LOT = range(3)
"""Columns of what is drawn among: the shop, its points before the draw, its row of Part.lots."""


@leaf
def stands(list_of: np.ndarray, size: int, shop_id: int) -> bool:
    """Return whether a shop is among the first entries of a list."""
    for i in range(size):  # noqa: SIM110  # Numba compiles no generators
        if list_of[i, k.SHOP_ID] == shop_id:
            return True
    return False


@leaf
def first_from(rising: np.ndarray, row: int) -> int:
    """Return where the first entry stands that is not below a row, by bisection."""
    low, high = 0, rising.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if rising[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@leaf
def collect_part(
    part: Part, gone: np.ndarray, now: Moment, ask: Ask, tables: Tables, number: int, kept: np.ndarray, size: int,
    rows: np.ndarray, lots: np.ndarray, count: int,
) -> int:  # fmt: skip
    """Collect the candidates of one part behind the `count` there are; return how many there are then."""
    left, bottom, width, height = part.grid[0], part.grid[1], part.grid[2], part.grid[3]
    first, last = (ask.x - ask.radius) // CELL_DM - left, (ask.x + ask.radius) // CELL_DM - left
    low, high = (ask.y - ask.radius) // CELL_DM - bottom, (ask.y + ask.radius) // CELL_DM - bottom
    first, last = max(first, 0), min(last, width - 1)
    if first > last:
        return count
    for row in range(max(low, 0), min(high, height - 1) + 1):
        end = part.cell_start[row * width + last + 1]
        for n in range(first_from(part.new_row, part.cell_start[row * width + first]), part.new_row.shape[0]):
            i = part.new_row[n]
            if i >= end:
                break
            dx, dy = part.x_dm[i] - ask.x, part.y_dm[i] - ask.y
            squared = dx * dx + dy * dy
            if squared > ask.radius * ask.radius or is_gone(gone, i):
                continue
            code = now.hours[part.hours_id[i]]
            if not ask.wanted[part.category[i]] or part.tags[i] & ask.tags != ask.tags or code in (SHUT, UNKNOWN):
                continue  # what is shut is not tried, even where shut places are listed
            if stands(kept, size, part.shop_id[i]):
                continue
            found, far = rows[count], int(np.sqrt(float(squared)))
            for column in range(k.COLUMNS):
                found[column] = 0
            found[k.PART], found[k.DISTANCE], found[k.NEAR] = number, far, tables.distance[distance_slot(far // 10)]
            if weigh(part, now, ask, tables, i, code, found):
                step = far // 10 // NEAR_STEP_M * NEAR_STEP_M
                lots[count, LOT_ID], lots[count, LOT] = part.shop_id[i], part.new_lot[n]
                lots[count, BASE] = found[k.SCORE] - found[k.NEAR] + tables.distance[distance_slot(step)]
                count += 1
    return count


@compiled
def collect(
    box: Box, base_now: Moment, delta_now: Moment, ask: Ask, kept: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the candidates, int64[n, COLUMNS] as in an answer, and int64[n, 3] of what is drawn among.

    kept int64[..., COLUMNS] = the list as it stands without the last places that new ones may take, `size` of it.
    """
    most = box.base.new_row.shape[0] + box.delta.new_row.shape[0]
    rows, lots = np.empty((most, k.COLUMNS), np.int64), np.empty((most, 3), np.int64)
    count = collect_part(box.base, box.gone, base_now, ask, box.tables, 0, kept, size, rows, lots, 0)
    count = collect_part(box.delta, box.none_gone, delta_now, ask, box.tables, 1, kept, size, rows, lots, count)
    return rows[:count], lots[:count]


@compiled
def draw(box: Box, ask: Ask, rows: np.ndarray, lots: np.ndarray) -> np.ndarray:
    """Return which candidates win, the first first: at most `ask.tries`. Ties stand by shop id."""
    points, count = np.empty(rows.shape[0], np.int64), 0
    best = np.empty(min(ask.tries, rows.shape[0]), np.int64)
    for n in range(rows.shape[0]):
        part_lots = box.delta.lots if rows[n, k.PART] else box.base.lots
        points[n] = lots[n, BASE] + part_lots[lots[n, LOT], level_of(ask.seed, lots[n, LOT_ID])]
        place = count
        while place > 0 and (points[best[place - 1]] < points[n] or (
            points[best[place - 1]] == points[n] and lots[best[place - 1], LOT_ID] > lots[n, LOT_ID]
        )):  # fmt: skip
            place -= 1
        if place == best.shape[0]:
            continue
        for later in range(min(count, best.shape[0] - 1), place, -1):
            best[later] = best[later - 1]
        best[place] = n
        count = min(count + 1, best.shape[0])
    return best


@compiled
def put_new(found: np.ndarray, size: int, chosen: np.ndarray) -> int:
    """Put the chosen into their slots of a list found[:size], best first, and lift each to the entry before it.

    The list stays as long as it is. Return its size.
    """
    kept, count = found[:size].copy(), 0
    for i in range(size):
        if count < size - chosen.shape[0] and not stands(chosen, chosen.shape[0], kept[i, k.SHOP_ID]):
            kept[count] = kept[i]
            count += 1
    taken = 0
    for i in range(size):
        if taken < chosen.shape[0] and i == FIRST_SLOT + ONE_IN * taken:
            found[i] = chosen[taken]
            found[i, k.TRIED] = found[i - 1, k.SCORE] - found[i, k.SCORE]
            found[i, k.SCORE] = found[i - 1, k.SCORE]
            taken += 1
        else:
            found[i] = kept[i - taken]
    return size


@compiled
def try_new(box: Box, base_now: Moment, delta_now: Moment, ask: Ask, found: np.ndarray, size: int, count: int) -> int:
    """Fill the kept slots of a list of `count` places, found[:size], best first; return its size.

    A list that is not full holds everything there is, so there is nothing to be tried.
    """
    if ask.tries == 0 or size < count or box.base.new_row.shape[0] + box.delta.new_row.shape[0] == 0:
        return size
    rows, lots = collect(box, base_now, delta_now, ask, found, count - ask.tries)
    if rows.shape[0] == 0:
        return size
    return put_new(found, count, rows[draw(box, ask, rows, lots)])
