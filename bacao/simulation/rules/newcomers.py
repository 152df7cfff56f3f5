"""A street where new places open every day: are the good ones found, and what does it cost those who look (X63)?

Places differ in how often somebody comes who looked at them. Lists are filled as `discovery.rules.exploration` says,
statistics are refreshed a few times a day, and people look at slots from the top down. The best list there is, by what
nobody knows, is the measure.
"""

from typing import NamedTuple

import numpy as np

from bacao.discovery.rules.exploration import (
    LEVELS,
    NEW_DAYS,
    PROMISED,
    PROMISED_DAYS,
    draw_points,
    shortfall,
    slots_of,
)

LIST = 20
REFRESHES = 4  # a day
FOUND_ARRIVALS, FOUND_DAYS = 5, 21
GOOD_SHARE = 0.1
EXAMINE_HALF = 8


class Street(NamedTuple):
    """How it went. `quality` = arrivals as a share of those of the best possible lists; `promised` = share of new
    places that got the promised exposures in time; `found` = share of the good new places with five arrivals in 21 days.
    """

    quality: float
    promised: float
    found: float


def run_street(
    *, seed: int, days: int, tries: bool, owes: bool = True, old: int = 300, new_a_day: int = 2, lists_a_day: int = 400
) -> Street:
    """Return how a street does with slots kept for new places, or without; `owes` = with the promise, or by lot alone."""
    random = np.random.default_rng(seed)
    count = old + new_a_day * days
    chance = random.beta(2, 38, count)
    born = np.r_[np.full(old, -10_000), np.repeat(np.arange(days), new_a_day)]
    examined, arrived = np.zeros(count), np.zeros(count)
    examined[:old] = random.integers(200, 2000, old)
    arrived[:old] = random.binomial(examined[:old].astype(int), chance[:old])
    look = EXAMINE_HALF / (EXAMINE_HALF + np.arange(LIST))
    kept, total, best = slots_of(LIST), 0.0, 0.0
    seen_in_time, came_in_time = np.zeros(count), np.zeros(count)
    for day in range(days):
        there = np.flatnonzero(born <= day)
        for _ in range(REFRESHES):
            shown = _lists(random, there, born, day, examined, arrived, lists_a_day // REFRESHES, kept, tries, owes)
            came = random.random(shown.shape) < look * chance[shown]
            np.add.at(examined, shown.ravel(), np.broadcast_to(look, shown.shape).ravel())
            np.add.at(arrived, shown.ravel(), came.ravel())
            total += came.sum()
            best += len(shown) * (look * np.sort(chance[there])[::-1][:LIST]).sum()
        seen_in_time = np.where(day - born == PROMISED_DAYS - 1, examined, seen_in_time)
        came_in_time = np.where(day - born == FOUND_DAYS - 1, arrived, came_in_time)
    judged = (born >= 0) & (born <= days - FOUND_DAYS)
    good = judged & (chance >= np.quantile(chance, 1 - GOOD_SHARE))
    return Street(
        total / best, float((seen_in_time[judged] >= PROMISED).mean()),
        float((came_in_time[good] >= FOUND_ARRIVALS).mean()),
    )  # fmt: skip


def _lists(
    random: np.random.Generator, there: np.ndarray, born: np.ndarray, day: int, examined: np.ndarray,
    arrived: np.ndarray, lists: int, kept: list[int], tries: bool, owes: bool,
) -> np.ndarray:  # fmt: skip
    """Return the places of some lists, int64[lists, LIST]: the best by the shrunken mean, new ones in the kept slots."""
    mean = (arrived[there] + 2) / (examined[there] + 40)
    order = there[np.argsort(-mean, kind="stable")]
    shown = np.tile(order[:LIST], (lists, 1))
    new = np.array([i for i in there[day - born[there] < NEW_DAYS] if i not in order[: LIST - len(kept)]])
    if not tries or len(new) < len(kept):
        return shown
    points = np.array([
        draw_points(int(arrived[i]), int(examined[i]) * 100,
                    owes and shortfall(int(examined[i] * 100), day - born[i] + 1) > 0) for i in new
    ])  # fmt: skip
    drawn = points[np.arange(len(new)), random.integers(0, LEVELS, (lists, len(new)))]
    first = np.argsort(-drawn, axis=1, kind="stable")[:, : len(kept)]
    chosen = new[first]
    for row in range(lists):
        rest = [i for i in order[: LIST + len(kept)].tolist() if i not in chosen[row]][: LIST - len(kept)]
        for slot, place in zip(kept, chosen[row].tolist(), strict=True):
            rest.insert(slot, place)
        shown[row] = rest
    return shown
