"""`bacao demo --again` throws away the demo city and no other."""

from pathlib import Path

import pytest

from bacao.cli import demo


def test_a_city_of_ones_own_is_not_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "VAR", tmp_path)
    with pytest.raises(demo.NotADemo, match="nothing was thrown away"):
        demo._throw_away()
