"""`bacao import osm`: what is kept, what is not and why; again changes nothing; broken files change nothing."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import osmium
import pytest
from osmium.osm import mutable

from bacao.kit.models import OutboxEvent
from bacao.places import queries
from bacao.places.models import ImportRun, Merchant, OpeningSpan, Place
from bacao.places.services import BadFile, TooManyClosed, close_place, import_osm, update_place
from bacao.places.services.extract_files import first_broken_block

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tree")]

CORNERS = [(1, 120.160, 30.250), (2, 120.162, 30.250), (3, 120.162, 30.252), (4, 120.160, 30.252)]
YARD = [(5, 120.1605, 30.2505), (6, 120.1615, 30.2505), (7, 120.1615, 30.2515), (8, 120.1605, 30.2515)]
CAFE = {
    "amenity": "cafe", "name": "鹿里咖啡", "name:en": "Luli Coffee", "opening_hours": "PH off; 10:00-22:00",
    "phone": "+86 571 1;+86 571 2", "addr:street": "湖滨路", "addr:housenumber": "12", "brand": "鹿里",
}  # fmt: skip


def node(number: int, lon: float, lat: float, **tags: str) -> dict[str, Any]:
    return {"type": "node", "id": number, "lat": lat, "lon": lon} | ({"tags": tags} if tags else {})


ELEMENTS: list[dict[str, Any]] = [
    *(node(number, lon, lat) for number, lon, lat in CORNERS + YARD),
    node(10, 120.1644, 30.2536, **CAFE),
    node(11, 120.17, 30.25, amenity="restaurant", name="Noodle House", opening_hours="每天下午"),
    node(12, 120.17, 30.26, amenity="toilets", name="公厕"),
    node(13, 120.17, 30.27, amenity="restaurant"),
    node(14, 120.17, 30.28, amenity="restaurant", name="员工餐厅"),
    node(15, 120.17, 30.29, amenity="bar", name="旧酒馆", opening_hours="off"),
    {"type": "way", "id": 20, "nodes": [1, 2, 3, 4, 1], "tags": {"amenity": "theatre", "name": "大剧院"}},
    {"type": "way", "id": 21, "nodes": [1, 2, 3, 4, 1]},
    {"type": "way", "id": 22, "nodes": [5, 6, 7, 8, 5]},
    {"type": "way", "id": 23, "nodes": [98, 99], "tags": {"amenity": "cinema", "name": "没有位置的影院"}},
    {
        "type": "relation", "id": 30, "tags": {"type": "multipolygon", "amenity": "marketplace", "name": "回字市场"},
        "members": [{"type": "way", "ref": 21, "role": "outer"}, {"type": "way", "ref": 22, "role": "inner"}],
    },
]  # fmt: skip


def write(folder: Path, elements: list[dict[str, Any]], name: str = "city.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"version": 0.6, "elements": elements}, ensure_ascii=False))
    return path


@pytest.fixture
def city_file(tmp_path: Path) -> Path:
    return write(tmp_path, ELEMENTS)


def everything() -> list[Any]:
    """Return all places and spans as they are, and last the number of runs, to see that nothing changed."""
    spans = OpeningSpan.objects.order_by("pattern", "span").values_list("pattern", "span")
    return [*Place.objects.order_by("id").values(), *spans, ImportRun.objects.count()]


def test_things_become_places(city_file: Path, at: datetime) -> None:
    report = import_osm(paths=[city_file], at=at)
    assert (report.read, report.kept, report.new) == (9, 4, 4)
    assert report.read == report.kept + report.skipped.total()
    assert dict(report.skipped) == {
        ("street", "toilets"): 1, ("no_name", "restaurant"): 1, ("not_public", "restaurant"): 1,
        ("given_up", "bar"): 1, ("no_position", "cinema"): 1,
    }  # fmt: skip
    assert report.bad_hours == ["每天下午"]
    cafe = Place.objects.get(source_ref="node/10")
    assert (cafe.name_zh, cafe.name_en, cafe.category_id, cafe.brand) == ("鹿里咖啡", "Luli Coffee", "cafe", "鹿里")
    assert (cafe.address_zh, cafe.phone, cafe.latitude, cafe.longitude) == (
        "湖滨路12号",
        "+86 571 1",
        30.2536,
        120.1644,
    )
    assert cafe.hours is not None
    assert cafe.hours.expression == "10:00-22:00; PH off", "exceptions last"
    assert queries.get_open_until(cafe, at) == at.replace(hour=22)
    assert Place.objects.get(source_ref="node/11").hours is None
    assert set(OutboxEvent.objects.values_list("ref_id", flat=True)) == set(Place.objects.values_list("pk", flat=True))


def test_outlines_are_stood_for_by_a_point_inside(city_file: Path, at: datetime) -> None:
    import_osm(paths=[city_file], at=at)
    theatre = Place.objects.get(source_ref="way/20")
    assert (theatre.longitude, theatre.latitude) == pytest.approx((120.161, 30.251))
    market = Place.objects.get(source_ref="relation/30")
    assert 120.160 < market.longitude < 120.162
    assert 30.250 < market.latitude < 30.252
    in_the_yard = 120.1605 < market.longitude < 120.1615 and 30.2505 < market.latitude < 30.2515
    assert not in_the_yard


@pytest.mark.parametrize(
    "element",
    [
        {"type": "way", "id": 40, "center": {"lat": 30.3, "lon": 120.3}},
        {"type": "relation", "id": 40, "center": {"lat": 30.3, "lon": 120.3}, "members": []},
        {"type": "way", "id": 40, "nodes": [1, 2],
         "geometry": [{"lat": 30.3, "lon": 120.299}, None, {"lat": 30.3, "lon": 120.301}]},
        {"type": "relation", "id": 40, "members": [{"type": "way", "ref": 9, "role": "outer", "geometry": [
            {"lat": y, "lon": x} for x, y in ((120.2, 30.2), (120.4, 30.2), (120.4, 30.4), (120.2, 30.4), (120.2, 30.2))
        ]}]},
        {"type": "relation", "id": 40, "members": [{"type": "node", "ref": 77, "role": "label"}]},
    ],
)  # fmt: skip
def test_other_ways_overpass_writes_positions(element: dict[str, Any], tmp_path: Path, at: datetime) -> None:
    tags = {"tags": {"amenity": "cinema", "name": "影院", "type": "multipolygon"}}
    import_osm(paths=[write(tmp_path, [node(77, 120.3, 30.3), element | tags])], at=at)
    assert (Place.objects.get().longitude, Place.objects.get().latitude) == pytest.approx((120.3, 30.3))


def test_a_way_may_run_over_nodes_of_another_file(tmp_path: Path, at: datetime) -> None:
    corners = write(tmp_path, [e for e in ELEMENTS if e["type"] == "node"], "nodes.json")
    ways = write(tmp_path, [e for e in ELEMENTS if e["type"] != "node"], "ways.json")
    report = import_osm(paths=[ways, corners], at=at)
    assert report.kept == 4


def test_the_same_thing_in_two_files_is_one_place(city_file: Path, tmp_path: Path, at: datetime) -> None:
    again = write(tmp_path, [node(10, 120.1644, 30.2536, **CAFE)], "neighbour.json")
    report = import_osm(paths=[city_file, again], at=at)
    assert report.kept == 4
    assert report.reasons()["repeated"].total() == 1


def test_a_shop_drawn_as_point_and_as_building_is_one_place(tmp_path: Path, at: datetime) -> None:
    shop = {"amenity": "theatre", "name": "大剧院", "phone": "1"}
    near, far = node(50, 120.161, 30.251, **shop), node(51, 120.171, 30.251, **shop)
    report = import_osm(paths=[write(tmp_path, [*ELEMENTS, near, far])], at=at)
    assert report.reasons()["drawn_twice"] == {"theatre": 1}
    assert set(Place.objects.filter(name_zh="大剧院").values_list("source_ref", flat=True)) == {"node/50", "node/51"}


def test_the_outline_of_the_city_is_read_without_harm(city_file: Path, tmp_path: Path, at: datetime) -> None:
    outline = tmp_path / "outline.json"
    outline.write_text(json.dumps([{"osm_type": "relation", "osm_id": 1, "geojson": {"type": "Polygon"}}]))
    assert import_osm(paths=[city_file, outline], at=at).kept == 4


def test_places_are_filed_in_the_city(city: None, tmp_path: Path, at: datetime) -> None:
    import_osm(paths=[write(tmp_path, [node(1, 120.12, 30.2502, **CAFE)])], at=at)
    assert (Place.objects.get().district_id, Place.objects.get().street_id) == ("west", "long")


# Again


def test_importing_again_changes_nothing(city_file: Path, at: datetime) -> None:
    import_osm(paths=[city_file], at=at)
    before = everything()
    OutboxEvent.objects.all().delete()
    report = import_osm(paths=[city_file], at=at + timedelta(days=1))
    assert (report.unchanged, report.new, report.updated, report.closed) == (4, 0, 0, 0)
    assert everything()[:-1] == before[:-1]
    assert not OutboxEvent.objects.exists()
    assert ImportRun.objects.count() == 2


def change(elements: list[dict[str, Any]], number: int, **tags: str) -> list[dict[str, Any]]:
    """Return the elements with tags of one changed."""
    changed = deepcopy(elements)
    next(e for e in changed if e["id"] == number)["tags"].update(tags)
    return changed


def test_a_newer_extract_updates_closes_and_reopens(city_file: Path, tmp_path: Path, at: datetime) -> None:
    import_osm(paths=[city_file], at=at)
    newer = change(ELEMENTS, 10, name="鹿里咖啡馆", opening_hours="24/7")
    newer = [element for element in newer if element["id"] != 20]
    tomorrow = at + timedelta(days=1)
    report = import_osm(paths=[write(tmp_path, newer)], at=tomorrow)
    assert (report.updated, report.unchanged, report.closed, report.reopened) == (1, 2, 1, 0)
    cafe, theatre = Place.objects.get(source_ref="node/10"), Place.objects.get(source_ref="way/20")
    assert cafe.name_zh == "鹿里咖啡馆"
    assert cafe.hours is not None
    assert (cafe.hours.expression, cafe.updated_at) == ("24/7", tomorrow)
    assert (theatre.state, theatre.closed_at) == ("closed", tomorrow)

    report = import_osm(paths=[write(tmp_path, newer)], at=tomorrow + timedelta(days=1))
    assert (report.unchanged, report.closed) == (3, 0)
    report = import_osm(paths=[write(tmp_path, ELEMENTS)], at=tomorrow + timedelta(days=2))
    theatre.refresh_from_db()
    assert (theatre.state, theatre.closed_at, report.reopened) == ("open", None, 1)
    assert Place.objects.count() == 4


def test_what_a_person_closed_stays_closed(city_file: Path, tmp_path: Path, at: datetime) -> None:
    import_osm(paths=[city_file], at=at)
    close_place(place=Place.objects.get(source_ref="node/10"), at=at)
    import_osm(paths=[city_file], at=at)
    import_osm(paths=[write(tmp_path, change(ELEMENTS, 10, phone="3"))], at=at)
    cafe = Place.objects.get(source_ref="node/10")
    assert (cafe.state, cafe.phone) == ("closed", "3")


def test_a_place_with_a_merchant_belongs_to_its_owner(city_file: Path, tmp_path: Path, at: datetime) -> None:
    import_osm(paths=[city_file], at=at)
    cafe = Place.objects.get(source_ref="node/10")
    update_place(place=cafe, at=at, merchant=Merchant.objects.create(name_zh="鹿里"), phone="own")
    report = import_osm(paths=[write(tmp_path, change(ELEMENTS, 10, name="别的名字"))], at=at)
    assert (report.owned, report.unchanged) == (1, 3)
    report = import_osm(paths=[write(tmp_path, [e for e in ELEMENTS if e["id"] != 10])], at=at)
    cafe.refresh_from_db()
    assert (cafe.name_zh, cafe.phone, cafe.state, report.closed) == ("鹿里咖啡", "own", "open", 0)


def test_what_openstreetmap_does_not_say_is_kept(city_file: Path, tmp_path: Path, at: datetime) -> None:
    import_osm(paths=[city_file], at=at)
    cafe = Place.objects.get(source_ref="node/10")
    update_place(place=cafe, at=at, selected_reason="老板自己烘豆", usual_minor=3800, tags=["quiet"])
    import_osm(paths=[write(tmp_path, change(ELEMENTS, 10, phone="3"))], at=at)
    cafe.refresh_from_db()
    assert (cafe.phone, cafe.selected_reason, cafe.usual_minor, cafe.tags) == ("3", "老板自己烘豆", 3800, ["quiet"])


def many(count: int) -> list[dict[str, Any]]:
    return [node(number, 120 + number / 1000, 30, amenity="cafe", name=f"店{number}") for number in range(1, count + 1)]


def test_a_part_of_the_city_does_not_close_the_rest(tmp_path: Path, at: datetime) -> None:
    import_osm(paths=[write(tmp_path, many(60))], at=at)
    few = write(tmp_path, many(30), "few.json")
    before = everything()
    with pytest.raises(TooManyClosed, match="30 of 60"):
        import_osm(paths=[few], at=at)
    assert everything() == before
    assert import_osm(paths=[few], at=at, part=True).closed == 0
    assert queries.count_places() == 60
    assert import_osm(paths=[few], at=at, close_many=True).closed == 30


def test_a_check_changes_nothing_and_counts_the_same(city_file: Path, at: datetime) -> None:
    before = everything()
    report = import_osm(paths=[city_file], at=at, check=True)
    assert (report.new, report.read) == (4, 9)
    assert everything() == before
    assert not OutboxEvent.objects.exists()


def test_the_run_is_written_down(city_file: Path, at: datetime) -> None:
    report = import_osm(paths=[city_file], at=at)
    (run,) = queries.list_import_runs()
    assert (run.source, run.files, run.started_at) == ("osm", ["city.json"], at)
    assert run.counts == json.loads(json.dumps(report.counts()))
    assert run.counts["skipped"]["street"] == {"toilets": 1}


# Broken files


BROKEN: list[tuple[str, bytes, str]] = [
    ("comma.json", b'{"elements": [\n {"type": "node", "id": 1,, "lat": 1}]}', "line 2, column 27"),
    ("half.json", b'{"elements": [{"type": "node", "id"', "line 1, column 36"),
    ("empty.json", b"", "line 1, column 1"),
    ("utf16.json", b'{"elements": "\xff\xfe"}', "byte 14"),
    ("page.json", b"<html>too many requests</html>", "line 1, column 1"),
    ("list.json", b"[1, 2]", "line 1, column 1"),
    ("where.json", b'{"elements": [{"type": "way", "id": 1}, {"type": "node", "id": 2}]}', "number 2"),
    ("mars.json", b'{"elements": [{"type": "node", "id": 1, "lat": 100, "lon": 2}]}', "number 1: 100.0, 2.0"),
    ("nan.json", b'{"elements": [{"type": "node", "id": 1, "lat": NaN, "lon": 2}]}', "number 1"),
    ("late.json", b'{"elements": [], "remark": "runtime error: Query timed out"}', "timed out"),
    ("shops.xlsx", b"PK", "neither a .json"),
    ("page.osm.pbf", b"<html>too many requests</html>", "byte 0"),
    ("empty.osm.pbf", b"", "byte 0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "where"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_a_broken_file_says_where_and_changes_nothing(
    name: str, content: bytes, where: str, city_file: Path, tmp_path: Path, at: datetime
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFile) as refusal:
        import_osm(paths=[city_file, tmp_path / name], at=at)
    assert name in refusal.value.text.en
    assert where in refusal.value.text.en
    assert "\n" not in refusal.value.text.en
    assert not Place.objects.exists(), "all files or none"
    assert not ImportRun.objects.exists()


def test_a_file_that_is_not_there(tmp_path: Path, at: datetime) -> None:
    with pytest.raises(BadFile, match="does not exist"):
        import_osm(paths=[tmp_path / "nowhere.json"], at=at)


# .osm.pbf


@pytest.fixture
def pbf_file(tmp_path: Path) -> Path:
    """Write the same elements as a .osm.pbf, and a thousand buildings nobody asked for."""
    path = tmp_path / "city.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for element in ELEMENTS:
            if element["type"] == "node":
                where = element["lon"], element["lat"]
                writer.add_node(mutable.Node(id=element["id"], location=where, tags=element.get("tags", {})))
        for number in range(1000, 3000):
            writer.add_node(mutable.Node(id=number, location=(120, 30), tags={}))
        for element in ELEMENTS:
            if element["type"] == "way":
                writer.add_way(mutable.Way(id=element["id"], nodes=element["nodes"], tags=element.get("tags", {})))
        for number in range(1000, 2000):
            writer.add_way(mutable.Way(id=number, nodes=[number, number + 1], tags={"building": "yes"}))
        for element in ELEMENTS:
            if element["type"] == "relation":
                members = [("w", member["ref"], member["role"]) for member in element["members"]]
                writer.add_relation(mutable.Relation(id=element["id"], members=members, tags=element["tags"]))
    return path


def test_a_pbf_makes_the_same_places_as_json(pbf_file: Path, city_file: Path, at: datetime) -> None:
    from_pbf = import_osm(paths=[pbf_file], at=at)
    assert (from_pbf.read, from_pbf.new) == (9, 4)
    from_json = import_osm(paths=[city_file], at=at)
    assert (from_json.unchanged, from_json.skipped) == (4, from_pbf.skipped)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) * 2 // 3], lambda data: data[:400] + b"\0" * 300])
def test_a_broken_pbf_says_at_which_byte(
    damage: Callable[[bytes], bytes], pbf_file: Path, tmp_path: Path, at: datetime
) -> None:
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(damage(pbf_file.read_bytes()))
    with pytest.raises(BadFile) as refusal:
        import_osm(paths=[broken], at=at)
    offset = first_broken_block(broken)
    assert 0 < offset < broken.stat().st_size
    assert f"byte {offset}" in refusal.value.text.en
    assert first_broken_block(pbf_file) == pbf_file.stat().st_size
    assert not Place.objects.exists()


# Hangzhou


def test_hangzhou(data_folder: Path, at: datetime) -> None:
    """Five answers of Overpass and Nominatim of 2024-08-13: four quarters of the prefecture and its outline."""
    files = sorted((data_folder / "osm_hangzhou").glob("cache_*.json"))
    if len(files) != 5:
        pytest.skip(f"no extract of Hangzhou in {data_folder}")
    steps: list[str] = []
    report = import_osm(paths=files, at=at, progress=lambda step, done, total: steps.append(step.en))
    assert len(steps) >= len(files)
    assert report.read == report.kept + report.skipped.total() == 10_264
    assert 1_100 < report.new < 1_250
    reasons = {reason: kinds.total() for reason, kinds in report.reasons().items()}
    assert 4_000 < reasons["transport"] < 4_500
    assert 1_700 < reasons["education"] < 1_900
    assert 100 < reasons["no_name"] < 200
    assert set(report.bad_hours) == {"每天下午", "周二至周日9:00-21:00"}
    kinds = queries.count_places_by_category()
    assert kinds["cafe"] > 200
    assert kinds["chinese"] > 150
    assert Place.objects.filter(name_zh="楼外楼").exists()
    assert Place.objects.exclude(hours=None).count() > 120
    corners = Place.objects.filter(latitude__range=(29, 31), longitude__range=(118, 121))
    assert corners.count() == report.new, "all of them lie in the prefecture"
    assert queries.list_sources()

    before = everything()
    again = import_osm(paths=files, at=at + timedelta(days=1))
    assert (again.unchanged, again.new, again.updated, again.closed) == (report.new, 0, 0, 0)
    assert everything()[:-1] == before[:-1]
