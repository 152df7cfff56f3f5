"""Answers from the index, without a database and without Django's objects: numbers for whoever puts them into words.

A public answer depends on the query alone: no key, no taste, no voucher of anybody. A private one is the same search
for what a person holds, with the few prices that are theirs alone laid over it (discovery.md, section 9).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bacao.discovery.rules import Figures
from bacao.discovery.rules.exploration import SEED_MINUTES, Lot, seed_of
from bacao.discovery.rules.score import VALUE_POINTS_MAX, value_points

if TYPE_CHECKING:
    import numpy as np

    from bacao.discovery.index.asking import Query
    from bacao.discovery.index.view import Hit, View

DOUBTFUL_MAX = 5  # so many prices that the index cannot tell are worked out in a request (DS6)
CELL_RESOLUTION = 9  # of H3: as fine as public answers know where somebody is
OWN_MAX = 40  # and so many of shops where the viewer holds something: the best by what the index knows

Pricing = Callable[[Collection[int]], Mapping[int, Figures]]
"""Works out exact prices by shop id; a shop without any offer costs what is usual there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The best places of a circle, best first. `number` = the base and the delta that were asked (DS11).

    `lot` = the draw that filled the slots kept for new places, where one did. Where `hits` is empty the radius was
    doubled once, and `nearest` is what is nearest there, if there is anything.
    `total` and `untold` are counted where somebody shows them (`survey`), else 0.
    """

    hits: "list[Hit]"
    radius_m: int
    number: tuple[int, int]
    nearest: "Hit | None" = None
    total: int = 0
    untold: int = 0
    lot: Lot | None = None


def seeded(query: "Query", unit_id: int | None = None) -> "Query":
    """Return a query whose list keeps slots for new places, drawn by the cell, the time and the filters alone.

    So two processes give the same answer, and a cached one is as good as a fresh one. `unit_id` = the pseudonym of
    somebody who lets their history be read: they draw for themselves.
    """
    import h3

    where = h3.latlng_to_cell(query.latitude, query.longitude, CELL_RESOLUTION)
    return replace(query, seed=seed_of(where, seed_of_filters(query, unit_id)))


def seed_of_filters(query: "Query", unit_id: int | None = None) -> int:
    """Return what is drawn by besides the cell: the time, the filters, and who draws for themselves."""
    return seed_of(
        query.minute // SEED_MINUTES, query.category, sorted(query.tags), query.party, query.radius_m, query.count,
        query.open_now, query.budget_minor, unit_id,
    )  # fmt: skip


def public_nearby(view: "View", query: "Query") -> Answer:
    """Return what anybody gets who asks this: `query` holds the centre of a cell, a minute, a party and filters.

    A price that the index cannot tell exactly is the lowest that is certain (`Hit.is_exact` is False: say "from").

    :raises Unanswerable: the minute, the category or a tag is not known to the index
    """
    assert not query.keys and not query.fit, "a public answer knows nobody"
    hits = view.search(query)
    return Answer(hits, query.radius_m, view.number, None if hits else _nearest(view, query))


def private_nearby(
    view: "View",
    query: "Query",
    *,
    own: Iterable[int] = (),
    price: Pricing | None = None,
    survey: bool = False,
    widest_m: int | None = None,
) -> Answer:
    """Return what one person gets: `query` has an exact position, the keys they hold, the points of their own terms.

    `own` = shops whose price is this person's alone, and `price` works it out; it is also asked about the few shops
    of which the index is in doubt, those first that could rise highest. `survey` counts everything in the circle.
    `widest_m` = how far the nearest may be where nothing is listed, twice the radius unless told otherwise.

    :raises Unanswerable: see `public_nearby`
    """
    found, lot = find_private(view, query, own=own, price=price)
    hits = [view.hit(row, query.minute) for row in found.tolist()]
    nearest = None if hits else _nearest(view, query, widest_m)
    counted = view.survey(query) if survey else None
    total, untold = (max(counted.total, len(hits)), counted.untold) if counted else (0, 0)
    return Answer(hits, query.radius_m, view.number, nearest, total, untold, lot)


def find_private(
    view: "View", query: "Query", *, own: Iterable[int] = (), price: Pricing | None = None
) -> tuple["np.ndarray", Lot | None]:
    """Return the rows of `private_nearby`, best first, and the draw that filled the slots kept for new places.

    One search: what is this person's alone is merged into it, and new places are drawn when that is done.
    """
    ids = frozenset(own)
    if price is None or not (ids or view.doubtful):
        return view.try_new(query, view.find(replace(query, seed=None)))
    found = view.find(replace(query, count=query.count + len(ids), seed=None))
    return view.try_new(query, _with_exact_prices(view, query, found, ids, price), ids)


def _nearest(view: "View", query: "Query", widest_m: int | None = None) -> "Hit | None":
    return view.survey(replace(query, radius_m=widest_m or query.radius_m * 2)).nearest


def _with_exact_prices(
    view: "View", query: "Query", found: "np.ndarray", own: frozenset[int], price: Pricing
) -> "np.ndarray":
    """Return the rows, best first, with exact prices where the index has none.

    A shop that is left out by a highest price may be let in by its own, so it is weighed without that filter first.
    """
    import numpy as np

    from bacao.discovery.index import kernel as k

    anywhere = replace(query, budget_minor=None, count=1)
    mine = view.weigh(anywhere, own)[:OWN_MAX]
    doubtful = view.weigh_doubtful(anywhere)
    doubtful = doubtful[~np.isin(doubtful[:, k.SHOP_ID], mine[:, k.SHOP_ID])]
    hopes = doubtful[:, k.SCORE] - doubtful[:, k.VALUE] + VALUE_POINTS_MAX
    floor = int(found[query.count - 1, k.SCORE]) if len(found) >= query.count else -(2**62)
    order = np.lexsort((doubtful[:, k.SHOP_ID], -hopes))
    worth = doubtful[[row for row in order[:DOUBTFUL_MAX].tolist() if hopes[row] >= floor]]
    again = np.concatenate([mine, worth])
    exact = price(again[:, k.SHOP_ID].tolist()) if len(again) else {}
    for row in again:
        if (figures := exact.get(int(row[k.SHOP_ID]))) is not None:
            _put(view, row, figures)
    kept = again[[_affordable(row.tolist(), query.budget_minor) for row in again]] if len(again) else again
    others = found[~np.isin(found[:, k.SHOP_ID], again[:, k.SHOP_ID])]
    both = np.concatenate([others, kept])
    return np.asarray(both[np.lexsort((both[:, k.SHOP_ID], -both[:, k.SCORE]))])


def _put(view: "View", row: "np.ndarray", figures: Figures) -> None:
    """Write an exact price into a row, with the points it brings."""
    from bacao.discovery.index import kernel as k

    part = view.delta if row[k.PART] else view.base
    median = int(part.median_minor[part.category[row[k.ROW]]])
    row[k.PER_HEAD], row[k.PAYABLE], row[k.HOW] = figures.per_head_minor, figures.payable_minor, figures.how
    row[k.LISTED], row[k.HEADS] = figures.list_minor, figures.heads
    row[k.EXACT], row[k.PAID] = 1, figures.paid_minor
    row[k.SCORE] -= row[k.VALUE]
    row[k.VALUE] = value_points(figures.per_head_minor, median)
    row[k.SCORE] += row[k.VALUE]


def _affordable(row: list[int], budget_minor: int | None) -> bool:
    from bacao.discovery.index import kernel as k

    return budget_minor is None or 0 < row[k.PER_HEAD] <= budget_minor or (row[k.HOW] != 0 and row[k.PER_HEAD] == 0)
