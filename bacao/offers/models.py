"""What is sold: offers, their immutable versions, their stock, and who funds each discount (pricing.md)."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


@pghistory.track()
class Offer(models.Model):
    """A promise of one shop with an owner and a state; its terms are the current version's."""

    class Kind(models.TextChoices):
        PACKAGE = "package"  # 团购: named things for one price
        VOUCHER = "voucher"  # 代金券: worth `face` off a bill
        PERCENT_OFF = "percent_off"  # 折扣
        THRESHOLD_OFF = "threshold_off"  # 满减: fixed amount off over a threshold
        CARD = "card"  # 次卡: counted uses
        MEMBER = "member"  # 会员价: for whoever holds a key
        TIME_SLOT = "time_slot"  # 时段价: cheaper at quiet hours
        SUBSIDY = "subsidy"  # 补贴: paid by others, applied last

    class State(models.TextChoices):
        DRAFT = "draft"
        LIVE = "live"
        PAUSED = "paused"
        ENDED = "ended"  # sells nothing more; what is sold stays good
        WITHDRAWN = "withdrawn"  # and what is sold goes back, too

    place = models.ForeignKey("places.Place", models.PROTECT, related_name="offers")
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    state_reason = models.CharField(max_length=200, blank=True)
    state_changed_at = models.DateTimeField()
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["place"], condition=Q(state="live"), name="offers_live_of_place")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class StateChange(models.Model):
    """An offer was put on sale, paused or ended: who did it, when, and why."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="state_changes")
    state = models.CharField(max_length=12, choices=Offer.State)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.offer_id} {self.state}"


class OfferVersion(models.Model):
    """Immutable terms of an offer (a trigger refuses changes); orders point here. The highest number is current.

    Amounts are minor units, shares basis points. Meaning of the amounts by kind:
    package: `price_minor` buys things worth `list_minor` · voucher: `price_minor` buys `face_minor` off a bill of
    at least `threshold_minor` · card: `price_minor` buys `uses` uses worth `list_minor` together ·
    percent_off: `percent_basis_points` off, at most `cap_minor`, from `threshold_minor` · threshold_off:
    `face_minor` off a bill of at least `threshold_minor`, or the highest of `tiers` = [[minimum, off], ...], or
    `face_minor` for each full `step_minor`, at most `max_times` · member, time_slot: `percent_basis_points` off, or
    each unit of `items` for `target_minor` · subsidy: a percentage, an amount, or down to `target_minor`. All but the
    first three cost nothing to take. `audience_any` = [[keys that must all be held], ...], empty = everyone.
    """

    class Period(models.TextChoices):
        EVER = "ever"
        DAY = "day"
        WEEK = "week"
        MONTH = "month"
        ROLLING = "rolling"  # any `person_days` days in a row

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="versions")
    number = models.SmallIntegerField()
    is_current = models.BooleanField(default=True)
    title_zh = models.CharField(max_length=60)
    title_en = models.CharField(max_length=80)
    items = models.JSONField(default=list, help_text="[{'zh':, 'en':, 'quantity':, 'unit_minor':}, ...]")
    terms_zh = models.CharField(max_length=300, blank=True)
    terms_en = models.CharField(max_length=400, blank=True)
    price_minor = models.IntegerField(default=0)
    list_minor = models.IntegerField(default=0)
    face_minor = models.IntegerField(default=0)
    cost_minor = models.IntegerField(null=True, blank=True, help_text="what serving it costs the shop, for margins")
    percent_basis_points = models.IntegerField(default=0)
    threshold_minor = models.IntegerField(default=0)
    cap_minor = models.IntegerField(null=True, blank=True)
    uses = models.SmallIntegerField(default=1)
    party_size = models.SmallIntegerField(default=1)
    stock = models.IntegerField(null=True, blank=True, help_text="units for sale; empty = unlimited, 0 = none left")
    per_person = models.SmallIntegerField(null=True, blank=True)
    per_order = models.SmallIntegerField(default=10)
    sale_from = models.DateTimeField(null=True, blank=True)
    sale_until = models.DateTimeField(null=True, blank=True)
    valid_days = models.SmallIntegerField(default=90, help_text="days a voucher can be used after buying")
    weekly_hours = models.CharField(max_length=200, blank=True, help_text="OSM grammar; empty = opening hours")
    only_here = models.BooleanField(default=False, help_text="a public promise: on sale on Bacao alone")
    stands_alone = models.BooleanField(default=False, help_text="no other offer beside it on a bill")
    stack_tags = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    stack_accepts = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    audience_any = models.JSONField(default=list, blank=True, help_text="[[keys that must all be held], ...]")
    audience_none = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    rank = models.SmallIntegerField(default=0, help_text="place among equals in the order of calculation")
    group = models.CharField(max_length=24, blank=True, help_text="at most one offer of a group on one bill")
    threshold_on_running = models.BooleanField(default=False)
    tiers = models.JSONField(default=list, blank=True, help_text="[[minimum, off], ...] rising, minor units")
    step_minor = models.IntegerField(default=0)
    max_times = models.SmallIntegerField(default=1)
    target_minor = models.IntegerField(null=True, blank=True)
    units_per_bill = models.SmallIntegerField(default=1)
    list_only = models.BooleanField(default=False, help_text="what it covers is out of reach for other offers")
    excluded_categories = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    party_min = models.SmallIntegerField(default=1)
    party_max = models.SmallIntegerField(null=True, blank=True)
    person_period = models.CharField(max_length=8, choices=Period, default=Period.EVER)
    person_days = models.SmallIntegerField(null=True, blank=True, help_text="how many days in a row are counted")
    per_day = models.IntegerField(null=True, blank=True)
    per_slot = models.IntegerField(null=True, blank=True)
    budget_minor = models.BigIntegerField(null=True, blank=True)
    budget_day_minor = models.BigIntegerField(null=True, blank=True)
    budget_week_minor = models.BigIntegerField(null=True, blank=True)
    use_from = models.DateTimeField(null=True, blank=True)
    use_until = models.DateTimeField(null=True, blank=True)
    blackout_dates = ArrayField(models.DateField(), default=list, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "number"], name="offers_version_number"),
            models.UniqueConstraint(fields=["offer"], condition=Q(is_current=True), name="offers_one_current_version"),
            models.CheckConstraint(
                condition=Q(
                    price_minor__gte=0,
                    list_minor__gte=0,
                    face_minor__gte=0,
                    threshold_minor__gte=0,
                    percent_basis_points__gte=0,
                    percent_basis_points__lte=10000,
                    uses__gte=1,
                    per_order__gte=1,
                ),
                name="offers_version_amounts_make_sense",
            ),
            models.CheckConstraint(
                condition=Q(sale_from=None) | Q(sale_until=None) | Q(sale_from__lt=F("sale_until")),
                name="offers_version_sale_window",
            ),
            models.CheckConstraint(
                condition=Q(use_from=None) | Q(use_until=None) | Q(use_from__lt=F("use_until")),
                name="offers_version_use_window",
            ),
            models.CheckConstraint(
                condition=Q(party_min__gte=1) & (Q(party_max=None) | Q(party_max__gte=F("party_min"))),
                name="offers_version_party",
            ),
            models.CheckConstraint(
                condition=Q(step_minor__gte=0, max_times__gte=1, max_times__lte=20, units_per_bill__gte=1)
                & Q(units_per_bill__lte=10)
                & (Q(target_minor=None) | Q(target_minor__gte=0)),
                name="offers_version_steps_make_sense",
            ),
            models.CheckConstraint(
                condition=(Q(per_day=None) | Q(per_day__gte=0))
                & (Q(per_slot=None) | Q(per_slot__gte=0))
                & (Q(budget_minor=None) | Q(budget_minor__gte=0))
                & (Q(budget_day_minor=None) | Q(budget_day_minor__gte=0))
                & (Q(budget_week_minor=None) | Q(budget_week_minor__gte=0)),
                name="offers_version_limits_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(person_period__in=["ever", "day", "week", "month"], person_days=None)
                | Q(person_period="rolling", person_days__isnull=False, person_days__gte=2, person_days__lte=366),
                name="offers_version_person_period",
            ),
        ]

    def __str__(self) -> str:
        return self.title_zh


class OfferFunder(models.Model):
    """Who pays which share of a version's discount; the shares of a version sum to 10000 (trigger at commit)."""

    class Party(models.TextChoices):
        MERCHANT = "merchant"
        PLATFORM = "platform"
        PARTNER = "partner"

    version = models.ForeignKey(OfferVersion, models.CASCADE, related_name="funders")
    party = models.CharField(max_length=8, choices=Party)
    share_basis_points = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "party"], name="offers_funder_once"),
            models.CheckConstraint(
                condition=Q(share_basis_points__gt=0, share_basis_points__lte=10000), name="offers_funder_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.share_basis_points}"


class OfferStock(models.Model):
    """Units of an offer taken so far; `used` can never pass `limit` (PR38)."""

    offer = models.OneToOneField(Offer, models.CASCADE, related_name="stock", primary_key=True)
    used = models.IntegerField(default=0)
    limit = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(used__gte=0), name="offers_stock_not_negative"),
            models.CheckConstraint(condition=Q(limit=None) | Q(used__lte=F("limit")), name="offers_never_oversold"),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.used} of {self.limit}"


class PersonalUse(models.Model):
    """Units of an offer taken under one identity in one period; the limit is repeated so that the database keeps it.

    `identity` = `user-12`, or the digest of a phone number, an e-mail address or a card: each has its own row, and all
    of them must allow it (PR18). `period` = `ever`, or a day, week or month by name.
    """

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="personal_uses")
    identity = models.CharField(max_length=40)
    period = models.CharField(max_length=10, default="ever")
    used = models.IntegerField()
    limit = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "identity", "period"], name="offers_personal_use_once"),
            models.CheckConstraint(
                condition=Q(used__gte=0) & (Q(limit=None) | Q(used__lte=F("limit"))), name="offers_personal_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.used} by {self.identity}"


class RollingUse(models.Model):
    """The days on which units of an offer were taken under one identity, one for each unit, earliest first.

    Whoever takes one drops the days that count no longer. So no more than `limit` of them stand here, and the first
    and the last lie less than `days` apart (`offers_rolling_window`): no `days` days in a row ever hold more.
    """

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="rolling_uses")
    identity = models.CharField(max_length=40)
    taken_on = ArrayField(models.DateField())
    days = models.SmallIntegerField()
    limit = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "identity"], name="offers_rolling_use_once"),
            models.CheckConstraint(condition=Q(taken_on__len__lte=F("limit")), name="offers_rolling_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id}: {len(self.taken_on)} by {self.identity} in {self.days} days"


class Quota(models.Model):
    """Units of an offer taken on one day, or seats of one of its time slots: `period` = that day, or when it begins."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="quotas")
    period = models.CharField(max_length=22)
    used = models.IntegerField()
    limit = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "period"], name="offers_quota_once"),
            models.CheckConstraint(
                condition=Q(used__gte=0) & (Q(limit=None) | Q(used__lte=F("limit"))), name="offers_quota_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} {self.period}: {self.used} of {self.limit}"
