"""The command around the imports: what it prints and returns."""

import json
from pathlib import Path

import pytest

from bacao.cli.main import main
from bacao.places.models import Place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tree")]


def test_import_osm_ends_with_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = {"type": "node", "id": 1, "lat": 30, "lon": 120, "tags": {"amenity": "cafe", "name": "鹿里"}}
    bench = {"type": "node", "id": 2, "lat": 30, "lon": 120, "tags": {"amenity": "bench"}}
    path = tmp_path / "city.json"
    path.write_text(json.dumps({"elements": [shop, bench]}))
    assert main(["import", "osm", "--check", str(path)]) == 0
    assert not Place.objects.exists()
    assert main(["import", "osm", str(path)]) == 0
    printed = capsys.readouterr().out
    for word in ("read", "kept", "新 new 1", "skipped", "street furniture", "bench 1"):
        assert word in printed
    assert Place.objects.count() == 1


def test_a_broken_file_is_a_sentence_and_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "city.json"
    path.write_text("{")
    assert main(["import", "osm", str(path)]) == 1
    told = capsys.readouterr().err
    assert "line 1, column 2" in told
    assert "第 1 行第 2 列" in told
    assert "Traceback" not in told


def test_import_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shops.csv"
    path.write_text("ref,name_zh,category,latitude,longitude\na1,鹿里,cafe,30,120\n")
    assert main(["import", "csv", str(path)]) == 0
    assert Place.objects.count() == 1
    path.write_text("ref,name_zh,category,latitude,longitude\na1,鹿里,coffee,30,120\n")
    assert main(["import", "csv", str(path)]) == 1
    assert "line 2, column category" in capsys.readouterr().err
