"""The catalogue of races (pricing.md, section 13): each shows itself with its guard removed, and not with it.

Real connections in threads, a real process where one is killed. `BACAO_ROUNDS` = how often each race is run (3 unless
told otherwise; 1000 for a night). RC13 is in `test_quotes.py` but for its race; RC4 is in `tests/ledger`, too.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, transaction

from bacao.accounts.models import User
from bacao.accounts.queries import list_identities
from bacao.kit.paths import ROOT
from bacao.ledger.models import Pending
from bacao.ledger.queries import get_budget, get_total, list_wrong_sums
from bacao.ledger.rules import BUDGET_SPENT, CONTROL, Transfer
from bacao.ledger.services import LimitReached, allocate_budget, pend, void_pendings
from bacao.offers.models import Offer, OfferStock, OfferVersion, PersonalUse, Quota
from bacao.offers.rules.limits import Claim, make_claim
from bacao.offers.services import set_offer_state, take_claims, take_units
from bacao.orders.models import Hold, Order, Payment, Quote, Refund, Voucher
from bacao.orders.services import (
    cancel_order,
    capture_hold,
    expire_holds,
    expire_orders,
    place_order,
    record_chargeback,
    release_hold,
    request_refund,
    start_payment,
    take_quote,
)
from bacao.orders.services.pay import apply_payment_news
from tests.factories import make_user
from tests.orders.arena import CONNECTIONS, ROUNDS, Arena, atomically, sql, unguarded
from tests.orders.conftest import order_of, quote_of, sell
from tests.orders.machine import paid_news

pytestmark = pytest.mark.django_db(transaction=True)
LATE = timedelta(minutes=20)
Race = Callable[[], object]


@pytest.fixture
def arena(transactional_db: None) -> Iterator[Arena]:
    crowd = Arena()
    yield crowd
    crowd.close()


def people(count: int) -> list[User]:
    return [make_user(f"人{number}") for number in range(count)]


def used(version: OfferVersion) -> int:
    return OfferStock.objects.get(offer=version.offer_id).used


def empty(version: OfferVersion) -> None:
    """Begin a round anew: nothing is taken."""
    OfferStock.objects.filter(offer=version.offer_id).update(used=0)
    PersonalUse.objects.filter(offer=version.offer_id).delete()
    Quota.objects.filter(offer=version.offer_id).delete()


def take(quote: Quote, at: datetime, quantity: int = 1, id: UUID | None = None) -> Race:
    return lambda: take_quote(quote_id=quote.pk, user=quote.user, quantity=quantity, at=at, id=id)


def read_then_write(offer_id: int, limit: int, meet: threading.Barrier) -> bool:
    """Take a unit as one would without thinking: read, compare, write back."""
    with transaction.atomic():
        stock = OfferStock.objects.get(offer=offer_id)
        meet.wait(30)
        if stock.used + 1 > limit:
            return False
        stock.used += 1
        stock.save()
        return True


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


def test_rc4_a_budget_shared_by_many_orders(arena: Arena, at: datetime) -> None:
    """Reading what is left and claiming it then passes the budget where neither lock nor constraint stands."""
    code = "control.budget.race"
    with transaction.atomic():
        allocate_budget(id=uuid4(), code=code, amount_minor=1000, origin={}, at=at)
    account, spent = (sql("SELECT id FROM ledger_account WHERE code = %s", name)[0][0] for name in (code, BUDGET_SPENT))
    meet = threading.Barrier(6)
    write = """INSERT INTO ledger_pending (id, debit_id, credit_id, amount_minor, kind, content_hash, origin,
        effective_at) VALUES (%s, %s, %s, 300, 'held', '', '{}', now())"""

    def claim_naively() -> None:
        left = get_budget(code).left_minor
        meet.wait(30)
        if left >= 300:
            sql(write, uuid4(), account, spent)

    with unguarded("ledger_account", "ledger_account_debit_at_most_credit"):
        arena.run([claim_naively] * 6)
        assert get_budget(code).left_minor < 0, "the race did not show itself"
        with transaction.atomic():
            void_pendings(ids=Pending.objects.values_list("pk", flat=True), at=at)
    for round in range(ROUNDS):
        mine = f"{code}.{round}"
        with transaction.atomic():
            allocate_budget(id=uuid4(), code=mine, amount_minor=1000, origin={}, at=at)

        def claim(mine: str = mine) -> str:
            try:
                with transaction.atomic():
                    pend(transfers=[Transfer(uuid4(), "held", mine, BUDGET_SPENT, 300, at)])
            except LimitReached:
                return "gone"
            return "held"

        assert Counter(arena.run([claim] * 12)) == {"held": 3, "gone": 9}
        assert get_budget(mine).left_minor == 100


def test_rc5_a_retry_counts_once(arena: Arena, buyer: User, at: datetime) -> None:
    version = sell(stock=50)
    arena.run([lambda: take_units(offer_id=version.offer_id, user_id=buyer.pk, quantity=1, per_person=None, at=at)] * 3)
    assert used(version) == 3, "without a key of its own each try counts"
    for round in range(ROUNDS):
        empty(version)
        id, now = uuid4(), at + round * timedelta(hours=1)
        quote = quote_of(buyer, version, now)
        said = arena.codes([take(quote, now, id=id)] * 6)
        assert set(said) <= {"ok", "busy"}
        assert "ok" in said
        assert (used(version), Hold.objects.filter(pk=id).count()) == (1, 1)


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


def test_rc9_capture_expiry_cancel_and_release_at_one_instant(arena: Arena, at: datetime) -> None:
    version, meet = sell(stock=500), threading.Barrier(4)
    naive = take_quote(quote_id=quote_of(make_user(), version, at).pk, user=User.objects.last(), at=at)

    def look_then_leave() -> bool:
        is_held = Hold.objects.get(pk=naive.pk).state == "held"
        meet.wait(30)
        return is_held

    assert arena.run([look_then_leave] * 4) == [True] * 4, "the race did not show itself: all four would go on"
    release_hold(hold=naive, at=at)
    for round in range(ROUNDS * 4):
        user = make_user()
        hold = take_quote(quote_id=quote_of(user, version, at).pk, user=user, at=at)
        end = hold.expires_at - timedelta(seconds=1) if round % 2 else hold.expires_at
        works: list[Race] = [
            atomically(lambda hold=hold, end=end: capture_hold(hold=hold, at=end)),
            lambda hold=hold, end=end: release_hold(hold=hold, at=end),
            lambda hold=hold: expire_holds(at=hold.expires_at),
            lambda hold=hold, end=end: release_hold(hold=hold, at=end),
        ]
        before = used(version)
        arena.codes(works)
        hold.refresh_from_db()
        assert hold.state in {"captured", "released", "expired"}
        assert used(version) == before - (hold.state != "captured"), "what was left came back once, or not at all"


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


KILLED = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from uuid import UUID
from django.db import connection, transaction
from bacao.accounts.models import User
from bacao.orders.services import place_order
connection.settings_dict["NAME"] = sys.argv[1]
quote, order, user, at, when = sys.argv[2:]
place = lambda: place_order(user=User.objects.get(pk=user), quote_id=UUID(quote), quantity=2, id=UUID(order),
                            at=datetime.fromisoformat(at))
if when == "before":
    with transaction.atomic():
        place()
        os.kill(os.getpid(), signal.SIGKILL)
place()
os.kill(os.getpid(), signal.SIGKILL)
"""


def die(quote: Quote, order_id: UUID, at: datetime, when: str) -> None:
    """Place an order in a process that is killed before or after the commit, and never answers."""
    name = str(connection.settings_dict["NAME"])
    arguments = [name, str(quote.pk), str(order_id), str(quote.user_id), at.isoformat(), when]
    ended = subprocess.run(  # our own Python on our own words
        [sys.executable, "-c", KILLED, *arguments], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert ended.returncode == -signal.SIGKILL


def test_rc12_killed_before_or_after_the_commit_and_asked_again(buyer: User, at: datetime) -> None:
    version = sell(stock=10)
    quote, id = quote_of(buyer, version, at), uuid4()
    die(quote, id, at, "before")
    assert (Order.objects.count(), Hold.objects.count(), used(version)) == (0, 0, 0)
    die(quote, id, at, "after")
    committed = Order.objects.get()
    again = place_order(user=buyer, quote_id=quote.pk, quantity=2, at=at + LATE, id=id)
    assert (again, again.number) == (committed, committed.number)
    assert (Order.objects.count(), Hold.objects.count(), used(version)) == (1, 1, 2)
    place_order(user=buyer, quote_id=quote_of(buyer, version, at).pk, quantity=2, at=at)
    assert used(version) == 4, "without the key of the first try the buyer has two orders"


def test_rc13_pausing_while_many_buy(arena: Arena, at: datetime) -> None:
    """Whoever holds before the pause is honoured, everybody after it hears why; nobody falls in between."""
    version, buyers = sell(stock=100), people(16)
    state, meet = version.offer.state, threading.Barrier(2)

    def look_then_take() -> bool:
        is_live = Offer.objects.get(pk=version.offer_id).state == "live"
        meet.wait(30)
        meet.wait(30)
        return is_live

    def pause_between() -> None:
        meet.wait(30)
        set_offer_state(offer=version.offer, state="paused", by=None, at=at)
        meet.wait(30)

    assert arena.run([look_then_take, pause_between])[0] is True, "who looked before it would sell after it"
    for round in range(ROUNDS):
        set_offer_state(offer=version.offer, state=state, by=None, at=at)
        empty(version)
        now = at + round * timedelta(hours=1)
        works = [take(quote_of(buyer, version, now), now) for buyer in buyers]
        works.insert(8, lambda: set_offer_state(offer=version.offer, state="paused", by=None, at=at))
        said = Counter(arena.codes(works))
        assert set(said) <= {"ok", "version_withdrawn"}
        assert used(version) == said["ok"] - 1


def bought(user: User, version: OfferVersion, at: datetime) -> Voucher:
    order = order_of(user, version, at)
    start_payment(order=order, at=at)
    apply_payment_news(provider="sandbox", news=paid_news(order), at=at)
    return order.vouchers.get()


def test_rc14_a_slot_comes_back_once_and_never_by_a_chargeback(arena: Arena, buyer: User, at: datetime) -> None:
    version, meet = sell(stock=100), threading.Barrier(4)
    naive = bought(buyer, version, at)

    def give_back_naively() -> bool:
        uses_left = Voucher.objects.get(pk=naive.pk).uses_left
        meet.wait(30)
        return uses_left == 1

    assert arena.run([give_back_naively] * 4) == [True] * 4, "the race did not show itself: four would give it back"
    for _ in range(ROUNDS):
        empty(version)
        voucher, other = bought(buyer, version, at), bought(buyer, version, at)
        payment = Payment.objects.get(order=voucher.order_id)
        refund = [lambda voucher=voucher: request_refund(voucher=voucher, by=buyer, at=at)] * 4
        charge = [lambda payment=payment: record_chargeback(payment=payment, at=at)] * 3
        arena.codes([*refund, *charge])
        (cause,) = Refund.objects.filter(order=voucher.order_id).values_list("cause", flat=True)
        assert used(version) == (1 if cause == "asked" else 2)
        assert Payment.objects.get(pk=payment.pk).refunded_minor == 3800
        assert record_chargeback(payment=payment, at=at) is None
        request_refund(voucher=other, by=buyer, at=at)
    assert get_total() == 0
    assert list_wrong_sums() == []


def test_rc15_the_expiry_job_twice_at_once(arena: Arena, at: datetime) -> None:
    version, meet = sell(stock=100), threading.Barrier(4)
    order_of(make_user(), version, at)

    def list_then_release() -> int:
        due = Order.objects.filter(paid_at=None, cancelled_at=None, expires_at__lte=at + LATE)
        found = len(due)
        meet.wait(30)
        return found

    assert arena.run([list_then_release] * 4) == [1] * 4, "the race did not show itself: four would release it"
    expire_orders(at=at + LATE)
    for round in range(ROUNDS):
        now = at + (round + 1) * timedelta(hours=1)
        for user in people(6):
            order_of(user, version, now)
            other = make_user()
            take_quote(quote_id=quote_of(other, version, now).pk, user=other, at=now)
        assert used(version) == 12
        jobs: list[Race] = [lambda now=now: expire_orders(at=now + LATE)] * 4
        jobs += [lambda now=now: expire_holds(at=now + LATE)] * 4
        ended = arena.run(jobs)
        assert (sum(ended), used(version)) == (12, 0)


def test_rc16_one_way_to_every_counter() -> None:
    """Only one module moves counters, whoever asks: a page, a job, an import or an operator."""
    counters = re.compile(r"offers_offerstock|offers_personaluse|offers_quota\b|\b(OfferStock|PersonalUse|Quota)\b")
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


def test_rc17_two_browsers_and_one_cart(arena: Arena, buyer: User, at: datetime) -> None:
    version, meet = sell(stock=100), threading.Barrier(3)
    naive = quote_of(buyer, version, at)

    def look_then_hold() -> bool:
        is_free = not Hold.objects.filter(quote=naive).exists()
        meet.wait(30)
        return is_free

    assert arena.run([look_then_hold] * 3) == [True] * 3, "the race did not show itself: three would hold"
    for round in range(ROUNDS):
        empty(version)
        now = at + round * timedelta(hours=1)
        quote = quote_of(buyer, version, now)
        outcomes = arena.run(
            [lambda quote=quote, now=now: place_order(user=buyer, quote_id=quote.pk, quantity=2, at=now)] * 3
        )
        assert len({order.pk for order in outcomes}) == 1, "the others see the first one's order"
        assert (used(version), Hold.objects.filter(quote=quote).count()) == (2, 1)


def test_pr40_who_waits_too_long_hears_it(arena: Arena, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that somebody keeps is waited for so long and no longer; of one cart, more than two do not wait at all."""
    from bacao.orders import rules

    monkeypatch.setattr(rules, "LOCK_SECONDS", 1)
    version, buyers, kept, done = sell(stock=100), people(2), threading.Event(), threading.Event()

    def keep_the_row() -> None:
        with transaction.atomic():
            sql("SELECT FROM offers_offerstock WHERE offer_id = %s FOR UPDATE", version.offer_id)
            kept.set()
            done.wait(60)

    def want(quote: Quote) -> str:
        kept.wait(60)
        try:
            return str(take(quote, at)())
        except Exception as error:
            return str(getattr(error, "code", error))

    quotes = [quote_of(buyer, version, at) for buyer in buyers]

    def all_want() -> list[str]:
        try:
            return crowd.run([lambda: want(quotes[0])] * 5 + [lambda: want(quotes[1])])
        finally:
            done.set()

    crowd = Arena()
    _, said = arena.run([keep_the_row, all_want])
    crowd.close()
    assert said == ["busy"] * 6
    assert used(version) == 0
    assert arena.codes([take(quotes[0], at)]) == ["ok"]


def test_rc18_late_money_for_the_last_unit(arena: Arena, at: datetime) -> None:
    """Several paid after their time; one unit is left. Looking first would book all of them."""
    version, meet = sell(stock=6), threading.Barrier(4)

    def look_then_book() -> bool:
        stock = OfferStock.objects.get(offer=version.offer_id)
        meet.wait(30)
        return stock.used < 6

    assert arena.run([look_then_book] * 4) == [True] * 4, "the race did not show itself"
    for round in range(ROUNDS):
        empty(version)
        now = at + round * timedelta(hours=1)
        orders = [order_of(user, version, now) for user in people(6)]
        for order in orders:
            start_payment(order=order, at=now)
        expire_orders(at=now + LATE)
        OfferStock.objects.filter(offer=version.offer_id).update(used=5)
        works = [
            lambda order=order, now=now: apply_payment_news(provider="sandbox", news=paid_news(order), at=now + LATE)
            for order in orders
        ]
        assert Counter(arena.run(works)) == {"late_credited": 1, "late_refunded": 5}
        assert used(version) == 6
    assert Refund.objects.filter(cause="late_payment", amount_minor=3800).count() == 5 * ROUNDS
    assert get_total() == 0
    assert list_wrong_sums(CONTROL) == []
    cancel_order(order=order_of(make_user(), sell(), at), at=at)
    assert CONNECTIONS >= 6
