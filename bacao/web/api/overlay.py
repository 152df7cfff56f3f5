"""What one person's list has over everybody's, kept for a few seconds, so that most requests ask no database."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial

from django.db import close_old_connections, connection
from django.utils import timezone

from bacao.accounts.queries import list_users_by_id
from bacao.discovery.index.answering import Answer, write_private
from bacao.discovery.index.asking import RADIUS_MAX_M, Query
from bacao.discovery.index.view import View
from bacao.discovery.queries.serving import Pricing, find_private, seeded
from bacao.discovery.queries.viewer import NOBODY, Viewer, price_for, read_viewer
from bacao.discovery.rules import Facts, Figures, explain, score_terms
from bacao.discovery.rules.exploration import Lot
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
    viewer: Viewer = NOBODY
    priced: dict[tuple[int, int], dict[int, Figures]] = field(default_factory=dict)

    def seen_by(self, query: Query) -> Query:
        """Return a query as this person asks it: with slots for new places, unless personal ranking is switched off."""
        mine = replace(query, keys=self.keys, fit=dict(self.fit))
        return seeded(mine, self.viewer.unit_id) if self.viewer.is_tried_on else mine

    def answer(self, view: View, query: Query) -> tuple[Answer, Lot | None]:
        """Return this person's list: one search, with the prices that are theirs alone merged into it."""
        at = datetime.fromtimestamp(query.minute * 60, UTC)
        pricing = partial(price_for, self.viewer, at=at, party=query.party)
        while True:
            found, lot = find_private(view, query, own=self.viewer.own, price=partial(self._price, query, pricing))
            if len(found) or query.radius_m * 2 > RADIUS_MAX_M:
                return write_private(view, query, found, self.why), lot
            query = replace(query, radius_m=query.radius_m * 2)

    def _price(self, query: Query, pricing: Pricing, place_ids: Collection[int]) -> Mapping[int, Figures]:
        """Return exact prices, those that were asked for before for as long as this overlay is kept."""
        known = self.priced.setdefault((query.minute, query.party), {})
        if missing := [place_id for place_id in place_ids if place_id not in known]:
            _let_go()
            try:
                known |= pricing(missing)
            finally:
                _let_go()
        return known


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
    today = timezone.localdate(at)
    why = {place: _why(viewer.saved.get(place), viewer.visits.get(place, 0), today) for place in viewer.fit}
    return Overlay(version_of(user, viewer.keys), at.timestamp(), viewer.keys, viewer.fit, why, viewer)


def _let_go() -> None:
    """Close a connection that has served its time or broke, as Django does around its own requests."""
    if not connection.in_atomic_block:
        close_old_connections()


def _why(saved_on: date | None, visits: int, today: date) -> Text:
    """Return the sentence of the rules for a person's own term."""
    facts = Facts(0, saved_on=saved_on, today=today, visits=visits)
    [said] = [r.text for r in explain(facts, score_terms(facts), walking_minutes=1) if r.term == "fit"]
    return said
