"""Who looks: what a person holds, and what they liked before, if they allow that to be read (U30)."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.accounts.queries import list_entitlements, list_identities
from bacao.discovery.rules import BASKET, BILL, USUAL, WEIGHTS, Figures
from bacao.notes.queries import saved_place_ids
from bacao.offers.queries import list_live_terms, list_taken
from bacao.offers.rules import PACKAGE, Terms, best_per_head
from bacao.offers.rules.limits import user_identity
from bacao.places.queries import list_places_by_id
from bacao.redemption.queries import list_arrivals

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from bacao.accounts.models import User


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person at one instant. Everything is empty for somebody nobody knows.

    `keys` = entitlements held. `taken` = units taken, by offer id, of offers limited a person, and `own` = the places
    of these: prices there are this person's alone (CV3). `saved` and `visits` are empty where personal ranking is
    switched off.
    """

    user_id: int | None = None
    keys: frozenset[str] = frozenset()
    own: frozenset[int] = frozenset()
    taken: dict[int, int] = field(default_factory=dict)
    saved: frozenset[int] = frozenset()
    visits: dict[int, int] = field(default_factory=dict)

    @property
    def fit(self) -> dict[int, int]:
        """Return the points of this person's own terms, by place id."""
        points = dict.fromkeys(self.visits, WEIGHTS["visited"])
        return points | {place_id: points.get(place_id, 0) + WEIGHTS["saved"] for place_id in self.saved}


NOBODY = Viewer()


def read_viewer(user: "User | AnonymousUser | None", at: datetime) -> Viewer:
    """Return what of a person matters to a list. Where personal ranking is off, history is not read at all.

    What they hold and what they took of limited offers is no history: it decides what they pay.
    """
    if user is None or not user.is_authenticated:
        return NOBODY
    taken = list_taken([user_identity(user.pk), *list_identities(user)], at)
    viewer = Viewer(
        user.pk, list_entitlements(user, at), frozenset(row.place_id for row in taken),
        {row.offer_id: row.used for row in taken},
    )  # fmt: skip
    if not user.personal_ranking:
        return viewer
    visits = Counter(arrival.place_id for arrival in list_arrivals(user))
    return replace(viewer, saved=frozenset(saved_place_ids(user)), visits=dict(visits))


def price_for(viewer: Viewer, place_ids: Collection[int], *, at: datetime, party: int) -> dict[int, Figures]:
    """Return what this person pays at each of some places by the rule of every list, exactly. Three statements."""
    places, live = list_places_by_id(place_ids), list_live_terms(place_ids, at)
    return {
        place_id: _figures([left for terms in live.get(place_id, ()) if (left := _left(terms, viewer))],
                           place.usual_minor, party, viewer.keys)
        for place_id, place in places.items()
    }  # fmt: skip


def _left(terms: Terms, viewer: Viewer) -> Terms | None:
    """Return an offer with what is left of it for this person, None where nothing is."""
    if terms.per_person is None:
        return terms
    left = terms.per_person - viewer.taken.get(terms.offer_id, 0)
    return replace(terms, per_person=left) if left > 0 else None


def _figures(offers: list[Terms], usual_minor: int | None, party: int, keys: frozenset[str]) -> Figures:
    price = best_per_head(offers, usual_minor=usual_minor, party=party, keys=keys)
    if price is None:
        bill = (usual_minor or 0) * party
        return Figures(bill, bill, party, USUAL)
    return Figures(price.payable_minor, price.list_minor, price.heads, BASKET if price.kind == PACKAGE else BILL)
