"""The sandbox company's own books, and what other packages brought along that nobody here needs."""

from django.apps import apps
from django.contrib import admin

from bacao.web.desk.base import DeskAdmin


@admin.register(apps.get_model("sandbox.SandboxPayment"))
class SandboxPaymentAdmin(DeskAdmin):
    """Payments as the sandbox company sees them."""

    list_display = ("id", "merchant_order", "amount_minor", "state", "failure", "created_at", "paid_at")
    list_filter = ("state",)
    search_fields = ("id", "merchant_order")
    ordering = ("-created_at",)


@admin.register(apps.get_model("sandbox.SandboxRefund"))
class SandboxRefundAdmin(DeskAdmin):
    """Refunds it was asked for."""

    list_display = ("id", "payment", "amount_minor", "state", "created_at")
    search_fields = ("id",)
    ordering = ("-created_at",)


@admin.register(apps.get_model("sandbox.SandboxNotice"))
class SandboxNoticeAdmin(DeskAdmin):
    """Callbacks on their way to us."""

    list_display = ("id", "payment", "fault", "attempts", "delivered_at")
    list_filter = ("fault",)
    ordering = ("-id",)


# groups are made by grant_role, e-mail addresses stand in the people's own rows
for label in ("auth.Group", "account.EmailAddress"):
    if admin.site.is_registered(model := apps.get_model(label)):
        admin.site.unregister(model)
