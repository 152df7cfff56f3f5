"""Looking at a whole circle: how many places are wanted there, and which of them is nearest (U08)."""

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import NO_BUDGET, Ask, Moment, Tables
from bacao.discovery.index.boxes import Box
from bacao.discovery.index.columns import CELL_DM, SHUT, UNKNOWN, Part
from bacao.discovery.index.kernel import is_gone, set_entry, weigh
from bacao.discovery.index.prices import distance_slot
from bacao.kit.compiling import compiled, leaf

WANTED, UNTOLD = 0, 1
"""What is counted: places that would be listed, and those left out only because nobody told their hours."""


@leaf
def survey_rows(
    part: Part, gone: np.ndarray, now: Moment, ask: Ask, tables: Tables, start: int, end: int, nearest: np.ndarray,
    found: np.ndarray, counts: np.ndarray,
) -> None:  # fmt: skip
    """Count what is wanted in one cell; `nearest` keeps the nearest of all cells, the lower id where two are as near.

    A price is worked out only where somebody asks for a highest one, or where a place is the nearest so far.
    """
    for i in range(start, end):
        if not ask.wanted[part.category[i]] or part.tags[i] & ask.tags != ask.tags:
            continue
        dx, dy = part.x_dm[i] - ask.x, part.y_dm[i] - ask.y
        squared = dx * dx + dy * dy
        if squared > ask.radius * ask.radius or is_gone(gone, i):
            continue
        code = now.hours[part.hours_id[i]]
        if ask.open_only and code in (SHUT, UNKNOWN):
            counts[UNTOLD] += code == UNKNOWN
            continue
        far = int(np.sqrt(float(squared)))
        nearer = counts[WANTED] == 0 or far < nearest[k.DISTANCE]
        nearer = nearer or (far == nearest[k.DISTANCE] and part.shop_id[i] < nearest[k.SHOP_ID])
        if nearer or ask.budget < NO_BUDGET:
            found[k.DISTANCE], found[k.NEAR] = far, tables.distance[distance_slot(far // 10)]
            if not weigh(part, now, ask, tables, i, code, found):
                continue
            if nearer:
                set_entry(nearest, found)
        counts[WANTED] += 1


@leaf
def survey_part(
    part: Part, gone: np.ndarray, now: Moment, ask: Ask, tables: Tables, nearest: np.ndarray, found: np.ndarray,
    counts: np.ndarray,
) -> None:  # fmt: skip
    """Count what is wanted in the cells of a part that a circle touches."""
    left, bottom, width, height = part.grid[0], part.grid[1], part.grid[2], part.grid[3]
    first, last = (ask.x - ask.radius) // CELL_DM - left, (ask.x + ask.radius) // CELL_DM - left
    low, high = (ask.y - ask.radius) // CELL_DM - bottom, (ask.y + ask.radius) // CELL_DM - bottom
    first, last = max(first, 0), min(last, width - 1)
    if first > last:
        return
    for row in range(max(low, 0), min(high, height - 1) + 1):
        start, end = part.cell_start[row * width + first], part.cell_start[row * width + last + 1]
        survey_rows(part, gone, now, ask, tables, start, end, nearest, found, counts)


@compiled
def survey_held(
    box: Box, base_now: Moment, delta_now: Moment, ask: Ask, nearest: np.ndarray, counts: np.ndarray
) -> None:  # fmt: skip
    """Survey what `kernel.hold` put together: nearest int64[COLUMNS], counts int64[2]."""
    found = np.zeros(k.COLUMNS, np.int64)
    survey_part(box.base, box.gone, base_now, ask, box.tables, nearest, found, counts)
    found[k.PART] = 1
    survey_part(box.delta, box.none_gone, delta_now, ask, box.tables, nearest, found, counts)
