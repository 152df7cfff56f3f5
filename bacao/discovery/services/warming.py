"""Everything that is compiled, used once: afterwards a process loads it in a second or two (section 13)."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils import timezone

from bacao.discovery.index.asking import Query
from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import Frame
from bacao.discovery.index.files import Current, base_folder, delta_folder, write_current, write_part
from bacao.discovery.index.fragments import build_fragments
from bacao.discovery.index.reader import Reader
from bacao.discovery.index.view import NONE_GONE
from bacao.discovery.queries.rows import empty_raw, horizon_of
from bacao.kit.paths import WHOLE, compiled_folder
from bacao.offers.rules import PERCENT_OFF, VOUCHER, Bill, Situation, Terms, price_bill


def warm_up(*, at: datetime) -> None:
    """Build an index of nothing, read and ask it as a web server does, and price a bill."""
    terms = [
        Terms(1, 1, 1, PERCENT_OFF, percent_basis_points=1000),
        Terms(2, 2, 1, VOUCHER, price_minor=800, face_minor=1000),
    ]
    price_bill(terms, Situation(Bill.of_amount(5000), at))
    with TemporaryDirectory() as folder:
        _publish_nothing(Path(folder), at)
        view = Reader(Path(folder)).refresh()  # maps it and asks it something
        assert view is not None, "it was just published"
        view.survey(Query(view.frame.latitude, view.frame.longitude, 1000, horizon_of(at)[0]))
    compiled_folder().mkdir(parents=True, exist_ok=True)  # without Numba there is nothing in it
    (compiled_folder() / WHOLE).touch()


def _publish_nothing(folder: Path, at: datetime) -> None:
    frame, raw = Frame(0.0, 0.0, (("food", ""),), (0,)), empty_raw(at)
    part = build_part(raw, frame)
    said = build_fragments(part.shop_id, raw, timezone.get_default_timezone())
    write_part(base_folder(folder, 1), part, frame, NONE_GONE, {}, said)
    write_part(delta_folder(folder, 1), part, frame, NONE_GONE, {"base": 1}, said)
    write_current(folder, Current(1, 1, 0))
