"""What happened at counters, to be read; what did not work is decided here, too (RD47)."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from bacao.kit.text import Text
from bacao.redemption.services import decide_incident
from bacao.web.desk.base import DeskAdmin, act, operator_of

Redemption, Undo, Arrival, Incident, Counter = (
    apps.get_model(f"redemption.{name}") for name in ("Redemption", "Undo", "Arrival", "Incident", "Counter")
)


@admin.register(Redemption)
class RedemptionAdmin(DeskAdmin):
    """Uses that were consumed, latest first."""

    list_display = (
        "id", "voucher", "place", "clerk", "proof", "use_number", "cycle", "charge_minor", "discount_minor",
        "redeemed_at",
    )  # fmt: skip
    list_filter = ("proof",)
    list_select_related = ("voucher", "place", "clerk")
    search_fields = ("voucher__order__number", "place__name_zh", "ledger_id")
    date_hierarchy = "redeemed_at"
    ordering = ("-id",)


@admin.register(Undo)
class UndoAdmin(DeskAdmin):
    """Redemptions that were taken back."""

    list_display = ("redemption", "clerk", "undone_at")
    list_select_related = ("redemption", "clerk")
    date_hierarchy = "undone_at"
    ordering = ("-undone_at",)


@admin.register(Arrival)
class ArrivalAdmin(DeskAdmin):
    """People who truly came, latest first."""

    list_display = ("id", "user", "place", "note", "kind", "arrived_at", "void_at")
    list_filter = (("void_at", admin.EmptyFieldListFilter), ("note", admin.EmptyFieldListFilter))
    list_select_related = ("user", "place", "note")
    search_fields = ("user__display_name", "place__name_zh")
    date_hierarchy = "arrived_at"
    ordering = ("-id",)


@admin.register(Incident)
class IncidentAdmin(DeskAdmin):
    """What did not work, those that have to be decided first."""

    list_display = (
        "opened_at", "place", "user", "door", "reason", "answer", "presence", "difference_minor", "credit_minor",
        "cause", "answer_by", "decide_by", "decided_at",
    )  # fmt: skip
    list_filter = ("door", "cause", ("decided_at", admin.EmptyFieldListFilter))
    list_select_related = ("place", "user")
    search_fields = ("place__name_zh", "user__display_name", "ledger_id")
    date_hierarchy = "opened_at"
    ordering = (F("decided_at").desc(nulls_first=True), "decide_by")
    actions = ("ours", "shop", "member", "unknown")

    def _decide(self, request: HttpRequest, rows: Any, cause: str, done: Text) -> None:
        by, at = operator_of(request), timezone.now()
        self.each(request, rows, lambda row: decide_incident(incident_id=row.pk, cause=cause, by=by, at=at), done)

    @act("判为平台的问题（平台付）", "Decide: our doing (we pay)")
    def ours(self, request: HttpRequest, rows: Any) -> None:
        """Say that it was the platform's doing."""
        self._decide(request, rows, Incident.Cause.OURS, Text("平台付", "We pay:"))

    @act("判为店里的问题（店里付）", "Decide: the shop's doing (the shop pays)")
    def shop(self, request: HttpRequest, rows: Any) -> None:
        """Say that it was the shop's doing: what it got is taken back, a credit is owed by it."""
        self._decide(request, rows, Incident.Cause.SHOP, Text("店里付", "The shop pays:"))

    @act("判为客人的问题", "Decide: the guest's doing")
    def member(self, request: HttpRequest, rows: Any) -> None:
        """Say that it was the guest's doing."""
        self._decide(request, rows, Incident.Cause.MEMBER, Text("客人的问题", "The guest's doing:"))

    @act("说不清（平台付）", "Decide: nobody can say (we pay)")
    def unknown(self, request: HttpRequest, rows: Any) -> None:
        """Say that nobody can tell."""
        self._decide(request, rows, Incident.Cause.UNKNOWN, Text("说不清，平台付", "Nobody can say, we pay:"))


@admin.register(Counter)
class CounterAdmin(DeskAdmin):
    """Phones, tills and stands at counters."""

    list_display = ("id", "place", "kind", "name", "agreed_at", "contact_at", "frozen_at", "rows_missing", "revoked_at")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter), ("frozen_at", admin.EmptyFieldListFilter))
    list_select_related = ("place",)
    search_fields = ("place__name_zh", "name")
    date_hierarchy = "asked_at"
    ordering = ("-asked_at",)
    exclude = ("secret_hash", "public_key", "digits")
