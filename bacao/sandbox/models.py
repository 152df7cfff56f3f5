"""The sandbox payment company: its own books, as if it stood in another building. It knows no other chapter."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class SandboxPayment(models.Model):
    """A payment that a payer sees on the sandbox's hosted page."""

    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        CLOSED = "closed"

    id = models.CharField(max_length=32, primary_key=True)
    merchant = models.CharField(max_length=32)
    merchant_order = models.CharField(max_length=64)
    amount_minor = models.IntegerField()
    taken_minor = models.IntegerField(default=0, help_text="differs from the amount where a tester asked for that")
    currency = models.CharField(max_length=3)
    subject = models.CharField(max_length=160)
    return_url = models.CharField(max_length=300)
    notify_url = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    failure = models.CharField(max_length=80, blank=True, help_text="why the last try was declined")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    paid_at = models.DateTimeField(null=True)
    told_from = models.DateTimeField(null=True, help_text="until then the merchant is not told that it was paid")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "merchant_order"], name="sandbox_merchant_order"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="sandbox_amount_positive"),
            models.CheckConstraint(condition=Q(state="paid") | Q(taken_minor=0), name="sandbox_taken_when_paid"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_order} {self.state}"


class SandboxRefund(models.Model):
    """A refund the sandbox was asked for; it is done at once."""

    id = models.CharField(max_length=64, primary_key=True, help_text="the merchant's refund number")
    payment = models.ForeignKey(SandboxPayment, models.PROTECT, related_name="refunds")
    amount_minor = models.IntegerField()
    state = models.CharField(max_length=10, default="confirmed")
    failure = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class SandboxNotice(models.Model):
    """A signed callback on its way to the merchant, tried again until it is answered with 2xx."""

    id = models.CharField(max_length=32, primary_key=True)
    payment = models.ForeignKey(SandboxPayment, models.PROTECT, related_name="notices")
    body = models.TextField()
    fault = models.CharField(max_length=20, blank=True, help_text="bad_signature, old_timestamp or duplicates")
    attempts = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    last_answer = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(F("created_at").desc(), name="sandbox_notices_newest")]

    def __str__(self) -> str:
        return f"{self.id} {self.last_answer}"
