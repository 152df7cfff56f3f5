"""The purchase itself: order, payment, what the provider said, vouchers, refunds."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from bacao.orders import rules

from .promises import Hold

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion


class Order(models.Model):
    """One purchase of one offer version at one shop, or one bill paid there. Its state is the latest of its dates.

    `total_minor` goes through the platform: `credit_minor` of it is paid with the buyer's credit, the rest with money.
    """

    class Kind(models.TextChoices):
        PURCHASE = "purchase"
        BILL = "bill"

    class State(models.TextChoices):
        WAITING = "waiting"  # for the payment
        PAID = "paid"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    EXPIRED_REASON, WITHDRAWN_REASON = "expired", "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.CharField(max_length=20, unique=True, help_text="what people read aloud, e.g. BC2611220001")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="orders")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PURCHASE)
    offer_version = models.ForeignKey(
        "offers.OfferVersion", models.PROTECT, null=True, related_name="orders", help_text="empty = a bill"
    )
    note = models.ForeignKey(
        "notes.Note", models.SET_NULL, null=True, related_name="orders", help_text="where it began"
    )
    hold = models.OneToOneField(
        Hold, models.PROTECT, null=True, related_name="order", help_text="empty = loaded from elsewhere"
    )
    quantity = models.SmallIntegerField()
    unit_price_minor = models.IntegerField()
    unit_list_minor = models.IntegerField()
    total_minor = models.IntegerField()
    credit_minor = models.IntegerField(default=0, help_text="of the total: paid with credit")
    credit_returned_minor = models.IntegerField(default=0)
    currency = models.CharField(max_length=3, default="CNY")
    refund_terms_zh = models.CharField(max_length=200, help_text="as agreed at purchase, whatever changes later (X56)")
    refund_terms_en = models.CharField(max_length=200)
    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="unpaid stock is given back then")
    paid_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-placed_at"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=10), name="orders_quantity_1_to_10"),
            models.CheckConstraint(
                condition=Q(total_minor=F("quantity") * F("unit_price_minor")), name="orders_total_is_the_sum"
            ),
            models.CheckConstraint(
                condition=Q(kind="purchase", offer_version__isnull=False)
                | Q(kind="bill", offer_version=None, quantity=1),
                name="orders_order_of_a_purchase_or_a_bill",
            ),
            models.CheckConstraint(
                condition=Q(
                    credit_returned_minor__gte=0,
                    credit_returned_minor__lte=F("credit_minor"),
                    credit_minor__lte=F("total_minor"),
                ),
                name="orders_credit_within_total",
            ),
            models.CheckConstraint(
                condition=Q(paid_at=None) | Q(cancelled_at=None), name="orders_paid_or_cancelled_not_both"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-placed_at"]),
            models.Index(
                fields=["expires_at"], condition=Q(paid_at=None, cancelled_at=None), name="orders_unpaid_expiry"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def state(self) -> "Order.State":
        """Where the order stands."""
        if self.paid_at:
            return self.State.PAID
        if self.cancelled_at:
            return self.State.EXPIRED if self.cancel_reason == self.EXPIRED_REASON else self.State.CANCELLED
        return self.State.WAITING

    @property
    def version(self) -> "OfferVersion":
        """The terms of a purchase."""
        assert self.offer_version is not None, "a bill has no version of its own"
        return self.offer_version

    @property
    def version_id(self) -> int:
        """The number of a purchase's terms."""
        assert self.offer_version_id is not None, "a bill has no version of its own"
        return self.offer_version_id

    @property
    def money_minor(self) -> int:
        """What is asked of the payment provider."""
        return self.total_minor - self.credit_minor

    @property
    def tender_is_online(self) -> bool:
        """Whether it is paid through the provider; a bill may be paid to the clerk."""
        return self.kind == self.Kind.PURCHASE or self.bill.tender == "online"

    @property
    def pay_until(self) -> datetime:
        """When the provider stops taking money: a minute before the stock is given back (PR41)."""
        return self.expires_at - rules.PROVIDER_MARGIN

    @property
    def is_refunded(self) -> bool:
        """Whether everything was given back; needs `vouchers`, or the bill."""
        if self.kind == self.Kind.BILL:
            return self.bill.undone_at is not None
        vouchers = list(self.vouchers.all())
        return bool(vouchers) and all(voucher.uses_refunded == voucher.uses_total for voucher in vouchers)


class Payment(models.Model):
    """Money asked from a provider for an order; captured and refunded sums are guarded by a check."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.OneToOneField(Order, models.PROTECT, related_name="payment")
    provider = models.CharField(max_length=16)
    provider_ref = models.CharField(max_length=64, blank=True)
    amount_minor = models.IntegerField()
    captured_minor = models.IntegerField(default=0)
    refunded_minor = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=80, blank=True)
    queried_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(captured_minor__in=[0, F("amount_minor")]), name="orders_captured_whole"
            ),
            models.CheckConstraint(
                condition=Q(
                    refunded_minor__gte=0,
                    refunded_minor__lte=F("captured_minor"),
                    captured_minor__lte=F("amount_minor"),
                ),
                name="orders_refunds_within_captured",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.amount_minor}"


class PaymentEvent(models.Model):
    """What a provider told us, byte for byte, stored before it is believed (money.md, GW1 and GW3)."""

    provider = models.CharField(max_length=16)
    event_id = models.CharField(max_length=64)
    headers = models.JSONField()
    body = models.BinaryField()
    times = models.IntegerField(default=1, help_text="how often it was delivered")
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True, help_text="credited, duplicate, mismatch, refused ...")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="orders_payment_event_once"),
        ]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(processed_at=None), name="orders_event_unprocessed"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id} {self.outcome}"


class Voucher(models.Model):
    """One redeemable unit of an order (券); a card has several uses.

    Uses and money run side by side and can never pass what was sold (IN7); when no use is left, no money is left.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, models.PROTECT, related_name="vouchers")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="vouchers")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="vouchers")
    unit = models.SmallIntegerField()
    paid_minor = models.IntegerField()
    redeemed_minor = models.IntegerField(default=0, help_text="of what was paid: earned by the shop")
    refunded_minor = models.IntegerField(default=0, help_text="of what was paid: on its way back")
    uses_total = models.SmallIntegerField(default=1)
    uses_redeemed = models.SmallIntegerField(default=0)
    uses_refunded = models.SmallIntegerField(default=0)
    issued_at = models.DateTimeField()
    valid_until = models.DateTimeField(help_text="the first instant at which it cannot be used any more")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "unit"], name="orders_voucher_unit"),
            models.CheckConstraint(
                condition=Q(uses_redeemed__gte=0, uses_refunded__gte=0)
                & Q(uses_total__gte=F("uses_redeemed") + F("uses_refunded")),
                name="orders_voucher_used_within_sold",
            ),
            models.CheckConstraint(
                condition=Q(redeemed_minor__gte=0, refunded_minor__gte=0)
                & Q(paid_minor__gte=F("redeemed_minor") + F("refunded_minor")),
                name="orders_voucher_money_within_paid",
            ),
            models.CheckConstraint(
                condition=Q(uses_total__gt=F("uses_redeemed") + F("uses_refunded"))
                | Q(paid_minor=F("redeemed_minor") + F("refunded_minor")),
                name="orders_voucher_no_use_no_money",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "valid_until"]),
            models.Index(
                fields=["valid_until"],
                condition=Q(uses_total__gt=F("uses_redeemed") + F("uses_refunded")),
                name="orders_voucher_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.unit}"

    @property
    def uses_left(self) -> int:
        """How often it can still be used, or given back."""
        return self.uses_total - self.uses_redeemed - self.uses_refunded

    @property
    def left_minor(self) -> int:
        """What a refund would bring now, in minor units."""
        return self.paid_minor - self.redeemed_minor - self.refunded_minor


class Refund(models.Model):
    """Money on its way back: requested, sent, confirmed or failed (RF7). Without `voucher`, money that came late."""

    class Cause(models.TextChoices):
        ASKED = "asked"
        EXPIRED = "expired"
        LATE_PAYMENT = "late_payment"
        WITHDRAWN = "withdrawn"
        CHARGEBACK = "chargeback"
        UNDONE = "undone"  # a bill was taken back at the shop

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, related_name="refunds", help_text="empty = was free"
    )
    voucher = models.ForeignKey(Voucher, models.PROTECT, null=True, related_name="refunds")
    uses = models.SmallIntegerField(default=0, help_text="uses of the voucher that are given back")
    amount_minor = models.IntegerField(help_text="money that goes back through the provider")
    credit_minor = models.IntegerField(default=0, help_text="credit that goes back to the buyer")
    cause = models.CharField(max_length=16, choices=Cause)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0, credit_minor__gte=0), name="orders_refund_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor=0) | Q(payment__isnull=False), name="orders_refund_of_a_payment"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(failed_at=None), name="orders_refund_confirmed_or_failed"
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"], condition=Q(confirmed_at=None, failed_at=None), name="orders_refund_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.amount_minor}"
