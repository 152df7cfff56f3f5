"""How a thing of OpenStreetMap becomes a place: its names, address, hours. Pure (docs/guide/importing.md)."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import groupby

from bacao.kit.geo import distance_m
from bacao.kit.hours import BadHours, check_hours, tidy_hours
from bacao.places.rules.extract import KEYS, Extract, Thing
from bacao.places.rules.osm_kinds import NOT_FOR_EVERYBODY, category_of, group_of
from bacao.places.rules.rows import PlaceRow

SAME_SHOP_M = 60
_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-zÀ-ÿ]")
_BOTH = re.compile(
    r"(?P<zh>[^A-Za-zÀ-ÿ]*[\u3400-\u9fff][^A-Za-zÀ-ÿ]*?)\s+(?P<en>[A-Za-zÀ-ÿ][^\u3400-\u9fff]*)"
    r"|(?P<en2>[A-Za-zÀ-ÿ][^\u3400-\u9fff]*?)\s+(?P<zh2>[\u3400-\u9fff][^A-Za-zÀ-ÿ]{3,})"
)


@dataclass(slots=True)
class Reading:
    """What became of the things of some files: rows to keep, and the rest counted by reason and kind."""

    rows: list[PlaceRow] = field(default_factory=list)
    read: int = 0
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad_hours: list[str] = field(default_factory=list)


def read_places(extract: Extract) -> Reading:
    """Turn an extract into places; `read` = len(rows) + everything skipped."""
    reading = Reading(read=len(extract.things) + extract.repeated)
    if extract.repeated:
        reading.skipped["repeated", "in several files"] = extract.repeated
    for thing in extract.things.values():
        if isinstance(result := _place(thing, extract), PlaceRow):
            reading.rows.append(result)
        else:
            reading.skipped[result] += 1
    reading.rows = _without_doubles(reading)
    reading.rows = [_with_hours(row, reading) for row in reading.rows]
    return reading


def _place(thing: Thing, extract: Extract) -> PlaceRow | tuple[str, str]:
    """Return the place a thing is, or why it is none."""
    tags = thing.tags
    name_zh, name_en = names_of(tags)
    category = category_of(tags, f"{name_zh} {name_en}")
    if category is None:
        return group_of(tags) if any(key in tags for key in KEYS) else ("no_kind", "")
    kind = next((tags[key] for key in KEYS if key in tags), "")
    if not name_zh and not name_en:
        return "no_name", kind
    if tags.get("access") in {"no", "private"} or NOT_FOR_EVERYBODY.search(name_zh or name_en):
        return "not_public", kind
    if tags.get("opening_hours") in {"off", "closed"}:
        return "given_up", kind
    position = extract.position(thing)
    if position is None:
        return "no_position", kind
    address_zh, address_en = addresses_of(tags)
    return PlaceRow(
        name_zh=name_zh[:120],
        name_en=name_en[:160],
        category=category,
        latitude=round(position[1], 7),
        longitude=round(position[0], 7),
        brand=tags.get("brand:zh", tags.get("brand", ""))[:120],
        address_zh=address_zh[:200],
        address_en=address_en[:240],
        phone=_first(tags, "phone", "contact:phone", "phone:mobile", "contact:mobile").split(";")[0].strip()[:60],
        hours=tags.get("opening_hours", ""),
        source="osm",
        source_ref=thing.ref,
    )


def names_of(tags: dict[str, str]) -> tuple[str, str]:
    """Return the Chinese and the English name, each empty where there is none.

    `name` may be written in either script or in both ("新白鹿酒店 New White Deer Restaurant"); a chain's own name
    stands in for one that is missing; `branch` tells its shops apart.
    """
    name = tags.get("name", "").strip(" \"'“”")
    zh = _first(tags, "name:zh", "name:zh-Hans", "name:zh-CN", script=_HAN)
    en = _first(tags, "name:en", "int_name", script=_LATIN)
    if both := _BOTH.fullmatch(name):
        zh, en = zh or both["zh"] or both["zh2"], en or both["en"] or both["en2"]
    if _HAN.search(name):
        zh = zh or name
    elif name:
        en = en or name
    zh = zh or _first(tags, "brand:zh", "brand", "name:zh-Hant", script=_HAN)
    en = en or _first(tags, "brand:en", "brand", script=_LATIN)
    branch = tags.get("branch", "").strip()
    if branch and zh and _HAN.search(branch) and branch not in zh:
        zh = f"{zh}（{branch}）"
    return zh.strip(), en.strip()


def addresses_of(tags: dict[str, str]) -> tuple[str, str]:
    """Return the address in Chinese and in English, as far as the map has it."""
    street, number = tags.get("addr:street", ""), tags.get("addr:housenumber", "")
    district = tags.get("addr:district", "")
    written = tags.get("addr:full", tags.get("address", ""))
    street_en = _first(tags, "addr:street:en", "addr:street", script=_LATIN)
    en = f"{number.rstrip('号')} {street_en}".strip() if street_en and not _HAN.search(street_en) else ""
    if not _HAN.search(street):
        return (written if _HAN.search(written) else ""), en
    door = f"{number}号" if number and number[-1].isdigit() else number
    return f"{district if _HAN.search(district) else ''}{street}{door}", en


def _first(tags: dict[str, str], *keys: str, script: re.Pattern[str] | None = None) -> str:
    """Return the first tag that is there, and written in a script if one is asked for."""
    return next((tags[key] for key in keys if tags.get(key) and (script is None or script.search(tags[key]))), "")


def _without_doubles(reading: Reading) -> list[PlaceRow]:
    """Return the rows with each shop once: some are drawn as a point and as a building again."""
    kept = []
    by_name = sorted(reading.rows, key=lambda row: (row.category, row.name_zh or row.name_en))
    for _, same_name in groupby(by_name, key=lambda row: (row.category, row.name_zh or row.name_en)):
        shops: list[PlaceRow] = []
        for row in sorted(same_name, key=_poverty):
            if any(_metres(row, shop) < SAME_SHOP_M for shop in shops):
                reading.skipped["drawn_twice", row.category] += 1
            else:
                shops.append(row)
        kept += shops
    return sorted(kept, key=lambda row: row.source_ref)


def _poverty(row: PlaceRow) -> tuple[int, str]:
    """Return a key that puts the row which says most first; a point (node) before an outline (way)."""
    return -sum(map(bool, (row.hours, row.phone, row.address_zh, row.name_en, row.brand))), row.source_ref


def _metres(row: PlaceRow, other: PlaceRow) -> float:
    return distance_m(row.latitude, row.longitude, other.latitude, other.longitude)


def _with_hours(row: PlaceRow, reading: Reading) -> PlaceRow:
    """Return a row with its opening hours in order, or without them where they cannot be read."""
    hours = tidy_hours(row.hours)
    if not hours:
        return row
    try:
        check_hours(hours)
    except BadHours:
        reading.bad_hours.append(row.hours)
        hours = ""
    return replace(row, hours=hours)
