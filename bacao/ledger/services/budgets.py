"""Budgets: accounts of the control book that are given an amount, and claimed and spent by whoever promises (PR39)."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from bacao.ledger.models import Account
from bacao.ledger.rules import BUDGET_SOURCE, BUDGET_SPENT, CONTROL, PERIOD_SPENT, Credit, Debit

from .posting import DifferentContent, post


def allocate_budget(*, id: UUID, code: str, amount_minor: int, origin: dict[str, Any], at: datetime) -> bool:
    """Give a budget more to promise, or take some of what is left away (a negative amount); 0 only opens it.

    :returns: as `post`
    :raises LimitReached: less is left than is to be taken away
    """
    _open_leg(BUDGET_SPENT)
    source, budget = (Debit, Credit) if amount_minor > 0 else (Credit, Debit)
    entries = [source(BUDGET_SOURCE, abs(amount_minor)), budget(code, abs(amount_minor))]
    return bool(amount_minor) and post(
        id=id, kind="allocated", entries=entries, origin=origin, effective_at=at, book=CONTROL
    )


def open_period(*, code: str, begins_at: datetime, limit_minor: int) -> None:
    """Open the account of what may be promised on one day or in one week with its limit, where it is not open yet.

    `begins_at` = its first instant, in the zone of the city. A limit that changes counts from the next one on.
    """
    if not limit_minor or Account.objects.filter(book=CONTROL, code=code).exists():
        return
    _open_leg(PERIOD_SPENT)
    with suppress(DifferentContent):  # somebody opened it at this moment with the limit of other terms
        post(
            id=uuid5(NAMESPACE_OID, code),
            kind="allocated",
            entries=[Debit(BUDGET_SOURCE, limit_minor), Credit(code, limit_minor)],
            origin={},
            effective_at=begins_at,
            book=CONTROL,
        )


def _open_leg(code: str) -> None:
    """Open the account that claims on a budget go to: claiming opens none by itself."""
    Account.objects.bulk_create([Account(book=CONTROL, code=code)], ignore_conflicts=True)
