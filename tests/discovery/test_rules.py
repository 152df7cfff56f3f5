"""Words, readings and scores, from values alone (DS13, DS16)."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacao.discovery.rules import (
    AREA_KINDS,
    VALUE_POINTS_MAX,
    WEIGHTS,
    Facts,
    Gazetteer,
    Hours,
    Known,
    explain,
    fuzzy_points,
    name_points,
    normalise,
    prepare,
    score_terms,
    sound_of,
    tokens_of_name,
    tokens_of_query,
    tokens_of_text,
    understand,
)
from bacao.discovery.rules.score import distance_points, quality_points, value_points
from bacao.discovery.rules.tokens import known_syllables, split_pinyin
from bacao.kit.text import Text

# --- tokens


def test_a_name_is_found_by_pairs_sounds_initials_and_words() -> None:
    tokens = tokens_of_name("武康路", "Luli Coffee")
    assert {"武", "武康", "康路", "p:wukang", "p:kanglu", "i:wk", "i:kl", "luli", "coffee", "t:cof", "t:_co"} <= tokens


def test_a_text_is_not_found_by_sound() -> None:
    tokens = tokens_of_text("雨天坐到打烊")
    assert "雨天" in tokens
    assert not any(":" in token for token in tokens)


@pytest.mark.parametrize(
    ("written", "read"),
    [("ＬＵＬＩ　Café", "luli cafe"), ("  两  个空格 ", "两 个空格"), ("Joe's", "joes"), ("７０后", "70后")],
)
def test_width_case_and_accents_do_not_count(written: str, read: str) -> None:
    assert normalise(written) == read


def test_pinyin_is_read_in_every_way_it_can_be() -> None:
    assert split_pinyin("xian") == [["xian"], ["xi", "an"]]
    assert split_pinyin("wulinlu") == [["wu", "lin", "lu"]]
    assert split_pinyin("coffee") == []
    assert 390 <= len(known_syllables()) <= 420


def test_a_query_wants_its_pairs_and_forgives_by_sound() -> None:
    strict, loose = tokens_of_query("老吉世")
    assert strict == ["老吉", "吉世"]
    assert {"p:laoji", "p:jishi", "老吉世"} <= set(loose)
    strict, loose = tokens_of_query("wulin lu")
    assert strict == ["wulin*", "lu*"]
    assert {"p:wulin", "p:linlu"} <= set(loose)
    assert "i:wk" in tokens_of_query("wkl")[1]


@given(st.text(max_size=60))
def test_no_text_breaks_the_cutting(text: str) -> None:
    for token in tokens_of_name(text) | tokens_of_text(text) | set(tokens_of_query(text)[0]):
        assert token
        assert len(token.encode()) <= 70
        assert "'" not in token


# --- names


@pytest.mark.parametrize(
    ("better", "worse", "query"),
    [
        ("老吉士", "老吉士酒家", "老吉士"),  # exact before its beginning
        ("老吉士酒家", "新老吉士", "老吉士"),  # the beginning before the middle
        ("新老吉士", "老绩仕", "老吉士"),  # written so before sounding so
        ("老吉士酒家", "老鸡汤", "老吉世"),  # one wrong character that sounds the same
        ("麓里咖啡 Luli Coffee", "绿里 Lima Cafe", "luly cofee"),  # slips in letters
        ("武林路面馆", "武康面馆", "wulin lu"),
    ],
)
def test_the_better_name_gets_more_points(better: str, worse: str, query: str) -> None:
    wanted = prepare(query)

    def points(name: str) -> int:
        names = name.split(" ", 1)
        sound = sound_of(names)
        return name_points(wanted, names, sound) or fuzzy_points(wanted, names, sound)

    assert points(better) > points(worse)


def test_another_name_gets_nothing() -> None:
    wanted = prepare("火锅")
    assert name_points(wanted, ["湖边长椅", "Lake bench"], sound_of(["湖边长椅"])) == 0
    assert fuzzy_points(wanted, ["湖边长椅", "Lake bench"], sound_of(["湖边长椅"])) == 0


# --- reading a query

CITY = Gazetteer(
    [
        Known("district", "hubin", Text("湖滨", "Hubin"), ("湖滨", "Hubin"), 30.25, 120.16),
        Known("street", "wulin", Text("武林路", "Wulin Road"), ("武林路", "Wulin Road"), 30.26, 120.16),
        Known("station", "longxiang", Text("龙翔桥", "Longxiangqiao"), ("龙翔桥", "Longxiangqiao"), 30.25, 120.16),
        Known("category", "cafe", Text("咖啡", "Coffee"), ("咖啡", "Coffee", "咖啡馆", "cafe")),
        Known("category", "hotpot", Text("火锅", "Hotpot"), ("火锅", "Hotpot")),
        Known("category", "bread", Text("面包", "Bread"), ("面包", "Bread")),
        Known("category", "noodles", Text("面与小吃", "Noodles"), ("面与小吃", "Noodles", "面")),
    ]
)


@pytest.mark.parametrize(
    ("query", "chips", "rest"),
    [
        ("湖滨人均100以下火锅", {"district:hubin", "price:10000", "category:hotpot"}, ""),
        ("武林路附近的咖啡馆", {"street:wulin", "category:cafe"}, ""),
        ("wulin lu", {"street:wulin"}, ""),
        ("Wulin Rd coffee under ¥40", {"street:wulin", "category:cafe", "price:4000"}, ""),
        ("2人 火锅 龙翔桥", {"party:2", "category:hotpot", "station:longxiang"}, ""),
        ("coffee for two", {"category:cafe", "party:2"}, ""),
        ("正在营业的咖啡", {"open:now", "category:cafe"}, ""),
        ("面", {"category:noodles"}, ""),
        ("手冲 湖滨", {"district:hubin"}, "手冲"),
        ("面包树", set(), "面包树"),  # not a bakery and a tree
        ("老吉士", set(), "老吉士"),
        ("不超过 80 元", {"price:8000"}, ""),
        ("less than 60 hotpot", {"price:6000", "category:hotpot"}, ""),
        ("1998", set(), "1998"),
    ],
)
def test_a_query_is_read(query: str, chips: set[str], rest: str) -> None:
    read = understand(query, CITY)
    assert {f"{chip.kind}:{chip.code}" for chip in read.chips} == chips
    assert read.rest == rest


def test_a_chip_taken_out_leaves_the_others() -> None:
    read = understand("湖滨 火锅 人均100以下", CITY)
    for chip in read.chips:
        again = understand(chip.without, CITY)
        assert {other.code for other in again.chips} == {other.code for other in read.chips} - {chip.code}


@given(st.text(alphabet="湖滨武林路咖啡馆火锅人均以下的0123456789 abwulinhotpot¥面", max_size=24))
def test_reading_never_fails_and_taking_out_never_adds(query: str) -> None:
    read = understand(query, CITY)
    assert len({chip.kind for chip in read.chips if chip.kind in AREA_KINDS}) <= 1
    for chip in read.chips:
        assert len(chip.without) < len(normalise(query)) + 1


@pytest.mark.parametrize(
    ("typed", "first"), [("wul", "wulin"), ("武", "wulin"), ("hubin", "hubin"), ("long", "longxiang")]
)
def test_areas_are_suggested_by_spelling_and_sound(typed: str, first: str) -> None:
    assert CITY.suggest(typed)[0].code == first


# --- scores

facts = st.builds(
    Facts,
    distance_m=st.integers(0, 30_000),
    per_head_minor=st.none() | st.integers(100, 100_000),
    median_minor=st.none() | st.integers(100, 100_000),
    review_count=st.integers(0, 5_000),
    stars_hundredths=st.none() | st.integers(100, 500),
    arrivals_30_days=st.integers(0, 10_000),
    hours=st.sampled_from(Hours),
    minutes_left=st.none() | st.integers(0, 12_000),
    saved_on=st.none() | st.dates(),
    today=st.none() | st.dates(),
    tried_points=st.integers(0, 2000),
    visits=st.integers(0, 30),
)


@given(facts)
def test_ds13_the_points_shown_add_up_to_the_score(seen: Facts) -> None:
    terms = score_terms(seen)
    reasons = explain(seen, terms, walking_minutes=7)
    assert sum(reason.points for reason in reasons) == sum(terms.values())
    assert all(isinstance(points, int) for points in terms.values())
    assert {reason.term for reason in reasons} == {term for term, points in terms.items() if points}


@given(facts)
def test_ds13_each_sentence_names_a_fact_of_the_answer(seen: Facts) -> None:
    facts_of = {
        "distance": "7",
        "quality": str(seen.review_count),
        "arrivals": str(seen.arrivals_30_days),
        "time_left": "" if seen.hours is Hours.CLOSED else str(seen.minutes_left),
        "fit": str(seen.visits) if seen.visits > 1 else "",
        "value": "",
        "exploration": "",
    }
    for reason in explain(seen, score_terms(seen), walking_minutes=7):
        assert facts_of[reason.term] in reason.text.zh
        assert facts_of[reason.term] in reason.text.en


@pytest.mark.parametrize("metres", [0, 400, 800, 5_000])
def test_distance_follows_its_formula(metres: int) -> None:
    assert distance_points(metres) == pytest.approx(-1000 * math.log(1 + metres / 400), abs=1)


def test_twice_as_cheap_is_as_good_as_the_formula_says() -> None:
    assert value_points(3000, 6000) == round(WEIGHTS["value"] * math.log(2))
    assert value_points(6000, 3000) == -round(WEIGHTS["value"] * math.log(2))
    assert value_points(1, 100_000) == VALUE_POINTS_MAX
    assert value_points(None, 6000) == value_points(6000, None) == 0


def test_many_good_reviews_beat_one_perfect_review() -> None:
    assert quality_points(60, 480) > quality_points(1, 500) > quality_points(0, None) == 0
    assert quality_points(20, 250) < 0


def test_nearer_cheaper_longer_open_never_scores_less() -> None:
    lots = random.Random(7)
    for _ in range(2000):
        near, far = sorted(lots.sample(range(20_000), 2))
        cheap, dear = sorted(lots.sample(range(500, 40_000), 2))
        late, soon = sorted(lots.sample(range(300), 2), reverse=True)
        base = {"median_minor": 6000, "hours": Hours.OPEN}
        good = score_terms(Facts(near, cheap, minutes_left=late, **base))
        bad = score_terms(Facts(far, dear, minutes_left=soon, **base))
        assert all(good[term] >= bad[term] for term in good)
