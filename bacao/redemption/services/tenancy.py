"""Inside a counter's transaction the database itself keeps the shops apart (RD56).

The transaction takes the role `bacao_counter`, which owns nothing, and names its merchant; row-level security shows and
takes that merchant's rows only. Both settings end with the transaction, so a connection pooler is no danger. Reads of
other chapters, and the books, happen as the house. A member's own write takes `bacao_member`, and names the member.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

ROLE = "bacao_counter"
BECOME = f"set_config('app.merchant', %s, true), set_config('role', '{ROLE}', true)"
BECOME_MEMBER = "set_config('app.member', %s, true), set_config('role', 'bacao_member', true)"
LEAVE = "set_config('role', 'none', true)"


@contextmanager
def counter_transaction(merchant_id: int | None) -> Iterator[None]:
    """Open a transaction as a counter of a merchant; None = the first statement inside becomes one by itself.

    One statement, and another where it is nested in a transaction that goes on afterwards.
    """
    nested = connection.in_atomic_block
    with transaction.atomic():
        if merchant_id is not None:
            _set(BECOME, [str(merchant_id)])
        yield
        if nested:
            _set(f"set_config('app.merchant', '', true), {LEAVE}", [])


@contextmanager
def member_transaction(user_id: int) -> Iterator[None]:
    """Open a transaction in which nothing but a member's own rows can be seen; two statements."""
    with transaction.atomic():
        _set(BECOME_MEMBER, [str(user_id)])
        yield
        _set(f"set_config('app.member', '', true), {LEAVE}", [])


@contextmanager
def as_house(merchant_id: int) -> Iterator[None]:
    """Read what belongs to no merchant from within a counter's transaction, and become the counter again."""
    _set(LEAVE, [])
    yield
    _set(BECOME, [str(merchant_id)])


def leave_counter() -> None:
    """Be the house for the rest of the transaction: the counter's part is over, the books follow."""
    _set(LEAVE, [])


def _set(settings: str, values: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {settings}", values)  # made of the constants above
