"""`bacao import csv`: a table with a header; every error by line and column; all or nothing."""

from datetime import datetime
from pathlib import Path

import pytest

from bacao.kit.geo import distance_m, gcj02_to_bd09, wgs84_to_gcj02
from bacao.places.models import ImportRun, Place
from bacao.places.services import BadFile, BadTable, import_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tree")]

HEADER = "ref,name_zh,name_en,category,latitude,longitude,datum,hours,usual_minor,tags"
GOOD = [
    "a1,鹿里咖啡,Luli Coffee,cafe,30.2536,120.1644,,PH off; 10:00-22:00,3800,quiet; pets",
    'a2,"面馆, 老店",,noodle-shop,30.25,120.16,wgs84,,,',
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path, HEADER, *GOOD)


def write(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "shops.csv"
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def refusal(path: Path, at: datetime) -> list[tuple[int, str]]:
    """Return line and column of every error, having seen that nothing was imported."""
    with pytest.raises(BadTable) as refused:
        import_csv(path=path, at=at)
    assert not Place.objects.exists()
    assert not ImportRun.objects.exists()
    return [(error.line, error.column) for error in refused.value.errors]


def test_rows_become_places(table: Path, at: datetime) -> None:
    report = import_csv(path=table, at=at)
    assert (report.read, report.new, report.kept) == (2, 2, 2)
    cafe, noodles = Place.objects.order_by("source_ref")
    assert (cafe.name_zh, cafe.name_en, cafe.category_id, cafe.usual_minor) == ("鹿里咖啡", "Luli Coffee", "cafe", 3800)
    assert (cafe.tags, cafe.source, cafe.source_ref) == (["quiet", "pets"], "csv", "a1")
    assert cafe.hours is not None
    assert cafe.hours.expression == "10:00-22:00; PH off"
    assert (noodles.name_zh, noodles.hours, noodles.usual_minor) == ("面馆, 老店", None, None)


def test_importing_again_changes_nothing_and_a_changed_row_updates(table: Path, tmp_path: Path, at: datetime) -> None:
    import_csv(path=table, at=at)
    before = list(Place.objects.order_by("id").values())
    assert import_csv(path=table, at=at).unchanged == 2
    assert list(Place.objects.order_by("id").values()) == before
    report = import_csv(path=write(tmp_path, HEADER, GOOD[0].replace("Luli", "Lulu")), at=at)
    assert (report.updated, report.closed) == (1, 0)
    assert Place.objects.get(source_ref="a1").name_en == "Lulu Coffee"
    assert Place.objects.get(source_ref="a2").state == "open", "a table closes nothing"


def test_columns_that_are_not_there_are_left_as_they_are(table: Path, tmp_path: Path, at: datetime) -> None:
    import_csv(path=table, at=at)
    short = write(tmp_path, "ref,name_zh,category,latitude,longitude", "a1,鹿里,cafe,30.2536,120.1644")
    import_csv(path=short, at=at)
    cafe = Place.objects.get(source_ref="a1")
    assert (cafe.name_zh, cafe.name_en, cafe.usual_minor, cafe.tags) == ("鹿里", "Luli Coffee", 3800, ["quiet", "pets"])
    assert cafe.hours is not None


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "BD09"])
def test_positions_of_any_datum_become_wgs84(datum: str, tmp_path: Path, at: datetime) -> None:
    there = {
        "wgs84": (30.2536, 120.1644),
        "gcj02": wgs84_to_gcj02(30.2536, 120.1644),
        "BD09": gcj02_to_bd09(*wgs84_to_gcj02(30.2536, 120.1644)),
    }[datum]
    row = f"a1,鹿里,cafe,{there[0]},{there[1]},{datum}"
    import_csv(path=write(tmp_path, "ref,name_zh,category,latitude,longitude,datum", row), at=at)
    place = Place.objects.get()
    assert distance_m(place.latitude, place.longitude, 30.2536, 120.1644) < 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",名,,cafe,30,120,,,,", "ref"),
        ("a1,,,cafe,30,120,,,,", "name_zh"),
        (f"a1,{'长' * 121},,cafe,30,120,,,,", "name_zh"),
        ("a1,名,,coffee,30,120,,,,", "category"),
        ("a1,名,,cafe,3O,120,,,,", "latitude"),
        ("a1,名,,cafe,91,120,,,,", "latitude"),
        ("a1,名,,cafe,nan,120,,,,", "latitude"),
        ("a1,名,,cafe,30,,,,,", "longitude"),
        ("a1,名,,cafe,30,120,mars,,,", "datum"),
        ("a1,名,,cafe,30,120,,ten to eight,,", "hours"),
        ("a1,名,,cafe,30,120,,,38.5,", "usual_minor"),
        ("a1,名,,cafe,30,120", ""),
        ('a1,"名,,cafe,30,120,,,,', ""),
    ],
)
def test_an_error_is_named_by_line_and_column(row: str, column: str, tmp_path: Path, at: datetime) -> None:
    assert refusal(write(tmp_path, HEADER, GOOD[1], "", row), at) == [(4, column)]


def test_all_errors_are_named_at_once(tmp_path: Path, at: datetime) -> None:
    path = write(tmp_path, HEADER, "a1,名,,coffee,91,120,,,,", GOOD[0], "a1,名,,cafe,30,120,,,,x,y")
    assert refusal(path, at) == [(2, "category"), (2, "latitude"), (3, "ref"), (4, "")]
    with pytest.raises(BadTable) as refused:
        import_csv(path=path, at=at)
    assert "line 2, column category: there is no category “coffee”" in refused.value.text.en
    assert "line 3, column ref: “a1” was used in line 2 already" in refused.value.text.en
    assert "第 2 行，category 列：没有分类「coffee」" in refused.value.text.zh


def test_a_long_list_of_errors_is_cut(tmp_path: Path, at: datetime) -> None:
    path = write(tmp_path, HEADER, *(f"a{number},名,,coffee,30,120,,,," for number in range(25)))
    with pytest.raises(BadTable) as refused:
        import_csv(path=path, at=at)
    assert len(refused.value.errors) == 25
    assert refused.value.text.en.endswith("and 5 more")


def test_a_cell_of_several_lines_counts_from_its_first(tmp_path: Path, at: datetime) -> None:
    path = write(tmp_path, HEADER, '"a\r\n1",名,,cafe,30,120,,,,', "a2,名,,coffee,30,120,,,,")
    assert refusal(path, at) == [(4, "category")]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("ref,name_zh,category,latitude", ["longitude"]),
        ("ref,category,latitude,longitude", ["name_zh"]),
        ("ref,name_zh,category,latitude,longitude,rating", ["rating"]),
        ("ref,ref,name_zh,category,latitude,longitude", ["ref"]),
        ("", ["ref", "category", "latitude", "longitude", "name_zh"]),
    ],
)
def test_the_header_is_judged_first(header: str, columns: list[str], tmp_path: Path, at: datetime) -> None:
    assert refusal(write(tmp_path, header, "x"), at) == [(1, column) for column in columns]


def test_a_table_from_excel_with_its_mark_at_the_front(tmp_path: Path, at: datetime) -> None:
    assert import_csv(path=write(tmp_path, HEADER, *GOOD, encoding="utf-8-sig"), at=at).new == 2


def test_a_table_in_gbk_is_refused_with_the_remedy(tmp_path: Path, at: datetime) -> None:
    with pytest.raises(BadFile, match=r"not UTF-8 at byte \d+. Save it as"):
        import_csv(path=write(tmp_path, HEADER, *GOOD, encoding="gbk"), at=at)
    with pytest.raises(BadFile, match="cannot be opened"):
        import_csv(path=tmp_path / "nowhere.csv", at=at)


def test_a_check_changes_nothing(table: Path, at: datetime) -> None:
    assert import_csv(path=table, at=at, check=True).new == 2
    assert not Place.objects.exists()
    assert not ImportRun.objects.exists()
