"""Counters by identity, period, day and slot: what they count, and that the tables keep them (PR16-PR18, PR38)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bacao.accounts.models import User
from bacao.accounts.queries import list_identities
from bacao.accounts.rules.identities import unaliased
from bacao.offers.models import OfferStock, PersonalUse, Quota
from bacao.offers.rules.limits import Claim, make_claim, period_of
from bacao.offers.services import PersonalLimitReached, SoldOut, return_claims, take_claims
from bacao.places.models import Place
from tests.factories import make_user
from tests.offers.conftest import make_offer

TODAY = date(2026, 11, 21)


def test_periods_are_those_of_the_calendar() -> None:
    assert [period_of(kind, TODAY) for kind in ("ever", "day", "week", "month")] == [
        "ever",
        "2026-11-21",
        "2026-W47",
        "2026-11",
    ]
    assert period_of("week", date(2027, 1, 1)) == "2026-W53"


def test_a_claim_says_what_it_moves() -> None:
    claim = make_claim(
        offer_id=1, quantity=2, user_id=7, version_id=3, identities=["phone-a", "card-b"], per_person=4,
        person_period="month", per_day=30, per_slot=8, slot=datetime.fromisoformat("2026-11-21T18:00+08:00"), day=TODAY,
    )  # fmt: skip
    assert claim.personal == (("card-b", "2026-11", 4), ("phone-a", "2026-11", 4), ("user-7", "2026-11", 4))
    assert claim.quotas == (("2026-11-21", 30), ("2026-11-21T18:00+08:00", 8))
    assert Claim.from_json(claim.as_json()) == claim
    assert make_claim(offer_id=1, quantity=2, user_id=7, identities=["phone-a"]).personal == (("user-7", "ever", None),)


@pytest.mark.parametrize(
    "address", ["linhua@gmail.com", "Lin.Hua+tea@googlemail.com", " linhua+x+y@GMAIL.com ", "l.i.n.h.u.a@gmail.com"]
)
def test_rc7_aliases_are_one_mailbox(address: str) -> None:
    assert unaliased(address) == "linhua@gmail.com"
    assert unaliased("lin.hua+a@example.org") == "lin.hua@example.org", "elsewhere a dot is a letter"


def capped(place: Place, at: datetime, user: User, limit: int, quantity: int = 1, **more: Any) -> Claim:
    offer = more.pop("offer", None) or make_offer(place, at)
    return make_claim(
        offer_id=offer.pk, quantity=quantity, user_id=user.pk, identities=list_identities(user, more.pop("cards", ())),
        per_person=limit, day=TODAY, **more,
    )  # fmt: skip


def test_rc7_two_accounts_with_one_mailbox_or_one_card_have_one_cap(place: Place, at: datetime) -> None:
    first, second = (make_user(email=email) for email in ("lin+a@example.org", "lin+b@example.org"))
    third, offer = make_user(), make_offer(place, at)
    take_claims(claims=[capped(place, at, first, 1, offer=offer, cards=["tok_1"])], at=at)
    for other in (capped(place, at, second, 1, offer=offer), capped(place, at, third, 1, offer=offer, cards=["tok_1"])):
        with pytest.raises(PersonalLimitReached):
            take_claims(claims=[other], at=at)
    take_claims(claims=[capped(place, at, third, 1, offer=offer)], at=at)
    assert OfferStock.objects.get(offer=offer).used == 2
    assert not any("example.org" in row.identity for row in PersonalUse.objects.all())


def test_a_cap_of_a_month_begins_anew(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at)
    november = make_claim(
        offer_id=offer.pk, quantity=1, user_id=owner.pk, per_person=1, person_period="month", day=TODAY
    )
    december = make_claim(
        offer_id=offer.pk, quantity=1, user_id=owner.pk, per_person=1, person_period="month", day=date(2026, 12, 1)
    )
    take_claims(claims=[november], at=at)
    with pytest.raises(PersonalLimitReached):
        take_claims(claims=[november], at=at)
    take_claims(claims=[december], at=at)
    return_claims(claims=[november], at=at)
    take_claims(claims=[november], at=at)


def test_rc10_seats_and_days_are_counted_and_nothing_is_taken_in_part(place: Place, owner: User, at: datetime) -> None:
    offer, slot = make_offer(place, at), at + timedelta(hours=6)
    facts: dict[str, Any] = {"offer_id": offer.pk, "user_id": owner.pk, "day": TODAY, "slot": slot}

    def take(quantity: int, **limits: int) -> None:
        take_claims(claims=[make_claim(quantity=quantity, **facts, **limits)], at=at)

    take(3, per_slot=4, per_day=10)
    with pytest.raises(SoldOut, match="Only 1 left"):
        take(2, per_slot=4, per_day=10)
    take(1, per_slot=4, per_day=10)
    with pytest.raises(SoldOut, match="seats of that time"):
        take(1, per_slot=4, per_day=10)
    with pytest.raises(SoldOut, match="tomorrow"):
        take(1, per_slot=9, per_day=4)  # the day's limit was lowered to what is used
    assert {(row.period, row.used) for row in Quota.objects.all()} == {
        ("2026-11-21", 4),
        (slot.isoformat(timespec="minutes"), 4),
    }
    assert OfferStock.objects.get(offer=offer).used == 4
    assert PersonalUse.objects.get().used == 4
    with pytest.raises(SoldOut):
        take(1, per_slot=0)
    return_claims(claims=[make_claim(quantity=4, per_slot=4, per_day=10, **facts)], at=at)
    assert {row.used for row in Quota.objects.all()} == {0}


def test_several_offers_are_taken_together_or_not_at_all(place: Place, owner: User, at: datetime) -> None:
    plenty, few = make_offer(place, at, stock=9), make_offer(place, at, stock=1)
    claims = [make_claim(offer_id=offer.pk, quantity=1, user_id=owner.pk) for offer in (few, plenty)]
    take_claims(claims=claims, at=at)
    with pytest.raises(SoldOut):
        take_claims(claims=claims, at=at)
    assert {row.used for row in OfferStock.objects.all()} == {1}
    return_claims(claims=claims, at=at)
    assert {row.used for row in OfferStock.objects.all()} == {0}


def test_taking_costs_two_statements_and_three_with_a_quota(place: Place, owner: User, at: datetime) -> None:
    offers = [make_offer(place, at) for _ in range(3)]
    plain = [capped(place, at, owner, 5, offer=offer) for offer in offers]
    quota = make_claim(offer_id=offers[0].pk, quantity=1, user_id=owner.pk, per_day=9, day=TODAY)
    for claims, most in ((plain, 2), ([quota], 3)):
        with CaptureQueriesContext(connection) as statements, transaction.atomic():
            take_claims(claims=claims, at=at)
        own = [query for query in statements if "SAVEPOINT" not in query["sql"]]
        assert len(own) == most, [query["sql"][:60] for query in own]


@pytest.mark.parametrize("change", [{"used": 3}, {"used": -1}, {"limit": 1}])
def test_pr38_the_tables_keep_the_limits_themselves(
    place: Place, owner: User, at: datetime, change: dict[str, int]
) -> None:
    offer = make_offer(place, at, stock=2)
    claim = make_claim(offer_id=offer.pk, quantity=2, user_id=owner.pk, per_person=2, per_day=2, day=TODAY)
    take_claims(claims=[claim], at=at)
    for table in (OfferStock, PersonalUse, Quota):
        with pytest.raises(IntegrityError), transaction.atomic():
            table.objects.filter(offer=offer).update(**change)
