"""What a balanced posting is, which limit an account has, and how a sum is split without losing a fen. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

CODE = re.compile(r"(asset|liab|income|expense|control)\.[a-z_]+(\.[A-Za-z0-9_-]+)*")
DEBIT_AT_MOST_CREDIT = "debit_at_most_credit"
CREDIT_AT_MOST_DEBIT = "credit_at_most_debit"
LIMITS = (
    ("asset.receivable.", CREDIT_AT_MOST_DEBIT),
    ("liab.", DEBIT_AT_MOST_CREDIT),
    ("control.budget.", DEBIT_AT_MOST_CREDIT),
    ("control.budget_day.", DEBIT_AT_MOST_CREDIT),
    ("control.budget_week.", DEBIT_AT_MOST_CREDIT),
)
MONEY = "cny"
"""The book in which the money is."""
CONTROL = "cny.control"
"""The book of budgets: what may still be promised. No money is in it."""
BUDGET_SOURCE, BUDGET_SPENT = "control.budget_source", "control.budget_spent"
PERIOD_SPENT = "control.budget_period_spent"
"""The other leg of what one day or week may promise: apart, so that `BUDGET_SPENT` counts each promise once."""


class Unbalanced(ValueError):
    """A posting that may not be booked: empty, with a negative amount, or with unequal sides (IN1)."""


class UnknownAccount(ValueError):
    """An account code outside the chart of accounts (money.md, section 2)."""


@dataclass(frozen=True, slots=True)
class Debit:
    """`amount_minor` >= 0 on the debit side of the account `code`."""

    code: str
    amount_minor: int
    side = "D"


@dataclass(frozen=True, slots=True)
class Credit:
    """`amount_minor` >= 0 on the credit side of the account `code`."""

    code: str
    amount_minor: int
    side = "C"


@dataclass(frozen=True, slots=True)
class Posting:
    """One transaction to be booked; `id` is made by the caller and sent again for ever (IN5)."""

    id: UUID
    kind: str
    entries: Sequence[Debit | Credit]
    effective_at: datetime
    origin: dict[str, Any] = field(default_factory=dict)
    book: str = MONEY
    reverses: UUID | None = None

    @property
    def lines(self) -> list[Debit | Credit]:
        """The entries that say something: those of 0 are left out."""
        return [entry for entry in self.entries if entry.amount_minor]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One amount to be claimed between two accounts of a book; `id` is made by the caller and sent again for ever."""

    id: UUID
    kind: str
    debit: str
    credit: str
    amount_minor: int
    effective_at: datetime
    origin: dict[str, Any] = field(default_factory=dict)
    book: str = CONTROL

    def as_posting(self, id: UUID, kind: str, effective_at: datetime, amount_minor: int | None = None) -> Posting:
        """Return the transaction that books it, whole or in part."""
        amount = self.amount_minor if amount_minor is None else amount_minor
        lines: list[Debit | Credit] = [Debit(self.debit, amount), Credit(self.credit, amount)]
        return Posting(id, kind, lines, effective_at, self.origin, self.book)


def check_posting(posting: Posting) -> None:
    """Accept a posting that may be booked.

    :raises Unbalanced: if it has no lines, a negative amount, or sides that differ.
    :raises UnknownAccount: if a code is none of the chart of accounts.
    """
    for line in posting.lines:
        if line.amount_minor < 0:
            raise Unbalanced(f"{posting.kind} {posting.id}: {line.code} has the negative amount {line.amount_minor}")
        if not CODE.fullmatch(line.code):
            raise UnknownAccount(f"{posting.kind} {posting.id}: there is no account {line.code!r}")
    debit, credit = sums_of(posting.lines)
    if debit != credit or not debit:
        raise Unbalanced(f"{posting.kind} {posting.id}: debit {debit}, credit {credit}")


def sums_of(lines: Sequence[Debit | Credit]) -> tuple[int, int]:
    """Return the sums of both sides, debit first."""
    debit = sum(line.amount_minor for line in lines if line.side == "D")
    return debit, sum(line.amount_minor for line in lines) - debit


def mirrored(lines: Sequence[Debit | Credit]) -> list[Debit | Credit]:
    """Return the lines with their sides exchanged, as a reversal needs them."""
    return [(Credit if line.side == "D" else Debit)(line.code, line.amount_minor) for line in lines]


def content_hash(posting: Posting) -> bytes:
    """Return SHA-256 over all that a posting says except its id; the order of the lines does not matter."""
    content = [
        posting.book,
        posting.kind,
        posting.reverses,
        posting.effective_at.astimezone(UTC).isoformat(),
        posting.origin,
        sorted((line.code, line.side, line.amount_minor) for line in posting.lines),
    ]
    return sha256(json.dumps(content, default=str, sort_keys=True, separators=(",", ":")).encode()).digest()


def limit_of(code: str) -> str:
    """Return the limit that the class of an account sets (money.md, section 2), `none` where there is none."""
    return next((limit for prefix, limit in LIMITS if code.startswith(prefix)), "none")


def strain_of(lines: Sequence[Debit | Credit]) -> dict[str, int]:
    """Return by how much these lines use up the room of each limited account that they strain."""
    strain: dict[str, int] = {}
    for line in lines:
        if (limit := limit_of(line.code)) != "none":
            uses_room = (line.side == "D") == (limit == DEBIT_AT_MOST_CREDIT)
            strain[line.code] = strain.get(line.code, 0) + (line.amount_minor if uses_room else -line.amount_minor)
    return {code: amount for code, amount in strain.items() if amount > 0}


def balance_of(code: str, debit_minor: int, credit_minor: int) -> int:
    """Return the balance on the side where the class grows: debit for assets and expenses, credit for the rest."""
    grows_by_debit = code.startswith(("asset.", "expense."))
    return debit_minor - credit_minor if grows_by_debit else credit_minor - debit_minor


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` >= 0 in proportion to `weights`; the parts sum exactly, ties go to the earlier part (PR3).

    Source: Hamilton's method of apportionment.

    :raises ValueError: if a weight is negative, or nothing has weight and there is something to split.
    """
    whole = sum(weights)
    if total < 0 or any(weight < 0 for weight in weights) or (total and not whole):
        raise ValueError(f"cannot split {total} by {list(weights)}")
    if not total:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
