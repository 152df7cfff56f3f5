"""One whole state of the index: a base, a delta over it, and how both are asked (discovery.md, sections 3 and 7)."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import Moment, Query, look_at_clock, make_tables, open_until, read_query
from bacao.discovery.index.boxes import Box
from bacao.discovery.index.columns import CELL_DM, EXACT_NEEDED, REACH_CELLS, SHUT, UNKNOWN, Frame, Part, rows_of
from bacao.discovery.index.forms import make_forms
from bacao.discovery.index.fragments import Fragments
from bacao.discovery.index.kernel import hold, search_held
from bacao.discovery.index.paper import Paper, lay
from bacao.discovery.index.survey import UNTOLD, WANTED, survey_held
from bacao.discovery.index.trying import BASE as LOT_BASE
from bacao.discovery.index.trying import LOT, LOT_ID, collect, draw, put_new
from bacao.discovery.index.twin import in_order, search_numpy, try_numpy, weigh_rows
from bacao.discovery.rules.exploration import Lot
from bacao.kit.compiling import HAS_NUMBA

MINUTES_KEPT = 64
NONE_GONE = np.empty(0, np.uint8)
NONE_GONE.flags.writeable = False

make_tables_once = cache(make_tables)
make_forms_once = cache(make_forms)


class Hit(NamedTuple):
    """One place of an answer. Distances in decimetres, amounts in minor units; `terms` add up to `score`.

    `own` = quality and arrivals together. `closes` = minute since 1970 (UTC) at which it closes, None where it is shut
    or nobody told. `how` = prices.USUAL, BILL or BASKET; `paid_minor` = what of the price the viewer
    paid before; `listed_minor` = what `heads` people pay without any offer;
    `is_exact` says whether the price is the lowest there is.
    """

    shop_id: int
    score: int
    terms: dict[str, int]
    distance_dm: int
    per_head_minor: int
    payable_minor: int
    how: int
    listed_minor: int
    heads: int
    is_open: bool
    hours_known: bool
    closes: int | None
    is_exact: bool
    paid_minor: int


class Survey(NamedTuple):
    """What is in a circle: `total` places that would be listed, `untold` left out for want of hours, the nearest."""

    total: int
    untold: int
    nearest: Hit | None


@dataclass(frozen=True, slots=True)
class View:
    """A base, a delta, and the bitmap of base rows that the delta replaces; `most` = their highest bounds.

    `doubtful` = ids of the shops whose price may be lower than the index can tell; `paper` = what is said of the shops,
    where that was written (`writing` needs it, searching does not); `posterior` = version of what new places draw from.

    Nothing of it ever changes. Make one by `make_view`.
    """

    frame: Frame
    base: Part
    delta: Part
    gone: np.ndarray
    most: tuple[int, int]
    held: Box | None
    number: tuple[int, int] = (0, 0)
    doubtful: tuple[int, ...] = ()
    paper: Paper | None = None
    posterior: int = 0
    base_moments: "OrderedDict[int, Moment]" = field(default_factory=OrderedDict, compare=False)
    _delta_moments: "OrderedDict[int, Moment]" = field(default_factory=OrderedDict, compare=False)

    def covers(self, latitude: float, longitude: float, radius_m: int) -> bool:
        """Return whether a circle lies within what the index can hold: 100 km each way around the city's origin."""
        east, north = self.frame.locate(latitude, longitude)
        return bool(max(abs(east), abs(north)) + radius_m * 10 < REACH_CELLS * CELL_DM)

    def moments(self, minute: int) -> tuple[Moment, Moment]:
        """Return what a minute means in base and delta; those of the last few minutes asked for are kept (DS4)."""
        return _moment(self.base, self.base_moments, minute), _moment(self.delta, self._delta_moments, minute)

    def find(self, query: Query, counts: np.ndarray | None = None) -> np.ndarray:
        """Return the best places as numbers (kernel.COLUMNS), best first, by the kernel or its twin.

        :raises Unanswerable: a minute out of the horizon, or a name that the index does not know
        """
        if self.held is None:
            return self.find_numpy(query)
        ask, (now, delta_now) = read_query(query, self.frame), self.moments(query.minute)
        heap = np.empty((query.count + 1, k.COLUMNS), np.int64)
        counts = np.zeros(2, np.int64) if counts is None else counts
        size = search_held(self.held, now, self.most[0], delta_now, self.most[1], ask, heap, counts)
        return self.try_new(query, in_order(heap[:size]))[0]

    def find_numpy(self, query: Query) -> np.ndarray:
        """Return the same from NumPy."""
        everything = self._all_numpy(query)
        return try_numpy(self.base, self.delta, read_query(query, self.frame), everything, query.count)

    def try_new(self, query: Query, found: np.ndarray, known: Collection[int] = ()) -> tuple[np.ndarray, Lot | None]:
        """Fill the slots that a query's list keeps for new places, as `find` does; return the draw that did it, too.

        `found` = the list without that, best first, `query.count` or more entries where there are as many; `known`
        = shops that need not be tried: the viewer bought there before.
        """
        if query.seed is None or len(found) < query.count:
            return found[: query.count], None
        ask, (now, delta_now) = read_query(query, self.frame), self.moments(query.minute)
        box = self.held or hold(self.base, self.gone, self.delta, NONE_GONE, make_tables_once())
        found = np.ascontiguousarray(found[: query.count])
        rows, lots = collect(box, now, delta_now, ask, found, query.count - ask.tries)
        if known:
            fresh = ~np.isin(rows[:, k.SHOP_ID], list(known))
            rows, lots = rows[fresh], lots[fresh]
        put_new(found, len(found), rows[draw(box, ask, rows, lots)])
        return found, self._lot(query.seed, rows, lots) if len(rows) else None

    def _lot(self, seed: int, rows: np.ndarray, lots: np.ndarray) -> Lot:
        parts = (self.base, self.delta)
        drawn_from = zip(rows[:, k.PART].tolist(), lots[:, LOT].tolist(), strict=True)
        draws = [parts[part].lots[lot] for part, lot in drawn_from]
        return Lot(self.posterior, seed, lots[:, LOT_ID], lots[:, LOT_BASE], np.array(draws))

    def search(self, query: Query) -> list[Hit]:
        """Return the best places with their terms. :raises Unanswerable: see `find`"""
        return [self.hit(row, query.minute) for row in self.find(query).tolist()]

    def survey(self, query: Query) -> Survey:
        """Look at the whole circle of a query. :raises Unanswerable: see `find`"""
        ask, (now, delta_now) = read_query(query, self.frame), self.moments(query.minute)
        nearest, counts = np.zeros(k.COLUMNS, np.int64), np.zeros(2, np.int64)
        if self.held is None:
            return self._survey_numpy(query)
        survey_held(self.held, now, delta_now, ask, nearest, counts)
        hit = self.hit(nearest.tolist(), query.minute) if counts[WANTED] else None
        return Survey(int(counts[WANTED]), int(counts[UNTOLD]), hit)

    def _survey_numpy(self, query: Query) -> Survey:
        found = self._all_numpy(query)
        by_distance = found[np.lexsort((found[:, k.SHOP_ID], found[:, k.DISTANCE]))]
        untold = 0
        if query.open_now:
            everybody = self._all_numpy(replace(query, open_now=False, budget_minor=None))
            untold = int((everybody[:, k.HOURS] == UNKNOWN).sum())
        nearest = self.hit(by_distance[0].tolist(), query.minute) if len(found) else None
        return Survey(len(found), untold, nearest)

    def weigh(self, query: Query, shop_ids: Iterable[int]) -> np.ndarray:
        """Return those of some shops that answer a query, as `find` does, best first."""
        ask, (now, delta_now), tables = read_query(query, self.frame), self.moments(query.minute), make_tables_once()
        ids = list(shop_ids)
        fresh = weigh_rows(self.delta, NONE_GONE, delta_now, ask, tables, rows_of(self.delta, ids))
        fresh[:, k.PART] = 1
        return in_order(
            np.concatenate([weigh_rows(self.base, self.gone, now, ask, tables, rows_of(self.base, ids)), fresh])
        )

    def weigh_doubtful(self, query: Query) -> np.ndarray:
        """Return the shops that answer a query and whose price may be lower than the index can tell, as `weigh`."""
        return self.weigh(query, self.doubtful) if self.doubtful else np.zeros((0, k.COLUMNS), np.int64)

    def _all_numpy(self, query: Query) -> np.ndarray:
        ask, (now, delta_now), tables = read_query(query, self.frame), self.moments(query.minute), make_tables_once()
        replaced = search_numpy(self.delta, NONE_GONE, delta_now, ask, tables)
        replaced[:, k.PART] = 1
        return in_order(np.concatenate([search_numpy(self.base, self.gone, now, ask, tables), replaced]))

    def hit(self, row: list[int], minute: int) -> Hit:
        """Return a row of numbers as a hit."""
        part = self.delta if row[k.PART] else self.base
        terms = {"distance": k.NEAR, "own": k.OWN, "value": k.VALUE, "time_left": k.TIME, "fit": k.FIT,
                 "exploration": k.TRIED}  # fmt: skip
        return Hit(
            row[k.SHOP_ID], row[k.SCORE], {name: row[column] for name, column in terms.items()}, row[k.DISTANCE],
            row[k.PER_HEAD], row[k.PAYABLE], row[k.HOW], row[k.LISTED], row[k.HEADS],
            row[k.HOURS] not in (SHUT, UNKNOWN), row[k.HOURS] != UNKNOWN,
            open_until(part, row[k.ROW], minute), bool(row[k.EXACT] or not part.flags[row[k.ROW]] & EXACT_NEEDED),
            row[k.PAID],
        )  # fmt: skip


def make_view(
    frame: Frame, base: Part, delta: Part, gone: np.ndarray = NONE_GONE, number: tuple[int, int] = (0, 0),
    said: tuple[Fragments, Fragments] | None = None, posterior: int = 0,
) -> View:  # fmt: skip
    """Return a state of the index. `gone` = a bit for each base row that no longer counts, or nothing."""
    held = hold(base, gone, delta, NONE_GONE, make_tables_once()) if HAS_NUMBA else None
    doubtful = (*_doubtful(base), *_doubtful(delta))
    paper = lay(*said, make_forms_once()) if said else None
    return View(frame, base, delta, gone, (_most(base), _most(delta)), held, number, doubtful, paper, posterior)


def _doubtful(part: Part) -> list[int]:
    return list(part.shop_id[np.flatnonzero(part.flags & EXACT_NEEDED)].tolist())


def _moment(part: Part, known: "OrderedDict[int, Moment]", minute: int) -> Moment:
    found = known.get(minute)
    if found is None:
        found = known[minute] = look_at_clock(part, minute)
        while len(known) > MINUTES_KEPT:
            known.popitem(last=False)
    return found


def _most(part: Part) -> int:
    return int(part.bound_points.max(initial=-(2**31)))
