"""The columns of one part of the index: the base, or the delta over it (discovery.md, section 2).

A part is a tuple of plain arrays. Most columns have one entry a shop; the others are tables that shops share.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from bacao.kit.bulk import Texts, no_texts
from bacao.kit.geo import EARTH_RADIUS_M
from bacao.offers.rules import EVERYONE, Audience

FORMAT = 4
CELL_DM = 2_500  # 250 m
REACH_CELLS = 400  # 100 km each way around the city's origin; what lies farther is another city's
DM_PER_DEGREE = EARTH_RADIUS_M * np.pi / 180 * 10
PARTY_MAX = 20
SMALL_TABLE = 2  # who comes alone may bring somebody: packages for two are for them, too
KEYS_MAX = 6
UNITS_UNLIMITED = 65_535
SELECTED, EXACT_NEEDED = 1, 2  # flags
SHUT, UNKNOWN = 0, 255  # codes of `hours_now`; between them minutes left + 1


class Part(NamedTuple):
    """One part. Rows are sorted by cell, then falling bound, then shop id, so a cell is a slice, its best row first.

    `grid` = first column, first row, width, height of the cells · `cell_start` = first row of each cell, row-major.
    A shop's `plan` says which keys its offers ask for, in which window pattern they stand, and its deals: one for
    each state of that pattern and each entitlement class. A deal is a price curve and a list of baskets (packages).
    """

    x_dm: np.ndarray  # int32, east of the origin
    y_dm: np.ndarray  # int32, north of it
    shop_id: np.ndarray  # int64
    category: np.ndarray  # uint16, place in Frame.categories
    tags: np.ndarray  # int64, bits of Frame.tags
    flags: np.ndarray  # uint16
    hours_id: np.ndarray  # int32, 0 = nobody told
    usual_minor: np.ndarray  # int32, a head, 0 = not known
    own_points: np.ndarray  # int32, of terms that depend on the shop alone
    bound_points: np.ndarray  # int32, most that all terms but distance and fit can reach
    plan: np.ndarray  # int32
    grid: np.ndarray  # int64[4]
    cell_start: np.ndarray  # int32[cells + 1]
    by_id: np.ndarray  # int32, rows in order of shop id
    median_minor: np.ndarray  # int64[categories], 0 = not known
    plan_first: np.ndarray  # int32, first of its deals in plan_deal
    plan_window: np.ndarray  # int32
    plan_keys: np.ndarray  # uint16, row of `keys`
    plan_deal: np.ndarray  # int32
    keys: np.ndarray  # uint16[n, 6], places in Frame.keys + 1, 0 = none
    deal_curve: np.ndarray  # int32
    deal_baskets: np.ndarray  # int32
    curve_ptr: np.ndarray  # int32[curves + 1]
    run_from_minor: np.ndarray  # int32
    run_chain: np.ndarray  # int32
    chain_ptr: np.ndarray  # int32[chains + 1]
    steps: np.ndarray  # int32[n, 3], as in offers.rules.curve
    baskets_ptr: np.ndarray  # int32[lists + 1]
    basket_price_minor: np.ndarray  # int32, of one unit
    basket_list_minor: np.ndarray  # int32, what one unit is worth at list price
    basket_party: np.ndarray  # uint8, people a unit is for
    basket_units: np.ndarray  # uint16, most units that can be had
    hours_ptr: np.ndarray  # int32[patterns + 1]
    hours_open: np.ndarray  # int32, minutes since 1970, UTC
    hours_close: np.ndarray  # int32
    window_ptr: np.ndarray  # int32[window patterns + 1]
    window_edge: np.ndarray  # int32, minutes: from here on ...
    window_state: np.ndarray  # uint8, ... this state holds
    new_row: np.ndarray  # int32, rising: rows of the new places being tried
    new_lot: np.ndarray  # int32, which row of `lots` each of them draws from
    lots: np.ndarray  # int16[n, LEVELS], points by outcome (rules.exploration)
    horizon: np.ndarray  # int64[2], first minute known and the one after the last

    @property
    def nbytes(self) -> int:
        """Return how many bytes all columns take."""
        return sum(column.nbytes for column in self)


def frozen(part: Part) -> Part:
    """Return a part whose arrays are read-only, as mapped files are: another type would be compiled again."""
    columns = [np.ascontiguousarray(column) for column in part]
    for column in columns:
        column.flags.writeable = False
    return Part(*columns)


def rows_of(part: Part, shop_ids: Iterable[int]) -> np.ndarray:
    """Return the rows of some shops, those that the part does not hold left out."""
    ids = np.array(sorted(shop_ids), np.int64)
    at = np.searchsorted(part.shop_id, ids, sorter=part.by_id)
    rows = part.by_id[at[at < len(part.by_id)]]
    return np.asarray(rows[part.shop_id[rows] == ids[at < len(part.by_id)]])


@dataclass(frozen=True, slots=True)
class Frame:
    """What a base and its deltas have in common: the origin in degrees, and the names behind the numbers."""

    latitude: float
    longitude: float
    categories: tuple[tuple[str, str], ...] = ()  # code and its branch ("" for a branch)
    medians: tuple[int, ...] = ()  # usual amount a head by category, 0 = not known
    tags: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Return the hash of a few numbers: a frame is looked up at every question, and its names are many."""
        return hash((self.latitude, self.longitude, len(self.categories), len(self.tags), len(self.keys)))

    def project(self, latitude: Any, longitude: Any) -> tuple[Any, Any]:
        """Return positions (numbers or arrays of them) as whole decimetres east and north of the origin."""
        east, north = self._from_origin(latitude, longitude)
        return np.int64(np.rint(east)), np.int64(np.rint(north))

    def locate(self, latitude: float, longitude: float) -> tuple[int, int]:
        """Return the same of one position."""
        east, north = self._from_origin(latitude, longitude)
        return round(east), round(north)

    def _from_origin(self, latitude: Any, longitude: Any) -> tuple[Any, Any]:
        east = (longitude - self.longitude) * _dm_per_degree_east(self.latitude)
        return east, (latitude - self.latitude) * DM_PER_DEGREE


@cache
def _dm_per_degree_east(latitude: float) -> float:
    return float(DM_PER_DEGREE * np.cos(np.radians(latitude)))


SHOP = np.dtype(
    [
        ("shop_id", "i8"), ("latitude", "f8"), ("longitude", "f8"), ("category", "i4"), ("tags", "i8"),
        ("selected", "i4"), ("hours", "i8"), ("usual_minor", "i4"), ("reviews", "i4"), ("stars", "i4"),
        ("arrivals", "i4"), ("trial", "i4"), ("trial_arrivals", "i4"), ("trial_examined", "i4"),
    ]
)  # fmt: skip
"""A shop as it is read: `hours` = number of its opening pattern, 0 for none; `stars` in hundredths, -1 for none;
`trial` = NOT_NEW, NEW or OWED; its draws come from how many arrived and how many hundredths of a look it had."""
NOT_NEW, NEW, OWED = range(3)

OFFER = np.dtype(
    [
        ("offer_id", "i8"), ("shop_id", "i8"), ("order", "i8"), ("op", "i4"), ("rate", "i4"), ("second", "i4"),
        ("threshold", "i4"), ("party", "i4"), ("units", "i4"), ("audience", "i4"), ("window", "i4"),
        ("stands_alone", "i4"), ("group", "i4"), ("stacking", "i4"), ("doubtful", "i4"),
    ]
)  # fmt: skip
"""One way to use an offer, as it is read: a row of offers.rules.steps, or a PACKAGE with its price in `rate` and its
list price in `second`. `order` = place in the order of calculation, its layer above bit LAYER_BIT; rows of one offer
never stand together, nor do offers of one `group` (0 = none). `audience`, `window` and `stacking` = places in the lists
of Raw. A `doubtful` one is left out of every price, and its shop is marked EXACT_NEEDED."""
PACKAGE = 4
LAYER_BIT = 40

Spans = tuple[tuple[int, int], ...]
Stacking = tuple[frozenset[str], frozenset[str]]
NO_STACKING: Stacking = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Raw:
    """Rows as they are read, not yet in columns. `hours` and `windows` are half-open spans in minutes since 1970, UTC.

    `windows[0]` stands for always, `stackings[0]` for an offer with no tags, which accepts none, `audiences[0]` for
    everyone. `texts` = what is said of each shop, the inside of a JSON object.
    """

    shops: np.ndarray
    offers: np.ndarray
    hours: dict[int, Spans]
    windows: tuple[Spans, ...]
    stackings: tuple[Stacking, ...]
    horizon: tuple[int, int]
    texts: Texts = field(default_factory=no_texts)
    audiences: tuple[Audience, ...] = (EVERYONE,)
    keys: tuple[str, ...] = ()

    @property
    def key_numbers(self) -> dict[str, int]:
        """Return the number of each key that an audience may name: its place in Frame.keys + 1."""
        return {key: number for number, key in enumerate(self.keys, 1)}
