"""When it did not work, and the smaller facts of the member's side (RD18, RD22, RD44 to RD48)."""

import uuid

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from .counters import Clerk, Counter
from .facts import Redemption


class Incident(models.Model):
    """'It did not work' (没用上): what happened, who had to answer by when, who pays.

    `honoured`: the counter charged the promised price, and the incident took the voucher's use (`redemption`).
    `credited`: the member paid more elsewhere or was sent away, and has the difference as credit.
    """

    class Door(models.TextChoices):
        COUNTER = "counter"
        MEMBER = "member"

    class Cause(models.TextChoices):
        OURS = "ours"
        SHOP = "shop"
        MEMBER = "member"
        UNKNOWN = "unknown"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="incidents")
    voucher = models.ForeignKey("orders.Voucher", models.PROTECT, related_name="+")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="incidents")
    counter = models.ForeignKey(Counter, models.PROTECT, null=True, related_name="+")
    served_by = models.ForeignKey(Clerk, models.PROTECT, null=True, related_name="+")
    redemption = models.OneToOneField(Redemption, models.PROTECT, null=True, related_name="incident")
    door = models.CharField(max_length=8, choices=Door)
    reason = models.CharField(max_length=40, help_text="the last word on the screen, or what the member says")
    presence = models.CharField(max_length=16, blank=True, help_text="how the member showed that they were there")
    difference_minor = models.IntegerField(default=0, help_text="what the shop gets from us")
    credit_minor = models.IntegerField(default=0, help_text="what the member gets from us")
    ledger_id = models.UUIDField(null=True)
    cause = models.CharField(max_length=8, choices=Cause, blank=True)
    answer = models.CharField(max_length=300, blank=True, help_text="of the shop")
    opened_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    decide_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(difference_minor__gte=0, difference_minor__lte=10000),
                name="redemption_incident_cap_at_counter",
            ),
            models.CheckConstraint(
                condition=Q(credit_minor__gte=0, credit_minor__lte=50000), name="redemption_incident_credit_capped"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None) | ~Q(cause=""), name="redemption_incident_decided_has_cause"
            ),
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(door="member", decided_at=None), name="redemption_one_open_complaint"
            ),
        ]
        indexes = [
            models.Index(fields=["place", "-opened_at"], name="redemption_incidents_of_place"),
            models.Index(fields=["decide_by"], condition=Q(decided_at=None), name="redemption_incidents_due"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} at {self.place_id}"


class Confirmation(models.Model):
    """A member redeemed by the shop's code: the n-th of a step at a counter, whose six digits it has (RD18)."""

    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    counter = models.ForeignKey(Counter, models.PROTECT, related_name="+")
    step = models.IntegerField()
    turn = models.SmallIntegerField()
    key = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["counter", "step", "turn"], name="redemption_confirmation_turn"),
            models.CheckConstraint(condition=Q(turn__gte=0, turn__lte=9), name="redemption_ten_confirmations_a_step"),
        ]

    def __str__(self) -> str:
        return f"{self.turn} of step {self.step}"


class Agreement(models.Model):
    """A member agreed on their own phone to a use of a voucher: good for a minute (RD22)."""

    voucher = models.ForeignKey("orders.Voucher", models.PROTECT, related_name="+")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        indexes = [BrinIndex(fields=["agreed_at"], name="redemption_agreements_by_time")]

    def __str__(self) -> str:
        return f"{self.voucher_id} at {self.agreed_at}"
