"""Races for units, personal limits and quotas: nothing is sold twice.

One of the files of the catalogue of races (pricing.md, section 13): each race shows itself with its guard removed, and
not with it. Real connections in threads. `BACAO_ROUNDS` = how often each is run (3 unless told otherwise; 1000 for a
night).
"""

import re
import threading
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, transaction

from bacao.accounts.models import User
from bacao.accounts.queries import list_identities
from bacao.kit.paths import ROOT
from bacao.offers.models import PersonalUse, Quota, RollingUse
from bacao.offers.rules.limits import Claim, make_claim
from bacao.offers.services import return_claims, take_claims, take_units
from bacao.orders.models import Order
from tests.factories import make_user
from tests.orders.arena import ROUNDS, Arena, sql, unguarded
from tests.orders.conftest import order_of, quote_of, sell
from tests.orders.crowd import Race, empty, people, read_then_write, take, used

pytestmark = pytest.mark.django_db(transaction=True)


def test_rc1_the_last_unit_and_two_hundred_who_want_it(arena: Arena, at: datetime) -> None:
    version, buyers = sell(stock=1), people(200)
    meet = threading.Barrier(8)
    winners = arena.run([lambda: read_then_write(version.offer_id, 1, meet)] * 8)
    assert winners.count(True) > 1, "the race did not show itself"
    for round in range(-(-ROUNDS // 3)):  # it is by far the longest
        empty(version)
        now = at + round * timedelta(hours=1)
        quotes = [quote_of(buyer, version, now) for buyer in buyers]
        said = arena.codes([take(quote, now) for quote in quotes], together=False)
        assert Counter(said) == {"ok": 1, "quota_gone": 199}
        assert used(version) == 1


def test_rc2_no_order_without_its_count(arena: Arena, at: datetime) -> None:
    """A counter that stops at its limit, with nobody looking whether it moved, lets every order keep its discount."""
    version = sell(stock=3)
    cap = 'UPDATE offers_offerstock SET used = used + 1 WHERE offer_id = %s AND used + 1 <= "limit"'

    def order_anyhow() -> None:
        sql(cap, version.offer_id)

    orders = arena.run([order_anyhow] * 8)
    assert len(orders) > used(version), "the race did not show itself"
    for _ in range(ROUNDS):
        empty(version)
        Order.objects.all().delete()
        arena.codes([lambda user=user: order_of(user, version, at) for user in people(12)])
        assert Order.objects.count() == used(version) == 3


def test_rc3_a_limit_of_three_is_three_at_every_commit(arena: Arena, buyer: User, at: datetime) -> None:
    """Looking at one's uses and then writing them: five of three. An onlooker reads what is committed meanwhile."""
    version, meet = sell(), threading.Barrier(5)
    claim = make_claim(offer_id=version.offer_id, quantity=1, user_id=buyer.pk, per_person=3)
    for _ in range(2):
        take_claims(claims=[claim], at=at)

    def look_then_count() -> bool:
        with transaction.atomic():
            mine = PersonalUse.objects.get(offer=version.offer_id)
            meet.wait(30)
            if mine.used + 1 > 3:
                return False
            sql("UPDATE offers_personaluse SET used = used + 1 WHERE id = %s", mine.pk)
            return True

    with unguarded("offers_personaluse", "offers_personal_limit"):
        arena.run([look_then_count] * 5)
        assert PersonalUse.objects.get().used == 7, "the race did not show itself"
        PersonalUse.objects.all().delete()
    for _ in range(ROUNDS):
        empty(version)
        seen: list[int] = []

        def onlook(seen: list[int] = seen) -> None:
            for _ in range(40):
                seen.extend(PersonalUse.objects.values_list("used", flat=True))

        works = [lambda: take_claims(claims=[claim], at=at)] * 10
        said = arena.codes([*works, onlook])
        assert Counter(said[:10]) == {"ok": 3, "personal_limit": 7}
        assert max(seen, default=0) <= 3


def test_rc6_what_is_added_in_memory_is_lost(arena: Arena, at: datetime) -> None:
    version, meet = sell(stock=10), threading.Barrier(4)
    arena.run([lambda: read_then_write(version.offer_id, 10, meet)] * 4)
    assert used(version) < 4, "the race did not show itself"
    for _ in range(ROUNDS):
        empty(version)
        said = arena.codes(
            [
                lambda user=user: take_units(
                    offer_id=version.offer_id, user_id=user.pk, quantity=1, per_person=None, at=at
                )
                for user in people(14)
            ]
        )
        assert (Counter(said), used(version)) == ({"ok": 10, "sold_out": 4}, 10)


def test_rc7_two_accounts_of_one_mailbox_and_one_card(arena: Arena, at: datetime) -> None:
    version = sell()
    pairs = [
        ([make_user(email=f"lin+{letter}@example.org") for letter in "abcdef"], ()),
        (people(6), ("card_of_one_bank",)),
    ]

    def claim(user: User, cards: tuple[str, ...], *, by_account: bool = False) -> Claim:
        known = [] if by_account else list_identities(user, cards)
        return make_claim(offer_id=version.offer_id, quantity=1, user_id=user.pk, identities=known, per_person=1)

    for users, cards in pairs:
        empty(version)
        arena.codes([lambda user=user: take_claims(claims=[claim(user, (), by_account=True)], at=at) for user in users])
        assert used(version) == 6, "counted by account alone each of them has one"
        for _ in range(ROUNDS):
            empty(version)
            works = [lambda user=user, cards=cards: take_claims(claims=[claim(user, cards)], at=at) for user in users]
            assert Counter(arena.codes(works)) == {"ok": 1, "personal_limit": 5}
            assert used(version) == 1


def test_rc8_first_uses_where_no_counter_is_yet(arena: Arena, buyer: User, at: datetime) -> None:
    version, meet = sell(), threading.Barrier(4)

    def look_then_insert() -> bool:
        with transaction.atomic():
            mine = PersonalUse.objects.filter(offer=version.offer_id).first()
            meet.wait(30)
            assert mine is None
            PersonalUse.objects.create(offer_id=version.offer_id, identity=f"user-{buyer.pk}", used=1, limit=2)
            return True

    with unguarded("offers_personaluse", "offers_personal_use_once"):
        assert arena.run([look_then_insert] * 4).count(True) == 4
        assert PersonalUse.objects.count() == 4, "the race did not show itself"
        PersonalUse.objects.all().delete()
    claim = make_claim(offer_id=version.offer_id, quantity=1, user_id=buyer.pk, per_person=2)
    for _ in range(ROUNDS):
        empty(version)
        said = arena.codes([lambda: take_claims(claims=[claim], at=at)] * 8)
        assert Counter(said) == {"ok": 2, "personal_limit": 6}
        assert PersonalUse.objects.get().used == 2


def test_pr17_a_limit_in_any_seven_days(arena: Arena, buyer: User, at: datetime) -> None:
    """Looking at the days of one's uses and writing them back: five of two, one first use beside the other."""
    version, meet = sell(), threading.Barrier(5)

    def claim(day: int) -> Claim:
        return make_claim(
            offer_id=version.offer_id, quantity=1, user_id=buyer.pk, per_person=2, person_period="rolling",
            person_days=7, day=at.date() + timedelta(days=day),
        )  # fmt: skip

    take_claims(claims=[claim(0)], at=at)

    def look_then_write() -> bool:
        with transaction.atomic():
            mine = RollingUse.objects.get(offer=version.offer_id)
            meet.wait(30)
            if len(mine.taken_on) + 1 > 2:
                return False
            sql("UPDATE offers_rollinguse SET taken_on = taken_on || taken_on[1] WHERE id = %s", mine.pk)
            return True

    with unguarded("offers_rollinguse", "offers_rolling_limit"):
        arena.run([look_then_write] * 5)
        assert len(RollingUse.objects.get().taken_on) == 6, "the race did not show itself"
        RollingUse.objects.all().delete()
    for _ in range(ROUNDS):
        empty(version)
        first: Race = lambda: take_claims(claims=[claim(0)], at=at)  # noqa: E731  # one line, used eight times
        assert Counter(arena.codes([first] * 8)) == {"ok": 2, "personal_limit": 6}
        assert arena.codes([lambda: take_claims(claims=[claim(6)], at=at)] * 2) == ["personal_limit"] * 2
        late: list[Race] = [lambda: take_claims(claims=[claim(7)], at=at)] * 4
        back: list[Race] = [lambda: return_claims(claims=[claim(0)], at=at)] * 2
        assert Counter(arena.codes(late + back)) == {"ok": 4, "personal_limit": 2}, "two of the four, and both returns"
        assert len(RollingUse.objects.get().taken_on) == used(version) == 2


def test_rc10_three_are_wanted_and_two_are_left(arena: Arena, buyer: User, at: datetime) -> None:
    """Counters moved one by one, each for good, leave half a claim behind; together they leave nothing."""
    version = sell(stock=2)
    claim = make_claim(offer_id=version.offer_id, quantity=3, user_id=buyer.pk, per_person=9, per_day=9, day=at.date())

    def one_by_one() -> None:
        sql("INSERT INTO offers_personaluse (offer_id, identity, period, used) VALUES (%s, 'x', 'ever', 3)",
            version.offer_id)  # fmt: skip
        take_units(offer_id=version.offer_id, user_id=buyer.pk, quantity=3, per_person=9, at=at)

    arena.run([one_by_one])
    assert PersonalUse.objects.get().used == 3, "half of it was taken"
    for _ in range(ROUNDS):
        empty(version)
        assert set(arena.codes([lambda: take_claims(claims=[claim], at=at)] * 6)) == {"sold_out"}
        assert (used(version), PersonalUse.objects.count(), Quota.objects.count()) == (0, 0, 0)


def test_rc11_opposite_orders_never_deadlock(arena: Arena, buyer: User, at: datetime) -> None:
    """`BACAO_ROUNDS` x 60 pairs: 10,000 take `BACAO_ROUNDS=167`."""
    first, second = sell(), sell()
    meet = threading.Barrier(2)

    def lock(*offers: int) -> None:
        with transaction.atomic():
            for offer_id in offers:
                sql("UPDATE offers_offerstock SET used = used + 1 WHERE offer_id = %s", offer_id)
                with suppress(threading.BrokenBarrierError):
                    meet.wait(2)

    ids = (first.offer_id, second.offer_id)
    ended = arena.run([lambda: lock(*ids), lambda: lock(*reversed(ids))])
    assert any(isinstance(outcome, OperationalError) for outcome in ended), "in the order as named they deadlock"
    claims = [make_claim(offer_id=offer_id, quantity=1, user_id=buyer.pk) for offer_id in ids]
    pairs = ROUNDS * 60
    for version in (first, second):
        empty(version)
    there, back = lambda: take_claims(claims=claims, at=at), lambda: take_claims(claims=claims[::-1], at=at)
    said = arena.codes([there, back] * pairs, together=False)
    assert said == ["ok"] * (2 * pairs)
    assert used(first) == used(second) == 2 * pairs


def test_rc16_one_way_to_every_counter() -> None:
    """Only one module moves counters, whoever asks: a page, a job, an import or an operator."""
    counters = re.compile(
        r"offers_(offerstock|personaluse|rollinguse|quota)\b|\b(OfferStock|PersonalUse|RollingUse|Quota)\b"
    )
    writers = {
        path.relative_to(ROOT / "bacao").as_posix()
        for path in Path(ROOT / "bacao").rglob("*.py")
        if "migrations" not in path.parts and counters.search(path.read_text())
    }
    reads = {name for name in writers if name.startswith("offers/queries")}
    assert writers - reads == {
        "offers/models.py",
        "offers/services/units.py",
        "offers/services/terms.py",  # makes the row, and lowers or raises its limit
        "offers/services/loading.py",  # makes the row of an offer that comes with its past
    }
