"""The books, to be read: what is wrong is corrected by another transaction, never here."""

from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from bacao.kit.text import Refused, Text
from bacao.ledger.queries import get_budget
from bacao.ledger.services import LimitReached, allocate_budget
from bacao.web.desk.base import AmountForm, DeskAdmin, DeskInline, act, amount_of, link, operator_of, reason_of
from bacao.web.desk.words import said, value
from bacao.web.templatetags.bacao import money

Account, Budget, Transaction, Entry, Pending = (
    apps.get_model(f"ledger.{name}") for name in ("Account", "Budget", "Transaction", "Entry", "Pending")
)


class EntryInline(DeskInline):
    """The sides of a transaction."""

    model = Entry
    fields = readonly_fields = ("account", "side", "amount")

    def get_queryset(self, request: Any) -> Any:
        """Return entries with their accounts."""
        return super().get_queryset(request).select_related("account")

    @admin.display(description=said("金额", "amount"))
    def amount(self, entry: Any) -> str:
        """Return the amount as money."""
        return money(entry.amount_minor)


@admin.register(Account)
class AccountAdmin(DeskAdmin):
    """Where money can be. Only accounts with a limit keep their sums; the others are summed on their own page."""

    list_display = ("code", "book", "limit", "debit_minor", "credit_minor", "pending_debit_minor", "opened_at")
    list_filter = ("book", "limit")
    search_fields = ("code",)
    search_help_text = "liab.payable.merchant.7"
    ordering = ("code",)
    fields = (
        "book", "code", "limit", "debit_minor", "credit_minor", "pending_debit_minor", "pending_credit_minor", "summed",
        "opened_at",
    )  # fmt: skip

    @admin.display(description=said("按分录求和（借 / 贷）", "summed from entries (debit / credit)"))
    def summed(self, account: Any) -> str:
        """Return both sums as the entries have them, from as many as there are."""
        sums = {
            side: account.entries.filter(side=side).aggregate(total=Sum("amount_minor"))["total"] or 0 for side in "DC"
        }
        return f"{money(sums['D'])} / {money(sums['C'])}"


@admin.register(Budget)
class BudgetAdmin(DeskAdmin):
    """What may be promised out of each budget: given, claimed by open holds, promised for good, left."""

    list_display = ("code", "given", "claimed", "spent", "left", "opened_at")
    search_fields = ("code",)
    search_help_text = "control.budget.7"
    ordering = ("code",)
    fields = ("code", "given", "claimed", "spent", "left", "opened_at")
    action_form = AmountForm
    actions = ("allocate",)

    @admin.display(description=said("额度", "given"))
    def given(self, account: Any) -> str:
        """Return what it was given in all."""
        return money(get_budget(account.code).allocated_minor)

    @admin.display(description=said("占用中", "claimed"))
    def claimed(self, account: Any) -> str:
        """Return what open holds claim."""
        return money(account.pending_debit_minor)

    @admin.display(description=said("已承诺", "promised"))
    def spent(self, account: Any) -> str:
        """Return what was taken off for good."""
        return money(get_budget(account.code).spent_minor)

    @admin.display(description=said("剩余", "left"))
    def left(self, account: Any) -> str:
        """Return what may still be promised."""
        return money(account.credit_minor - account.debit_minor - account.pending_debit_minor)

    @act("加减额度", "Add or take away")
    def allocate(self, request: HttpRequest, rows: Any) -> None:
        """Give budgets the amount typed beside the button, or take it away where it has a minus; a reason is kept."""
        by, reason, at = operator_of(request), reason_of(request), timezone.now()

        def give(account: Any) -> None:
            if not reason:
                raise Refused(Text("写明原因。", "Say why."), code="reason")
            with transaction.atomic():
                try:
                    allocate_budget(
                        id=uuid4(), code=account.code, amount_minor=amount_of(request),
                        origin={"by": by.pk, "reason": reason}, at=at,
                    )  # fmt: skip
                except LimitReached as reached:
                    left = money(reached.room_minor)
                    raise Refused(Text(f"只剩 {left}。", f"Only {left} is left."), code="budget_left") from None

        self.each(request, rows, give, Text("已调整", "Changed:"))


@admin.register(Transaction)
class TransactionAdmin(DeskAdmin):
    """Entries that belong together."""

    list_display = ("id", "kind", "book", "origin", "effective_at", "recorded_at")
    list_filter = ("kind", "book")
    search_fields = ("id", "kind")
    date_hierarchy = "recorded_at"
    ordering = ("-recorded_at",)
    fields = ("id", "book", "kind", "origin", "reverses", "effective_at", "recorded_at")
    inlines = (EntryInline,)


@admin.register(Entry)
class EntryAdmin(DeskAdmin):
    """Single sides, latest first."""

    list_display = ("id", "booked", "account", "side", "amount_minor")
    list_filter = ("side",)
    list_select_related = ("account", "transaction")
    search_fields = ("account__code", "transaction__id")
    ordering = ("-id",)
    fields = ("id", "booked", "account", "side", "amount_minor")

    @admin.display(description=said("交易", "transaction"))
    def booked(self, entry: Any) -> str:
        """Return a link to the whole transaction."""
        return link("ledger.transaction", entry.transaction)


@admin.register(Pending)
class PendingAdmin(DeskAdmin):
    """Amounts that are claimed, latest first, and how each claim ended."""

    list_display = ("id", "kind", "debit", "amount_minor", "ended", "origin", "recorded_at")
    list_filter = ("kind", "resolution__outcome")
    list_select_related = ("debit", "resolution")
    search_fields = ("id", "debit__code")
    ordering = ("-recorded_at",)
    fields = ("id", "kind", "debit", "credit", "amount_minor", "ended", "origin", "effective_at", "recorded_at")

    @admin.display(description=said("结局", "how it ended"))
    def ended(self, pending: Any) -> str:
        """Return how it ended, a dash while it is open."""
        resolution = getattr(pending, "resolution", None)
        return value(resolution.outcome) if resolution else "-"
