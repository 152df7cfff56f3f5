"""Reading extracts of OpenStreetMap from files; a broken one is refused with its position."""

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import osmium
from osmium.filter import IdFilter, KeyFilter
from osmium.osm import NODE, WAY

from bacao.kit.text import Refused, Text
from bacao.places.rules.extract import KEYS, BadElement, Extract, Member, Thing, read_overpass

Progress = Callable[[Text, int, int], None]  # what is being done, how many of how many are done


class BadFile(Refused):
    """A file cannot be read; the sentence says where and why."""

    code = "bad_file"
    status = 422

    def __init__(self, path: Path, zh: str, en: str) -> None:
        self.path = path
        super().__init__(
            Text(f"{path.name} {zh}没有导入任何内容。", f"{path.name} {en} Nothing was imported."),
        )


def read_extract(paths: Sequence[Path], progress: Progress) -> Extract:
    """Read Overpass JSON and .osm.pbf files into one extract.

    :raises BadFile: the first file that cannot be read
    """
    extract = Extract()
    for done, path in enumerate(paths):
        progress(Text(f"读取 {path.name}", f"reading {path.name}"), done, len(paths))
        if not path.is_file():
            raise BadFile(path, "不存在。", "does not exist.")
        if path.name.endswith((".osm.pbf", ".pbf")):
            _read_pbf(path, extract)
        elif path.suffix == ".json":
            _read_json(path, extract)
        else:
            raise BadFile(path, "不是 .json 或 .osm.pbf 文件。", "is neither a .json (Overpass) nor a .osm.pbf file.")
    progress(Text("读取完毕", "read"), len(paths), len(paths))
    return extract


def _read_json(path: Path, extract: Extract) -> None:
    """Add an answer of the Overpass API; the outline of a city, as Nominatim writes it, is read and holds no shops."""
    document = _load_json(path)
    if isinstance(document, list) and all(isinstance(row, dict) and "osm_type" in row for row in document):
        return
    if not isinstance(document, dict) or not isinstance(document.get("elements"), list):
        raise BadFile(
            path,
            "不是 Overpass 的结果：第 1 行第 1 列起没有 elements。",
            "is no answer of the Overpass API: from line 1, column 1 on there are no “elements”.",
        )
    if "error" in (remark := str(document.get("remark", ""))):
        raise BadFile(
            path,
            f"不完整：Overpass 中途停止({remark})。请重新下载。",
            f"is incomplete: Overpass stopped half-way ({remark}). Download it again.",
        )
    try:
        read_overpass(document["elements"], extract)
    except BadElement as error:
        raise BadFile(
            path,
            f"的第 {error.number} 个元素读不懂：{error.why}。",
            f"has an unreadable element, number {error.number}: {error.why}.",
        ) from None


def _load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        where = error.lineno, error.colno
        raise BadFile(
            path,
            f"在第 {where[0]} 行第 {where[1]} 列不是有效的 JSON：{error.msg}。",
            f"is not valid JSON at line {where[0]}, column {where[1]}: {error.msg}.",
        ) from None
    except UnicodeDecodeError as error:
        raise BadFile(path, f"在第 {error.start} 字节处不是 UTF-8。", f"is not UTF-8 at byte {error.start}.") from None


def _read_pbf(path: Path, extract: Extract) -> None:
    """Add the things of a .osm.pbf, then the ways and corners they are drawn with: three passes, little memory."""
    try:
        for item in osmium.FileProcessor(str(path)).with_filter(KeyFilter(*KEYS)):
            _add_item(item, extract)
        members = {m.id for parts in extract.relations.values() for m in parts if m.kind == "way"} - extract.ways.keys()
        for item in _with_ids(path, WAY, members):
            extract.ways[item.id] = [node.ref for node in item.nodes]
        corners = {node for way in extract.ways.values() for node in way}
        corners |= {m.id for parts in extract.relations.values() for m in parts if m.kind == "node"}
        for item in _with_ids(path, NODE, corners - extract.nodes.keys()):
            extract.nodes[item.id] = item.location.lon, item.location.lat
    except (RuntimeError, osmium.InvalidLocationError) as error:
        offset = first_broken_block(path)
        raise BadFile(path, f"在第 {offset} 字节处损坏：{error}。", f"is broken at byte {offset}: {error}.") from None


def _with_ids(path: Path, kind: Any, ids: set[int]) -> Iterable[Any]:
    """Return the items of a kind that have these numbers; without numbers the file is not read again."""
    return osmium.FileProcessor(str(path), kind).with_filter(IdFilter(ids)) if ids else ()


def _add_item(item: Any, extract: Extract) -> None:
    kind = {"n": "node", "w": "way", "r": "relation"}[item.type_str()]
    extract.add(Thing(kind, item.id, {tag.k: tag.v for tag in item.tags}))
    if kind == "node":
        extract.nodes[item.id] = item.location.lon, item.location.lat
    elif kind == "way":
        extract.ways[item.id] = [node.ref for node in item.nodes]
    else:
        kinds = {"n": "node", "w": "way", "r": "relation"}
        extract.relations[item.id] = [Member(kinds[part.type], part.ref, part.role) for part in item.members]


def first_broken_block(path: Path) -> int:
    """Return the byte at which the first broken block of a .osm.pbf begins, or the file's end where none is.

    The file is a row of blocks, each: four bytes of length, a header with the length of the data (field 3), the data,
    packed by zlib (field 3). Source: the PBF format's own page in the OpenStreetMap wiki.
    """
    with path.open("rb") as file:
        while True:
            start = file.tell()
            try:
                length = file.read(4)
                if not length:
                    return start
                header = _exactly(file.read(size := int.from_bytes(length)), size)
                data_size = int(_field_3(header))
                packed = _field_3(_exactly(file.read(data_size), data_size))
                if isinstance(packed, bytes):
                    zlib.decompress(packed)
            except (ValueError, IndexError, MemoryError, OverflowError, zlib.error):
                return start


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise ValueError("the file ends here")
    return data


def _field_3(message: bytes) -> Any:
    """Return field 3 of a protocol buffer, a number or bytes; 0 where it has none."""

    def number(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                return value, at

    at = 0
    while at < len(message):
        key, at = number(at)
        value, at = number(at)
        if key & 7 == 2:
            found: Any = message[at : at + value]
            at += value
        elif key & 7 == 0:
            found = value
        else:
            raise ValueError("not a protocol buffer of this format")
        if key >> 3 == 3:
            return found
    return 0
