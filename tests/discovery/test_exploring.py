"""Slots kept for new places: who is drawn, how likely that was, and that everybody sees the same (M14, X63)."""

from dataclasses import replace
from random import Random

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import Query
from bacao.discovery.index.view import View
from bacao.discovery.rules.exploration import (
    LEVELS,
    PROMISED,
    Lot,
    chances,
    draw_points,
    level_of,
    seed_of,
    shortfall,
    slots_of,
)
from tests.discovery.generated_city import make_queries
from tests.discovery.test_index import city


def asked(count: int, radius_m: int = 1500, seed: int = 11) -> tuple[View, list[Query]]:
    raw, frame, view = city()
    random = Random(seed)
    queries = make_queries(raw, frame, count, radius_m, seed=seed)
    return view, [replace(query, seed=random.randrange(2**31), count=random.choice((20, 30, 9))) for query in queries]


def test_kernel_and_twin_fill_the_same_slots_with_the_same_places() -> None:
    view, queries = asked(400)
    tried = 0
    for query in queries:
        found, plain = view.find(query), view.find(replace(query, seed=None))
        assert np.array_equal(found, view.find_numpy(query)), query
        assert found[:, k.SCORE].tolist() == sorted(found[:, k.SCORE].tolist(), reverse=True)
        terms = found[:, [k.NEAR, k.OWN, k.VALUE, k.TIME, k.FIT, k.TRIED]].sum(axis=1)
        assert np.array_equal(terms, found[:, k.SCORE])
        kept = plain[: query.count - len(slots_of(query.count)), k.SHOP_ID].tolist()
        assert len(found) == len(plain)
        assert [shop_id for shop_id in found[:, k.SHOP_ID].tolist() if shop_id in kept] == kept
        tried += int((found[:, k.TRIED] > 0).sum())
    assert tried > 50


def test_a_chance_is_how_often_it_comes_true() -> None:
    view, queries = asked(200)
    for query in queries:
        found, lot = view.try_new(query, view.find(replace(query, seed=None)))
        if lot is not None and 5 <= len(lot.shop_ids) <= 12:
            break
    assert lot is not None
    ids, slots = lot.shop_ids.tolist(), slots_of(query.count)
    exact = chances(lot, ids)
    assert np.allclose(exact.sum(axis=0), 1) and np.allclose(exact.sum(axis=1), 1)
    came, rounds = np.zeros_like(exact), 4000
    for seed in range(rounds):
        found = view.find(replace(query, seed=seed_of(seed)))
        for place, slot in enumerate(slots):
            came[ids.index(found[slot, k.SHOP_ID]), place] += 1
    come = came[:, : len(slots)] / rounds
    spread = np.sqrt(exact * (1 - exact) / rounds)[:, : len(slots)]
    assert (np.abs(come - exact[:, : len(slots)]) <= 4.5 * spread + 1e-9).all()


def test_all_outcomes_are_equally_likely_and_shops_draw_by_themselves() -> None:
    shops = (1, 2, 3, 10**6, 2**40 + 7)
    levels = np.array([[level_of(seed_of(seed), shop) for shop in shops] for seed in range(12_800)])
    for column in levels.T:
        assert (np.abs(np.bincount(column, minlength=LEVELS) - 200) < 80).all()
    together = np.corrcoef(levels.T) - np.eye(5)
    assert np.abs(together).max() < 0.04


def test_who_is_owed_goes_first_and_who_was_seen_much_draws_narrowly() -> None:
    fresh, seen, owed = draw_points(0, 0, False), draw_points(20, 40_000, False), draw_points(0, 0, True)
    assert list(fresh) == sorted(fresh) and seen[-1] - seen[0] < (fresh[-1] - fresh[0]) / 2
    assert owed[0] > fresh[-10]
    assert shortfall(0, 7) == PROMISED / 2 and shortfall(PROMISED * 100, 30) == 0
    assert shortfall(1000, 60) == PROMISED - 10
    lot = Lot(1, 0, np.array([3, 4]), np.array([0, 0]), np.array([owed, fresh]))
    assert chances(lot, [3, 4])[0, 0] > 0.95
