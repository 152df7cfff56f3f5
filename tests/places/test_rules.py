"""What is decided from values: the tree, names, kinds, points inside outlines, where in the city a point lies."""

import json
from math import cos, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacao.kit.paths import ROOT
from bacao.places.rules import CATEGORIES, Area, Line, area_of, line_of
from bacao.places.rules.osm import addresses_of, names_of
from bacao.places.rules.osm_kinds import (
    CATEGORY_OF,
    CATEGORY_OF_CUISINE,
    CATEGORY_OF_NAME,
    GROUP_OF,
    REASONS,
    category_of,
    group_of,
)
from bacao.places.rules.shapes import join_rings, middle_of_line, point_on_surface
from bacao.places.rules.table import COLUMNS

CODES = {row.code for row in CATEGORIES}


def test_u03_the_tree_covers_cafe_buyer_shop_travel_and_home() -> None:
    assert {"cafe", "buyer-shop", "travel", "home"} <= CODES
    assert len([row for row in CATEGORIES if not row.parent]) == 12


def test_the_tree_has_two_levels_and_every_code_once() -> None:
    top = {row.code for row in CATEGORIES if not row.parent}
    assert len(CODES) == len(CATEGORIES)
    assert {row.parent for row in CATEGORIES} - {""} <= top
    assert all(row.name_zh and row.name_en and 0 <= row.tint < 360 for row in CATEGORIES)


def test_every_category_has_a_picture() -> None:
    pack = ROOT / "node_modules/@iconify-json/fluent-emoji-flat/icons.json"
    if not pack.exists():
        pytest.skip("the pictures are not installed (npm ci)")
    known = json.loads(pack.read_text())["icons"].keys()
    assert {row.emoji for row in CATEGORIES} <= known


def test_tables_name_only_categories_and_reasons_that_exist() -> None:
    named = {category for table in CATEGORY_OF.values() for category in table.values()}
    named |= set(CATEGORY_OF_CUISINE.values()) | {category for category, _ in CATEGORY_OF_NAME}
    assert named <= CODES
    assert set(GROUP_OF.values()) <= REASONS.keys()
    assert not GROUP_OF.keys() & CATEGORY_OF["amenity"].keys(), "both a shop and not"


def test_the_guide_names_every_category_and_column() -> None:
    guide = (ROOT / "docs/guide/importing.md").read_text()
    assert [name for name in (*sorted(CODES), *COLUMNS) if f"`{name}`" not in guide] == []


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ({"amenity": "cafe"}, "cafe"),
        ({"amenity": "cafe", "cuisine": "cake;coffee_shop"}, "cafe"),
        ({"amenity": "cafe", "cuisine": "bubble_tea"}, "milk-tea"),
        ({"amenity": "restaurant", "cuisine": "Japanese; sushi"}, "asian"),
        ({"amenity": "restaurant", "name": "重庆老火锅"}, "hotpot"),
        ({"amenity": "restaurant", "cuisine": "chinese", "name": "Lamb Spine Hotpot"}, "hotpot"),
        ({"amenity": "restaurant", "cuisine": "noodle;chinese"}, "noodle-shop"),
        ({"amenity": "restaurant", "name": "福家煲"}, "chinese"),
        ({"amenity": "fast_food", "cuisine": "burger"}, "burger"),
        ({"amenity": "fast_food", "cuisine": "chicken"}, "fast-food"),
        ({"amenity": "pub;ktv"}, "pub"),
        ({"shop": "boutique"}, "buyer-shop"),
        ({"amenity": "shelter", "tourism": "attraction"}, "sights"),
        ({"tourism": "guest_house"}, "travel"),
        ({"shop": "interior_decoration"}, "furniture"),
        ({"leisure": "fitness_centre"}, "fitness"),
        ({"amenity": "toilets"}, None),
        ({"shop": "car_repair"}, None),
        ({"building": "yes"}, None),
    ],
)
def test_kinds(tags: dict[str, str], category: str | None) -> None:
    assert category_of(tags, tags.get("name", "")) == category


def test_what_is_no_shop_is_counted_under_a_heading() -> None:
    assert group_of({"amenity": "bicycle_rental"}) == ("transport", "bicycle_rental")
    assert group_of({"shop": "vacant"}) == ("other", "vacant")


@pytest.mark.parametrize(
    ("tags", "zh", "en"),
    [
        ({"name": "外婆家"}, "外婆家", ""),
        ({"name": "Hard Rock"}, "", "Hard Rock"),
        ({"name": "星巴克", "name:en": "Starbucks"}, "星巴克", "Starbucks"),
        ({"name": "Starbucks", "name:zh": "星巴克"}, "星巴克", "Starbucks"),
        ({"name": "新白鹿酒店 New White Deer Restaurant"}, "新白鹿酒店", "New White Deer Restaurant"),
        ({"name": "Chunxue Noodle Restaurant  春雪面館"}, "春雪面館", "Chunxue Noodle Restaurant"),
        ({"name": "肯德基KFC（云栖小镇店）"}, "肯德基KFC（云栖小镇店）", ""),
        ({"name": "Costa咖啡", "name:zh": "Costa", "name:en": "Costa咖啡"}, "Costa咖啡", "Costa咖啡"),
        ({"name": "Costa 咖啡"}, "Costa 咖啡", ""),
        ({"name": "KFC", "brand:zh": "肯德基", "brand": "KFC"}, "肯德基", "KFC"),
        ({"brand": "肯德基", "brand:en": "KFC"}, "肯德基", "KFC"),
        ({"name": "星巴克", "branch": "北山路店"}, "星巴克（北山路店）", ""),
        ({"name": "星巴克北山路店", "branch": "北山路店"}, "星巴克北山路店", ""),
        ({"name": '"Noisy Place"'}, "", "Noisy Place"),
        ({"name": "85度C"}, "85度C", ""),
        ({"name": "1944"}, "", "1944"),
        ({"name:zh-Hant": "春雪"}, "春雪", ""),
        ({"name:de": "Tee"}, "", ""),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_names_in_two_scripts(tags: dict[str, str], zh: str, en: str) -> None:
    assert names_of(tags) == (zh, en)


@pytest.mark.parametrize(
    ("tags", "zh", "en"),
    [
        ({"addr:street": "文泽路", "addr:housenumber": "99号", "addr:district": "江干区"}, "江干区文泽路99号", ""),
        ({"addr:street": "中山北路", "addr:housenumber": "333"}, "中山北路333号", ""),
        ({"addr:street": "Xixing Road", "addr:housenumber": "1-116"}, "", "1-116 Xixing Road"),
        ({"addr:full": "浙大玉泉校区"}, "浙大玉泉校区", ""),
        ({"addr:street": "Pinghai Road 平海路"}, "Pinghai Road 平海路", ""),
        ({}, "", ""),
    ],
)
def test_addresses(tags: dict[str, str], zh: str, en: str) -> None:
    assert addresses_of(tags) == (zh, en)


# Shapes


def inside(point: tuple[float, float], rings: list[list[tuple[float, float]]]) -> bool:
    """Tell by the winding of the angle, unlike the code, which counts crossings."""
    crossings = 0
    x, y = point
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if min(y1, y2) <= y < max(y1, y2) and x1 + (x2 - x1) * (y - y1) / (y2 - y1) > x:
                crossings += 1
    return crossings % 2 == 1


SQUARE = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]
YARD = [(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0), (1.0, 1.0)]
HOOK = [(0.0, 0.0), (5.0, 0.0), (5.0, 5.0), (4.0, 5.0), (4.0, 1.0), (0.0, 1.0), (0.0, 0.0)]


def test_a_plain_shape_is_stood_for_by_its_middle() -> None:
    assert point_on_surface([SQUARE]) == (2, 2)


def test_a_hook_and_a_house_around_a_yard_are_not() -> None:
    for rings in ([HOOK], [SQUARE, YARD]):
        assert inside(point_on_surface(rings), rings)


@given(st.lists(st.floats(0.2, 1), min_size=3, max_size=30), st.floats(-170, 170), st.floats(-80, 80))
def test_the_point_is_inside_any_star(radii: list[float], longitude: float, latitude: float) -> None:
    step = 360 / len(radii)
    ring = [
        (longitude + r * 0.001 * cos(radians(i * step)), latitude + r * 0.001 * sin(radians(i * step)))
        for i, r in enumerate(radii)
    ]
    assert inside(point_on_surface([ring]), [ring])


@given(st.lists(st.integers(1, 9), min_size=2, max_size=12))
def test_the_point_is_inside_any_comb(teeth: list[int]) -> None:
    """Teeth of different length on a thin back: the centroid is mostly between them."""
    top = [
        corner
        for number, tooth in enumerate(teeth)
        for corner in ((2.0 * number, 0.1), (2.0 * number, float(tooth)), (2 * number + 1.0, float(tooth)),
                       (2 * number + 1.0, 0.1))
    ]  # fmt: skip
    ring = [(0.0, 0.0), *top, (2.0 * len(teeth), 0.0)]
    assert inside(point_on_surface([ring]), [ring])


def test_a_shape_without_area_is_stood_for_by_one_of_its_points() -> None:
    assert point_on_surface([[(1.0, 1.0), (2.0, 1.0), (1.0, 1.0)]]) in {(1.0, 1.0), (1.5, 1.0), (2.0, 1.0)}
    assert point_on_surface([[(1.0, 1.0), (1.0, 1.0)]]) == (1.0, 1.0)


def test_rings_are_joined_whatever_the_order_and_direction() -> None:
    lines = [[(0.0, 0.0), (4.0, 0.0)], [(4.0, 4.0), (4.0, 0.0)], [(4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]]
    for order in (lines, lines[::-1], [lines[1], lines[2], lines[0]]):
        (ring,) = join_rings(order)
        assert ring[0] == ring[-1]
        assert sorted(set(ring)) == sorted({point for line in lines for point in line})


def test_an_open_outline_is_closed_by_a_straight() -> None:
    assert join_rings([[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]]) == [[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 0.0)]]


def test_half_way_along_a_line() -> None:
    assert middle_of_line([(0.0, 0.0), (1.0, 0.0), (4.0, 0.0)]) == (2, 0)
    assert middle_of_line([(3.0, 3.0)]) == (3, 3)


# Where in the city


def test_districts_by_outline_then_by_nearness() -> None:
    west = Area("west", 30.25, 120.125, [[[120.10, 30.20], [120.15, 30.20], [120.15, 30.30], [120.10, 30.30]]])
    east = Area("east", 30.25, 120.17, [])
    assert area_of(30.25, 120.149, [east, west]) == "west"
    assert area_of(30.25, 120.16, [east, west]) == "east"
    assert area_of(30.25, 120.40, [east, west]) is None


def test_streets_by_the_distance_to_the_line_not_to_its_ends() -> None:
    lines = [Line("long", "west", [[120.10, 30.25], [120.14, 30.25]]), Line("far", "west", [[120.12, 30.26]])]
    assert line_of(30.2505, 120.12, lines) == "long"
    assert line_of(30.2520, 120.12, lines) is None
    assert line_of(30.25, 120.12, []) is None
