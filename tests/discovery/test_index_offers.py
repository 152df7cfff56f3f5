"""Offers of every kind in the index: what its curves and baskets say is what every list says (DS6, PR32)."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bacao.discovery.index.asking import Query
from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import Frame, Raw
from bacao.discovery.index.offers import Book, rows_of_offers
from bacao.discovery.index.view import View, make_view
from bacao.offers.rules import Audience, Terms, best_per_head
from tests.discovery.generated_city import HORIZON, MIDNIGHT, make_city
from tests.discovery.test_index import nothing_of
from tests.offers.random_terms import random_terms

KEYS = ("student", "member:a", "new:store", "member:b")
SHOPS = 300


def random_offers(random: Random, shop_id: int, first: int) -> list[Terms]:
    """Return what a shop might sell: offers on the bill of every kind, packages, for everybody or for some."""
    offers = []
    for number in range(first, first + random.choice((0, 1, 2, 3, 4, 6))):
        terms = random_terms(random, number)
        if random.random() < 0.25:
            price = random.randint(10, 200) * 100
            terms = Terms(
                offer_id=number, version_id=1, place_id=shop_id, kind="package", price_minor=price,
                list_minor=price * random.randint(95, 180) // 100, party_size=random.randint(1, 5),
                stock_left=random.choice((None, 1, 3)), per_order=random.choice((1, 4)),
            )  # fmt: skip
        offers.append(replace(terms, place_id=shop_id, audience=random_audience(random)))
    return offers


def random_audience(random: Random) -> Audience:
    if random.random() < 0.5:
        return Audience()
    lists = [tuple(random.sample(KEYS, random.randint(1, 2))) for _ in range(random.randint(0, 2))]
    return Audience(tuple(lists), tuple(random.sample(KEYS, 1)) if random.random() < 0.3 else ())


def index_of(offers: dict[int, list[Terms]], usual: dict[int, int]) -> View:
    """Return an index of shops on one street with these offers, always open."""
    raw, frame = make_city(len(offers))
    frame = Frame(frame.latitude, frame.longitude, frame.categories, frame.medians, frame.tags, KEYS)
    book, shops = Book(), raw.shops.copy()
    rows = rows_of_offers([(terms, 0) for some in offers.values() for terms in some], book)
    shops["shop_id"], shops["hours"] = list(offers), 1
    shops["usual_minor"] = [usual[shop_id] for shop_id in offers]
    shops["latitude"], shops["longitude"] = frame.latitude, frame.longitude
    raw = Raw(
        shops, rows, {1: (HORIZON,)}, ((),), tuple(book.stackings), HORIZON, audiences=tuple(book.audiences), keys=KEYS
    )  # fmt: skip
    return make_view(frame, build_part(raw, frame), build_part(nothing_of(raw), frame))


@pytest.mark.parametrize("seed", range(6))
def test_the_index_says_the_price_of_every_list(seed: int) -> None:
    random = Random(seed)
    offers = {shop_id: random_offers(random, shop_id, shop_id * 100) for shop_id in range(1, SHOPS + 1)}
    usual = {shop_id: random.choice((0, random.randint(10, 400) * 100)) for shop_id in offers}
    view, exact = index_of(offers, usual), 0
    for _ in range(6):
        party, held = random.randint(1, 6), frozenset(key for key in KEYS if random.random() < 0.5)
        query = Query(
            view.frame.latitude, view.frame.longitude, 100, MIDNIGHT, party, keys=held, count=200, open_now=True
        )
        assert np.array_equal(view.find(query), view.find_numpy(query))
        for hit in view.search(query):
            price = best_per_head(offers[hit.shop_id], usual_minor=usual[hit.shop_id] or None, party=party, keys=held)
            expected = price.per_head_minor if price else usual[hit.shop_id]
            if hit.is_exact:
                assert hit.per_head_minor == expected, (hit, offers[hit.shop_id])
                assert not price or (hit.payable_minor, hit.listed_minor) == (price.payable_minor, price.list_minor)
                exact += 1
            else:
                assert hit.per_head_minor >= expected or not expected
    assert exact > 500


def test_what_depends_on_the_party_or_on_what_is_left_is_left_out_and_said() -> None:
    """CV2: such an offer may be better than what is shown, so the price is "from", never hopeful."""
    plain = Terms(offer_id=1, version_id=1, place_id=1, kind="percent_off", percent_basis_points=1000)
    for better in (
        replace(plain, offer_id=2, percent_basis_points=4000, party_min=4),
        replace(plain, offer_id=2, percent_basis_points=4000, threshold_minor=100, threshold_on_running=True),
    ):
        view = index_of({1: [plain, better], 2: [replace(plain, place_id=2)]}, {1: 10_000, 2: 10_000})
        query = Query(view.frame.latitude, view.frame.longitude, 100, MIDNIGHT)
        hits = {hit.shop_id: hit for hit in view.search(query)}
        assert (hits[1].is_exact, hits[2].is_exact) == (False, True)
        assert hits[1].per_head_minor == hits[2].per_head_minor == 9000
        assert view.doubtful == (1,)
