"""Where somebody looks from: a district, a street, a station, or the device's own position if they said so (U28)."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from bacao.kit.geo import distance_m
from bacao.kit.text import Refused, Text
from bacao.places.queries import find_district, find_street, list_districts

if TYPE_CHECKING:
    from bacao.places.models import District, Street

COOKIE = "where"
AREA_KEPT_SECONDS = 400 * 24 * 3600
DEVICE_KEPT_SECONDS = 12 * 3600
CENTRE_KEPT_SECONDS = 60
CITY_RADIUS_M = 80_000
DEVICE_DECIMALS = 4  # 11 m: enough for walking, too little for a door
_DEVICE = re.compile(r"device:(-?\d{1,2}(?:\.\d{1,6})?),(-?\d{1,3}(?:\.\d{1,6})?)")
_AREA = re.compile(r"(district|street):([-\w]{1,50})")


@dataclass(frozen=True, slots=True)
class Where:
    """A point to look from, in WGS-84 degrees. `source` is default, district, street or device."""

    latitude: float
    longitude: float
    label: Text
    source: str = "default"


class OutOfTown(Refused):
    """A device says it is too far away for anything here to be near."""

    code = "out_of_town"
    status = 422

    def __init__(self, away_m: float) -> None:
        away_km = round(away_m / 1000)
        super().__init__(
            Text(
                f"这台设备在 {away_km:,} 公里以外，附近还没有我们的店。先选一条街逛逛。",
                f"This device is {away_km:,} km away; nothing of ours is near it. Choose a street to look around.",
            )
        )


def read_where(request: HttpRequest) -> Where:
    """Return where this browser looks from: as it chose, else the middle of the city. At most two statements."""
    kept = request.COOKIES.get(COOKIE, "")
    if found := _DEVICE.fullmatch(kept):
        latitude, longitude = float(found[1]), float(found[2])
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return Where(latitude, longitude, Text("我的位置", "My position"), "device")
    if found := _AREA.fullmatch(kept):
        area = find_district(found[2]) if found[1] == "district" else find_street(found[2])
        if area:
            return _of_area(area, found[1])
    return city_centre()


def city_centre() -> Where:
    """Return the first district, or `BACAO_CENTRE` where none is drawn yet; a minute old, as most requests ask it."""
    kept: Where = cache.get_or_set("city-centre", _city_centre, CENTRE_KEPT_SECONDS) or _city_centre()
    return kept


def _city_centre() -> Where:
    first = next(iter(list_districts()), None)
    if first:
        return _of_area(first, "default")
    latitude, longitude = settings.CITY_CENTRE
    return Where(latitude, longitude, Text("市中心", "City centre"))


def remember_area(answer: HttpResponse, choice: str) -> bool:
    """Make `answer` carry a district or street, `choice` = "street:code"; return whether there is such a one."""
    found = _AREA.fullmatch(choice)
    if not found or not (find_district(found[2]) if found[1] == "district" else find_street(found[2])):
        return False
    _set(answer, choice, AREA_KEPT_SECONDS)
    return True


def remember_device(answer: HttpResponse, latitude: float, longitude: float) -> None:
    """Make `answer` carry a device's position for half a day, rounded to 11 m. It is kept in the browser only.

    :raises OutOfTown: it is nowhere near the city
    """
    centre = city_centre()
    away_m = distance_m(latitude, longitude, centre.latitude, centre.longitude)
    if away_m > CITY_RADIUS_M:
        raise OutOfTown(away_m)
    _set(answer, f"device:{latitude:.{DEVICE_DECIMALS}f},{longitude:.{DEVICE_DECIMALS}f}", DEVICE_KEPT_SECONDS)


def forget_where(answer: HttpResponse) -> None:
    """Make the browser forget where it is."""
    answer.delete_cookie(COOKIE, samesite="Lax")


def _of_area(area: "District | Street", source: str) -> Where:
    return Where(area.latitude, area.longitude, Text(area.name_zh, area.name_en or area.name_zh), source)


def _set(answer: HttpResponse, value: str, seconds: int) -> None:
    answer.set_cookie(
        COOKIE, value, max_age=seconds, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
    )
