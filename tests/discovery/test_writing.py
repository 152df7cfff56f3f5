"""What the compiled hand writes is JSON, and says what the search and the rules say."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bacao.discovery.index.answering import answer_private, answer_public
from bacao.discovery.index.asking import Query
from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import EXACT_NEEDED, PACKAGE, Raw
from bacao.discovery.index.fragments import as_texts, build_fragments, joined_texts, texts_without
from bacao.discovery.index.view import Hit, View, make_view
from bacao.discovery.rules import Facts, Hours, explain, score_terms
from bacao.kit.geo import walking_minutes
from bacao.kit.text import Text
from tests.discovery.generated_city import make_city, make_queries

ZONE = ZoneInfo("Asia/Shanghai")
RAW, FRAME = make_city(3000)
HOSTILE = st.text(st.characters(codec="utf-8"), max_size=40)


def text_of(shop_id: int, name: str = "店") -> bytes:
    """Return the inside of a JSON object, as the database writes it."""
    return json.dumps({"id": shop_id, "name": {"zh": name, "en": name}}, ensure_ascii=False).encode()[1:-1]


@cache
def city() -> View:
    """Return a view with a base of nine shops in ten and a delta of the others."""
    late = RAW.shops["shop_id"] % 10 == 0
    return view_of(rows(~late), rows(late))


def rows(mask: np.ndarray, name: str = "店") -> Raw:
    shops = RAW.shops[mask]
    ids = np.sort(shops["shop_id"])
    texts = as_texts(ids, [text_of(shop_id, name) for shop_id in ids.tolist()])
    return replace(RAW, shops=shops, texts=texts)


def view_of(base: Raw, delta: Raw) -> View:
    parts = [build_part(raw, FRAME) for raw in (base, delta)]
    base_said, delta_said = (
        build_fragments(part.shop_id, raw, ZONE) for part, raw in zip(parts, (base, delta), strict=True)
    )
    return make_view(FRAME, *parts, said=(base_said, delta_said))


def read(shops: bytes) -> list[dict[str, Any]]:
    return list(json.loads(b"[" + shops + b"]"))


def as_instant(minute: int) -> str:
    return f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%dT%H:%MZ}"


@pytest.mark.parametrize("query", make_queries(RAW, FRAME, 150, 1500), ids=count())
def test_everybody_is_told_what_the_search_found(query: Query) -> None:
    public = Query(query.latitude, query.longitude, query.radius_m, query.minute, query.party, query.category)
    answer = answer_public(city(), public)
    asked = Query(**{f: getattr(public, f) for f in public.__slots__} | {"radius_m": answer.radius_m})
    hits = city().search(asked)
    assert [shop["id"] for shop in read(answer.shops)] == [hit.shop_id for hit in hits] == answer.found[:, 1].tolist()
    for shop, hit in zip(read(answer.shops), hits, strict=True):
        assert_says(shop, hit, asked)


def assert_says(shop: dict[str, Any], hit: Hit, query: Query) -> None:
    """Compare an entry with the hit and with the sentences of the rules."""
    row = RAW.shops[np.flatnonzero(RAW.shops["shop_id"] == hit.shop_id)[0]]
    metres, usual = hit.distance_dm // 10, int(row["usual_minor"])
    known = usual or hit.how
    closes = hit.closes if hit.closes and hit.closes <= query.minute + 1440 else None
    assert shop["distance_m"] == metres and shop["walking_minutes"] == walking_minutes(metres)
    assert shop["closes_at"] == (as_instant(closes) if closes else None)
    assert shop["payable_minor"] == (hit.payable_minor if known else None)
    assert shop["per_head_minor"] == (hit.per_head_minor if known else None)
    assert shop["price"] == ("usual", "bill", "package")[hit.how] and shop["is_exact"] == hit.is_exact
    assert shop["score"] == hit.score == sum(shop["terms"].values())
    assert shop["terms"]["quality"] + shop["terms"]["arrivals"] == hit.terms["own"]
    assert shop["saving_minor"] == (hit.listed_minor - hit.payable_minor if known else None)
    assert (shop["list_minor"], shop["heads"]) == ((hit.listed_minor, hit.heads) if known else (None, None))
    facts = Facts(
        metres, hit.per_head_minor or None, FRAME.medians[row["category"]], 0, int(row["reviews"]),
        int(row["stars"]) if row["stars"] >= 0 else None, int(row["arrivals"]), Hours.OPEN,
        hit.closes - query.minute if hit.closes else None,
    )  # fmt: skip
    terms = score_terms(facts)
    assert shop["terms"] == terms
    wanted = explain(facts, terms, walking_minutes=walking_minutes(metres))
    said = [(reason["term"], reason["zh"], reason["en"]) for reason in shop["reasons"]]
    scored = [reason for reason in said if reason[0] not in {"hours", "saving", "held"}]
    assert sorted(scored) == sorted((reason.term, *reason.text) for reason in wanted)
    points = [terms[term] for term, _, _ in scored]
    assert points == sorted(points, reverse=True), "the strongest comes first"
    if closes and closes - query.minute > 45:
        local = datetime.fromtimestamp(closes * 60, ZONE)
        assert ("hours", f"营业到 {local:%H:%M}", f"Open until {local:%H:%M}") in said


@pytest.mark.parametrize("query", make_queries(RAW, FRAME, 60, 3000, seed=3), ids=count())
def test_a_person_is_told_what_holding_something_changes(query: Query) -> None:
    why = {shop_id: Text(f"收藏 {shop_id}", f'Saved "{shop_id}"') for shop_id in query.fit}
    answer = answer_private(city(), query, why)
    asked = Query(**{f: getattr(query, f) for f in query.__slots__} | {"radius_m": answer.radius_m})
    nothing = Query(**{f: getattr(asked, f) for f in asked.__slots__} | {"keys": frozenset(), "count": 200})
    without = {hit.shop_id: hit for hit in city().search(nothing)}
    hits = city().search(asked)
    for shop, hit in zip(read(answer.shops), hits, strict=True):
        assert shop["score"] == hit.score and shop["terms"]["fit"] == hit.terms["fit"]
        said = {reason["term"]: reason for reason in shop["reasons"]}
        assert (said["fit"]["en"] == f'Saved "{hit.shop_id}"') if hit.terms["fit"] else "fit" not in said
        if hit.shop_id in without and shop["payable_minor"] is not None and asked.budget_minor is None:
            other = without[hit.shop_id]
            assert shop["payable_holding_nothing_minor"] == other.payable_minor
            assert ("held" in said) == (other.per_head_minor > hit.per_head_minor)


@settings(max_examples=60)
@given(st.lists(HOSTILE, min_size=1, max_size=6))
def test_whatever_a_shop_is_called_the_answer_is_json(names: list[str]) -> None:
    ids = np.sort(RAW.shops["shop_id"][: len(names)])
    texts = as_texts(ids, [text_of(i, name) for i, name in zip(ids.tolist(), names, strict=True)])
    base = replace(RAW, shops=RAW.shops[: len(names)], offers=RAW.offers[:0], texts=texts)
    none = replace(RAW, shops=RAW.shops[:0], offers=RAW.offers[:0])
    view = view_of(base, none)
    where = RAW.shops[0]
    query = Query(float(where["latitude"]), float(where["longitude"]), 10_000, RAW.horizon[0] + 2200, open_now=False)
    said = {shop["id"]: shop["name"]["zh"] for shop in read(answer_public(view, query).shops)}
    assert said and said.items() <= dict(zip(ids.tolist(), names, strict=True)).items()


def test_few_packages_and_doubtful_prices_are_marked() -> None:
    base, delta = rows(RAW.shops["shop_id"] % 2 == 0), rows(RAW.shops["shop_id"] % 2 == 1)
    said = tuple(build_fragments(build_part(raw, FRAME).shop_id, raw, ZONE) for raw in (base, delta))
    sure = build_part(base, FRAME)
    doubtful = sure._replace(flags=sure.flags | np.uint16(EXACT_NEEDED))
    doubtful.flags.flags.writeable = False
    other = make_view(FRAME, doubtful, build_part(delta, FRAME), said=(said[0], said[1]))
    offers = RAW.offers
    scarce = set(offers["shop_id"][(offers["op"] == PACKAGE) & (offers["units"] < 10)].tolist())
    seen: set[tuple[bool, bool]] = set()
    for query in make_queries(RAW, FRAME, 150, 3000, seed=5):
        public = Query(query.latitude, query.longitude, 3000, query.minute, query.party)
        for shop in read(answer_public(other, public).shops):
            assert shop["stock"] is None or (shop["price"] == "package" and shop["stock"] >= 10)
            assert not shop["few_left"] or (shop["stock"] is None and shop["id"] in scarce)
            seen.add((shop["few_left"], shop["is_exact"]))
    assert seen == {(False, False), (False, True), (True, False), (True, True)}


def test_a_long_answer_gets_the_room_it_needs() -> None:
    everybody = np.ones(len(RAW.shops), bool)
    view = view_of(rows(everybody, "很长的名字" * 200), rows(~everybody))
    where = RAW.shops[0]
    query = Query(float(where["latitude"]), float(where["longitude"]), 10_000, RAW.horizon[0] + 2200, count=200)
    assert len(read(answer_public(view, query).shops)) == 200


def test_nothing_here_looks_twice_as_far() -> None:
    where = RAW.shops[0]
    north = float(where["latitude"]) + 1.1
    answer = answer_public(city(), Query(north, float(where["longitude"]), 1000, RAW.horizon[0] + 2200))
    assert answer.radius_m == 2000 and not answer.shops


def test_texts_are_taken_away_and_put_together() -> None:
    old, new = as_texts(np.array([1, 3, 5]), [b"one", b"", b"five"]), as_texts(np.array([2, 3]), [b"two", b"three"])
    both = joined_texts(texts_without(old, np.array([3, 7])), new)
    said = [both.data[a:b].tobytes() for a, b in zip(both.start, both.end, strict=True)]
    assert dict(zip(both.ids.tolist(), said, strict=True)) == {1: b"one", 2: b"two", 3: b"three", 5: b"five"}


def test_the_clock_of_the_answer_follows_summer_time() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 10, 24, tzinfo=zone).timestamp() // 60)
    raw = Raw(RAW.shops[:0], RAW.offers[:0], {}, ((),), RAW.stackings, (first, first + 8 * 1440))
    clock = build_fragments(np.zeros(0, np.int64), raw, zone).clock
    instant = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for hours, ahead in ((0, 120), (1, 60), (2, 60)):
        hour = int((instant + timedelta(hours=hours)).timestamp() // 3600)
        assert clock[1 + hour - clock[0]] == ahead
