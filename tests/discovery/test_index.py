"""The kernel against its twin, the bound it leans on, and prices against the exact search (DS5, DS6, DS13, DS17)."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import Query, Unanswerable, look_at_clock, read_query
from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import OFFER, PACKAGE, UNITS_UNLIMITED, Frame, Part, Raw
from bacao.discovery.index.view import View, make_view
from bacao.discovery.rules import Facts, Hours, score_terms
from bacao.kit.paths import ROOT
from bacao.offers.rules import Terms, best_per_head
from tests.discovery.generated_city import DAY, HORIZON, MIDNIGHT, make_city, make_queries

SHOPS = 20_000


def nothing_of(raw: Raw) -> Raw:
    return replace(raw, shops=raw.shops[:0], offers=raw.offers[:0])


@cache
def city() -> tuple[Raw, Frame, View]:
    raw, frame = make_city(SHOPS)
    return raw, frame, make_view(frame, build_part(raw, frame), build_part(nothing_of(raw), frame))


@cache
def shop_rows() -> dict[int, int]:
    return {shop_id: row for row, shop_id in enumerate(city()[0].shops["shop_id"].tolist())}


@pytest.mark.parametrize("radius_m", [300, 1000, 3000])
def test_kernel_and_twin_agree(radius_m: int) -> None:
    """DS17: 1,000 random questions, every column of every answer equal."""
    raw, frame, view = city()
    for query in make_queries(raw, frame, 1000, radius_m, seed=radius_m):
        assert np.array_equal(view.find(query), view.find_numpy(query)), query


def test_most_prices_are_never_looked_up() -> None:
    """Section 5: skipping saves work; without it every open shop of the circle would be priced."""
    raw, frame, view = city()
    counts, inside = np.zeros(2, np.int64), 0
    for query in make_queries(raw, frame, 100, 3000):
        view.find(query, counts)
        inside += len(view.find_numpy(Query(query.latitude, query.longitude, 3000, query.minute, count=200)))
    assert counts[k.PRICED] < inside / 2


def true_points(part: Part, view: View, random: Random, tries: int) -> int:
    """Return the most by which points without distance passed their bound, over random shops, viewers and minutes."""
    worst = -(2**31)
    for _ in range(tries // 100):
        minute = HORIZON[0] + random.randrange(HORIZON[1] - HORIZON[0])
        keys = frozenset(key for key in view.frame.keys if random.random() < 0.5)
        query = Query(0, 0, 1, minute, party=random.randint(1, 20), keys=keys, open_now=False)
        ask, now, tables = read_query(query, view.frame), look_at_clock(part, minute), k_tables()
        found = np.zeros(k.COLUMNS, np.int64)
        for row in (random.randrange(len(part.shop_id)) for _ in range(100)):
            assert k.weigh(part, now, ask, tables, row, int(now.hours[part.hours_id[row]]), found)
            worst = max(worst, int(found[k.SCORE]) - int(part.bound_points[row]))
    return worst


def k_tables() -> k.Tables:
    from bacao.discovery.index.view import make_tables_once

    return make_tables_once()


def test_no_shop_passes_its_bound() -> None:
    """DS5: 10,000 random (shop, viewer, minute); lowered by 1,000 points the bound must be seen to fail."""
    view = city()[2]
    assert true_points(view.base, view, Random(5), 10_000) <= 0
    lower = view.base.bound_points - 1000
    lower.flags.writeable = False
    assert true_points(view.base._replace(bound_points=lower), view, Random(5), 1000) > 0


def test_a_bound_that_is_too_low_loses_answers() -> None:
    """Section 5: the test of agreement would notice a wrong bound."""
    raw, frame, view = city()
    lower = view.base.bound_points - np.int32(1000) * (view.base.shop_id % 3 == 0).astype(np.int32)
    lower.flags.writeable = False
    wrong = make_view(frame, view.base._replace(bound_points=lower), view.delta)
    queries = make_queries(raw, frame, 100, 3000)
    assert any(not np.array_equal(wrong.find(query), wrong.find_numpy(query)) for query in queries)


def terms_of(offer: np.void, raw: Raw) -> Terms:
    tags, accepts = raw.stackings[offer["stacking"]]
    kind, rate, second = int(offer["op"]), int(offer["rate"]), int(offer["second"])
    common = {"offer_id": int(offer["offer_id"]), "version_id": 1, "place_id": int(offer["shop_id"])}
    if kind == PACKAGE:
        units = int(offer["units"])
        most = None if units == UNITS_UNLIMITED else units
        return Terms(
            **common, kind="package", price_minor=rate, list_minor=second, party_size=int(offer["party"]),
            stock_left=most, per_order=10**6,
        )  # fmt: skip
    return Terms(
        **common, kind=("percent_off", "threshold_off", "voucher")[kind], threshold_minor=int(offer["threshold"]),
        percent_basis_points=rate if kind == 0 else 0, cap_minor=second if kind == 0 and second >= 0 else None,
        face_minor=rate if kind else 0, price_minor=second if kind == 2 else 0,
        stands_alone=bool(offer["stands_alone"]), stack_tags=tuple(tags), stack_accepts=tuple(accepts),
    )  # fmt: skip


def exact_per_head(raw: Raw, frame: Frame, shop_id: int, query: Query) -> int:
    """Return what a head pays by the rule of every list, from the rows; 0 = not known."""
    shop = raw.shops[shop_rows()[shop_id]]
    held = {place + 1 for place, key in enumerate(frame.keys) if key in query.keys} | {0}
    some = [
        terms_of(offer, raw)
        for offer in raw.offers[raw.offers["shop_id"] == shop_id]
        if int(offer["audience"]) in held
        and (not offer["window"] or any(a <= query.minute < b for a, b in raw.windows[offer["window"]]))
    ]
    usual = int(shop["usual_minor"])
    price = best_per_head(some, usual_minor=usual or None, party=query.party)
    return price.per_head_minor if price else usual


def test_the_listed_price_is_the_exact_one() -> None:
    """DS6, PR32: every price in 60 answers, from the rows by the exact search."""
    raw, frame, view = city()
    compared = 0
    for query in make_queries(raw, frame, 60, 1000, seed=3):
        for hit in view.search(query):
            if hit.is_exact and (hit.is_open or not hit.hours_known):
                assert hit.per_head_minor == exact_per_head(raw, frame, hit.shop_id, query)
                compared += 1
    assert compared > 500


def test_points_add_up_and_are_those_of_the_rules() -> None:
    """DS13: the kernel sums what `score_terms` explains."""
    raw, frame, view = city()
    for query in make_queries(raw, frame, 100, 1000, seed=4):
        for hit in view.search(query):
            shop = raw.shops[shop_rows()[hit.shop_id]]
            hours = Hours.OPEN if hit.is_open else Hours.CLOSED if hit.hours_known else Hours.UNKNOWN
            facts = Facts(
                distance_m=hit.distance_dm // 10,
                per_head_minor=hit.per_head_minor or None,
                median_minor=frame.medians[shop["category"]],
                review_count=int(shop["reviews"]),
                stars_hundredths=int(shop["stars"]) if shop["stars"] >= 0 else None,
                arrivals_30_days=int(shop["arrivals"]),
                hours=hours,
                minutes_left=None if hit.closes is None else hit.closes - query.minute,
            )
            terms = score_terms(facts)
            fit = query.fit.get(hit.shop_id, 0)
            assert hit.score == sum(hit.terms.values()) == sum(terms.values()) + fit
            assert hit.terms["own"] == terms["quality"] + terms["arrivals"]
            assert [hit.terms[t] for t in ("distance", "value", "time_left")] == [
                terms[t] for t in ("distance", "value", "time_left")
            ]


def test_equal_scores_stand_in_order_of_id() -> None:
    raw, frame, _ = city()
    shops = np.repeat(raw.shops[:1], 50)
    shops["shop_id"] = Random(1).sample(range(1, 1000), 50)
    alike = replace(raw, shops=shops, offers=raw.offers[:0])
    view = make_view(frame, build_part(alike, frame), build_part(nothing_of(raw), frame))
    query = Query(float(shops["latitude"][0]), float(shops["longitude"][0]), 500, MIDNIGHT, open_now=False, count=7)
    assert [hit.shop_id for hit in view.search(query)] == sorted(shops["shop_id"].tolist())[:7]


def test_the_edge_of_the_circle_and_of_the_map() -> None:
    """Decimetres as integers: exactly on the circle is inside; nothing is found where there is nothing."""
    raw, frame, view = city()
    assert view.search(Query(frame.latitude + 0.8, frame.longitude, 3000, MIDNIGHT)) == []
    assert not view.covers(frame.latitude + 0.9, frame.longitude, 3000)
    one = view.base.shop_id[0]
    at = raw.shops[shop_rows()[int(one)]]
    query = Query(float(at["latitude"]), float(at["longitude"]), 100, MIDNIGHT, open_now=False, count=200)
    ask = read_query(query, frame)
    assert (ask.x, ask.y) == (int(view.base.x_dm[0]), int(view.base.y_dm[0]))
    assert int(one) in {hit.shop_id for hit in view.search(query)}


def test_what_the_index_does_not_know_is_not_answered() -> None:
    _, frame, view = city()
    here = frame.latitude, frame.longitude
    for wrong in (
        Query(*here, 500, HORIZON[1]), Query(*here, 500, MIDNIGHT, category="none"),
        Query(*here, 500, MIDNIGHT, tags=frozenset({"none"})),
    ):  # fmt: skip
        with pytest.raises(Unanswerable):
            view.find(wrong)


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
import numpy as np
from bacao.discovery.index.build import build_part
from bacao.discovery.index.view import make_view
from tests.discovery.generated_city import make_city, make_queries
raw, frame = make_city(60)
part = build_part(raw, frame)
view = make_view(frame, part, part._replace(shop_id=part.shop_id[:0], cell_start=part.cell_start * 0))
assert view.held is None
np.savez(sys.argv[1], *part, *[view.find(query) for query in make_queries(raw, frame, 20, 3000)])
"""


def test_without_numba_the_answers_are_the_same(tmp_path: Path) -> None:
    """Section 13: the same columns, the same answers, only slower."""
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", WITHOUT_NUMBA, str(tmp_path / "kept.npz")]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    raw, frame = make_city(60)
    view = make_view(frame, build_part(raw, frame), build_part(nothing_of(raw), frame))
    ours = [*view.base, *[view.find(query) for query in make_queries(raw, frame, 20, 3000)]]
    with np.load(tmp_path / "kept.npz") as kept:
        assert len(kept.files) == len(ours)
        assert all(np.array_equal(kept[name], array) for name, array in zip(kept.files, ours, strict=True))


def test_a_shop_takes_few_bytes() -> None:
    """Section 14: the columns themselves, without the cells, which belong to the city."""
    view = city()[2]
    assert (view.base.nbytes - view.base.cell_start.nbytes) / SHOPS <= 110


def test_more_keys_than_six_are_said_to_need_the_exact_search() -> None:
    raw, frame, _ = city()
    offers = np.zeros(7, OFFER)
    offers["offer_id"] = offers["audience"] = np.arange(7) + 1
    offers["shop_id"] = raw.shops["shop_id"][0]
    offers["rate"], offers["second"], offers["threshold"], offers["units"] = 1000, -1, 1, UNITS_UNLIMITED
    some = replace(raw, shops=raw.shops[:2], offers=offers)
    view = make_view(frame, build_part(some, frame), build_part(nothing_of(raw), frame))
    query = Query(
        *(float(raw.shops[c][0]) for c in ("latitude", "longitude")), 100, MIDNIGHT + DAY // 2, open_now=False
    )
    exact = {hit.shop_id: hit.is_exact for hit in view.search(query)}
    assert exact[int(raw.shops["shop_id"][0])] is False
