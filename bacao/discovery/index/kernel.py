"""The search over one part, then over the next with the same heap (discovery.md, sections 3 and 5).

Cells are visited from the centre outwards and rows from the highest bound down, so the k-th best score rises early.
A shop is passed over only where distance points + bound + fit are *strictly* below it: such a shop cannot be in the
answer, whatever its price (docs/algorithms/ranking.md).
"""

import numpy as np

from bacao.discovery.index.asking import NO_BUDGET, Ask, Moment, Tables
from bacao.discovery.index.boxes import Box
from bacao.discovery.index.columns import CELL_DM, KEYS_MAX, SHUT, UNKNOWN, Part
from bacao.discovery.index.prices import best_price, distance_slot, value_of
from bacao.kit.compiling import compiled, leaf

SCORE, SHOP_ID, ROW, PART, DISTANCE, PER_HEAD, PAYABLE, HOW = range(8)
LISTED, HEADS, HOURS, NEAR, OWN, VALUE, TIME, FIT, TRIED, EXACT, PAID = range(8, 19)
"""Columns of an answer; DISTANCE in decimetres, LISTED the price without any offer and HEADS for how many it is, HOURS
the code of its opening pattern, from NEAR to TRIED points by term, EXACT 1 where the price was worked out for the
viewer, PAID what of it the viewer paid before."""
COLUMNS = 19
LOOKED_AT, PRICED = 0, 1
"""What is counted: rows looked at, prices worked out."""


@leaf
def worse(heap: np.ndarray, a: int, b: int) -> bool:
    """Return whether entry a ranks below entry b: a lower score, or the same and a higher id."""
    if heap[a, SCORE] != heap[b, SCORE]:
        return bool(heap[a, SCORE] < heap[b, SCORE])
    return bool(heap[a, SHOP_ID] > heap[b, SHOP_ID])


@leaf
def swap(heap: np.ndarray, a: int, b: int) -> None:
    """Exchange two entries."""
    for c in range(COLUMNS):
        heap[a, c], heap[b, c] = heap[b, c], heap[a, c]


@leaf
def set_entry(entry: np.ndarray, found: np.ndarray) -> None:
    """Overwrite an entry, number by number: assigning a slice allocates."""
    for c in range(COLUMNS):
        entry[c] = found[c]


@leaf
def keep(heap: np.ndarray, size: int, found: np.ndarray) -> int:
    """Put an entry into the heap of the best, whose root is the worst of them; return the heap's size.

    The heap has room for one more than are kept, which is where the newcomer waits.
    """
    room = heap.shape[0] - 1
    place = size if size < room else room
    set_entry(heap[place], found)
    if size < room:
        while place > 0 and worse(heap, place, (place - 1) >> 1):
            swap(heap, place, (place - 1) >> 1)
            place = (place - 1) >> 1
        return size + 1
    if worse(heap, place, 0):
        return size
    set_entry(heap[0], found)
    place = 0
    while True:
        below = 2 * place + 1
        if below >= room:
            return size
        if below + 1 < room and worse(heap, below + 1, below):
            below += 1
        if not worse(heap, below, place):
            return size
        swap(heap, below, place)
        place = below


@leaf
def deal_of(part: Part, i: int, states: np.ndarray, held: np.ndarray) -> int:
    """Return the deal of a shop: that of its windows' state now and of the viewer's entitlement class."""
    plan = part.plan[i]
    row, bits, classes = part.plan_keys[plan], 0, 1
    for j in range(KEYS_MAX):
        key = part.keys[row, j]
        if key:
            classes <<= 1
            if held[key]:
                bits |= 1 << j
    return int(part.plan_deal[part.plan_first[plan] + states[part.plan_window[plan]] * classes + bits])


@leaf
def fit_of(shop_id: int, ask: Ask) -> int:
    """Return the viewer's own points for a shop, by bisection."""
    low, high = 0, ask.fit_ids.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if ask.fit_ids[middle] < shop_id:
            low = middle + 1
        else:
            high = middle
    if low < ask.fit_ids.shape[0] and ask.fit_ids[low] == shop_id:
        return int(ask.fit_points[low])
    return 0


@leaf
def is_gone(gone: np.ndarray, i: int) -> bool:
    """Return whether a bit of the tombstones is set; an empty bitmap has none."""
    return bool(gone.shape[0] > 0 and gone[i >> 3] >> (i & 7) & 1)


@leaf
def weigh(part: Part, now: Moment, ask: Ask, tables: Tables, i: int, code: int, found: np.ndarray) -> bool:
    """Fill in price and points of a shop whose distance is known; return whether it keeps to the budget."""
    usual = int(part.usual_minor[i])
    payable, heads = usual * ask.party, ask.party
    per_head, how, listed = usual, 0, payable
    if code != SHUT:
        deal = deal_of(part, i, now.states, ask.held)
        if deal != 0:
            per_head, payable, how, listed, heads = best_price(part, deal, usual, ask.party, ask.table)
    if per_head > ask.budget or (ask.budget < NO_BUDGET and usual == 0 and how == 0):
        return False
    found[SHOP_ID], found[ROW], found[HOURS] = part.shop_id[i], i, code
    found[PER_HEAD], found[PAYABLE], found[HOW], found[LISTED], found[HEADS] = per_head, payable, how, listed, heads
    found[OWN], found[TIME] = part.own_points[i], tables.hours[code]
    found[VALUE] = value_of(per_head, part.median_minor[part.category[i]], tables.value)
    found[FIT] = fit_of(part.shop_id[i], ask) if ask.fit_most > 0 else 0
    found[SCORE] = found[NEAR] + found[OWN] + found[VALUE] + found[TIME] + found[FIT]
    found[TRIED], found[EXACT], found[PAID] = 0, 0, 0
    return True


@leaf
def search_rows(
    part: Part, gone: np.ndarray, now: Moment, ask: Ask, tables: Tables, start: int, end: int, most_near: int,
    heap: np.ndarray, size: int, found: np.ndarray, counts: np.ndarray,
) -> int:  # fmt: skip
    """Search the rows of one cell; `most_near` = most distance points any of them can have. Return the heap's size."""
    room, reach = heap.shape[0] - 1, ask.radius * ask.radius
    for i in range(start, end):
        most = part.bound_points[i] + ask.fit_most
        if size == room and most_near + most < heap[0, SCORE]:
            return size  # and so are all rows after it
        counts[LOOKED_AT] += 1
        if not ask.wanted[part.category[i]] or part.tags[i] & ask.tags != ask.tags:
            continue
        dx, dy = part.x_dm[i] - ask.x, part.y_dm[i] - ask.y
        squared = dx * dx + dy * dy
        if squared > reach:
            continue
        far = int(np.sqrt(float(squared)))
        near = tables.distance[distance_slot(far // 10)]
        if size == room and near + most < heap[0, SCORE]:
            continue
        code = now.hours[part.hours_id[i]]
        if (ask.open_only and (code in (SHUT, UNKNOWN))) or is_gone(gone, i):
            continue
        counts[PRICED] += 1
        found[DISTANCE], found[NEAR] = far, near
        if weigh(part, now, ask, tables, i, code, found):
            size = keep(heap, size, found)
    return size


@leaf
def search_part(
    part: Part, gone: np.ndarray, now: Moment, ask: Ask, tables: Tables, most_bound: int, heap: np.ndarray, size: int,
    found: np.ndarray, counts: np.ndarray,
) -> int:  # fmt: skip
    """Search the cells of a part from the centre outwards; return the heap's size."""
    left, bottom, width, height = part.grid[0], part.grid[1], part.grid[2], part.grid[3]
    room, reach = heap.shape[0] - 1, ask.radius * ask.radius
    column0, row0 = ask.x // CELL_DM, ask.y // CELL_DM
    for r in range(tables.rings.shape[0]):
        apart = tables.rings[r, 2]
        if apart > ask.radius:
            break
        if size == room and tables.distance[distance_slot(apart // 10)] + most_bound + ask.fit_most < heap[0, SCORE]:
            break
        row, column = row0 + tables.rings[r, 0], column0 + tables.rings[r, 1]
        if not (bottom <= row < bottom + height and left <= column < left + width):
            continue
        cell = (row - bottom) * width + column - left
        start, end = part.cell_start[cell], part.cell_start[cell + 1]
        if start == end:
            continue
        dx = max(column * CELL_DM - ask.x, ask.x - (column + 1) * CELL_DM + 1, 0)
        dy = max(row * CELL_DM - ask.y, ask.y - (row + 1) * CELL_DM + 1, 0)
        squared = dx * dx + dy * dy
        if squared > reach:
            continue
        near = tables.distance[distance_slot(int(np.sqrt(float(squared))) // 10)]
        if size < room or near + part.bound_points[start] + ask.fit_most >= heap[0, SCORE]:
            size = search_rows(part, gone, now, ask, tables, start, end, near, heap, size, found, counts)
    return size


@leaf
def search_parts(
    base: Part, gone: np.ndarray, base_now: Moment, base_most: int, delta: Part, none_gone: np.ndarray,
    delta_now: Moment, delta_most: int, ask: Ask, tables: Tables, heap: np.ndarray, found: np.ndarray,
    counts: np.ndarray,
) -> int:  # fmt: skip
    """Search the base but for its tombstones, then the delta with the same heap; return how many were found.

    heap int64[k + 1, COLUMNS], in no order; base_most and delta_most = highest bound of each part; found int64[COLUMNS]
    is room to work in.
    """
    found[PART] = 0
    size = search_part(base, gone, base_now, ask, tables, base_most, heap, 0, found, counts)
    found[PART] = 1
    return search_part(delta, none_gone, delta_now, ask, tables, delta_most, heap, size, found, counts)


@compiled
def hold(base: Part, gone: np.ndarray, delta: Part, none_gone: np.ndarray, tables: Tables) -> Box:
    """Return all columns of a view as one object, so that a search need not hand over a hundred arrays one by one."""
    return Box(base, gone, delta, none_gone, tables)


@compiled
def search_held(
    box: Box, base_now: Moment, base_most: int, delta_now: Moment, delta_most: int, ask: Ask, heap: np.ndarray,
    counts: np.ndarray,
) -> int:  # fmt: skip
    """Search what `hold` put together; see `search_parts`."""
    return search_parts(
        box.base, box.gone, base_now, base_most, box.delta, box.none_gone, delta_now, delta_most, ask, box.tables,
        heap, np.empty(COLUMNS, np.int64), counts,
    )  # fmt: skip
