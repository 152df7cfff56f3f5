"""The city's own map: its water, parks, streets and districts as GeoJSON, and how MapLibre draws them.

Nothing is asked of anybody else's server: no tiles, no fonts. Without a `glyphs` address MapLibre draws every letter
with the fonts of the device.
"""

from collections.abc import Iterator
from typing import Any

from bacao.places.queries import list_districts, list_map_features, list_streets

SANS = ["PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "sans-serif"]
SERIF_BOLD = ["Songti SC Bold", "Noto Serif SC Bold", "Noto Serif CJK SC Bold", "serif"]

# the colours of look.md's paper by day and by night
INKS: dict[str, dict[str, str]] = {
    "light": {
        "ground": "#f4f0e6", "district": "#ece5d6", "water": "#c9dfe3", "park": "#d6e5c4", "street": "#ffffff",
        "edge": "#ddd4c2", "road": "#fffdf7", "border": "#b9ad95", "name": "#7a7466", "title": "#4a463d",
        "halo": "#f8f5ee", "wet": "#4d7a84", "green": "#557a45",
    },
    "dark": {
        "ground": "#171714", "district": "#201f1b", "water": "#16303a", "park": "#1f2e1b", "street": "#3a3730",
        "edge": "#100f0e", "road": "#454138", "border": "#4a463d", "name": "#a09a8d", "title": "#d4cfc3",
        "halo": "#1a1916", "wet": "#5f8b95", "green": "#6f9460",
    },
}  # fmt: skip

SEAT_LOOK = {"text-size": 15, "text-font": SERIF_BOLD, "text-offset": [0, -1.4]}


def make_city() -> dict[str, Any]:
    """Return the ground as a GeoJSON FeatureCollection; `kind` is water, park, road, district, street or station."""
    return {"type": "FeatureCollection", "features": list(_features())}


def _features() -> Iterator[dict[str, Any]]:
    for ground in list_map_features():
        yield _feature(ground.kind, ground.name_zh, ground.name_en, ground.geometry)
    for district in list_districts():
        if district.outline:
            outline = {"type": "Polygon", "coordinates": district.outline}
            yield _feature("district", district.name_zh, district.name_en, outline)
        seat = {"type": "Point", "coordinates": [district.longitude, district.latitude]}
        yield _feature("seat", district.name_zh, district.name_en, seat)
    for street in list_streets():
        if street.kind == "station":
            spot = {"type": "Point", "coordinates": [street.longitude, street.latitude]}
            yield _feature("station", street.name_zh, street.name_en, spot)
        elif street.line:
            line = {"type": "LineString", "coordinates": street.line}
            yield _feature("street", street.name_zh, street.name_en, line)


def _feature(kind: str, name_zh: str, name_en: str, geometry: dict[str, Any]) -> dict[str, Any]:
    properties = {"kind": kind, "zh": name_zh, "en": name_en or name_zh}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def make_style(*, theme: str, language: str, city_url: str) -> dict[str, Any]:
    """Return MapLibre's style document; `theme` is light or dark, `language` the one names are written in."""
    ink = INKS[theme]
    name = ["get", "zh" if language.startswith("zh") else "en"]
    return {
        "version": 8,
        "name": f"Bacao {theme}",
        "sources": {"city": {"type": "geojson", "data": city_url, "attribution": ""}},
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": ink["ground"]}},
            _fill("district", ink["district"]),
            _fill("park", ink["park"]),
            _fill("water", ink["water"]),
            _line("district", ink["border"], {"line-dasharray": [2, 3], "line-width": 1, "line-opacity": 0.7}),
            _line("street-edge", ink["edge"], {"line-width": _widths(2.5, 11)}, kind="street"),
            _line("road", ink["road"], {"line-width": _widths(3, 14)}),
            _line("street", ink["street"], {"line-width": _widths(1.4, 9)}),
            _label("water", name, ink["wet"], {"text-size": 12}),
            _label("park", name, ink["green"], {"text-size": 12}),
            _street_label(name, ink),
            _station_dot(ink),
            _label("station", name, ink["title"], {"text-size": 11, "text-offset": [0, 1], "text-anchor": "top"}),
            _label(
                "seat",
                name,
                ink["title"],
                {"text-size": 15, "text-font": SERIF_BOLD, "text-offset": [0, -1.4]},
                maxzoom=14.2,
            ),
        ],
    }


def _widths(far: float, near: float) -> list[Any]:
    return ["interpolate", ["exponential", 1.5], ["zoom"], 12, far / 2, 14.5, far, 18, near]


def _layer(name: str, look: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": look, "source": "city", "filter": ["==", ["get", "kind"], kind], **more}


def _fill(kind: str, colour: str) -> dict[str, Any]:
    return _layer(f"{kind}-fill", "fill", kind, paint={"fill-color": colour})


def _line(name: str, colour: str, paint: dict[str, Any], *, kind: str = "") -> dict[str, Any]:
    layout = {"line-cap": "round", "line-join": "round"}
    return _layer(f"{name}-line", "line", kind or name, layout=layout, paint={"line-color": colour, **paint})


def _label(kind: str, name: list[str], colour: str, layout: dict[str, Any], **more: Any) -> dict[str, Any]:
    halo = {"text-color": colour, "text-halo-color": "rgba(0,0,0,0)", "text-halo-width": 0}
    return _layer(
        f"{kind}-name", "symbol", kind, layout={"text-field": name, "text-font": SANS, **layout}, paint=halo, **more
    )


def _street_label(name: list[str], ink: dict[str, str]) -> dict[str, Any]:
    layout = {
        "text-field": name,
        "text-font": SANS,
        "text-size": ["interpolate", ["linear"], ["zoom"], 13, 10, 17, 13],
        "symbol-placement": "line",
        "symbol-spacing": 320,
        "text-letter-spacing": 0.08,
    }
    paint = {"text-color": ink["name"], "text-halo-color": ink["halo"], "text-halo-width": 1.2}
    return _layer("street-name", "symbol", "street", layout=layout, paint=paint, minzoom=13.2)


def _station_dot(ink: dict[str, str]) -> dict[str, Any]:
    paint = {
        "circle-radius": 4,
        "circle-color": ink["halo"],
        "circle-stroke-width": 2,
        "circle-stroke-color": ink["title"],
    }
    return _layer("station-dot", "circle", "station", paint=paint)
