"""A question to the index, in the index's own numbers; and what is known of a part at one minute (DS4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bacao.discovery.index.columns import CELL_DM, PARTY_MAX, SHUT, SMALL_TABLE, UNKNOWN, Frame, Part
from bacao.discovery.rules.exploration import slots_of
from bacao.discovery.rules.score import CLOSING_POINTS, CLOSING_SOON_MINUTES, DISTANCE_POINTS, VALUE_POINTS, WEIGHTS

RADIUS_MAX_M = 10_000
RESULTS_MAX = 200
NO_BUDGET = 2**40
RING_COLUMNS = 3  # row offset, column offset, how far the cells are apart at least, decimetres


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody asks: where, when (minutes since 1970, UTC), for how many, and what a place must be.

    `category` = code of a leaf or a branch, `tags` = all of these, `keys` = entitlements the viewer holds,
    `budget_minor` = most a head pays, `fit` = points of the viewer's own terms by shop id, `count` = how many answers,
    `seed` = what the slots kept for new places are drawn by; None = none are kept.
    """

    latitude: float
    longitude: float
    radius_m: int
    minute: int
    party: int = 1
    category: str | None = None
    tags: frozenset[str] = frozenset()
    budget_minor: int | None = None
    open_now: bool = True
    keys: frozenset[str] = frozenset()
    count: int = 20
    fit: dict[int, int] = field(default_factory=dict)
    seed: int | None = None


class Ask(NamedTuple):
    """A query as the kernel takes it. `wanted` by category, `held` by key (0 = none), `fit_ids` rising."""

    x: int
    y: int
    radius: int
    party: int
    table: int
    tags: int
    budget: int
    open_only: int
    fit_most: int
    wanted: np.ndarray
    held: np.ndarray
    fit_ids: np.ndarray
    fit_points: np.ndarray
    seed: int
    tries: int


class Moment(NamedTuple):
    """What one minute means in a part: the code of each opening pattern, the state of each window pattern."""

    hours: np.ndarray
    states: np.ndarray


class Tables(NamedTuple):
    """Points by slot (rules.score) and by code of hours, and the order in which cells are visited."""

    distance: np.ndarray
    value: np.ndarray
    hours: np.ndarray
    rings: np.ndarray


class Unanswerable(LookupError):
    """The index does not know what is asked about: a minute out of its horizon, or a name that is new to it."""


def read_query(query: Query, frame: Frame) -> Ask:
    """Return a query in the index's numbers. :raises Unanswerable: it names a category or a tag nobody has"""
    assert 1 <= query.party <= PARTY_MAX and 1 <= query.count <= RESULTS_MAX and 0 < query.radius_m <= RADIUS_MAX_M
    x, y = frame.locate(query.latitude, query.longitude)
    fit_most, fit_ids, fit_points = _fit(query.fit) if query.fit else NO_FIT
    return Ask(
        x=x, y=y, radius=query.radius_m * 10, party=query.party, table=max(query.party, SMALL_TABLE),
        tags=_bits(frame, query.tags), budget=NO_BUDGET if query.budget_minor is None else query.budget_minor,
        open_only=int(query.open_now), fit_most=fit_most, wanted=_wanted(frame, query.category),
        held=_held(frame, query.keys), fit_ids=fit_ids, fit_points=fit_points,
        seed=query.seed or 0, tries=0 if query.seed is None else len(slots_of(query.count)),
    )  # fmt: skip


def _fit(fit: dict[int, int]) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the most points, the shops' ids, rising, and their points."""
    ids = np.array(sorted(fit), np.int64)
    return max(0, *fit.values()), ids, np.array([fit[shop_id] for shop_id in ids.tolist()], np.int64)


NO_FIT = (0, np.zeros(0, np.int64), np.zeros(0, np.int64))


@lru_cache(maxsize=512)
def _bits(frame: Frame, tags: frozenset[str]) -> int:
    if not tags <= set(frame.tags):
        raise Unanswerable(f"tags {sorted(tags - set(frame.tags))}")
    return sum(1 << frame.tags.index(tag) for tag in tags)


@lru_cache(maxsize=512)
def _wanted(frame: Frame, category: str | None) -> np.ndarray:
    """Return which categories count: all, or a leaf, or a branch with its leaves."""
    wanted = np.array([category in (None, code, branch) for code, branch in frame.categories], np.uint8)
    if category is not None and not wanted.any():
        raise Unanswerable(f"category {category}")
    return wanted


@lru_cache(maxsize=512)
def _held(frame: Frame, keys: frozenset[str]) -> np.ndarray:
    return np.array([0, *(key in keys for key in frame.keys)], np.uint8)


def look_at_clock(part: Part, minute: int) -> Moment:
    """Return what a minute means in a part. :raises Unanswerable: the minute is out of its horizon"""
    first, end = part.horizon.tolist()
    if not first <= minute < end:
        raise Unanswerable(f"minute {minute} is not from {first} to {end}")
    hours = np.full(len(part.hours_ptr) - 1, SHUT, np.uint8)
    running = np.flatnonzero((part.hours_open <= minute) & (minute < part.hours_close))
    left = np.minimum(part.hours_close[running] - minute, CLOSING_SOON_MINUTES) + 1
    pattern = np.searchsorted(part.hours_ptr, running, side="right") - 1
    np.maximum.at(hours, pattern, left.astype(np.uint8))
    hours[:1] = UNKNOWN
    before = np.concatenate([[0], np.cumsum(part.window_edge <= minute)])[part.window_ptr[1:]]
    begun = before - np.concatenate([[0], np.cumsum(part.window_edge <= minute)])[part.window_ptr[:-1]]
    return Moment(hours, part.window_state[part.window_ptr[:-1] + begun - 1])


def open_until(part: Part, row: int, minute: int) -> int | None:
    """Return the minute at which a shop closes that is open, else None."""
    pattern = part.hours_id[row]
    spans = slice(part.hours_ptr[pattern], part.hours_ptr[pattern + 1])
    now = (part.hours_open[spans] <= minute) & (minute < part.hours_close[spans])
    return int(part.hours_close[spans][now].max()) if now.any() else None


def make_tables() -> Tables:
    """Return the tables of points, read-only like everything the kernel sees."""
    by_code = np.zeros(256, np.int64)
    by_code[1 : CLOSING_SOON_MINUTES + 2] = CLOSING_POINTS
    by_code[SHUT] = -WEIGHTS["closed"]
    tables = Tables(np.array(DISTANCE_POINTS, np.int64), np.array(VALUE_POINTS, np.int64), by_code, _rings())
    for table in tables:
        table.flags.writeable = False
    return tables


def _rings() -> np.ndarray:
    """Return the cells around a cell out to the longest radius, nearest first."""
    steps: Sequence[int] = range(-(RADIUS_MAX_M * 10 // CELL_DM) - 1, RADIUS_MAX_M * 10 // CELL_DM + 2)
    row, column = (side.ravel() for side in np.meshgrid(steps, steps, indexing="ij"))
    apart = [np.maximum(np.abs(side) - 1, 0) * CELL_DM for side in (row, column)]
    least = np.floor(np.hypot(*apart)).astype(np.int64)
    order = np.lexsort((np.abs(row) + np.abs(column), row**2 + column**2, least))
    return np.ascontiguousarray(np.stack([row, column, least], axis=1)[order])
