"""Tables that every chapter leans on and that know none of them."""

import pghistory
from django.db import models
from django.db.models.functions import Cast, Now


def current_transaction() -> models.Expression:
    """Return PostgreSQL's own 64-bit number of the running transaction as a bigint expression."""
    number = models.Func(function="pg_current_xact_id", output_field=models.TextField())
    return Cast(Cast(number, models.TextField()), models.BigIntegerField())


class OutboxEvent(models.Model):
    """News for later chapters, written in the transaction that made it true (discovery.md, DS7 and DS8).

    A reader asks for `last <= tx < pg_snapshot_xmin(pg_current_snapshot())`: ids are drawn before commit, so
    "the last id seen" would lose the event of a slow transaction.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=32)  # place, note, offer, redemption, review, save
    ref_id = models.BigIntegerField()
    tx = models.BigIntegerField(db_default=current_transaction(), db_index=True)
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.kind} {self.ref_id}"


@pghistory.track()
class CalendarDay(models.Model):
    """An operator's word on one date; it overrides the published holiday table (pricing.md, PR14)."""

    class Kind(models.TextChoices):
        WORKDAY = "workday"
        RESTDAY = "restday"
        PUBLIC_HOLIDAY = "public_holiday"
        MAKEUP_WORKDAY = "makeup_workday"

    date = models.DateField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind)
    source = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.date} {self.kind}"


class RateBucket(models.Model):
    """A token bucket: `tokens` were left at `refilled_at`."""

    key = models.CharField(max_length=120, primary_key=True)
    tokens = models.FloatField()
    refilled_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
