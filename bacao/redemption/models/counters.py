"""Who may redeem, and what they were told for the time without network (RD8, RD28, RD49 to RD51)."""

import uuid
from datetime import datetime

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Counter(models.Model):
    """A phone, a till or a printed stand at a place; it counts from `agreed_at` until `revoked_at`.

    A phone makes its own key and asks, the owner agrees. `code` names it in the shop's code, `secret_hash` is SHA-256
    of its login. `contact_at`, `tokens` and `tokens_at` move with each row it sends.
    """

    class Kind(models.TextChoices):
        PHONE = "phone"
        TILL = "till"
        STAND = "stand"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="counters")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PHONE)
    name = models.CharField(max_length=40)
    code = models.CharField(max_length=8, unique=True)
    public_key = models.BinaryField(max_length=65, null=True, help_text="P-256, an uncompressed point")
    secret_hash = models.BinaryField(max_length=32, null=True)
    digits = models.CharField(max_length=6, blank=True, help_text="shown while it asks, cleared by the answer")
    wrong_digits = models.SmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="of the digits")
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True, help_text="its right to serve without network ended: it was copied")
    rows_missing = models.IntegerField(default=0, help_text="drawn and never sent, as counted last night (RD40)")
    manifest_at = models.DateTimeField(null=True, help_text="when it last got a manifest")
    contact_at = models.DateTimeField(null=True)
    tokens = models.FloatField(default=60)
    tokens_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="redemption_counter_of_merchant"),
            models.CheckConstraint(
                condition=Q(agreed_at=None) | Q(refused_at=None), name="redemption_counter_agreed_or_refused"
            ),
            models.CheckConstraint(
                condition=~Q(kind="phone") | Q(public_key__isnull=False, secret_hash__isnull=False),
                name="redemption_phone_has_keys",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "place"], name="redemption_counters_of_shop")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def state_at(self, at: datetime) -> str:
        """Return where its enrolment stands: waiting, agreed, refused, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        if self.agreed_at:
            return "agreed"
        if self.refused_at:
            return "refused"
        return "expired" if self.expires_at is None or at >= self.expires_at else "waiting"


class Clerk(models.Model):
    """A name tile and a PIN (RD50): no account needed. It opens an agreed device and nothing else.

    `pin_hash` = argon2id for the server, `verifier` = PBKDF2 with `salt` and `rounds` for a device without network.
    """

    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    place = models.ForeignKey("places.Place", models.PROTECT, null=True, blank=True, related_name="+")
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=40)
    is_owner = models.BooleanField(default=False)
    pin_hash = models.CharField(max_length=128)
    salt = models.BinaryField(max_length=16)
    rounds = models.IntegerField()
    verifier = models.BinaryField(max_length=32)
    wrong_pins = models.SmallIntegerField(default=0, help_text="in a row; at five only the owner can free it")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id", "merchant"], name="redemption_clerk_of_merchant")]
        indexes = [models.Index(fields=["merchant"], condition=Q(ended_at=None), name="redemption_open_clerks")]

    def __str__(self) -> str:
        return self.name


class Manifest(models.Model):
    """What a counter was told: 5 bytes of handle and 8 of digest for each voucher, for telling the changes later.

    `drawn` = the highest number the device had drawn then: a row of a higher number was pressed after `issued_at`.
    """

    counter = models.ForeignKey(Counter, models.PROTECT, related_name="manifests")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    number = models.IntegerField()
    drawn = models.IntegerField(default=0)
    content = models.BinaryField(default=bytes)
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["counter", "number"], name="redemption_manifest_number")]

    def __str__(self) -> str:
        return f"{self.number} of {self.counter_id}"


# A voucher that is used up or given back, or whose owner wants the money, is lent to no counter. The row lock makes a
# refund and a lease that meet wait for each other.
LENDABLE = """
    PERFORM FROM orders_voucher voucher WHERE id = NEW.voucher_id
        AND uses_total > uses_redeemed + uses_refunded FOR KEY SHARE;
    IF NOT FOUND OR EXISTS (
        SELECT FROM redemption_refundwish wish WHERE wish.voucher_id = NEW.voucher_id AND wish.done_at IS NULL
    ) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
"""


class Lease(models.Model):
    """The right to use a voucher without network: one counter at a time (RD28); it lapses with its manifest."""

    voucher = models.ForeignKey("orders.Voucher", models.PROTECT, related_name="+")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    counter = models.ForeignKey(Counter, models.PROTECT, related_name="leases")
    given_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, help_text="another counter wants to use it")
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(returned_at=None), name="redemption_one_open_lease"
            ),
        ]
        indexes = [models.Index(fields=["counter"], condition=Q(returned_at=None), name="redemption_open_leases")]
        triggers = [
            pgtrigger.Trigger(name="lendable", operation=pgtrigger.Insert, when=pgtrigger.Before, func=LENDABLE)
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id} at {self.counter_id}"


class RefundWish(models.Model):
    """A refund that waits until no counter can use the voucher without network any more (RD28): at most a day."""

    voucher = models.OneToOneField("orders.Voucher", models.PROTECT, related_name="+", primary_key=True)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, help_text="refunded, or nothing was left of it")

    class Meta:
        indexes = [models.Index(fields=["asked_at"], condition=Q(done_at=None), name="redemption_wishes_open")]

    def __str__(self) -> str:
        return f"refund of {self.voucher_id}"


@pghistory.track()
class OfferPolicy(models.Model):
    """What the shop decided for the counter about an offer; none = the defaults."""

    offer = models.OneToOneField("offers.Offer", models.PROTECT, related_name="+", primary_key=True)
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    asks_member = models.BooleanField(default=False, help_text="the member confirms before a scan counts (RD22)")
    at_stand = models.BooleanField(default=False, help_text="may be used by the code of a printed stand (RD19)")
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True)
    typed_alone = models.BooleanField(
        default=False, help_text="twelve typed digits do without network, at the shop's own risk (RD15)"
    )
    typed_ended_at = models.DateTimeField(null=True, editable=False, help_text="when that was last switched off")

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="typed_ends",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__typed_alone=True, new__typed_alone=False),
                func="NEW.typed_ended_at = now(); RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return f"policy of {self.offer_id}"


@pghistory.track()
class ShopPolicy(models.Model):
    """How much a phone of a shop may serve without network (RD29); none = `rules.DEFAULT`. Bounds: `rules.MOST`."""

    merchant = models.OneToOneField("places.Merchant", models.PROTECT, related_name="+", primary_key=True)
    items = models.SmallIntegerField(help_text="uses; 0 = nothing without network")
    total_minor = models.IntegerField(help_text="what they are worth together")
    item_minor = models.IntegerField(help_text="what one use without a lease may be worth")
    hours = models.SmallIntegerField(help_text="after the last contact; a manifest lives 24 at most")
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(items__range=(0, 200), total_minor__range=(100, 600_000), hours__range=(1, 24))
                & Q(item_minor__range=(0, 100_000), item_minor__lte=models.F("total_minor")),
                name="redemption_shop_policy_within",
            )
        ]

    def __str__(self) -> str:
        return f"policy of {self.merchant_id}"


class Drill(models.Model):
    """Somebody practised (RD51): which steps, how long it took."""

    merchant = models.ForeignKey("places.Merchant", models.PROTECT, related_name="+")
    counter = models.ForeignKey(Counter, models.PROTECT, null=True, related_name="+")
    clerk = models.ForeignKey(Clerk, models.PROTECT, null=True, related_name="+")
    steps = ArrayField(models.CharField(max_length=12))
    seconds = models.SmallIntegerField()
    drilled_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{', '.join(self.steps)} in {self.seconds} s"
