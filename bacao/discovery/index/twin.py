"""The same search in NumPy: no heap, no bounds, no cells (DS17). The judge of the kernel, and its stand-in.

It shares the columns and the rules of `discovery.rules` with the kernel, and none of its code.
"""

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import NO_BUDGET, Ask, Moment, Tables
from bacao.discovery.index.columns import CELL_DM, KEYS_MAX, SHUT, UNKNOWN, Part
from bacao.discovery.rules.exploration import NEAR_STEP_M, level_of, slots_of
from bacao.discovery.rules.score import (
    DISTANCE_MAX_M,
    DISTANCE_STEP_M,
    VALUE_PERMILLE_MAX,
    VALUE_PERMILLE_MIN,
    distance_points,
)
from bacao.offers.rules.curve import BILL_MAX_MINOR
from bacao.offers.rules.stacking import APPLIED_MAX
from bacao.offers.rules.steps import CASH, FIXED, PERCENT


def search_numpy(part: Part, gone: np.ndarray, now: Moment, ask: Ask, tables: Tables) -> np.ndarray:
    """Return everything that is wanted in one part, best first; columns as in the kernel's answer."""
    return weigh_rows(part, gone, now, ask, tables, _rows_around(part, ask))


def weigh_rows(part: Part, gone: np.ndarray, now: Moment, ask: Ask, tables: Tables, rows: np.ndarray) -> np.ndarray:
    """Return what is wanted among some rows, best first."""
    dx, dy = part.x_dm[rows].astype(np.int64) - ask.x, part.y_dm[rows].astype(np.int64) - ask.y
    squared = dx * dx + dy * dy
    code = now.hours[part.hours_id[rows]]
    keep = (squared <= ask.radius**2) & (ask.wanted[part.category[rows]] != 0) & ~_gone(gone, rows)
    keep &= part.tags[rows] & ask.tags == ask.tags
    if ask.open_only:
        keep &= (code != SHUT) & (code != UNKNOWN)
    rows, code, far = rows[keep], code[keep], np.sqrt(squared[keep].astype(np.float64)).astype(np.int64)
    per_head, payable, how, listed, heads = _prices(part, rows, code, now, ask)
    affordable = per_head <= ask.budget
    if ask.budget < NO_BUDGET:
        affordable &= (part.usual_minor[rows] > 0) | (how != 0)
    found = np.zeros((len(rows), k.COLUMNS), np.int64)
    found[:, k.SHOP_ID], found[:, k.ROW], found[:, k.DISTANCE] = part.shop_id[rows], rows, far
    found[:, k.PER_HEAD], found[:, k.PAYABLE], found[:, k.HOW], found[:, k.HOURS] = per_head, payable, how, code
    found[:, k.LISTED], found[:, k.HEADS] = listed, heads
    found[:, k.NEAR] = tables.distance[np.minimum(far // 10, DISTANCE_MAX_M) // DISTANCE_STEP_M]
    found[:, k.OWN], found[:, k.TIME] = part.own_points[rows], tables.hours[code]
    found[:, k.VALUE] = _values(per_head, part.median_minor[part.category[rows]], tables)
    fit = dict(zip(ask.fit_ids.tolist(), ask.fit_points.tolist(), strict=True))
    found[:, k.FIT] = [fit.get(shop_id, 0) for shop_id in part.shop_id[rows].tolist()] if fit else 0
    found[:, k.SCORE] = found[:, [k.NEAR, k.OWN, k.VALUE, k.TIME, k.FIT]].sum(axis=1)
    return in_order(found[affordable])


def try_numpy(base: Part, delta: Part, ask: Ask, everything: np.ndarray, count: int) -> np.ndarray:
    """Return the first `count` of a circle's places, best first, with new ones drawn into the slots kept for them."""
    if ask.tries == 0 or len(everything) < count:
        return everything[:count]
    draws = {}
    for number, part in enumerate((base, delta)):
        for row, lot in zip(part.new_row.tolist(), part.new_lot.tolist(), strict=True):
            draws[number, row] = part.lots[lot]
    drawn = []
    for row in everything[count - ask.tries :].tolist():
        points = draws.get((row[k.PART], row[k.ROW]))
        if points is not None and row[k.HOURS] not in (SHUT, UNKNOWN):
            step = row[k.DISTANCE] // 10 // NEAR_STEP_M * NEAR_STEP_M
            level = level_of(ask.seed, row[k.SHOP_ID])
            drawn.append((row[k.SCORE] - row[k.NEAR] + distance_points(step) + int(points[level]), row))
    drawn.sort(key=lambda one: (-one[0], one[1][k.SHOP_ID]))
    chosen = [row for _, row in drawn[: ask.tries]]
    ids = {row[k.SHOP_ID] for row in chosen}
    listed = [row for row in everything.tolist() if row[k.SHOP_ID] not in ids][: count - len(chosen)]
    for slot, row in zip(slots_of(count), chosen, strict=False):
        row[k.TRIED], row[k.SCORE] = listed[slot - 1][k.SCORE] - row[k.SCORE], listed[slot - 1][k.SCORE]
        listed.insert(slot, row)
    return np.array(listed, np.int64)


def in_order(found: np.ndarray) -> np.ndarray:
    """Return answers best first, ties by shop id."""
    return np.asarray(found[np.lexsort((found[:, k.SHOP_ID], -found[:, k.SCORE]))])


def _rows_around(part: Part, ask: Ask) -> np.ndarray:
    """Return every row in the grid rows and columns that a circle touches."""
    left, bottom, width, height = part.grid.tolist()
    first, last = (max((ask.x + s * ask.radius) // CELL_DM - left, 0) for s in (-1, 1))
    last = min(last, width - 1)
    low, high = (ask.y - ask.radius) // CELL_DM - bottom, (ask.y + ask.radius) // CELL_DM - bottom
    if first > last:
        return np.empty(0, np.int64)
    starts = [(r * width + first, r * width + last + 1) for r in range(max(low, 0), min(high, height - 1) + 1)]
    slices = [np.arange(part.cell_start[a], part.cell_start[b]) for a, b in starts]
    return np.concatenate(slices) if slices else np.empty(0, np.int64)


def _gone(gone: np.ndarray, rows: np.ndarray) -> np.ndarray:
    if not len(gone):
        return np.zeros(len(rows), bool)
    return np.asarray(gone[rows >> 3] >> (rows & 7).astype(np.uint8) & 1, bool)


def _prices(
    part: Part, rows: np.ndarray, code: np.ndarray, now: Moment, ask: Ask
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what a head pays, what all pay, how (prices.USUAL, BILL, BASKET), the list price, for how many people."""
    plan = part.plan[rows].astype(np.int64)
    keys = part.keys[part.plan_keys[plan]].astype(np.int64)
    bits = (ask.held[keys] * (1 << np.arange(KEYS_MAX)) * (keys != 0)).sum(axis=1)
    variant = now.states[part.plan_window[plan]].astype(np.int64) * (1 << (keys != 0).sum(axis=1)) + bits
    deal = np.where(code == SHUT, 0, part.plan_deal[part.plan_first[plan] + variant])
    usual = part.usual_minor[rows].astype(np.int64)
    bill = usual * ask.party
    payable = _costs(part, part.deal_curve[deal].astype(np.int64), bill)
    per_head, how = -(-payable // ask.party), np.where(payable < bill, 1, 0)
    listed, heads, lists = bill.copy(), np.full(len(rows), ask.party, np.int64), part.deal_baskets[deal]
    first, count = part.baskets_ptr[lists], np.diff(part.baskets_ptr)[lists]
    for j in range(count.max(initial=0)):
        some = np.flatnonzero(j < count)
        b = first[some] + j
        size = part.basket_party[b].astype(np.int64)
        units = -(-ask.party // size)
        price = part.basket_price_minor[b] * units
        each = -(-price // np.maximum(size, ask.party))
        takes = (size <= ask.table) & (units <= part.basket_units[b])
        takes &= ((usual[some] == 0) & (how[some] == 0)) | (each < per_head[some])
        taken = some[takes]
        per_head[taken], payable[taken], how[taken] = each[takes], price[takes], 2
        listed[taken] = (part.basket_list_minor[b] * units)[takes]
        heads[taken] = np.maximum(size, ask.party)[takes]
    return per_head, payable, how, listed, heads


def _costs(part: Part, curve: np.ndarray, bill: np.ndarray) -> np.ndarray:
    """Return what each bill costs on its curve."""
    of_run = np.repeat(np.arange(len(part.curve_ptr) - 1), np.diff(part.curve_ptr))
    run = np.searchsorted(of_run << 32 | part.run_from_minor, curve << 32 | np.minimum(bill, 2**32 - 1), "right") - 1
    chain = part.run_chain[run]
    running, left = bill.copy(), bill.copy()
    for s in range(APPLIED_MAX):
        at = np.minimum(part.chain_ptr[chain] + s, max(len(part.steps) - 1, 0))
        there = part.chain_ptr[chain] + s < part.chain_ptr[chain + 1]
        op, rate, second = part.steps[at].astype(np.int64).T if len(part.steps) else np.zeros((3, len(run)), int)
        part_off = np.where(op == PERCENT, running * rate // 10000, np.maximum(running - rate, 0))
        part_off = np.minimum(part_off, np.where(second < 0, 2**40, second))
        off = np.minimum(np.where((op == FIXED) | (op == CASH), rate, part_off), left)
        gain = np.where(op == CASH, np.maximum(off - second, 0), off)
        running = np.where(there, running - gain, running)
        left = np.where(there & (gain > 0), left - off, left)
    return np.where(bill > BILL_MAX_MINOR, bill, running)


def _values(per_head: np.ndarray, median: np.ndarray, tables: Tables) -> np.ndarray:
    permille = median * 1000 // np.maximum(per_head, 1)
    slot = np.clip(permille, VALUE_PERMILLE_MIN, VALUE_PERMILLE_MAX) - VALUE_PERMILLE_MIN
    return np.where((per_head > 0) & (median > 0), tables.value[slot], 0)
