"""Reads of the ledger: balances, entries of an account, and the proof that everything sums to zero."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from bacao.ledger import rules
from bacao.ledger.models import Account, Entry, Pending, Transaction


class Balance(NamedTuple):
    """Both sides of an account and their difference on the side where its class grows; minor units."""

    debit_minor: int
    credit_minor: int
    balance_minor: int


def get_balance(code: str, book: str = "cny") -> Balance:
    """Return the sums of an account; zeros for one that was never used.

    A limited account keeps its sums in its row; those of the others are counted from their entries.
    """
    account = Account.objects.filter(book=book, code=code).first()
    if account is None:
        return Balance(0, 0, 0)
    if account.limit != Account.Limit.NONE:
        debit, credit = account.debit_minor, account.credit_minor
    else:
        debit, credit = _sum_sides(Q(account=account))
    return Balance(debit, credit, rules.balance_of(code, debit, credit))


class Budget(NamedTuple):
    """What a budget was given, what open holds claim of it, what is promised for good, and what is left."""

    allocated_minor: int
    held_minor: int
    spent_minor: int

    @property
    def left_minor(self) -> int:
        """What may still be promised."""
        return self.allocated_minor - self.held_minor - self.spent_minor


def list_budgets(codes: Collection[str]) -> dict[str, Budget]:
    """Return the standing of budget accounts by code; one that was never used stands at zero.

    What was taken away from a budget lowers what it was given; what came back from a refund lowers what it spent.
    """
    given = Q(entries__transaction__kind="allocated")
    rows = Account.objects.filter(book=rules.CONTROL, code__in=codes).annotate(
        given=Sum("entries__amount_minor", filter=given & Q(entries__side="C"), default=0)
        - Sum("entries__amount_minor", filter=given & Q(entries__side="D"), default=0),
        spent=F("given") - F("credit_minor") + F("debit_minor"),
    )
    found = rows.values_list("code", "given", "pending_debit_minor", "spent")
    return dict.fromkeys(codes, Budget(0, 0, 0)) | {code: Budget(*sums) for code, *sums in found}


def list_rooms(codes: Collection[str], book: str = rules.CONTROL) -> dict[str, int]:
    """Return what accounts have left to give by code, without those never opened; what is pending is gone."""
    rows = Account.objects.filter(book=book, code__in=codes)
    left = F("credit_minor") - F("debit_minor") - F("pending_debit_minor")
    return dict(rows.annotate(left=left).values_list("code", "left"))


def get_budget(code: str) -> Budget:
    """Return the standing of one budget account."""
    return list_budgets([code])[code]


def count_open_pendings(code: str, book: str = rules.CONTROL) -> int:
    """Return how many claims on an account are not resolved yet."""
    return Pending.objects.filter(debit__book=book, debit__code=code, resolution=None).count()


def get_total(book: str = "cny") -> int:
    """Return all debits minus all credits of a book: 0, or the ledger is broken (X65)."""
    debit, credit = _sum_sides(Q(transaction__book=book))
    return debit - credit


def list_entries(code: str, since: datetime, until: datetime, book: str = "cny") -> list[Entry]:
    """Return the entries of an account that took effect in [since, until), oldest first, with their transactions."""
    return list(
        Entry.objects.filter(
            account__book=book,
            account__code=code,
            transaction__effective_at__gte=since,
            transaction__effective_at__lt=until,
        )
        .select_related("transaction", "account")
        .order_by("transaction__effective_at", "id")
    )


def list_lines(transaction_id: UUID) -> list[rules.Debit | rules.Credit]:
    """Return what a transaction booked, in the order in which it was booked; empty if there is no such one."""
    rows = (
        Entry.objects.filter(transaction=transaction_id)
        .order_by("id")
        .values_list("side", "account__code", "amount_minor")
    )
    return [(rules.Debit if side == Entry.Side.DEBIT else rules.Credit)(code, amount) for side, code, amount in rows]


def find_transaction(transaction_id: UUID) -> Transaction | None:
    """Return a transaction by the id that its caller made."""
    return Transaction.objects.filter(pk=transaction_id).first()


def list_wrong_sums(book: str = "cny") -> Sequence[str]:
    """Return the codes of accounts whose kept sums are not those of their entries and pendings: none, ever (IN11)."""
    accounts = (
        Account.objects.filter(book=book)
        .exclude(limit=Account.Limit.NONE)
        .annotate(
            debit=Sum("entries__amount_minor", filter=Q(entries__side=Entry.Side.DEBIT), default=0),
            credit=Sum("entries__amount_minor", filter=Q(entries__side=Entry.Side.CREDIT), default=0),
        )
    )
    accounts = accounts.annotate(claimed=_open_pendings("debit"), promised=_open_pendings("credit"))
    wrong = accounts.exclude(
        debit=F("debit_minor"),
        credit=F("credit_minor"),
        claimed=F("pending_debit_minor"),
        promised=F("pending_credit_minor"),
    )
    return list(wrong.values_list("code", flat=True))


def _open_pendings(side: str) -> Coalesce:
    """Return an expression: the sum of an account's pendings on one side that are not resolved."""
    rows: QuerySet[Pending] = Pending.objects.filter(resolution=None, **{side: OuterRef("pk")}).order_by()
    return Coalesce(Subquery(rows.values(side).annotate(sum=Sum("amount_minor")).values("sum")), 0)


def _sum_sides(condition: Q) -> tuple[int, int]:
    """Return the sums of both sides of the entries that meet a condition, debit first."""
    sums = Entry.objects.filter(condition).aggregate(
        debit=Sum("amount_minor", filter=Q(side=Entry.Side.DEBIT), default=0),
        credit=Sum("amount_minor", filter=Q(side=Entry.Side.CREDIT), default=0),
    )
    return int(sums["debit"]), int(sums["credit"])


def get_balance_before(code: str, at: datetime, book: str = "cny") -> int:
    """Return what an account held when an instant began, on the side where its class grows: a statement's opening."""
    debit, credit = _sum_sides(Q(account__book=book, account__code=code, transaction__effective_at__lt=at))
    return rules.balance_of(code, debit, credit)


def list_legs(transaction_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Return what each transaction moved, by account code: credits are positive, debits negative."""
    rows = Entry.objects.filter(transaction__in=transaction_ids).values_list(
        "transaction", "account__code", "side", "amount_minor"
    )
    legs: dict[UUID, dict[str, int]] = {}
    for transaction_id, code, side, amount in rows:
        moved = legs.setdefault(transaction_id, {})
        moved[code] = moved.get(code, 0) + (amount if side == Entry.Side.CREDIT else -amount)
    return legs
