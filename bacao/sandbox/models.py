"""The sandbox payment company: its own books, as if it stood in another building. It knows no other chapter."""

from django.db import models
from django.db.models.functions import Now


class SandboxPayment(models.Model):
    """A payment that a payer sees on the sandbox's hosted page."""

    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        FAILED = "failed"
        CLOSED = "closed"

    id = models.CharField(max_length=32, primary_key=True)
    merchant_order = models.CharField(max_length=64, unique=True)
    amount_minor = models.IntegerField()
    currency = models.CharField(max_length=3)
    subject = models.CharField(max_length=120)
    return_url = models.CharField(max_length=300)
    notify_url = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    failure = models.CharField(max_length=80, blank=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    paid_at = models.DateTimeField(null=True)


class SandboxRefund(models.Model):
    """A refund the sandbox was asked for."""

    id = models.CharField(max_length=64, primary_key=True, help_text="the merchant's refund number")
    payment = models.ForeignKey(SandboxPayment, models.PROTECT, related_name="refunds")
    amount_minor = models.IntegerField()
    state = models.CharField(max_length=10, default="confirmed")
    created_at = models.DateTimeField(db_default=Now())


class SandboxNotice(models.Model):
    """A signed callback on its way to the merchant, tried again until it is answered with 200."""

    id = models.CharField(max_length=32, primary_key=True)
    payment = models.ForeignKey(SandboxPayment, models.PROTECT, related_name="notices")
    body = models.TextField()
    fault = models.CharField(max_length=20, blank=True, help_text="duplicate, late, wrong_amount, bad_signature ...")
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    last_status = models.CharField(max_length=60, blank=True)
