"""Claims on amounts (IN3): pessimistic, resolved once, never more than was claimed; and budgets made of them (PR39)."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bacao.ledger.models import Account, Pending, Resolution, Transaction
from bacao.ledger.queries import Budget, count_open_pendings, get_budget, get_total, list_wrong_sums
from bacao.ledger.rules import BUDGET_SPENT, CONTROL, PERIOD_SPENT, Debit, Transfer, Unbalanced
from bacao.ledger.services import (
    AlreadyExpired,
    AlreadyPosted,
    AlreadyResolved,
    AlreadyVoided,
    DifferentContent,
    LimitReached,
    PostedTooMuch,
    allocate_budget,
    expire_pendings,
    open_period,
    pend,
    post_pendings,
    void_pendings,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUDGET, OTHER = "control.budget.1", "control.budget.2"


def allocate(amount_minor: int, code: str = BUDGET) -> None:
    with transaction.atomic():
        allocate_budget(id=uuid4(), code=code, amount_minor=amount_minor, origin={"reason": "launch"}, at=AT)


def claim(amount_minor: int, id: UUID | None = None, code: str = BUDGET) -> Transfer:
    leg = PERIOD_SPENT if code.startswith("control.budget_day.") else BUDGET_SPENT
    return Transfer(id or uuid4(), "held", code, leg, amount_minor, AT)


def hold(amount_minor: int, code: str = BUDGET) -> UUID:
    wanted = claim(amount_minor, code=code)
    with transaction.atomic():
        pend(transfers=[wanted])
    return wanted.id


def commit_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.django_db
def test_in3_what_is_pending_counts_against_the_limit() -> None:
    allocate(5000)
    first = hold(3000)
    assert get_budget(BUDGET) == Budget(5000, 3000, 0)
    with pytest.raises(LimitReached) as refused:
        hold(2001)
    assert (refused.value.wanted_minor, refused.value.room_minor) == (2001, 2000)
    hold(2000)
    post_pendings(amounts={first: None}, kind="promised", at=AT)
    assert get_budget(BUDGET) == Budget(5000, 2000, 3000)
    assert get_budget(BUDGET).left_minor == 0
    commit_now()
    assert get_total(CONTROL) == get_total() == 0
    assert list_wrong_sums(CONTROL) == []


@pytest.mark.django_db
def test_in3_part_is_posted_and_the_rest_returns() -> None:
    allocate(5000)
    id = hold(3000)
    with pytest.raises(PostedTooMuch):
        post_pendings(amounts={id: 3001}, kind="promised", at=AT)
    assert post_pendings(amounts={id: 1200}, kind="promised", at=AT) == 1
    assert post_pendings(amounts={id: 1200}, kind="promised", at=AT) == 0
    with pytest.raises(AlreadyPosted):
        post_pendings(amounts={id: 1300}, kind="promised", at=AT)
    assert get_budget(BUDGET) == Budget(5000, 0, 1200)
    commit_now()


@pytest.mark.django_db
def test_in3_a_pending_ends_once() -> None:
    allocate(5000)
    posted, voided, expired = hold(1), hold(2), hold(4)
    ends = {
        posted: (lambda id: post_pendings(amounts={id: None}, kind="x", at=AT), AlreadyPosted),
        voided: (lambda id: void_pendings(ids=[id], at=AT), AlreadyVoided),
        expired: (lambda id: expire_pendings(ids=[id], at=AT), AlreadyExpired),
    }
    for id, (end, _) in ends.items():
        assert end(id) == 1
        assert end(id) == 0, "the same end again is no news"
    for id, (_, error) in ends.items():
        for other, (end, _) in ends.items():
            if other != id:
                with pytest.raises(error):
                    end(id)
    with pytest.raises(Pending.DoesNotExist):
        void_pendings(ids=[uuid4()], at=AT)
    assert get_budget(BUDGET) == Budget(5000, 0, 1)


@pytest.mark.django_db
def test_in5_the_same_claim_again_exists_also_when_it_emptied_the_budget() -> None:
    allocate(500)
    wanted = claim(500)
    assert pend(transfers=[wanted]) == 1
    assert pend(transfers=[wanted]) == 0
    with pytest.raises(DifferentContent):
        pend(transfers=[claim(499, wanted.id)])
    assert pend(transfers=[claim(0)]) == 0
    with pytest.raises(Unbalanced):
        pend(transfers=[claim(-1)])
    assert count_open_pendings(BUDGET) == 1


@pytest.mark.django_db
def test_claims_are_all_or_none() -> None:
    allocate(500)
    allocate(100, OTHER)
    with pytest.raises(LimitReached, match=r"budget\.2"):
        pend(transfers=[claim(200), claim(101, code=OTHER)])
    with pytest.raises(LimitReached, match="never"):
        pend(transfers=[claim(1, code="control.budget.never")])
    assert not Pending.objects.exists()
    assert get_budget(BUDGET).left_minor == 500


@pytest.mark.django_db
def test_what_was_taken_away_lowers_what_was_given() -> None:
    allocate(500)
    hold(200)
    with pytest.raises(LimitReached):
        allocate(-301)
    allocate(-300)
    assert get_budget(BUDGET) == Budget(200, 200, 0)
    assert get_budget("control.budget.never") == Budget(0, 0, 0)


@pytest.mark.django_db
def test_a_day_has_a_limit_of_its_own() -> None:
    morning = datetime.fromisoformat("2026-11-22T00:00+08:00")
    today, tomorrow = "control.budget_day.1.20261122", "control.budget_day.1.20261123"
    open_period(code=today, begins_at=morning, limit_minor=300)
    open_period(code=today, begins_at=morning, limit_minor=900)
    hold(300, today)
    with pytest.raises(LimitReached):
        hold(1, today)
    open_period(code=tomorrow, begins_at=morning + timedelta(days=1), limit_minor=0)
    with pytest.raises(LimitReached):
        hold(1, tomorrow)


@pytest.mark.django_db
def test_a_claim_takes_two_statements() -> None:
    allocate(500)
    wanted = claim(100)
    with CaptureQueriesContext(connection) as statements:
        pend(transfers=[wanted])
    assert len(statements) == 2
    with CaptureQueriesContext(connection) as statements:
        void_pendings(ids=[wanted.id], at=AT)
    assert len(statements) == 2


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(reason: str, *work: tuple[object, ...]) -> None:
    before = (Pending.objects.count(), Resolution.objects.count(), Transaction.objects.count())
    with pytest.raises(IntegrityError, match=reason), transaction.atomic():
        for statement, *values in work:
            sql(str(statement), *values)
    assert (Pending.objects.count(), Resolution.objects.count(), Transaction.objects.count()) == before


RAW = """INSERT INTO ledger_pending (id, debit_id, credit_id, amount_minor, kind, content_hash, origin, effective_at)
    VALUES (%s, %s, %s, %s, 'raw', '\\x00', '{}', now())"""
END = "INSERT INTO ledger_resolution (pending_id, outcome, transaction_id, resolved_at) VALUES (%s, %s, %s, now())"
BOOK = """INSERT INTO ledger_transaction (id, book, kind, content_hash, origin, effective_at, entry_count)
    VALUES (%s, 'cny.control', 'raw', '\\x00', '{}', now(), 2)"""
ENTRY = "INSERT INTO ledger_entry (transaction_id, account_id, side, amount_minor) VALUES (%s, %s, %s, %s)"


@pytest.mark.django_db(transaction=True)
def test_in3_raw_sql_cannot_claim_end_or_post_what_is_not_there() -> None:
    allocate(500)
    allocate(500, OTHER)
    budget, other, spent = (Account.objects.get(code=code).pk for code in (BUDGET, OTHER, BUDGET_SPENT))
    money = Account.objects.create(book="cny", code="asset.bank").pk
    refused("debit_at_most_credit", (RAW, uuid4(), budget, spent, 501))
    refused("amount_positive", (RAW, uuid4(), budget, spent, 0))
    refused("two_accounts", (RAW, uuid4(), budget, budget, 1))
    refused("one book", (RAW, uuid4(), budget, money, 1))
    id, posted = hold(300), uuid4()
    refused("debit_at_most_credit", (RAW, uuid4(), budget, spent, 201))
    for attack in ("UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
        refused("only added to", (attack.format("ledger_pending", "amount_minor = 1"),))
        if "TRUNCATE" in attack:
            refused("only added to", (attack.format("ledger_resolution", ""),))
    refused("posted_by_a_transaction", (END, id, "posted", None))
    refused("violates foreign key", (END, id, "posted", posted))

    def book(debit: int, credit: int, amount: int) -> list[tuple[object, ...]]:
        lines = [(ENTRY, posted, debit, "D", amount), (ENTRY, posted, credit, "C", amount)]
        return [(END, id, "posted", posted), (BOOK, posted), *lines]

    refused("does not post pending", *book(budget, spent, 301))
    refused("does not post pending", *book(other, spent, 300))
    refused("does not post pending", *book(spent, budget, 300))
    void_pendings_now(id)
    refused("ledger_resolution_pkey", (END, id, "expired", None))
    refused("only added to", ("UPDATE ledger_resolution SET outcome = 'expired'",))
    refused("only added to", ("DELETE FROM ledger_resolution",))
    refused("by its entries only", ("UPDATE ledger_account SET pending_debit_minor = 5",))
    insert = 'INSERT INTO ledger_account (book, code, "limit", debit_minor, credit_minor, pending_debit_minor,'
    refused(
        "opened empty",
        (f"{insert} pending_credit_minor) VALUES ('cny.control', 'control.budget.7', 'none', 0, 0, 1, 0)",),
    )
    assert get_budget(BUDGET) == Budget(500, 0, 0)


def void_pendings_now(*ids: UUID) -> None:
    with transaction.atomic():
        void_pendings(ids=ids, at=AT)


def in_threads(count: int, work: object) -> None:
    def run(number: int) -> None:
        try:
            work(number)  # type: ignore[operator]  # a function of one number
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_in3_post_void_and_expire_at_the_same_instant_have_one_winner() -> None:
    """Looking first would let several go on: without the unique key each of them would give the claim back."""
    allocate(5000)
    ids = [hold(100) for _ in range(10)]
    saw_open, barrier = [], threading.Barrier(6)

    def look(_: int) -> None:
        barrier.wait(10)
        saw_open.append(not Resolution.objects.filter(pending=ids[0]).exists())

    in_threads(6, look)
    assert saw_open.count(True) == 6, "the race did not show itself"
    for id in ids:
        won: list[str] = []

        def end(number: int, id: UUID = id, won: list[str] = won) -> None:
            try:
                with transaction.atomic():
                    if number % 3 == 0:
                        new = post_pendings(amounts={id: None}, kind="promised", at=AT)
                    else:
                        new = (void_pendings if number % 3 == 1 else expire_pendings)(ids=[id], at=AT)
                won.extend(["ended"] * new)
            except AlreadyResolved:
                won.append("refused")

        in_threads(6, end)
        assert won.count("ended") == 1
    budget = get_budget(BUDGET)
    assert (budget.held_minor, budget.spent_minor) == (0, 100 * Resolution.objects.filter(outcome="posted").count())
    assert list_wrong_sums(CONTROL) == []


class BudgetMachine(RuleBasedStateMachine):
    """Claims, ends and repeats in any order beside a model of three numbers for each of two budgets."""

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.given = {BUDGET: 0, OTHER: 0}
        self.open: dict[UUID, tuple[str, int]] = {}
        self.spent = {BUDGET: 0, OTHER: 0}
        self.ended: dict[UUID, str] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    def left(self, code: str) -> int:
        held = sum(amount for of, amount in self.open.values() if of == code)
        return self.given[code] - held - self.spent[code]

    @initialize()
    def give(self) -> None:
        for code in self.given:
            self.allocate(code, 1000)

    @rule(code=st.sampled_from([BUDGET, OTHER]), amount=st.integers(-500, 500))
    def allocate(self, code: str, amount: int) -> None:
        if self.left(code) + amount < 0:
            with pytest.raises(LimitReached):
                allocate(amount, code)
        else:
            allocate(amount, code)
            self.given[code] += amount

    @rule(amounts=st.lists(st.tuples(st.sampled_from([BUDGET, OTHER]), st.integers(1, 400)), min_size=1, max_size=3))
    def claim(self, amounts: list[tuple[str, int]]) -> None:
        claims = [claim(amount, code=code) for code, amount in amounts]
        wanted = {code: sum(a for of, a in amounts if of == code) for code, _ in amounts}
        if any(amount > self.left(code) for code, amount in wanted.items()):
            with pytest.raises(LimitReached):
                pend(transfers=claims)
            return
        pend(transfers=claims)
        self.open |= {one.id: (one.debit, one.amount_minor) for one in claims}

    @rule(data=st.data(), how=st.sampled_from(["posted", "voided", "expired"]), part=st.integers(1, 400))
    def end(self, data: st.DataObject, how: str, part: int) -> None:
        if not self.open and not self.ended:
            return
        id = data.draw(st.sampled_from([*self.open, *self.ended]))
        if id in self.ended:
            if how != self.ended[id]:
                with pytest.raises(AlreadyResolved):
                    self.resolve(id, how, None)
            return
        code, amount = self.open[id]
        if how == "posted" and part > amount:
            with pytest.raises(PostedTooMuch):
                self.resolve(id, how, part)
            return
        assert self.resolve(id, how, part) == 1
        del self.open[id]
        self.ended[id] = how
        self.spent[code] += part if how == "posted" else 0

    def resolve(self, id: UUID, how: str, part: int | None) -> int:
        if how == "posted":
            return post_pendings(amounts={id: part}, kind="promised", at=AT)
        return (void_pendings if how == "voided" else expire_pendings)(ids=[id], at=AT)

    @invariant()
    def books_equal_model(self) -> None:
        commit_now()
        for code in self.given:
            held = sum(amount for of, amount in self.open.values() if of == code)
            if Account.objects.filter(code=code).exists():
                assert get_budget(code) == Budget(self.given[code], held, self.spent[code])
        assert get_total(CONTROL) == 0
        assert list_wrong_sums(CONTROL) == []


@pytest.mark.django_db
def test_state_machine_of_in3() -> None:
    run_state_machine_as_test(
        BudgetMachine,
        settings=settings(
            max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_posting_id_is_that_of_its_pending() -> None:
    id = uuid4()
    posting = claim(5, id).as_posting(uuid5(id, "posted"), "promised", AT, 3)
    assert posting.lines[0] == Debit(BUDGET, 3)
    assert posting.book == CONTROL
