"""What is compiled beforehand is all that a server needs: nobody who asks waits for a compiler (section 13)."""

import os
import subprocess
import sys
from pathlib import Path

from bacao.kit.paths import ROOT

SERVE = """
import gc, sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
import django
django.setup()
from numba.core.dispatcher import Dispatcher
from bacao.discovery.services.warming import warm_up
def known():
    return {(d.__module__, d.__qualname__): set(d.signatures) for d in gc.get_objects() if isinstance(d, Dispatcher)}
zone = ZoneInfo("Asia/Shanghai")
warm_up(at=datetime(2026, 11, 21, 12, tzinfo=zone))
before = known()
from bacao.discovery.index.answering import answer_private, answer_public
from bacao.discovery.index.build import build_part
from bacao.discovery.index.files import Current, base_folder, delta_folder, write_current, write_part
from bacao.discovery.index.fragments import build_fragments
from bacao.discovery.index.reader import Reader
from bacao.kit.text import Text
from tests.discovery.generated_city import make_city, make_queries
folder = Path(sys.argv[1])
raw, frame = make_city(300)
part = build_part(raw, frame)
said = build_fragments(part.shop_id, raw, zone)
import numpy as np
write_part(base_folder(folder, 1), part, frame, np.zeros(40, np.uint8), {}, said)
write_part(delta_folder(folder, 1), part, frame, np.zeros(40, np.uint8), {"base": 1}, said)
write_current(folder, Current(1, 1, 0))
view = Reader(folder).refresh()
found = 0
for query in make_queries(raw, frame, 20, 3000):
    answer_private(view, query, dict.fromkeys(query.fit, Text("收藏过", "saved")))
    found += len(view.search(query))
    view.survey(query)
assert found > 20
for module, name in sorted({k for k, v in known().items() if v - before.get(k, set())}):
    print(module, name)
"""


def test_nothing_is_compiled_for_somebody_who_waits(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split("\n") == [""]
