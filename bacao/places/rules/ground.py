"""The parts a city is made of, as they are loaded: districts, streets, and the ground its own map is drawn from."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class DistrictRow:
    """A district; `outline` = GeoJSON polygon coordinates, `position` is its rank (a newcomer starts at 0)."""

    code: str
    name_zh: str
    name_en: str
    latitude: float
    longitude: float
    outline: list[Any] = field(default_factory=list)
    position: int = 0


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A street (`line` = GeoJSON line coordinates) or a station (no line); `district` is a code."""

    code: str
    kind: str
    district: str
    name_zh: str
    name_en: str
    latitude: float
    longitude: float
    line: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MapFeatureRow:
    """Water, a park or a road; `geometry` = GeoJSON geometry."""

    kind: str
    geometry: dict[str, Any]
    name_zh: str = ""
    name_en: str = ""
