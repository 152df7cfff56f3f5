"""When it did not work: what is honoured by itself, until when, and how often it happened (RD44 to RD48). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bacao.ledger.rules import Credit, Debit

HONOUR_AT_MOST_MINOR = 10_000
HONOURS_A_DAY = 3
CREDIT_AT_MOST_MINOR = 5_000
CREDITS_A_MONTH = 2
MONTH = timedelta(days=30)
ANSWER_WITHIN, DECIDE_WITHIN = timedelta(hours=24), timedelta(hours=72)
RECEIPT_WITHIN = timedelta(hours=24)
PRESENT_WITHIN_M = 250
PAID_BY_PLATFORM = {"ours", "unknown"}
BADGE_AT_MOST = 20
"""Failures per 1,000 attempts above which a shop loses its badge (U39)."""
FEWEST_ATTEMPTS = 20
"""Below so many attempts a rate says nothing, and none is shown."""


@dataclass(frozen=True, slots=True)
class FailureRate:
    """How often it failed at a shop lately; a failure is the shop's or ours, never a used or forged code's."""

    attempts: int
    failures: int

    @property
    def per_thousand(self) -> int | None:
        """Failures per 1,000 attempts, rounded up; None where there were too few attempts to say."""
        return -(-1000 * self.failures // self.attempts) if self.attempts >= FEWEST_ATTEMPTS else None

    @property
    def keeps_badge(self) -> bool:
        """Whether the shop's badge stays."""
        return self.per_thousand is None or self.per_thousand <= BADGE_AT_MOST


def honour_entries(merchant_id: int, difference_minor: int) -> Sequence[Debit | Credit]:
    """Return the entries of the difference that the platform pays to the shop."""
    return [
        Debit("expense.compensation", difference_minor),
        Credit(f"liab.payable.merchant.{merchant_id}", difference_minor),
    ]


def credit_entries(user_id: int, credit_minor: int) -> Sequence[Debit | Credit]:
    """Return the entries of a member's credit."""
    return [Debit("expense.compensation", credit_minor), Credit(f"liab.credit.customer.{user_id}", credit_minor)]


def claim_back_entries(merchant_id: int, credit_minor: int) -> Sequence[Debit | Credit]:
    """Return the entries by which a shop that turned a member away owes us the credit."""
    return [
        Debit(f"asset.receivable.merchant.{merchant_id}", credit_minor),
        Credit("expense.compensation", credit_minor),
    ]
