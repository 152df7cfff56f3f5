"""New places being tried: the slots kept for them, the lot that fills these, and how likely it was to (M14, X63).

One place in ten of a list stands there because it is new. Which one is drawn: each new place of the circle has a
posterior of how often somebody comes who looked at it (a gamma distribution), the draw takes one quantile of each
(Thompson sampling), and adds its points to those that the place has anyway. A place that was not yet shown as often as
new places are promised goes first. All chances are exact, for a draw knows LEVELS outcomes (insight.md, section 12).
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from bacao.discovery.rules.score import WEIGHTS

if TYPE_CHECKING:
    import numpy as np

ONE_IN = 10  # places of a list
FIRST_SLOT = 4  # the fifth place is the first that is kept; then every tenth
NEW_DAYS = 30
PROMISED = 50  # exposures, each counted by how likely its slot is looked at ...
PROMISED_DAYS = 14  # ... within so many days; what is missing then is carried over
PRIOR_ARRIVALS, PRIOR_EXAMINED = 2.0, 38.0  # what is believed of a place nobody has seen
LEVELS = 64
POINTS_MAX = 3000
NEAR_STEP_M = 250  # a draw is kept, so it knows distances no better than that
SEED_MINUTES = 10  # for so long the same people see the same new places
_BITS, _MIX_A, _MIX_B = 0x7FFF_FFFF, 0x2C1B_3C6D, 0x297A_2D39


class Lot(NamedTuple):
    """One draw as it was held: among which places, with which points before it, from which posterior.

    `draws` int[places, LEVELS] = points by outcome, rising; `posterior` = version of the posterior they come from.
    """

    posterior: int
    seed: int
    shop_ids: "np.ndarray"
    base: "np.ndarray"
    draws: "np.ndarray"


def slots_of(count: int) -> list[int]:
    """Return which places of a list of so many are kept for new ones, from 0."""
    return [FIRST_SLOT + ONE_IN * n for n in range(count // ONE_IN)]


def seed_of(*what: object) -> int:
    """Return 31 bits that stand for these words and numbers, the same in every process."""
    digest = blake2b("\x1f".join(map(str, what)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") & _BITS


def level_of(seed: int, shop_id: int) -> int:
    """Return which of its LEVELS outcomes a place draws: all equally likely. The index compiles this."""
    mixed = (seed ^ ((shop_id & _BITS) * _MIX_B)) & _BITS
    for factor in (_MIX_A, _MIX_B, _MIX_A):
        mixed = ((mixed ^ (mixed >> 15)) * factor + seed) & _BITS
    return (mixed ^ (mixed >> 16)) % LEVELS


def shortfall(examined_hundredths: int, days: float) -> float:
    """Return how many exposures a place that is new for so many days lacks of what is promised until then."""
    return max(0.0, PROMISED * min(days / PROMISED_DAYS, 1.0) - examined_hundredths / 100)


@lru_cache(maxsize=4096)
def draw_points(arrivals: int, examined_hundredths: int, owed: bool) -> tuple[int, ...]:
    """Return the points of each outcome of a draw, rising.

    The quantiles of the gamma posterior by Wilson and Hilferty's approximation, against the prior's mean.
    """
    shape, rate = PRIOR_ARRIVALS + arrivals, PRIOR_EXAMINED + examined_hundredths / 100
    usual = PRIOR_ARRIVALS / PRIOR_EXAMINED
    points = []
    for level in range(LEVELS):
        z = NormalDist().inv_cdf((level + 0.5) / LEVELS)
        chance = shape * max(1 - 1 / (9 * shape) + z / (3 * sqrt(shape)), 0.01) ** 3 / rate
        lifted = round(WEIGHTS["exploration"] * log(chance / usual))
        points.append(max(-POINTS_MAX, min(POINTS_MAX, lifted)) + WEIGHTS["owed"] * owed)
    return tuple(points)


def chances(lot: Lot, shop_ids: Sequence[int]) -> "np.ndarray":
    """Return how likely the draw was to put some of its places first, second, ...: float[places, places].

    Exact: over the outcomes of one place, how many others stand above it is a sum of independent yes and no. Ties stand
    by shop id.
    """
    import numpy as np

    rows = [int(np.flatnonzero(lot.shop_ids == shop_id)[0]) for shop_id in shop_ids]
    mine = lot.base[rows, None] + lot.draws[rows]  # points of each outcome
    above = np.zeros((len(rows), len(rows), LEVELS))  # how likely so many others stand above
    above[:, 0] = 1.0
    for other, shop_id in enumerate(lot.shop_ids.tolist()):
        first = np.array([shop_id < one for one in shop_ids])[:, None]  # wins a tie
        points = lot.draws[other]
        beaten = np.where(first, np.searchsorted(points, mine - lot.base[other], "left"),
                          np.searchsorted(points, mine - lot.base[other], "right"))  # fmt: skip
        wins = 1.0 - beaten / LEVELS
        wins[np.array(rows) == other] = 0.0
        below = above * (1.0 - wins)[:, None]
        below[:, 1:] += above[:, :-1] * wins[:, None]
        above = below
    return np.asarray(above.mean(axis=2))


def price_of_promise(new_a_day: float, examined_a_day: float) -> float:
    """Return which share of all attention the promise takes: look at it before promising more."""
    return new_a_day * PROMISED / examined_a_day
