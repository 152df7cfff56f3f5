"""Bills that are paid at the shop (买单): what a clerk asks for, what was paid, and with which vouchers."""

import uuid
from datetime import datetime

import pgtrigger
from django.db import models
from django.db.models import F, Q

from bacao.orders import rules

from .promises import Hold
from .purchases import Order, Voucher

# What a bill says is written once; it is settled once, and undone once.
ONCE = """
    IF (OLD.bill_minor, OLD.undiscounted_minor, OLD.discount_minor, OLD.tender, OLD.charge_minor)
            IS DISTINCT FROM (NEW.bill_minor, NEW.undiscounted_minor, NEW.discount_minor, NEW.tender, NEW.charge_minor)
        OR OLD.settled_at IS NOT NULL AND (OLD.settled_at, OLD.ledger_id)
            IS DISTINCT FROM (NEW.settled_at, NEW.ledger_id)
        OR OLD.undone_at IS NOT NULL AND (OLD.undone_at, OLD.undo_ledger_id)
            IS DISTINCT FROM (NEW.undone_at, NEW.undo_ledger_id)
    THEN
        RAISE EXCEPTION 'bill % is settled once and undone once, and its amounts stay', OLD.order_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""
# A bill draws on vouchers of its own guest, bought at its own shop.
OWN = """
    IF NOT EXISTS (
        SELECT FROM orders_hold hold JOIN orders_quote quote ON quote.id = hold.quote_id
        JOIN orders_voucher voucher ON voucher.id = NEW.voucher_id AND voucher.user_id = quote.user_id
        JOIN orders_order purchase ON purchase.id = voucher.order_id AND purchase.place_id = quote.place_id
        WHERE hold.id = NEW.hold_id AND quote.kind = 'bill'
    ) THEN
        RAISE EXCEPTION 'voucher % is not this guest''s at this shop', NEW.voucher_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


class Bill(models.Model):
    """A bill behind an order of its kind; the order's total is what goes through the platform.

    Paid online, the order's total is all there is to pay. Paid at the counter (cash, card), nothing of it goes through
    the platform: the order's total is 0 and `charge_minor` is what the clerk takes. `settled_at` = it counts: vouchers
    are used up, the books say who gets what. `undone_at` = all of that was given back.
    """

    class Tender(models.TextChoices):
        ONLINE = "online"
        COUNTER = "counter"

    class Presence(models.TextChoices):
        NONE = ""
        SHOP_CODE = "shop_code"  # scanned the code that the counter changes every half minute
        COUNTER = "counter"  # a clerk asked for it, took the money, or recognised the guest

    order = models.OneToOneField(Order, models.PROTECT, related_name="bill", primary_key=True)
    bill_minor = models.IntegerField(help_text="the whole bill at list prices")
    undiscounted_minor = models.IntegerField(default=0, help_text="of it, what takes no discount")
    discount_minor = models.IntegerField(help_text="what came off, whoever funds it")
    party = models.SmallIntegerField(default=1)
    tender = models.CharField(max_length=8, choices=Tender)
    charge_minor = models.IntegerField(default=0, help_text="what the clerk takes at the counter")
    check_digits = models.CharField(max_length=4, help_text="on the guest's screen and on the counter's")
    presence = models.CharField(max_length=9, choices=Presence, blank=True, help_text="how it was shown who is there")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    ledger_id = models.UUIDField(null=True, help_text="none where no money moves")
    undone_at = models.DateTimeField(null=True)
    undo_ledger_id = models.UUIDField(null=True)
    undone_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    bill_minor__gt=0,
                    undiscounted_minor__gte=0,
                    discount_minor__gte=0,
                    bill_minor__gte=F("undiscounted_minor") + F("discount_minor"),
                    party__gte=1,
                ),
                name="orders_bill_makes_sense",
            ),
            models.CheckConstraint(
                condition=Q(charge_minor=0) | Q(tender="counter", charge_minor__gt=0),
                name="orders_bill_charged_at_the_counter",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(settled_at__isnull=False), name="orders_bill_undone_was_settled"
            ),
            models.CheckConstraint(
                condition=Q(ledger_id=None) | Q(settled_at__isnull=False), name="orders_bill_booked_is_settled"
            ),
            models.UniqueConstraint(fields=["ledger_id"], name="orders_bill_booked_once"),
        ]
        indexes = [models.Index(fields=["settled_at"], name="orders_bills_by_time")]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(name="once", operation=pgtrigger.Update, when=pgtrigger.Before, func=ONCE),
        ]

    def __str__(self) -> str:
        return f"{self.tender} {self.bill_minor}"

    def is_undoable_at(self, at: datetime) -> bool:
        """Return whether any clerk may still take it back."""
        return self.settled_at is not None and self.undone_at is None and at <= self.settled_at + rules.UNDO_BILL


class BillUse(models.Model):
    """Uses of an own voucher that a bill's hold takes: off it from then on, back on it if the hold ends otherwise."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="uses")
    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="bill_uses")
    uses = models.SmallIntegerField()
    paid_minor = models.IntegerField(help_text="of the voucher's price: what these uses carry")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "voucher"], name="orders_bill_use_once"),
            models.CheckConstraint(condition=Q(uses__gte=1, paid_minor__gte=0), name="orders_bill_use_of_something"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(name="own", operation=pgtrigger.Insert, when=pgtrigger.Before, func=OWN),
        ]

    def __str__(self) -> str:
        return f"{self.uses} of {self.voucher_id}"


class BillRequest(models.Model):
    """A clerk asks a guest to pay a bill: whoever opens its address, or the member whose code was scanned, may.

    It is answered once: `order` = by which payment.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    code = models.CharField(max_length=10, unique=True, help_text="in the address on the counter's screen")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+")
    bill_minor = models.IntegerField()
    undiscounted_minor = models.IntegerField(default=0)
    party = models.SmallIntegerField(default=1)
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    counter_id = models.UUIDField(null=True, help_text="the device that asked")
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="bill_requests")
    order = models.OneToOneField(Order, models.PROTECT, null=True, related_name="bill_request")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    bill_minor__gt=0,
                    undiscounted_minor__gte=0,
                    undiscounted_minor__lte=F("bill_minor"),
                    party__gte=1,
                    expires_at__gt=F("asked_at"),
                ),
                name="orders_bill_request_makes_sense",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-asked_at"], name="orders_bill_requests_of_user"),
            models.Index(fields=["place", "-asked_at"], name="orders_bill_requests_of_place"),
        ]

    def __str__(self) -> str:
        return f"{self.bill_minor} at {self.place_id}"
