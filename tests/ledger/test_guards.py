"""Raw SQL against the ledger: a bug in a service must not be able to write a wrong row."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from bacao.ledger.models import Account, Entry, Transaction
from bacao.ledger.queries import get_balance, get_total
from bacao.ledger.rules import Credit, Debit
from bacao.ledger.services import post

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENTRY = "INSERT INTO ledger_entry (transaction_id, account_id, side, amount_minor) VALUES (%s, %s, %s, %s)"
BOOKING = """INSERT INTO ledger_transaction
    (id, book, kind, content_hash, origin, reverses_id, effective_at, entry_count)
    VALUES (%s, %s, 'raw', '\\x00', '{}', %s, now(), %s)"""


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def paid() -> UUID:
    """A committed purchase of 500."""
    id = uuid4()
    with transaction.atomic():
        post(
            id=id,
            kind="paid",
            entries=[Debit("asset.provider.sandbox", 500), Credit("liab.unredeemed.1", 500)],
            origin={},
            effective_at=AT,
        )
    return id


def account(code: str, book: str = "cny") -> int:
    return Account.objects.get_or_create(book=book, code=code)[0].pk


def refused(work: Callable[[], None], reason: str) -> None:
    """Run `work` in a transaction of its own and expect the database to refuse it."""
    before = (Transaction.objects.count(), Entry.objects.count())
    with pytest.raises(IntegrityError, match=reason), transaction.atomic():
        work()
    assert (Transaction.objects.count(), Entry.objects.count()) == before


def raw(
    *lines: tuple[str, str, int], book: str = "cny", count: int | None = None, reverses: UUID | None = None
) -> UUID:
    """Write a transaction of (code, side, amount) by hand."""
    id = uuid4()
    sql(BOOKING, id, book, reverses, len(lines) if count is None else count)
    for code, side, amount in lines:
        sql(ENTRY, id, account(code), side, amount)
    return id


def test_balanced_raw_rows_are_accepted(paid: UUID) -> None:
    """The honest counterpart of the attacks below: it is the wrongness that is refused, not the hand."""
    with transaction.atomic():
        raw(("liab.unredeemed.1", "D", 200), ("asset.provider.sandbox", "C", 200))
    assert get_balance("liab.unredeemed.1").balance_minor == 300
    assert get_total() == 0


def test_in1_unbalanced_is_refused_at_commit(paid: UUID) -> None:
    refused(lambda: void(raw(("asset.bank", "D", 5), ("income.commission", "C", 4))), "difference of 1")


def test_in1_a_transaction_without_entries_is_refused_at_commit() -> None:
    refused(lambda: void(raw(count=2)), "0 of 2 entries")
    refused(lambda: void(raw(count=0)), "ledger_transaction_two_entries")


def test_in1_one_sided_zero_and_negative_entries_are_refused() -> None:
    refused(lambda: void(raw(("asset.bank", "D", 5), count=2)), "1 of 2 entries")
    refused(lambda: void(raw(("asset.bank", "D", 0), ("income.commission", "C", 0))), "amount_positive")
    refused(lambda: void(raw(("asset.bank", "D", -5), ("income.commission", "C", -5))), "amount_positive")
    refused(lambda: void(raw(("asset.bank", "X", 5), ("income.commission", "C", 5))), "side_known")


def test_in1_a_committed_transaction_is_closed(paid: UUID) -> None:
    bank, income = account("asset.bank"), account("income.commission")
    refused(lambda: sql(ENTRY, paid, bank, "D", 5), "3 of 2 entries")

    def append_balanced() -> None:
        sql(ENTRY, paid, bank, "D", 5)
        sql(ENTRY, paid, income, "C", 5)

    refused(append_balanced, "3 of 2 entries")


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_transaction"])
@pytest.mark.parametrize("attack", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_in2_nothing_changes_or_goes(paid: UUID, table: str, attack: str) -> None:
    refused(lambda: sql(attack.format(table)), "only added to")


def test_in4_limits_hold_without_the_service(paid: UUID) -> None:
    refused(
        lambda: void(raw(("liab.unredeemed.1", "D", 501), ("asset.provider.sandbox", "C", 501))),
        "debit_at_most_credit",
    )


def test_in11_kept_sums_follow_entries_only(paid: UUID) -> None:
    change = "UPDATE ledger_account SET {} WHERE code = 'liab.unredeemed.1'"
    for attack in ("credit_minor = 900", "\"limit\" = 'none'", "code = 'liab.unredeemed.2'", "book = 'x'"):
        refused(lambda attack=attack: sql(change.format(attack)), "by its entries only")
    opened = 'INSERT INTO ledger_account (book, code, "limit", debit_minor, credit_minor) VALUES (%s, %s, %s, 0, 7)'
    refused(lambda: sql(opened, "cny", "liab.unredeemed.9", "debit_at_most_credit"), "opened empty")
    assert get_balance("liab.unredeemed.1").balance_minor == 500


def test_books_never_mix(paid: UUID) -> None:
    refused(
        lambda: void(raw(("asset.bank", "D", 5), ("income.commission", "C", 5), book="cny.sandbox")),
        "of the book of its account",
    )
    refused(lambda: sql(ENTRY, uuid4(), account("asset.bank"), "D", 5), "of the book of its account")


def test_in6_a_reversal_is_a_mirror_and_comes_once(paid: UUID) -> None:
    wrong = [("liab.unredeemed.1", "D", 400), ("asset.provider.sandbox", "C", 400)]
    right = [("liab.unredeemed.1", "D", 500), ("asset.provider.sandbox", "C", 500)]
    refused(lambda: void(raw(*wrong, reverses=paid)), "is not the mirror")
    with transaction.atomic():
        raw(*right, reverses=paid)
        with transaction.atomic():
            post(
                id=uuid4(),
                kind="paid",
                entries=[Debit("asset.provider.sandbox", 500), Credit("liab.unredeemed.1", 500)],
                origin={},
                effective_at=AT,
            )
    refused(lambda: void(raw(*right, reverses=paid)), "reverses")


def void(_: object) -> None:
    """Forget a value, so that a lambda returns nothing."""
