"""Distances, the grid, datums: published points, and properties that hold everywhere."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacao.kit import geo

CHINA_LATITUDES, CHINA_LONGITUDES = st.floats(18, 53.5), st.floats(73.6, 135)
LATITUDES, LONGITUDES = st.floats(-85, 85), st.floats(-180, 179.999)
Shift = Callable[[float, float], tuple[float, float]]


def test_distance_of_a_degree_of_latitude() -> None:
    assert geo.distance_m(30, 120, 31, 120) == pytest.approx(111_195, abs=1)
    assert geo.distance_m(30.25, 120.16, 30.25, 120.16) == 0


def test_distance_between_two_stations() -> None:
    """Hangzhou East to Shanghai Hongqiao, measured on a map: 159 km."""
    assert geo.distance_m(30.2906, 120.2130, 31.1943, 121.3208) == pytest.approx(146_200, rel=0.01)


@pytest.mark.parametrize(("metres", "minutes"), [(0, 1), (50, 1), (62, 2), (400, 7), (1000, 17)])
def test_a_walk_takes_a_detour(metres: float, minutes: int) -> None:
    assert geo.walking_minutes(metres) == minutes


@pytest.mark.parametrize(
    ("shift", "there"),
    [
        (geo.wgs84_to_gcj02, (39.91640428150164, 116.41024449916938)),
        (geo.gcj02_to_bd09, (39.92133699351022, 116.41036949371029)),
    ],
)
def test_datums_at_a_published_point(shift: Shift, there: tuple[float, float]) -> None:
    """Tiananmen, as the widely copied reference implementation (coordtransform) gives it."""
    assert shift(39.915, 116.404) == pytest.approx(there, abs=1e-9)


@given(CHINA_LATITUDES, CHINA_LONGITUDES)
def test_there_and_back_is_less_than_a_metre(latitude: float, longitude: float) -> None:
    gcj = geo.wgs84_to_gcj02(latitude, longitude)
    assert geo.distance_m(latitude, longitude, *geo.gcj02_to_wgs84(*gcj)) < 0.01
    bd = geo.gcj02_to_bd09(*gcj)
    assert geo.distance_m(*gcj, *geo.bd09_to_gcj02(*bd)) < 0.01
    assert geo.distance_m(latitude, longitude, *geo.bd09_to_wgs84(*bd)) < 0.01


@given(CHINA_LATITUDES, CHINA_LONGITUDES)
def test_the_shift_is_hundreds_of_metres(latitude: float, longitude: float) -> None:
    """A datum that is forgotten puts the door across the river: the test would see an identity."""
    assert 10 < geo.distance_m(latitude, longitude, *geo.wgs84_to_gcj02(latitude, longitude)) < 2_000


@given(st.one_of(st.tuples(st.floats(-90, 0.5), LONGITUDES), st.tuples(LATITUDES, st.floats(-180, 71))))
def test_outside_china_nothing_moves(position: tuple[float, float]) -> None:
    for shift in (geo.wgs84_to_gcj02, geo.gcj02_to_wgs84, geo.gcj02_to_bd09, geo.bd09_to_gcj02):
        assert shift(*position) == position


@given(LATITUDES, LONGITUDES, st.floats(0, 3_000), st.floats(-0.03, 0.03), st.floats(-0.03, 0.03))
def test_a_circle_finds_every_place_in_it(lat: float, lon: float, radius: float, up: float, right: float) -> None:
    other = max(-85.0, min(85.0, lat + up)), (lon + right + 180) % 360 - 180
    if geo.distance_m(lat, lon, *other) <= radius:
        assert geo.cell_of(*other) in geo.cells_around(lat, lon, radius)


@given(LATITUDES, LONGITUDES)
def test_a_cell_fits_an_integer_column_and_is_small(latitude: float, longitude: float) -> None:
    cell = geo.cell_of(latitude, longitude)
    assert 0 <= cell < 2**31
    assert cell in geo.cells_around(latitude, longitude, 0)
    assert geo.cell_of(latitude + 0.01, longitude) != cell


def test_a_circle_asks_for_no_more_cells_than_it_needs() -> None:
    """Within 1 km: nine or ten rows of nine or ten cells."""
    cells = geo.cells_around(30.25, 120.16, 1_000)
    assert len(cells) == len(set(cells))
    assert 64 <= len(cells) <= 100


def test_links_speak_each_map_s_own_datum() -> None:
    links = {link.label.en: link.url for link in geo.map_links(30.2489634, 120.2052342, "鹿里 & Co")}
    lat, lon = geo.wgs84_to_gcj02(30.2489634, 120.2052342)
    assert f"{lon:.6f},{lat:.6f}" in links["Amap"]
    assert f"{lat:.6f},{lon:.6f}" in links["Baidu Maps"]
    assert "30.248963" in links["OpenStreetMap"]
    assert all(url.startswith("https://") and "鹿" not in url and " " not in url for url in links.values())
    assert "%E9%B9%BF%E9%87%8C%20%26%20Co" in links["Amap"]
