"""What the index answers to anybody and to one person: own prices laid over one search, counts, the nearest (DS6)."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from random import Random

import numpy as np
import pytest

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import Query
from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import EXACT_NEEDED
from bacao.discovery.index.view import View, make_view
from bacao.discovery.queries.serving import DOUBTFUL_MAX, Answer, private_nearby, public_nearby
from bacao.discovery.rules import BILL, VALUE_POINTS_MAX, Figures
from tests.discovery.generated_city import make_queries
from tests.discovery.test_index import city, nothing_of

MANY = 200


def half_price(view: View, query: Query, ids: Collection[int]) -> dict[int, Figures]:
    """Return a price nobody else has: half of what is usual."""
    rows = view.weigh(replace(query, budget_minor=None, radius_m=10_000, open_now=False), ids)
    return {
        int(row[k.SHOP_ID]): Figures(int(row[k.LISTED]) // 2, int(row[k.LISTED]), int(row[k.HEADS]), BILL)
        for row in rows
        if row[k.LISTED]
    }


@pytest.mark.parametrize("radius_m", [300, 1500])
def test_survey_counts_what_the_twin_lists(radius_m: int) -> None:
    raw, frame, view = city()
    for query in make_queries(raw, frame, 300, radius_m, seed=9):
        assert view.survey(query) == view._survey_numpy(query), query


def test_a_public_answer_knows_nobody() -> None:
    raw, frame, view = city()
    query = make_queries(raw, frame, 1, 1000)[0]
    for personal in (
        replace(query, keys=frozenset({"member:a"}), fit={}),
        replace(query, keys=frozenset(), fit={1: 9}),
    ):
        with pytest.raises(AssertionError):
            public_nearby(view, personal)
    plain = replace(query, keys=frozenset(), fit={})
    assert public_nearby(view, plain).hits == view.search(plain) == private_nearby(view, plain).hits


def test_where_nothing_is_listed_the_nearest_in_twice_the_radius_is_named() -> None:
    raw, frame, view = city()
    named = 0
    for query in make_queries(raw, frame, 200, 150, seed=2):
        plain = replace(query, keys=frozenset(), fit={})
        answer = public_nearby(view, plain)
        if not answer.hits:
            further = view.find_numpy(replace(plain, radius_m=300, count=MANY))
            expected = min(((row[k.DISTANCE], row[k.SHOP_ID]) for row in further.tolist()), default=None)
            assert (answer.nearest and (answer.nearest.distance_dm, answer.nearest.shop_id)) == expected
            named += expected is not None
    assert named > 10


def test_own_prices_are_laid_over_one_search() -> None:
    """CV3: the merged list is the one that a full evaluation with these prices gives."""
    raw, frame, view = city()
    random, moved = Random(3), 0
    for query in make_queries(raw, frame, 100, 800, seed=6):
        everybody = view.find_numpy(replace(query, count=MANY, budget_minor=None))
        own = random.sample(everybody[:, k.SHOP_ID].tolist(), min(5, len(everybody)))
        own += random.sample(raw.shops["shop_id"].tolist(), 3)
        mine = half_price(view, query, own)
        answer = private_nearby(view, query, own=own, price=partial(_among, mine))
        merged = []
        for row in everybody.tolist():
            hit = view.hit(row, query.minute)
            if (figures := mine.get(hit.shop_id)) is not None:
                value = _value(view, row, figures)
                score = hit.score - hit.terms["value"] + value
                merged.append((-score, hit.shop_id, figures.per_head_minor))
            else:
                merged.append((-hit.score, hit.shop_id, hit.per_head_minor))
        if query.budget_minor is not None:
            merged = [row for row in merged if 0 < row[2] <= query.budget_minor]
        expected = sorted(merged)[: query.count]
        assert [(-hit.score, hit.shop_id, hit.per_head_minor) for hit in answer.hits] == expected, query
        assert all(sum(hit.terms.values()) == hit.score for hit in answer.hits)
        moved += [hit.shop_id for hit in answer.hits] != [hit.shop_id for hit in view.search(query)]
    assert moved > 20


def _among(prices: Mapping[int, Figures], ids: Collection[int]) -> dict[int, Figures]:
    return {shop_id: prices[shop_id] for shop_id in ids if shop_id in prices}


def _value(view: View, row: list[int], figures: Figures) -> int:
    from bacao.discovery.rules.score import value_points

    part = view.delta if row[k.PART] else view.base
    return value_points(figures.per_head_minor, int(part.median_minor[part.category[row[k.ROW]]]))


def test_doubtful_prices_are_worked_out_for_few_and_said_to_be_from_for_the_rest() -> None:
    """DS6: at most five, those that could rise highest; the others keep their certain price and say so."""
    raw, frame, view = city()
    flags = view.base.flags | (EXACT_NEEDED * (view.base.shop_id % 4 == 0)).astype(np.uint16)
    flags.flags.writeable = False
    doubting = make_view(frame, view.base._replace(flags=flags), build_part(nothing_of(raw), frame))
    asked: list[int] = []
    for query in make_queries(raw, frame, 30, 800, seed=8):

        def price(ids: Collection[int], query: Query = query) -> Mapping[int, Figures]:
            asked.append(len(ids))
            return half_price(doubting, query, ids)

        answer = private_nearby(doubting, query, price=price)
        plain = {hit.shop_id: hit.per_head_minor for hit in doubting.search(replace(query, count=MANY))}
        for hit in answer.hits:
            if not hit.is_exact:
                assert hit.shop_id % 4 == 0 and hit.per_head_minor == plain[hit.shop_id]
        assert [hit.score for hit in answer.hits] == sorted((hit.score for hit in answer.hits), reverse=True)
    assert max(asked) == DOUBTFUL_MAX


def doubting_city() -> tuple[View, list[Query]]:
    """Return a city in which every fourth price is doubtful, and questions of people who hold nothing."""
    raw, frame, view = city()
    flags = view.base.flags | (EXACT_NEEDED * (view.base.shop_id % 4 == 0)).astype(np.uint16)
    flags.flags.writeable = False
    doubting = make_view(frame, view.base._replace(flags=flags), build_part(nothing_of(raw), frame))
    queries = make_queries(raw, frame, 40, 800, seed=12)
    return doubting, [replace(query, budget_minor=None, fit={}, keys=frozenset()) for query in queries]


def asked_of(view: View, query: Query, price: int | None = None) -> tuple[list[int], Answer]:
    """Return the shops whose exact price was asked for, and the answer; `price` = what all of them cost a head."""
    asked: list[int] = []

    def work_out(ids: Collection[int]) -> Mapping[int, Figures]:
        asked.extend(ids)
        if price is None:
            return {}
        return {shop_id: Figures(price * query.party, 10**6, query.party, BILL) for shop_id in ids}

    return asked, private_nearby(view, query, price=work_out)


def hopes_of(view: View, query: Query) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return a whole circle by certain prices, and (minus highest score, id) of each doubtful shop, best first."""
    everybody = view._all_numpy(query)
    doubtful = everybody[everybody[:, k.SHOP_ID] % 4 == 0].tolist()
    return everybody, sorted((row[k.VALUE] - row[k.SCORE] - VALUE_POINTS_MAX, row[k.SHOP_ID]) for row in doubtful)


def test_doubtful_prices_are_asked_for_from_the_highest_hope_down() -> None:
    """DS6, the stop rule: at most five, and none whose hope is below the k-th certain score."""
    view, queries = doubting_city()
    stopped = 0
    for query in queries:
        everybody, hopes = hopes_of(view, query)
        if len(everybody) < 10:
            continue
        for count in (1, 3, min(MANY, len(everybody) // 2)):
            floor = int(everybody[count - 1, k.SCORE])
            expected = [shop_id for hope, shop_id in hopes[:DOUBTFUL_MAX] if -hope >= floor]
            assert asked_of(view, replace(query, count=count))[0] == expected
            stopped += len(expected) < min(len(hopes), DOUBTFUL_MAX)
    assert stopped > 5, "for some the rule stops before five"


def test_a_hope_that_equals_the_last_score_is_asked_for() -> None:
    """DS6: equal may still win by its id."""
    view, queries = doubting_city()
    equal = 0
    for query in queries:
        everybody, hopes = hopes_of(view, query)
        scores = everybody[:, k.SCORE].tolist()
        for hope, shop_id in hopes[:DOUBTFUL_MAX]:
            if -hope in scores[:MANY]:
                asked, _ = asked_of(view, replace(query, count=scores.index(-hope) + 1))
                assert shop_id in asked
                equal += 1
    assert equal > 0


def test_an_exact_price_moves_a_shop_and_a_hope_never_does() -> None:
    """DS6: what was worked out is ranked by it; what was not keeps its certain price, says "from", and its place."""
    view, queries = doubting_city()
    entered = unasked = 0
    for query in queries:
        everybody, _ = hopes_of(view, query)
        if len(everybody) < 12:
            continue
        small = replace(query, count=10)
        asked, answer = asked_of(view, small, price=1)
        certain = {int(row[k.SHOP_ID]): int(row[k.SCORE]) for row in everybody}
        for hit in answer.hits:
            doubtful = hit.shop_id % 4 == 0
            assert hit.is_exact is (not doubtful or hit.shop_id in asked)
            if hit.shop_id not in asked:
                assert hit.score == certain[hit.shop_id]
                unasked += doubtful
        plain = {row[k.SHOP_ID] for row in everybody[:10].tolist()}
        entered += len({hit.shop_id for hit in answer.hits} - plain)
        assert {hit.shop_id for hit in answer.hits} - plain <= set(asked)
    assert entered > 5 and unasked > 0
