"""The books, to be read: what is wrong is corrected by another transaction, never here."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Sum

from bacao.web.desk.base import DeskAdmin, DeskInline, link
from bacao.web.desk.words import said, value
from bacao.web.templatetags.bacao import money

Account, Transaction, Entry, Pending = (
    apps.get_model(f"ledger.{name}") for name in ("Account", "Transaction", "Entry", "Pending")
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
