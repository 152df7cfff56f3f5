"""Who looks: what a person holds, and what they liked before, if they allow that to be read (U30)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.discovery.rules import WEIGHTS
from bacao.notes.queries import saved_place_ids
from bacao.orders.queries import list_usable_vouchers
from bacao.redemption.queries import list_arrivals

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from bacao.accounts.models import User


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person at one instant. Everything is empty for somebody nobody knows.

    `keys` = entitlements held. `own` = places where this person holds a voucher or used up a part of a personal limit:
    prices there are theirs alone (CV3). `saved` and `visits` are empty where personal ranking is switched off.
    """

    user_id: int | None = None
    keys: frozenset[str] = frozenset()
    own: frozenset[int] = frozenset()
    saved: frozenset[int] = frozenset()
    visits: dict[int, int] = field(default_factory=dict)

    @property
    def fit(self) -> dict[int, int]:
        """Return the points of this person's own terms, by place id."""
        points = dict.fromkeys(self.visits, WEIGHTS["visited"])
        return points | {place_id: points.get(place_id, 0) + WEIGHTS["saved"] for place_id in self.saved}


NOBODY = Viewer()


def read_viewer(user: "User | AnonymousUser | None", at: datetime) -> Viewer:
    """Return what of a person matters to a list. Where personal ranking is off, history is not read at all."""
    if user is None or not user.is_authenticated:
        return NOBODY
    own = frozenset(voucher.order.place_id for voucher in list_usable_vouchers(user, at))
    if not user.personal_ranking:
        return Viewer(user.pk, own=own)
    visits = Counter(arrival.place_id for arrival in list_arrivals(user))
    return Viewer(user.pk, own=own, saved=frozenset(saved_place_ids(user)), visits=dict(visits))
