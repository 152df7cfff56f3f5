"""The counter's scanner reads at least what zxing alone reads, and more where it is dark (RD23, RD25)."""

from pathlib import Path

from tests.redemption.degraded import LOW_LIGHT, make_scenes
from tests.redemption.scanning import Tally, make_photographs, scan


def test_rd25_ours_reads_more_of_the_degraded_set() -> None:
    tallies = scan(make_scenes(1))
    clean, dark = tallies["clean"], tallies[LOW_LIGHT]
    assert clean.ours == clean.films
    assert dark.ours > dark.alone
    for kind, tally in tallies.items():
        assert tally.ours >= tally.alone, kind


def test_ours_reads_no_fewer_photographs(data_folder: Path) -> None:
    total = sum(scan(make_photographs(data_folder / "qr")).values(), Tally())
    assert total.films > 50
    assert total.ours >= total.alone
