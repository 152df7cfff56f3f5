"""An index of what is in the database now, without a folder and without a builder."""

from datetime import datetime

from bacao.discovery.index.build import build_part
from bacao.discovery.index.view import View, make_view
from bacao.discovery.queries.rows import empty_raw, read_rows
from bacao.discovery.queries.trials import get_posterior_version


def view_of_database(at: datetime) -> View:
    """Return a view of every place and offer there is."""
    rows = read_rows(at=at)
    frame = rows.frame()
    base, delta = build_part(rows.raw(frame), frame), build_part(empty_raw(at), frame)
    return make_view(frame, base, delta, posterior=get_posterior_version())
