"""What happened at counters, to be read."""

from django.apps import apps
from django.contrib import admin

from bacao.web.desk.base import DeskAdmin

Redemption, Undo, Arrival = (apps.get_model(f"redemption.{name}") for name in ("Redemption", "Undo", "Arrival"))


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
