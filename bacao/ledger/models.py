"""Balanced double entries that know nobody's business (money.md)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from bacao.ledger.rules import CONTROL


class Account(models.Model):
    """A place where money can be. `code` = class.kind[.owner]; only accounts with a limit cache their sums.

    The sums follow entries and pendings by trigger and refuse every other change; what is pending counts against the
    limit and never towards its room (pessimistic, IN4). An account without a limit (the payment
    provider, say) has no cached sums: a cached figure there would make every sale of the city wait for one row.
    """

    class Limit(models.TextChoices):
        NONE = "none"
        DEBIT_AT_MOST_CREDIT = "debit_at_most_credit"
        CREDIT_AT_MOST_DEBIT = "credit_at_most_debit"

    book = models.CharField(max_length=16, default="cny")
    code = models.CharField(max_length=80)
    limit = models.CharField(max_length=24, choices=Limit, default=Limit.NONE)
    debit_minor = models.BigIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0)
    pending_debit_minor = models.BigIntegerField(default=0, help_text="claimed, neither posted nor given back yet")
    pending_credit_minor = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "code"], name="ledger_account_code"),
            models.CheckConstraint(
                condition=Q(
                    debit_minor__gte=0, credit_minor__gte=0, pending_debit_minor__gte=0, pending_credit_minor__gte=0
                ),
                name="ledger_account_sums_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(limit="debit_at_most_credit")
                | Q(credit_minor__gte=F("debit_minor") + F("pending_debit_minor")),
                name="ledger_account_debit_at_most_credit",
            ),
            models.CheckConstraint(
                condition=~Q(limit="credit_at_most_debit")
                | Q(debit_minor__gte=F("credit_minor") + F("pending_credit_minor")),
                name="ledger_account_credit_at_most_debit",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class BudgetManager(models.Manager["Budget"]):
    """Finds those accounts of the control book that are budgets."""

    def get_queryset(self) -> models.QuerySet["Budget"]:
        """Return budget accounts only."""
        return super().get_queryset().filter(book=CONTROL, code__startswith="control.budget.")


class Budget(Account):
    """An account of the control book that says what may still be promised (PR39); the same rows, seen as budgets."""

    objects: ClassVar[BudgetManager] = BudgetManager()

    class Meta:
        proxy = True


class Transaction(models.Model):
    """Two or more entries that belong together. The caller makes the id and sends it again for ever (IN5).

    At commit it must be complete, balanced and, where it reverses another, that one's mirror image (IN1, IN6).
    """

    id = models.UUIDField(primary_key=True)
    book = models.CharField(max_length=16, default="cny")
    kind = models.CharField(max_length=32)
    content_hash = models.BinaryField(max_length=32)
    entry_count = models.SmallIntegerField(help_text="how many entries it has: none can be added later")
    origin = models.JSONField(default=dict, help_text="what the line comes from, e.g. {'order': ..., 'voucher': ...}")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["recorded_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(entry_count__gte=2), name="ledger_transaction_two_entries"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Entry(models.Model):
    """One side of a transaction; never updated, never deleted, truncate refused (triggers in the migration)."""

    class Side(models.TextChoices):
        DEBIT = "D"
        CREDIT = "C"

    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries")
    side = models.CharField(max_length=1, choices=Side)
    amount_minor = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="ledger_entry_amount_positive"),
            models.CheckConstraint(condition=Q(side__in=["D", "C"]), name="ledger_entry_side_known"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.amount_minor}"


class Pending(models.Model):
    """An amount claimed on its way from one account to another, until it is resolved; never changed (IN3).

    The caller makes the id and sends it again for ever, as with transactions.
    """

    id = models.UUIDField(primary_key=True)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="pending_debits")
    credit = models.ForeignKey(Account, models.PROTECT, related_name="pending_credits")
    amount_minor = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    content_hash = models.BinaryField(max_length=32)
    origin = models.JSONField(default=dict)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="ledger_pending_amount_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="ledger_pending_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"


class Resolution(models.Model):
    """How a pending ended, exactly once: posted by a transaction (all of it or part), voided, or expired."""

    class Outcome(models.TextChoices):
        POSTED = "posted"
        VOIDED = "voided"
        EXPIRED = "expired"

    pending = models.OneToOneField(Pending, models.PROTECT, primary_key=True, related_name="resolution")
    outcome = models.CharField(max_length=8, choices=Outcome)
    transaction = models.OneToOneField(Transaction, models.PROTECT, null=True, related_name="resolves")
    resolved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="posted", transaction__isnull=False)
                | Q(outcome__in=["voided", "expired"], transaction=None),
                name="ledger_resolution_posted_by_a_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pending_id} {self.outcome}"
