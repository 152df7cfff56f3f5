"""Who looks: what a person holds, and what they liked before, if they allow that to be read (U30)."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from bacao.accounts.queries import list_entitlements, list_identities
from bacao.discovery.rules import BASKET, BILL, USUAL, WEIGHTS, Figures
from bacao.discovery.rules.exposure import unit_of
from bacao.notes.queries import list_saved_places
from bacao.offers.queries import list_live_terms, list_taken
from bacao.offers.rules import CARD, PACKAGE, Bill, Situation, Terms, best_per_head, price_bill
from bacao.offers.rules.best import SMALL_TABLE
from bacao.offers.rules.expand import price_of_uses
from bacao.offers.rules.limits import user_identity
from bacao.offers.rules.situation import Owned
from bacao.orders.queries import list_owned_anywhere
from bacao.places.queries import list_places_by_id
from bacao.redemption.queries import list_arrivals

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from bacao.accounts.models import User


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person at one instant. Everything is empty for somebody nobody knows.

    `keys` = entitlements held. `taken` = units taken, by offer id, of offers limited a person; `owned` = vouchers,
    packages and uses of cards by place id; `own` = the places of both: prices there are this person's alone (CV3).
    `saved` (on which day, by place id) and `visits` are empty where personal ranking is switched off, and
    `unit_id` is None: the pseudonym under which what somebody was shown is kept.
    """

    user_id: int | None = None
    keys: frozenset[str] = frozenset()
    own: frozenset[int] = frozenset()
    taken: dict[int, int] = field(default_factory=dict)
    owned: dict[int, tuple[Owned, ...]] = field(default_factory=dict)
    saved: dict[int, date] = field(default_factory=dict)
    visits: dict[int, int] = field(default_factory=dict)
    unit_id: int | None = None

    @property
    def is_tried_on(self) -> bool:
        """Return whether new places may be tried on them: nobody in particular, or somebody who did not opt out."""
        return self.user_id is None or self.unit_id is not None

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
    taken, owned = list_taken([user_identity(user.pk), *list_identities(user)], at), list_owned_anywhere(user, at)
    viewer = Viewer(
        user.pk, list_entitlements(user, at), frozenset([*(row.place_id for row in taken), *owned]),
        {row.offer_id: row.used for row in taken}, owned,
    )  # fmt: skip
    if not user.personal_ranking:
        return viewer
    visits = Counter(arrival.place_id for arrival in list_arrivals(user))
    saved = {place_id: timezone.localdate(since) for place_id, since in list_saved_places(user).items()}
    return replace(viewer, saved=saved, visits=dict(visits),
                   unit_id=unit_of(user.pk, secret=settings.SECRET_KEY))  # fmt: skip


def price_for(viewer: Viewer, place_ids: Collection[int], *, at: datetime, party: int) -> dict[int, Figures]:
    """Return what this person pays at each of some places by the rule of every list, exactly. Three statements.

    It is the lower a head of what can be had now, and of what they own: with vouchers on the same bill, as a quote has
    it, or a package or uses of a card. What was paid for these counts, for it could be given back (PR9).
    """
    places, live = list_places_by_id(place_ids), list_live_terms(place_ids, at)
    prices = {}
    for place_id, place in places.items():
        offers, owned = live.get(place_id, []), viewer.owned.get(place_id, ())
        left = [terms for one in offers if (terms := _left(one, viewer))]
        found = _figures(left, place.usual_minor, party, viewer.keys)
        if owned:
            bill = (place.usual_minor or 0) * party
            ways = [_on_bill(offers, Situation(Bill.of_amount(bill), at, party, viewer.keys, owned, viewer.taken))]
            ways += [way for one in owned if (way := _basket(one, party))]
            known = [way for way in ways if way.list_minor]
            found = min([*known, found] if found.list_minor else known or [found], key=_a_head)
        prices[place_id] = found
    return prices


def _a_head(figures: Figures) -> tuple[int, int]:
    return figures.per_head_minor, -figures.paid_minor


def _on_bill(offers: list[Terms], situation: Situation) -> Figures:
    """Return the price of the bill with what is owned, exactly as a quote of it (PR32)."""
    answer = price_bill(offers, situation, explain=False)
    how = BILL if answer.uses else USUAL
    return Figures(answer.payable_minor, answer.list_minor, situation.party, how, paid_minor=answer.already_paid_minor)


def _basket(owned: Owned, party: int) -> Figures | None:
    """Return the price of an owned package, or of a use of an owned card a head; None where there are not enough."""
    terms = owned.terms
    if terms.kind == PACKAGE:
        units = -(-party // terms.party_size)
        if units > owned.units or terms.party_size > max(party, SMALL_TABLE):
            return None
        paid = terms.price_minor * units
        return Figures(paid, terms.list_minor * units, max(party, terms.party_size), BASKET, paid_minor=paid)
    if terms.kind != CARD or party > owned.units:
        return None
    paid = price_of_uses(terms, owned, party)
    return Figures(paid, terms.list_minor * party // terms.uses, party, BASKET, paid_minor=paid)


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
