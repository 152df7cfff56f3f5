"""The ledger on a real PostgreSQL: posting, limits, reversal, and the state machine of IN1-IN6 and IN11."""

import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bacao.ledger.models import Account, Entry, Transaction
from bacao.ledger.queries import get_balance, get_total, list_entries, list_lines, list_wrong_sums
from bacao.ledger.rules import Credit, Debit, Posting, Unbalanced, limit_of
from bacao.ledger.services import (
    AlreadyReversed,
    DifferentContent,
    LimitReached,
    post,
    post_many,
    reverse,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PROVIDER, UNREDEEMED, PAYABLE = "asset.provider.sandbox", "liab.unredeemed.1", "liab.payable.merchant.7"


def book(*entries: Debit | Credit, id: UUID | None = None, **more: Any) -> UUID:
    """Post entries under a new id and return it."""
    id = id or uuid4()
    post(**{"id": id, "kind": "test", "entries": entries, "origin": {}, "effective_at": AT, **more})
    return id


def pay(amount_minor: int, id: UUID | None = None) -> UUID:
    return book(Debit(PROVIDER, amount_minor), Credit(UNREDEEMED, amount_minor), id=id)


def commit_now() -> None:
    """Run what waits for the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.django_db
def test_golden_recipe_of_a_redemption() -> None:
    """money.md, section 3: ¥236 list, ¥188 package, ¥20 subsidy, ¥168 paid, 250 bp commission on ¥188."""
    pay(16800)
    book(
        Debit(UNREDEEMED, 16800),
        Debit("expense.subsidy.9", 2000),
        Credit(PAYABLE, 18330),
        Credit("income.commission", 470),
    )
    commit_now()
    assert get_balance(PROVIDER) == (16800, 0, 16800)
    assert get_balance(UNREDEEMED) == (16800, 16800, 0)
    assert get_balance(PAYABLE).balance_minor == 18330
    assert get_balance("income.commission").balance_minor == 470
    assert get_balance("expense.subsidy.9").balance_minor == 2000
    assert get_balance("liab.unredeemed.never") == (0, 0, 0)
    assert get_total() == 0
    assert list_wrong_sums() == []


@pytest.mark.django_db
def test_in5_same_id_same_content_exists_other_content_is_an_error() -> None:
    id = uuid4()
    entries = [Debit(PROVIDER, 5), Credit(UNREDEEMED, 5)]
    facts: dict[str, Any] = {"id": id, "kind": "paid", "origin": {"order": "a"}, "effective_at": AT}
    assert post(entries=entries, **facts) is True
    assert post(entries=entries[::-1], **facts) is False
    with pytest.raises(DifferentContent):
        post(entries=[Debit(PROVIDER, 6), Credit(UNREDEEMED, 6)], **facts)
    assert Entry.objects.count() == 2
    assert get_balance(UNREDEEMED).balance_minor == 5


@pytest.mark.django_db
def test_in5_a_repeated_posting_that_emptied_an_account_still_exists() -> None:
    pay(500)
    id = book(Debit(UNREDEEMED, 500), Credit(PAYABLE, 500))
    assert not post(
        id=id, kind="test", entries=[Debit(UNREDEEMED, 500), Credit(PAYABLE, 500)], origin={}, effective_at=AT
    )
    assert get_balance(PAYABLE).balance_minor == 500


@pytest.mark.django_db
def test_in4_a_limit_is_refused_in_words_and_the_transaction_lives_on() -> None:
    pay(500)
    with pytest.raises(LimitReached) as refused:
        book(Debit(UNREDEEMED, 501), Credit(PAYABLE, 501))
    assert (refused.value.code, refused.value.wanted_minor, refused.value.room_minor) == (UNREDEEMED, 501, 500)
    book(Debit(UNREDEEMED, 500), Credit(PAYABLE, 500))
    with pytest.raises(LimitReached):
        book(Debit("asset.bank", 1), Credit("asset.receivable.merchant.7", 1))
    assert get_balance(PAYABLE).balance_minor == 500


@pytest.mark.django_db
def test_in6_a_transaction_is_reversed_once() -> None:
    paid, undo = pay(500), uuid4()
    facts: dict[str, Any] = {"reverses": paid, "kind": "undo", "origin": {}, "effective_at": AT}
    assert reverse(id=undo, **facts) is True
    assert reverse(id=undo, **facts) is False
    with pytest.raises(AlreadyReversed):
        reverse(id=uuid4(), **facts)
    with pytest.raises(Transaction.DoesNotExist):
        reverse(id=uuid4(), reverses=uuid4(), kind="undo", origin={}, effective_at=AT)
    commit_now()
    assert list_lines(undo) == [Credit(PROVIDER, 500), Debit(UNREDEEMED, 500)]
    assert get_balance(UNREDEEMED).balance_minor == get_balance(PROVIDER).balance_minor == 0


@pytest.mark.django_db
def test_a_reversal_needs_the_room_too() -> None:
    paid = pay(500)
    book(Debit(UNREDEEMED, 400), Credit(PAYABLE, 400))
    with pytest.raises(LimitReached):
        reverse(id=uuid4(), reverses=paid, kind="undo", origin={}, effective_at=AT)


@pytest.mark.django_db
def test_unlimited_accounts_keep_no_sums_so_that_sales_do_not_wait_for_each_other() -> None:
    pay(500)
    account = Account.objects.get(code=PROVIDER)
    assert (account.limit, account.debit_minor, account.credit_minor) == ("none", 0, 0)
    assert get_balance(PROVIDER).debit_minor == 500


@pytest.mark.django_db
def test_entries_are_listed_by_when_they_took_effect() -> None:
    for hours in (3, 1, 2):
        book(Debit(PROVIDER, hours), Credit(UNREDEEMED, hours), effective_at=AT + timedelta(hours=hours))
    found = list_entries(PROVIDER, AT + timedelta(hours=1), AT + timedelta(hours=3))
    assert [(entry.amount_minor, entry.side) for entry in found] == [(1, "D"), (2, "D")]
    assert found[0].transaction.recorded_at >= found[0].transaction.effective_at - timedelta(days=36500)


@pytest.mark.django_db
def test_a_posting_takes_two_statements_and_another_two_where_accounts_are_opened() -> None:
    taken = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as paid:
            pay(500)
        with CaptureQueriesContext(connection) as redeemed:
            book(Debit(UNREDEEMED, 500), Credit(PAYABLE, 500))
        taken.append((len(paid), len(redeemed)))
    assert taken == [(3, 4), (2, 2)]


@pytest.mark.django_db
def test_many_postings_are_booked_in_one_go() -> None:
    """10,000 purchases, redemptions and refunds = 30,000 entries, checked at commit, in under 10 s."""
    history = [
        Posting(uuid4(), "paid", [Debit(PROVIDER, 100), Credit(f"liab.unredeemed.{n}", 100)], AT) for n in range(5000)
    ] + [
        Posting(
            uuid4(),
            "redeemed",
            [
                Debit(f"liab.unredeemed.{n}", 100),
                Debit(f"expense.subsidy.{n % 50}", 20),
                Credit(f"liab.payable.merchant.{n % 200}", 117),
                Credit("income.commission", 3),
            ],
            AT,
        )
        for n in range(5000)
    ]
    assert post_many(postings=history) == 10000
    commit_now()
    assert Entry.objects.count() == 30000
    assert get_total() == 0
    assert list_wrong_sums() == []
    assert post_many(postings=history) == 0


@pytest.mark.django_db
def test_a_half_known_history_books_only_the_rest() -> None:
    history = [
        Posting(UUID(int=1), "paid", [Debit(PROVIDER, 100), Credit(UNREDEEMED, 100)], AT),
        Posting(UUID(int=2), "redeemed", [Debit(UNREDEEMED, 100), Credit(PAYABLE, 100)], AT),
        Posting(UUID(int=3), "paid", [Debit(PROVIDER, 50), Credit("liab.unredeemed.2", 50)], AT),
        Posting(UUID(int=4), "redeemed", [Debit("liab.unredeemed.2", 50), Credit(PAYABLE, 50)], AT),
    ]
    assert post_many(postings=history[:2]) == 2
    assert post_many(postings=history) == 2
    assert get_balance(PAYABLE).balance_minor == 150


@pytest.mark.django_db(transaction=True)
def test_in4_two_at_once_cannot_pass_a_limit_and_opposite_orders_do_not_deadlock() -> None:
    """Reading the room and then spending it would let 40 spend what 16 may; they name two accounts both ways round."""
    other = "liab.unredeemed.2"
    with transaction.atomic():
        pay(1000)
        book(Debit(PROVIDER, 1000), Credit(other, 1000))
    barrier, naive = threading.Barrier(20), []
    outcomes: list[str] = []

    def look_naively() -> None:
        room = get_balance(UNREDEEMED).balance_minor
        connection.close()
        barrier.wait(10)
        naive.append(room >= 60)

    lookers = [threading.Thread(target=look_naively) for _ in range(20)]
    for thread in lookers:
        thread.start()
    for thread in lookers:
        thread.join()
    assert naive.count(True) == 20, "the race did not show itself"

    def spend(first: str, second: str) -> None:
        try:
            with transaction.atomic():
                book(Debit(first, 60), Debit(second, 60), Credit(PAYABLE, 120))
            outcomes.append("booked")
        except LimitReached:
            outcomes.append("refused")
        finally:
            connection.close()

    pairs = [(UNREDEEMED, other), (other, UNREDEEMED)] * 20
    threads = [threading.Thread(target=spend, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["booked"] * 16 + ["refused"] * 24
    assert get_balance(UNREDEEMED).balance_minor == get_balance(other).balance_minor == 40
    assert list_wrong_sums() == []


@pytest.mark.django_db(transaction=True)
def test_in5_the_same_id_from_two_threads_is_booked_once() -> None:
    id, answers = uuid4(), []

    def send() -> None:
        try:
            with transaction.atomic():
                answers.append(
                    post(
                        id=id,
                        kind="paid",
                        entries=[Debit(PROVIDER, 5), Credit(UNREDEEMED, 5)],
                        origin={},
                        effective_at=AT,
                    )
                )
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 7 + [True]
    assert get_balance(UNREDEEMED).balance_minor == 5


@pytest.mark.django_db(transaction=True)
def test_in4_hot_accounts_without_a_limit_do_not_make_sales_wait() -> None:
    """While one sale is still open, another one on the same provider account commits."""
    done = threading.Event()

    def sell() -> None:
        try:
            with transaction.atomic():
                book(Debit(PROVIDER, 5), Credit("liab.unredeemed.2", 5))
            done.set()
        finally:
            connection.close()

    with transaction.atomic():
        pay(1)
    with transaction.atomic():
        book(Debit(PROVIDER, 5), Credit("liab.unredeemed.3", 5))
        thread = threading.Thread(target=sell)
        thread.start()
        assert done.wait(5), "a sale waited for another one"
    thread.join()


LIMITED = [UNREDEEMED, "liab.unredeemed.2", PAYABLE, "asset.receivable.merchant.7", "control.budget.1"]
UNLIMITED = [PROVIDER, "asset.bank", "income.commission", "expense.subsidy.1"]
codes = st.sampled_from(LIMITED + UNLIMITED)
amounts = st.integers(1, 300)


class LedgerMachine(RuleBasedStateMachine):
    """Random postings, reversals, repeats and attacks beside a model that is a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.posted: list[Posting] = []
        self.reversed: set[UUID] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize()
    def open_shop(self) -> None:
        self.post_lines([Debit(PROVIDER, 500), Credit(UNREDEEMED, 500)])

    def has_room(self, lines: list[Debit | Credit]) -> bool:
        """Return whether the model allows these lines together."""
        after = {code: list(sums) for code, sums in self.sums.items()}
        for line in lines:
            after.setdefault(line.code, [0, 0])["DC".index(line.side)] += line.amount_minor
        return all(
            {"none": True, "debit_at_most_credit": d <= c, "credit_at_most_debit": c <= d}[limit_of(code)]
            for code, (d, c) in after.items()
        )

    def note(self, lines: list[Debit | Credit]) -> None:
        for line in lines:
            self.sums[line.code]["DC".index(line.side)] += line.amount_minor

    def post_lines(self, lines: list[Debit | Credit]) -> None:
        posting = Posting(uuid4(), "random", lines, AT, {"n": len(self.posted)})
        if self.has_room(lines):
            assert post_many(postings=[posting]) == 1
            self.posted.append(posting)
            self.note(lines)
        else:
            with pytest.raises(LimitReached):
                post_many(postings=[posting])

    @rule(debit=codes, credit=codes, amount=amounts)
    def post_two(self, debit: str, credit: str, amount: int) -> None:
        self.post_lines([Debit(debit, amount), Credit(credit, amount)])

    @rule(parts=st.lists(st.tuples(codes, amounts), min_size=2, max_size=5), credit=codes)
    def post_split(self, parts: list[tuple[str, int]], credit: str) -> None:
        total = sum(amount for _, amount in parts)
        self.post_lines([*(Debit(code, amount) for code, amount in parts), Credit(credit, total)])

    @rule(debit=codes, credit=codes, amount=amounts, off=st.integers(1, 9))
    def post_unbalanced(self, debit: str, credit: str, amount: int, off: int) -> None:
        with pytest.raises(Unbalanced):
            book(Debit(debit, amount), Credit(credit, amount + off))

    @rule(data=st.data())
    def repeat_any(self, data: st.DataObject) -> None:
        posting = data.draw(st.sampled_from(self.posted))
        assert post_many(postings=[posting]) == 0

    @rule(data=st.data(), other=amounts)
    def repeat_with_other_content(self, data: st.DataObject, other: int) -> None:
        known = data.draw(st.sampled_from(self.posted))
        with pytest.raises(DifferentContent):
            book(Debit("asset.bank", other), Credit("income.commission", other), id=known.id, kind="other")

    @rule(data=st.data())
    def reverse_any(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(self.posted))
        if known.reverses:
            return
        back: list[Debit | Credit] = [
            (Credit if line.side == "D" else Debit)(line.code, line.amount_minor) for line in known.lines
        ]
        id = uuid4()
        facts: dict[str, Any] = {"reverses": known.id, "kind": "back", "origin": {}, "effective_at": AT}
        if known.id in self.reversed:
            with pytest.raises(AlreadyReversed):
                reverse(id=id, **facts)
        elif not self.has_room(back):
            with pytest.raises(LimitReached):
                reverse(id=id, **facts)
        else:
            assert reverse(id=id, **facts)
            self.reversed.add(known.id)
            self.posted.append(Posting(id, "back", back, AT, {}, "cny", known.id))
            self.note(back)

    @rule(
        attack=st.sampled_from(
            [
                "UPDATE ledger_entry SET amount_minor = amount_minor + 1",
                "UPDATE ledger_transaction SET kind = 'x'",
                "DELETE FROM ledger_entry",
                "UPDATE ledger_account SET credit_minor = credit_minor + 1000000",
            ]
        )
    )
    def change_the_past(self, attack: str) -> None:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)

    @invariant()
    def ledger_equals_model(self) -> None:
        commit_now()
        assert get_total() == 0
        assert list_wrong_sums() == []
        for code, (debit, credit) in self.sums.items():
            assert get_balance(code)[:2] == (debit, credit)
        assert Entry.objects.count() == sum(len(posting.lines) for posting in self.posted)


@pytest.mark.django_db
def test_state_machine_of_in1_to_in6_and_in11() -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
