"""From rows to columns: a part of the index, sorted by place (discovery.md, sections 2 and 5)."""

from dataclasses import replace

import numpy as np

from bacao.discovery.index.columns import (
    CELL_DM,
    EXACT_NEEDED,
    NOT_NEW,
    OWED,
    PARTY_MAX,
    REACH_CELLS,
    SELECTED,
    SMALL_TABLE,
    Frame,
    Part,
    Raw,
    frozen,
)
from bacao.discovery.index.plans import build_plans
from bacao.discovery.index.prices import best_price, value_of
from bacao.discovery.rules.exploration import LEVELS, draw_points
from bacao.discovery.rules.score import VALUE_POINTS, arrival_points, quality_points
from bacao.kit.compiling import compiled


def build_part(raw: Raw, frame: Frame) -> Part:
    """Return rows as a part of the index. Shops farther than 100 km from the city's origin are left out."""
    east, north = frame.project(raw.shops["latitude"], raw.shops["longitude"])
    reach = REACH_CELLS * CELL_DM
    near = np.flatnonzero((np.abs(east) < reach) & (np.abs(north) < reach))
    grid, cell, cell_start = _grid(east[near], north[near])
    by_cell = np.lexsort((raw.shops["shop_id"][near], cell))  # so what neighbours share is numbered side by side
    near, cell = near[by_cell], cell[by_cell]
    raw = replace(raw, shops=raw.shops[near])
    plans, shops = build_plans(raw), raw.shops
    hours_id, hours = _hours(raw)
    flags = np.where(shops["selected"] != 0, SELECTED, 0) | np.where(plans.exact_needed, EXACT_NEEDED, 0)
    part = Part(
        x_dm=east[near].astype(np.int32), y_dm=north[near].astype(np.int32), shop_id=shops["shop_id"].astype(np.int64),
        category=shops["category"].astype(np.uint16), tags=shops["tags"].astype(np.int64),
        flags=flags.astype(np.uint16), hours_id=hours_id, usual_minor=shops["usual_minor"].astype(np.int32),
        own_points=_own_points(shops), bound_points=np.zeros(len(shops), np.int32), plan=plans.plan, grid=grid,
        cell_start=cell_start, by_id=np.zeros(0, np.int32), median_minor=np.array(frame.medians, np.int64),
        horizon=np.array(raw.horizon, np.int64), **plans.tables, **hours, **_trials(shops[:0]),
    )  # fmt: skip
    bound = bounds(part, np.array(VALUE_POINTS, np.int64))
    order = np.lexsort((part.shop_id, -bound, cell))
    rows = {name: getattr(part, name)[order] for name in Part._fields[: Part._fields.index("grid")]}
    rows["bound_points"] = bound[order].astype(np.int32)
    rows["by_id"] = np.argsort(rows["shop_id"], kind="stable").astype(np.int32)
    return frozen(part._replace(**rows, **_trials(shops[order])))


def _grid(east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the grid around all positions, the cell of each, and how many rows stand before each cell."""
    column, row = east // CELL_DM, north // CELL_DM
    if not len(column):
        return np.zeros(4, np.int64), column, np.zeros(1, np.int32)
    left, bottom = column.min(), row.min()
    width, height = column.max() - left + 1, row.max() - bottom + 1
    cell = (row - bottom) * width + column - left
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=width * height))])
    return np.array([left, bottom, width, height], np.int64), cell, start.astype(np.int32)


def _hours(raw: Raw) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return each shop's row in the table of opening patterns in use, and the table; row 0 = nobody told."""
    used = np.unique(np.concatenate([[0], raw.shops["hours"]]))
    spans = [raw.hours.get(pattern, ()) for pattern in used.tolist()]
    every = [span for some in spans for span in some]
    return np.searchsorted(used, raw.shops["hours"]).astype(np.int32), {
        "hours_ptr": np.concatenate([[0], np.cumsum([len(some) for some in spans])]).astype(np.int32),
        "hours_open": np.array([start for start, _ in every], np.int32),
        "hours_close": np.array([end for _, end in every], np.int32),
    }


def _trials(shops: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rows of new places, and the points that each of them may draw; equal posteriors are kept once."""
    new = np.flatnonzero(shops["trial"] != NOT_NEW)
    names = ["trial", "trial_arrivals", "trial_examined"]
    posteriors, lot = np.unique(np.stack([shops[name][new] for name in names]), axis=1, return_inverse=True)
    points = [draw_points(arrivals, examined, trial == OWED) for trial, arrivals, examined in posteriors.T.tolist()]
    return {
        "new_row": new.astype(np.int32), "new_lot": lot.reshape(-1).astype(np.int32),
        "lots": np.array(points, np.int16).reshape(-1, LEVELS),
    }  # fmt: skip


def _own_points(shops: np.ndarray) -> np.ndarray:
    """Return the points that depend on the shop alone, by the same functions that explain them."""
    code = shops["reviews"].astype(np.int64) << 32 | (shops["stars"].astype(np.int64) + 1)
    codes, inverse = np.unique(code, return_inverse=True)
    quality = [quality_points(c >> 32, stars if (stars := (c & 0xFFFFFFFF) - 1) >= 0 else None) for c in codes.tolist()]
    counts, again = np.unique(shops["arrivals"], return_inverse=True)
    arrivals = [arrival_points(count) for count in counts.tolist()]
    points = np.array(quality, np.int64)[inverse] + np.array(arrivals, np.int64)[again]
    return np.asarray(points.astype(np.int32))


@compiled
def bounds(part: Part, value_points: np.ndarray) -> np.ndarray:
    """Return the most points each shop can reach without distance and fit: every deal, every party is tried (DS5)."""
    result = np.empty(part.shop_id.shape[0], np.int64)
    for i in range(result.shape[0]):
        plan = part.plan[i]
        first = part.plan_first[plan]
        end = part.plan_first[plan + 1] if plan + 1 < part.plan_first.shape[0] else part.plan_deal.shape[0]
        median, usual = int(part.median_minor[part.category[i]]), int(part.usual_minor[i])
        best = value_of(usual, median, value_points)
        for d in range(first, end):
            deal = part.plan_deal[d]
            if deal != 0:
                for party in range(1, PARTY_MAX + 1):
                    per_head = best_price(part, deal, usual, party, max(party, SMALL_TABLE))[0]
                    best = max(best, value_of(per_head, median, value_points))
        result[i] = part.own_points[i] + best
    return result
