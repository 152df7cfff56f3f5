"""What one person's list has over everybody's, kept for a few seconds, so that most requests ask no database."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import close_old_connections, connection

from bacao.accounts.queries import list_users_by_id
from bacao.discovery.index.asking import Query
from bacao.discovery.queries.viewer import read_viewer
from bacao.discovery.rules import Facts, explain, score_terms
from bacao.kit.text import Text
from bacao.web.entitlement import find_entitlement, version_of

KEPT_SECONDS = 5.0  # after that long a token that was revoked is refused everywhere
PEOPLE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is personal in a person's list: what they hold, the points of their own terms and why, by shop id."""

    version: str
    read_at: float
    keys: frozenset[str]
    fit: Mapping[int, int]
    why: Mapping[int, Text]

    def seen_by(self, query: Query) -> Query:
        """Return a query as this person asks it."""
        return replace(query, keys=self.keys, fit=dict(self.fit))


_kept: "OrderedDict[int, Overlay]" = OrderedDict()


def find_overlay(token: str, at: datetime) -> Overlay | None:
    """Return the overlay of whom a token names, None where the token is not good (any more).

    At most one statement a chapter every KEPT_SECONDS for a person, in each process; none between.
    """
    said = find_entitlement(token, at)
    if said is None:
        return None
    overlay = _kept.get(said.user_id)
    if overlay is None or not 0 <= at.timestamp() - overlay.read_at < KEPT_SECONDS:
        overlay = _read(said.user_id, at)
        if overlay is None:
            _kept.pop(said.user_id, None)
            return None
        _kept[said.user_id] = overlay
        while len(_kept) > PEOPLE_MAX:
            _kept.popitem(last=False)
    return overlay if overlay.version == said.version else None


def _read(user_id: int, at: datetime) -> Overlay | None:
    _let_go()
    try:
        user = list_users_by_id([user_id]).get(user_id)
        if user is None or not user.is_active:
            return None
        viewer = read_viewer(user, at)
    finally:
        _let_go()
    why = {place: _why(place in viewer.saved, viewer.visits.get(place, 0)) for place in viewer.fit}
    return Overlay(version_of(user, viewer.keys), at.timestamp(), viewer.keys, viewer.fit, why)


def _let_go() -> None:
    """Close a connection that has served its time or broke, as Django does around its own requests."""
    if not connection.in_atomic_block:
        close_old_connections()


def _why(saved: bool, visits: int) -> Text:
    """Return the sentence of the rules for a person's own term."""
    facts = Facts(0, saved=saved, visits=visits)
    [said] = [r.text for r in explain(facts, score_terms(facts), walking_minutes=1) if r.term == "fit"]
    return said
