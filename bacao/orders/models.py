"""The purchase: order, payment, refund, and the vouchers it brings."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Order(models.Model):
    """One purchase of one offer version at one shop. Its state is the latest of its dates."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.CharField(max_length=20, unique=True, help_text="what people read aloud, e.g. BC2611220001")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="orders")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="orders")
    offer_version = models.ForeignKey("offers.OfferVersion", models.PROTECT, related_name="orders")
    note = models.ForeignKey("notes.Note", models.SET_NULL, null=True, related_name="orders", help_text="where it began")
    quantity = models.SmallIntegerField()
    unit_price_minor = models.IntegerField()
    unit_list_minor = models.IntegerField()
    total_minor = models.IntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    refund_terms = models.CharField(max_length=200, help_text="as agreed at purchase (X56)")
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
                condition=Q(
                    refunded_minor__gte=0, refunded_minor__lte=F("captured_minor"), captured_minor__lte=F("amount_minor")
                ),
                name="orders_refunds_within_captured",
            ),
        ]


class PaymentEvent(models.Model):
    """What a provider told us, byte for byte, stored before it is believed (money.md, GW1 and GW3)."""

    provider = models.CharField(max_length=16)
    event_id = models.CharField(max_length=64)
    headers = models.JSONField()
    body = models.BinaryField()
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True, help_text="credited, duplicate, mismatch, refused ...")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="orders_payment_event_once"),
        ]


class Voucher(models.Model):
    """One redeemable unit of an order (券); a card has several uses. The counters can never pass `uses_total`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, models.PROTECT, related_name="vouchers")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="vouchers")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="vouchers")
    unit = models.SmallIntegerField()
    paid_minor = models.IntegerField()
    uses_total = models.SmallIntegerField(default=1)
    uses_redeemed = models.SmallIntegerField(default=0)
    uses_refunded = models.SmallIntegerField(default=0)
    issued_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "unit"], name="orders_voucher_unit"),
            models.CheckConstraint(
                condition=Q(uses_redeemed__gte=0, uses_refunded__gte=0)
                & Q(uses_total__gte=F("uses_redeemed") + F("uses_refunded")),
                name="orders_voucher_used_within_sold",
            ),
        ]
        indexes = [models.Index(fields=["user", "valid_until"])]


class Refund(models.Model):
    """Money on its way back for one voucher: requested, sent, confirmed or failed (RF7)."""

    class Cause(models.TextChoices):
        ASKED = "asked"
        EXPIRED = "expired"
        LATE_PAYMENT = "late_payment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    voucher = models.OneToOneField(Voucher, models.PROTECT, null=True, related_name="refund")
    amount_minor = models.IntegerField()
    cause = models.CharField(max_length=16, choices=Cause)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gte=0), name="orders_refund_not_negative")]
