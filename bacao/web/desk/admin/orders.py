"""Orders, payments, refunds and vouchers, to be read; a provider can be asked how a payment stands."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from bacao.kit.text import Text
from bacao.orders.rules import REFUND_BILL
from bacao.orders.services import ask_provider, record_chargeback
from bacao.redemption.services import take_bill_back
from bacao.web.desk.base import DeskAdmin, DeskInline, StandingFilter, act, link
from bacao.web.desk.figures import payments_failed, payments_to_enquire, refunds_under_way
from bacao.web.desk.words import said
from bacao.web.templatetags.bacao import money

Quote, Hold, Order, Bill, Payment, PaymentEvent, Voucher, Refund = (
    apps.get_model(f"orders.{name}")
    for name in ("Quote", "Hold", "Order", "Bill", "Payment", "PaymentEvent", "Voucher", "Refund")
)


class OrderStanding(StandingFilter):
    """How far an order has come."""

    standings = {
        "open": (("未付", "not paid"), lambda at: Q(paid_at=None, cancelled_at=None)),
        "paid": (("已付", "paid"), lambda at: Q(paid_at__isnull=False)),
        "cancelled": (("已取消", "cancelled"), lambda at: Q(cancelled_at__isnull=False)),
    }


class PaymentStanding(StandingFilter):
    """How a payment stands."""

    standings = {
        "enquire": (("待查询（10 分钟没消息）", "to enquire (silent for 10 min)"), payments_to_enquire),
        "failed": (("7 天内失败", "failed, 7 days"), payments_failed),
        "captured": (("已收", "captured"), lambda at: Q(captured_at__isnull=False)),
    }


class RefundStanding(StandingFilter):
    """How a refund stands."""

    standings = {
        "open": (("未确认", "not confirmed"), refunds_under_way),
        "failed": (("失败", "failed"), lambda at: Q(failed_at__isnull=False, confirmed_at=None)),
        "confirmed": (("已确认", "confirmed"), lambda at: Q(confirmed_at__isnull=False)),
    }


class EventStanding(StandingFilter):
    """Whether a payment event was worked through."""

    standings = {"open": (("未处理", "not processed"), lambda at: Q(processed_at=None))}


class VoucherStanding(StandingFilter):
    """What can still be done with a voucher."""

    standings = {
        "usable": (
            ("可用", "usable"),
            lambda at: Q(valid_until__gt=at, uses_total__gt=F("uses_redeemed") + F("uses_refunded")),
        ),
        "used": (("已用", "used"), lambda at: Q(uses_redeemed__gt=0)),
        "refunded": (("已退", "refunded"), lambda at: Q(uses_refunded__gt=0)),
    }


class VoucherInline(DeskInline):
    """The units of an order."""

    model = Voucher
    fields = readonly_fields = ("unit", "paid", "uses_total", "uses_redeemed", "uses_refunded", "valid_until")

    @admin.display(description=said("实付", "paid"))
    def paid(self, voucher: Any) -> str:
        """Return what was paid for it."""
        return money(voucher.paid_minor)


@admin.register(Order)
class OrderAdmin(DeskAdmin):
    """Orders, latest first (their numbers begin with the date)."""

    list_display = (
        "number",
        "kind",
        "user",
        "place",
        "quantity",
        "total_minor",
        "placed_at",
        "paid_at",
        "cancelled_at",
    )
    list_filter = (OrderStanding, "kind")
    list_select_related = ("user", "place")
    search_fields = ("number", "user__phone", "user__display_name", "place__name_zh")
    date_hierarchy = "placed_at"
    ordering = ("-placed_at",)
    fields = (
        "number", "kind", "user", "place", "terms", "note", "quantity", "unit_price_minor", "unit_list_minor",
        "total_minor", "credit_minor", "credit_returned_minor",
        "refund_terms_zh", "payment_link", "placed_at", "expires_at", "paid_at", "cancelled_at", "cancel_reason",
    )  # fmt: skip
    inlines = (VoucherInline,)

    @admin.display(description=said("条款版本", "version of terms"))
    def terms(self, order: Any) -> str:
        """Return a link to the terms as bought."""
        return link("offers.offerversion", order.version) if order.offer_version_id else "-"

    @admin.display(description=said("付款", "payment"))
    def payment_link(self, order: Any) -> str:
        """Return a link to the payment, if money was asked for."""
        payment = Payment.objects.filter(order=order).first()
        return link("orders.payment", payment) if payment else "-"


class BillStanding(StandingFilter):
    """How a bill stands."""

    standings = {
        "open": (("未付", "not paid"), lambda at: Q(settled_at=None)),
        "settled": (("已付", "paid"), lambda at: Q(settled_at__isnull=False, undone_at=None)),
        "undone": (("已撤回", "taken back"), lambda at: Q(undone_at__isnull=False)),
    }


@admin.register(Bill)
class BillAdmin(DeskAdmin):
    """Bills paid at shops, latest first; the desk may refund one within 30 days."""

    list_display = (
        "order", "bill_minor", "discount_minor", "tender", "charge_minor", "presence", "settled_at", "undone_at",
    )  # fmt: skip
    list_filter = (BillStanding, "tender", "presence")
    list_select_related = ("order",)
    search_fields = ("order__number", "order__user__phone", "order__place__name_zh")
    ordering = ("-order__placed_at",)
    actions = ("refund",)

    @act("退款（钱、余额、券一起退）", "Refund (money, credit and vouchers)")
    def refund(self, request: HttpRequest, rows: Any) -> None:
        """Take bills back whole."""
        at, by = timezone.now(), request.user

        def take_back(bill: Any) -> None:
            take_bill_back(order_id=bill.pk, merchant_id=None, within=REFUND_BILL, by=by, at=at)  # type: ignore[arg-type]  # the desk lets only people in

        self.each(request, rows, take_back, Text("已退款", "Refunded:"))


@admin.register(Payment)
class PaymentAdmin(DeskAdmin):
    """Payments, latest first."""

    list_display = (
        "order", "provider", "amount_minor", "captured_minor", "refunded_minor", "created_at", "captured_at", "failure",
    )  # fmt: skip
    list_filter = (PaymentStanding, "provider")
    list_select_related = ("order",)
    search_fields = ("order__number", "provider_ref")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    actions = ("enquire", "charge_back")

    @act("向支付公司查询", "Ask the provider")
    def enquire(self, request: HttpRequest, rows: Any) -> None:
        """Ask how payments stand and book what is answered."""
        at = timezone.now()
        self.each(request, rows, lambda payment: ask_provider(payment_id=payment.pk, at=at), Text("已查询", "Asked:"))

    @act("登记拒付（银行已把钱追回）", "Record a chargeback (the bank took the money back)")
    def charge_back(self, request: HttpRequest, rows: Any) -> None:
        """Void what is unused of payments that a bank took back; nothing returns to the shop's stock."""
        at = timezone.now()
        self.each(request, rows, lambda payment: record_chargeback(payment=payment, at=at), Text("已登记", "Recorded:"))


@admin.register(PaymentEvent)
class PaymentEventAdmin(DeskAdmin):
    """What providers told us, byte for byte."""

    list_display = ("id", "provider", "event_id", "outcome", "received_at", "processed_at")
    list_filter = (EventStanding, "provider", "outcome")
    search_fields = ("event_id",)
    date_hierarchy = "received_at"
    ordering = ("-id",)
    fields = ("provider", "event_id", "outcome", "received_at", "processed_at", "headers", "text")

    @admin.display(description=said("原文", "as received"))
    def text(self, event: Any) -> str:
        """Return the body as text."""
        return bytes(event.body).decode("utf-8", "replace")


@admin.register(Voucher)
class VoucherAdmin(DeskAdmin):
    """Vouchers, latest first."""

    list_display = (
        "order", "unit", "user", "merchant", "paid_minor", "uses_total", "uses_redeemed", "uses_refunded",
        "valid_until",
    )  # fmt: skip
    list_filter = (VoucherStanding,)
    list_select_related = ("order", "user", "merchant")
    search_fields = ("order__number", "user__phone", "merchant__name_zh")
    ordering = ("-issued_at",)


@admin.register(Refund)
class RefundAdmin(DeskAdmin):
    """Refunds, latest first."""

    list_display = (
        "order", "amount_minor", "credit_minor", "cause", "requested_at", "sent_at", "confirmed_at", "failed_at",
        "failure",
    )  # fmt: skip
    list_filter = (RefundStanding, "cause")
    list_select_related = ("order",)
    search_fields = ("order__number",)
    date_hierarchy = "requested_at"
    ordering = ("-requested_at",)


class HoldInline(DeskInline):
    """What was claimed for a quote, and how it ended."""

    model = Hold
    fields = readonly_fields = ("state", "quantity", "taken_at", "expires_at", "ended_at")
    ordering = ("-taken_at",)


@admin.register(Quote)
class QuoteAdmin(DeskAdmin):
    """Promises of a price, latest first; they never change."""

    list_display = ("id", "user", "place", "offer_version", "unit_price_minor", "quoted_at", "expires_at")
    list_filter = ("kind",)
    list_select_related = ("user", "place", "offer_version")
    search_fields = ("id", "user__phone", "user__display_name", "place__name_zh")
    date_hierarchy = "quoted_at"
    ordering = ("-quoted_at",)
    inlines = (HoldInline,)


@admin.register(Hold)
class HoldAdmin(DeskAdmin):
    """What is held, and how each hold ended, latest first."""

    list_display = ("id", "state", "quantity", "taken_at", "expires_at", "ended_at")
    list_filter = ("state",)
    search_fields = ("id", "quote__id", "quote__user__phone")
    ordering = ("-taken_at",)
    fields = ("quote", "quantity", "state", "claims", "pendings", "taken_at", "expires_at", "ended_at")
