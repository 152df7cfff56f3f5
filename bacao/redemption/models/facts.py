"""What happened at the counters: codes, attempts, redemptions, undos, arrivals (redemption.md, section 12)."""

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .counters import Clerk, Counter

# Both facts a redemption leans on never change once they are true, so reading them without a lock is enough.
POSSIBLE = """
    SELECT uses_total INTO sold FROM orders_voucher WHERE id = NEW.voucher_id AND merchant_id = NEW.merchant_id;
    IF sold IS NULL OR NEW.use_number > sold THEN
        RAISE EXCEPTION 'use % of voucher % was never sold by this merchant', NEW.use_number, NEW.voucher_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.cycle > 0 AND NOT EXISTS (
        SELECT 1 FROM redemption_redemption earlier JOIN redemption_undo undo ON undo.redemption_id = earlier.id
        WHERE earlier.voucher_id = NEW.voucher_id AND earlier.use_number = NEW.use_number
            AND earlier.cycle = NEW.cycle - 1
    ) THEN
        RAISE EXCEPTION 'use % of voucher % is not free again', NEW.use_number, NEW.voucher_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class VoucherCode(models.Model):
    """How a voucher is recognised: a public handle, and a keyed hash of its twelve digits."""

    voucher = models.OneToOneField("orders.Voucher", models.PROTECT, related_name="code", primary_key=True)
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, db_index=False, related_name="+")
    handle = models.BinaryField(max_length=5, unique=True)
    epoch = models.IntegerField(default=0)
    typed_hash = models.BinaryField(max_length=32)
    highest_step = models.IntegerField(default=-1, help_text="highest step used so far, counted from 1970 (RD7)")
    anchor_day = models.IntegerField(default=0, help_text="the first UTC day of `anchors`")
    anchors = models.BinaryField(default=bytes, help_text="the ends of its chains, 14 bytes a day; kept to save work")
    issued_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "typed_hash"], name="redemption_typed_code_per_merchant"),
        ]

    def __str__(self) -> str:
        return f"code of {self.voucher_id}"


class Attempt(models.Model):
    """Every key ever sent with its stored answer: same key, same body, same answer for ever (RD54).

    Of a phone's row: its number, when it was pressed, and the phone's signature. What of it is known of the voucher
    and the shop is kept for counting failures (RD48).
    """

    pk = models.CompositePrimaryKey("merchant_id", "key")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, db_index=False, related_name="+")
    key = models.UUIDField()
    request_hash = models.BinaryField(max_length=32)
    counter = models.ForeignKey(Counter, models.PROTECT, null=True, db_index=False, related_name="+")
    number = models.IntegerField(null=True)
    pressed_at = models.DateTimeField(null=True)
    signature = models.BinaryField(max_length=64, null=True)
    place = models.ForeignKey(
        "places.Place", models.DO_NOTHING, null=True, db_index=False, db_constraint=False, related_name="+"
    )
    voucher = models.ForeignKey(
        "orders.Voucher", models.DO_NOTHING, null=True, db_index=False, db_constraint=False, related_name="+"
    )
    status = models.SmallIntegerField(null=True)
    answer = models.BinaryField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["counter", "number"], condition=Q(number__isnull=False), name="redemption_attempt_number"
            ),
            models.CheckConstraint(
                condition=Q(number=None) | Q(number__gte=1, counter__isnull=False), name="redemption_numbers_from_one"
            ),
        ]
        indexes = [BrinIndex(fields=["recorded_at"], name="redemption_attempts_by_time")]

    def __str__(self) -> str:
        return f"{self.key} {self.status}"


class Served(models.Model):
    """A phone had already shown green for this key when it arrived: a second fact beside the claim (RD38).

    Where the answer is not `redeemed` it is a conflict: `payer` says who bears it (RD33), `body` and `signature` are
    the proof.
    """

    class Payer(models.TextChoices):
        MEMBER = "member"
        MERCHANT = "merchant"

    pk = models.CompositePrimaryKey("merchant_id", "key")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, db_index=False, related_name="+")
    key = models.UUIDField()
    counter = models.ForeignKey(Counter, models.PROTECT, related_name="+")
    served_at = models.DateTimeField()
    body = models.BinaryField()
    signature = models.BinaryField(max_length=64)
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    worth_minor = models.IntegerField(default=0, help_text="what it counted against the caps of the device")
    payer = models.CharField(max_length=8, choices=Payer, blank=True)
    paid_minor = models.IntegerField(default=0, help_text="what the shop gets although the use did not count")
    ledger_id = models.UUIDField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        indexes = [models.Index(fields=["user"], condition=Q(payer="member"), name="redemption_conflicts_of_user")]

    def __str__(self) -> str:
        return f"{self.key} {self.payer}"


class Redemption(models.Model):
    """A use of a voucher was consumed (核销): unique per voucher, use and cycle.

    One press of the clerk may consume several uses of a card: those rows share `key`, and are undone together.
    """

    class Proof(models.TextChoices):
        CHAIN = "chain"
        SIGNED = "signed"
        TYPED = "typed"
        SHOP = "shop"
        UNPROVEN = "unproven"
        INCIDENT = "incident"

    voucher = models.ForeignKey("orders.Voucher", models.PROTECT, db_index=False, related_name="redemptions")
    merchant = models.ForeignKey("places.Merchant", models.PROTECT, db_index=False, related_name="+")
    place = models.ForeignKey("places.Place", models.PROTECT, db_index=False, related_name="redemptions")
    use_number = models.SmallIntegerField()
    cycle = models.SmallIntegerField(default=0)
    proof = models.CharField(max_length=8, choices=Proof)
    key = models.UUIDField()
    clerk = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    counter = models.ForeignKey(Counter, models.PROTECT, null=True, db_index=False, related_name="+")
    served_by = models.ForeignKey(Clerk, models.PROTECT, null=True, db_index=False, related_name="+")
    bill_minor = models.IntegerField(null=True, help_text="what the meal cost, where the offer needs it")
    charge_minor = models.IntegerField(default=0, help_text="what the clerk had to charge at the counter")
    discount_minor = models.IntegerField(default=0)
    paid_minor = models.IntegerField(default=0, help_text="of the voucher's price: what this use carried")
    ledger_id = models.UUIDField(null=True, help_text="the ledger transaction of the press; none where no money moves")
    redeemed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voucher", "use_number", "cycle"], name="redemption_use_once"),
            models.CheckConstraint(condition=Q(cycle__gte=0, cycle__lte=9), name="redemption_ten_cycles"),
            models.CheckConstraint(condition=Q(use_number__gte=1), name="redemption_use_number_from_one"),
        ]
        indexes = [
            models.Index(fields=["merchant", "-redeemed_at"]),
            models.Index(fields=["place", "-redeemed_at"]),
            models.Index(fields=["merchant", "key"], name="redemption_by_key"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="possible",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("sold", "smallint")],
                func=POSSIBLE,
            ),
        ]

    def __str__(self) -> str:
        return f"use {self.use_number} of {self.voucher_id}"


class Undo(models.Model):
    """A redemption taken back inside its window; nothing is deleted (RD42)."""

    redemption = models.OneToOneField(Redemption, models.PROTECT, related_name="undo", primary_key=True)
    key = models.UUIDField()
    clerk = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    served_by = models.ForeignKey(Clerk, models.PROTECT, null=True, related_name="+")
    ledger_id = models.UUIDField(null=True)
    undone_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"undo of {self.redemption_id}"


class Arrival(models.Model):
    """A customer truly came (抵达): the unit of everything. One row, one visit of one person to one place."""

    class Kind(models.TextChoices):
        REDEMPTION = "redemption"
        BILL = "bill"

    place = models.ForeignKey("places.Place", models.PROTECT, db_index=False, related_name="arrivals")
    user = models.ForeignKey("accounts.User", models.PROTECT, db_index=False, related_name="arrivals")
    note = models.ForeignKey("notes.Note", models.SET_NULL, null=True, related_name="arrivals")
    redemption = models.OneToOneField(Redemption, models.PROTECT, null=True, related_name="arrival")
    order = models.OneToOneField("orders.Order", models.PROTECT, null=True, related_name="arrival")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.REDEMPTION)
    arrived_at = models.DateTimeField()
    void_at = models.DateTimeField(null=True, help_text="set when what proves it was undone")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="redemption", order=None) | Q(kind="bill", order__isnull=False, redemption=None),
                name="redemption_arrival_by_one_proof",
            ),
        ]
        indexes = [
            models.Index(fields=["place", "-arrived_at"]),
            models.Index(fields=["user", "-arrived_at"]),
            models.Index(fields=["note"], condition=Q(void_at=None), name="redemption_arrivals_of_note"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.place_id}"
