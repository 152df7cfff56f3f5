"""Positions: distances, walking time, the 250 m grid, China's map datums, links to maps. Degrees, metres; pure.

Positions are kept in WGS-84. Maps of China draw GCJ-02, Baidu's draws BD-09 on top of it.
"""

from collections.abc import Callable
from math import asin, atan2, ceil, cos, floor, hypot, pi, radians, sin, sqrt
from typing import NamedTuple
from urllib.parse import quote

from bacao.kit.text import Text

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
CELL_M = 250
_CELL_DEGREES = CELL_M / (EARTH_RADIUS_M * pi / 180)
_DETOUR = 1.3  # streets are longer than the crow's flight
_WALK_M_PER_MINUTE = 80


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in metres (haversine)."""
    rise = sin(radians(lat2 - lat1) / 2) ** 2
    run = cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(rise + run)))


def walking_minutes(metres: float) -> int:
    """Return the minutes of a walk (at least 1) over a straight-line distance: 30 % detour, 80 m a minute."""
    return max(1, ceil(metres * _DETOUR / _WALK_M_PER_MINUTE))


def longest_walk_m(minutes: int) -> int:
    """Return the longest straight-line distance, in whole metres, that is walked in so many minutes."""
    return floor(minutes * _WALK_M_PER_MINUTE / _DETOUR)


# The grid: rows of 250 m from the south pole; in each row columns of 250 m from the antimeridian.


def _row(latitude: float) -> int:
    return floor((latitude + 90) / _CELL_DEGREES)


def _columns(row: int) -> int:
    """Return how many columns a row has: as many as fit its circle of latitude."""
    return max(1, floor(360 * cos(radians((row + 0.5) * _CELL_DEGREES - 90)) / _CELL_DEGREES))


def _cell(row: int, column: int) -> int:
    """Pack into 31 bits; two places share a number by wrapping only when they are over 8,000 km apart."""
    return (row % 2**15) << 16 | column % 2**16


def cell_of(latitude: float, longitude: float) -> int:
    """Return the number of the 250 m cell around a position; below 2^31."""
    row = _row(latitude)
    columns = _columns(row)
    return _cell(row, floor((longitude + 180) / 360 * columns) % columns)


def cells_around(latitude: float, longitude: float, radius_m: float) -> list[int]:
    """Return every cell a circle touches (and some of the corners around it), south to north, west to east."""
    reach = radius_m / CELL_M * _CELL_DEGREES
    cells = []
    for row in range(_row(latitude - reach), _row(latitude + reach) + 1):
        columns = _columns(row)
        centre, half = (longitude + 180) / 360 * columns, radius_m / CELL_M * 1.01
        first, last = floor(centre - half), floor(centre + half)
        cells += [_cell(row, column % columns) for column in range(first, min(last, first + columns - 1) + 1)]
    return cells


# Datums. Formulas: the published reconstruction of GCJ-02 (Krasovsky 1940 ellipsoid) and of BD-09.

_AXIS_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU = pi * 3000 / 180


def in_china(latitude: float, longitude: float) -> bool:
    """Return whether the datum GCJ-02 is shifted here: the rectangle around China that map makers use."""
    return 0.8293 <= latitude <= 55.8271 and 72.004 <= longitude <= 137.8347


def wgs84_to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """Return a WGS-84 position in GCJ-02; the same outside China."""
    if not in_china(latitude, longitude):
        return latitude, longitude
    x, y = longitude - 105, latitude - 35
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += _waves((20, 6 * x), (20, 2 * x), (20, y), (40, y / 3), (160, y / 12), (320, y / 30))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += _waves((20, 6 * x), (20, 2 * x), (20, x), (40, x / 3), (150, x / 12), (300, x / 30))
    flattening = 1 - _ECCENTRICITY_SQUARED * sin(radians(latitude)) ** 2
    metres_north = _AXIS_M * (1 - _ECCENTRICITY_SQUARED) / flattening**1.5 * radians(1)
    metres_east = _AXIS_M / sqrt(flattening) * cos(radians(latitude)) * radians(1)
    return latitude + north / metres_north, longitude + east / metres_east


def _waves(*waves: tuple[float, float]) -> float:
    """Return two thirds of a sum of sines, given as (height, half turns)."""
    return sum(height * sin(turns * pi) for height, turns in waves) * 2 / 3


def gcj02_to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """Return a GCJ-02 position in WGS-84, within a millimetre; the same outside China."""
    return _inverse(wgs84_to_gcj02, latitude, longitude)


def gcj02_to_bd09(latitude: float, longitude: float) -> tuple[float, float]:
    """Return a GCJ-02 position in Baidu's BD-09; the same outside China."""
    if not in_china(latitude, longitude):
        return latitude, longitude
    radius = hypot(longitude, latitude) + 0.00002 * sin(latitude * _BAIDU)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * _BAIDU)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065


def bd09_to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """Return a BD-09 position in GCJ-02, within a millimetre; the same outside China."""
    return _inverse(gcj02_to_bd09, latitude, longitude)


def bd09_to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """Return a BD-09 position in WGS-84."""
    return gcj02_to_wgs84(*bd09_to_gcj02(latitude, longitude))


def _inverse(
    shift: Callable[[float, float], tuple[float, float]], latitude: float, longitude: float
) -> tuple[float, float]:
    """Return the position that `shift` moves here, by fixed-point iteration (a step shrinks the error 50-fold)."""
    there = latitude, longitude
    for _ in range(8):
        shifted = shift(*there)
        there = there[0] + latitude - shifted[0], there[1] + longitude - shifted[1]
    return there


class MapLink(NamedTuple):
    """A link that opens a place in somebody else's map."""

    label: Text
    url: str


def map_links(latitude: float, longitude: float, name: str) -> list[MapLink]:
    """Return links to the maps people use, each in the datum it draws; OpenStreetMap last."""
    gcj_lat, gcj_lon = (f"{degrees:.6f}" for degrees in wgs84_to_gcj02(latitude, longitude))
    lat, lon, label = f"{latitude:.6f}", f"{longitude:.6f}", quote(name, safe="")
    amap = f"https://uri.amap.com/marker?position={gcj_lon},{gcj_lat}&name={label}&coordinate=gaode&callnative=1"
    baidu = (
        f"https://api.map.baidu.com/marker?location={gcj_lat},{gcj_lon}&title={label}&content={label}"
        "&coord_type=gcj02&output=html&src=bacao"
    )
    tencent = f"https://apis.map.qq.com/uri/v1/marker?marker=coord:{gcj_lat},{gcj_lon};title:{label}&referer=bacao"
    return [
        MapLink(Text("高德地图", "Amap"), amap),
        MapLink(Text("百度地图", "Baidu Maps"), baidu),
        MapLink(Text("腾讯地图", "Tencent Maps"), tencent),
        MapLink(Text("苹果地图", "Apple Maps"), f"https://maps.apple.com/?ll={gcj_lat},{gcj_lon}&q={label}"),
        MapLink(
            Text("OpenStreetMap", "OpenStreetMap"),
            f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=18/{lat}/{lon}",
        ),
    ]
