"""Slots kept for new places: who is drawn, how likely that was, and that everybody sees the same (M14, X63)."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.answering import answer_public
from bacao.discovery.index.asking import Query
from bacao.discovery.index.build import build_part
from bacao.discovery.index.files import Current, write_current, write_part
from bacao.discovery.index.fragments import build_fragments
from bacao.discovery.index.reader import Reader
from bacao.discovery.index.view import NONE_GONE, View
from bacao.discovery.queries.serving import seeded
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
from bacao.kit.paths import ROOT
from tests.discovery.generated_city import make_city, make_queries
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
    assert owed[0] > fresh[LEVELS // 2]
    assert shortfall(0, 7) == PROMISED / 2 and shortfall(PROMISED * 100, 30) == 0
    assert shortfall(1000, 60) == PROMISED - 10
    lot = Lot(1, 0, np.array([3, 4]), np.array([0, 0]), np.array([owed, fresh]))
    assert chances(lot, [3, 4])[0, 0] > 0.95


ANSWER = """
import sys
from dataclasses import replace
from pathlib import Path
import django
django.setup()
from bacao.discovery.index.answering import answer_public
from bacao.discovery.index.reader import Reader
from bacao.discovery.queries.serving import seeded
from tests.discovery.generated_city import make_city, make_queries
view = Reader(Path(sys.argv[1])).refresh()
raw, frame = make_city(3000)
for query in make_queries(raw, frame, 40, 3000):
    print(answer_public(view, seeded(replace(query, keys=frozenset(), fit={}))).shops.decode())
"""


def test_two_processes_give_anybody_the_same_answer(tmp_path: Path) -> None:
    """What is drawn for a public list is drawn by the cell, the time and the filters: a cache may keep it."""
    raw, frame = make_city(3000)
    zone = ZoneInfo("Asia/Shanghai")
    for name, about in (("base-1", {}), ("delta-1", {"base": 1})):
        rows = raw if name == "base-1" else replace(raw, shops=raw.shops[:0])
        part = build_part(rows, frame)
        write_part(tmp_path / name, part, frame, NONE_GONE, about, build_fragments(part.shop_id, rows, zone))
    write_current(tmp_path, Current(1, 1, 0))
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "99",
        "DJANGO_SETTINGS_MODULE": "bacao.settings",
    }
    command = [sys.executable, "-c", ANSWER, str(tmp_path)]
    theirs = subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True, text=True).stdout
    view = Reader(tmp_path).refresh()
    assert view is not None
    queries = [seeded(replace(query, keys=frozenset(), fit={})) for query in make_queries(raw, frame, 40, 3000)]
    ours = [answer_public(view, query).shops.decode() for query in queries]
    assert theirs.splitlines() == ours and sum("being tried" in answer for answer in ours) > 1
    moved = replace(queries[0], latitude=queries[0].latitude + 1e-7)
    later = replace(queries[0], minute=queries[0].minute + 1)
    assert seeded(moved).seed == queries[0].seed and seeded(replace(later, minute=later.minute + 10)).seed != later.seed
