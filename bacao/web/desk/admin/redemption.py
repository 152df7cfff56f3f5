"""What happened at counters, to be read."""

from django.apps import apps
from django.contrib import admin

from bacao.web.desk.base import DeskAdmin

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
        "id", "place", "user", "door", "reason", "presence", "difference_minor", "credit_minor", "cause",
        "opened_at", "answer_by", "decide_by", "decided_at",
    )  # fmt: skip
    list_filter = ("door", "cause", ("decided_at", admin.EmptyFieldListFilter))
    list_select_related = ("place", "user")
    search_fields = ("place__name_zh", "user__display_name", "ledger_id")
    date_hierarchy = "opened_at"
    ordering = ("-opened_at",)


@admin.register(Counter)
class CounterAdmin(DeskAdmin):
    """Phones, tills and stands at counters."""

    list_display = ("id", "place", "kind", "name", "agreed_at", "contact_at", "frozen_at", "revoked_at")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter), ("frozen_at", admin.EmptyFieldListFilter))
    list_select_related = ("place",)
    search_fields = ("place__name_zh", "name")
    date_hierarchy = "asked_at"
    ordering = ("-asked_at",)
    exclude = ("secret_hash", "public_key", "digits")
