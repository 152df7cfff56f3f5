"""Promises of a price, and what is held for them."""

import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from bacao.orders import rules

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion
    from bacao.offers.rules.answer import Answer


class Quote(models.Model):
    """A promise: what something costs somebody until an instant, under pinned versions; never changed (PR34).

    A purchase is quoted by the unit of one version, the quantity is chosen when it is taken. A bill is quoted whole:
    its price is what is still to be paid for it, `result` says with which offers.
    """

    class Kind(models.TextChoices):
        PURCHASE = "purchase"
        BILL = "bill"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PURCHASE)
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="quotes")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+")
    offer_version = models.ForeignKey("offers.OfferVersion", models.PROTECT, null=True, related_name="quotes")
    bill_minor = models.IntegerField(null=True, help_text="the bill at list prices")
    undiscounted_minor = models.IntegerField(default=0, help_text="of the bill: what takes no discount")
    tender = models.CharField(max_length=8, default="online", help_text="of a bill: `online`, or `counter`")
    party = models.SmallIntegerField(default=1)
    unit_price_minor = models.IntegerField()
    unit_list_minor = models.IntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    keys = ArrayField(models.CharField(max_length=80), default=list, help_text="entitlements that let somebody in")
    result = models.JSONField(default=dict, help_text="the answer that was given, with its reasons")
    ruleset = models.CharField(max_length=8)
    calendar_version = models.CharField(max_length=40, blank=True)
    quoted_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    answer: "Answer | None" = None
    """How the price of a bill comes about, where it was worked out just now; stored is only `result`."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(unit_price_minor__gte=0, party__gte=1, expires_at__gt=F("quoted_at")),
                name="orders_quote_makes_sense",
            ),
            models.CheckConstraint(
                condition=Q(kind="purchase", offer_version__isnull=False, bill_minor=None)
                | Q(kind="bill", offer_version=None, bill_minor__gt=0, undiscounted_minor__lte=F("bill_minor")),
                name="orders_quote_of_a_purchase_or_a_bill",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "offer_version", "-expires_at"], name="orders_quote_of_a_person"),
            models.Index(fields=["expires_at"], name="orders_quote_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_price_minor} until {self.expires_at:%H:%M}"

    @property
    def version(self) -> "OfferVersion":
        """The terms of a purchase."""
        assert self.offer_version is not None, "a bill may be quoted with several versions, or none"
        return self.offer_version


class Hold(models.Model):
    """Everything scarce that a quote needs, claimed at once until an instant; left once, by one way (PR37).

    `claims` = the counters that were moved, `pendings` = the claims on budgets in the ledger.
    """

    class State(models.TextChoices):
        HELD = "held"
        CAPTURED = "captured"
        RELEASED = "released"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    quote = models.ForeignKey(Quote, models.PROTECT, related_name="holds")
    quantity = models.SmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    claims = models.JSONField()
    pendings = ArrayField(models.UUIDField(), default=list)
    taken_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["quote"], condition=Q(state__in=["held", "captured"]), name="orders_one_hold_of_a_quote"
            ),
            models.CheckConstraint(
                condition=Q(state="held", ended_at=None)
                | Q(state="captured", ended_at__isnull=False, ended_at__lt=F("expires_at"))
                | Q(state="released", ended_at__isnull=False)
                | Q(state="expired", ended_at__isnull=False, ended_at__gte=F("expires_at")),
                name="orders_hold_ended_in_time",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("taken_at") + rules.HOLD_MOST, expires_at__gt=F("taken_at")),
                name="orders_hold_not_for_ever",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], condition=Q(state="held"), name="orders_hold_due")]

    def __str__(self) -> str:
        return f"{self.state} {self.quantity}"
