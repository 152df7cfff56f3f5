"""Derived rows for finding things; all of them can be built again from the chapters below."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q


class SearchDocument(models.Model):
    """The words of one place or one note, as tokens made by `discovery.rules` (DS16)."""

    place = models.OneToOneField("places.Place", models.CASCADE, null=True, related_name="+")
    note = models.OneToOneField("notes.Note", models.CASCADE, null=True, related_name="+")
    title = models.CharField(max_length=300, help_text="names or title as written, one a line")
    sound = models.CharField(max_length=800, blank=True, help_text="pinyin of a place's names, rules.sound_of")
    tokens = SearchVectorField()
    latitude = models.FloatField(null=True, help_text="of the place, or of a note's first place")
    longitude = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(place=None, note__isnull=False) | Q(place__isnull=False, note=None),
                name="discovery_document_is_of_one_thing",
            ),
        ]
        indexes = [GinIndex(fields=["tokens"])]

    def __str__(self) -> str:
        return self.title.replace("\n", " · ")


class PlaceStanding(models.Model):
    """What verified visits say of a place: counts kept for sorting and for cards."""

    place = models.OneToOneField("places.Place", models.CASCADE, primary_key=True, related_name="+")
    review_count = models.IntegerField(default=0)
    stars_hundredths = models.IntegerField(null=True, help_text="mean of verified reviews x 100")
    arrival_count = models.IntegerField(default=0)
    arrivals_30_days = models.IntegerField(default=0)
    note_count = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.place_id}: {self.arrival_count} arrivals, {self.review_count} reviews"

    @property
    def stars(self) -> str:
        """Return the mean of its reviews as people write it: 4.6."""
        return "" if self.stars_hundredths is None else f"{self.stars_hundredths / 100:.1f}"


class CategoryUsual(models.Model):
    """What people usually pay per head at places of one category: the lower median, minor units."""

    category = models.OneToOneField("places.Category", models.CASCADE, primary_key=True, related_name="+")
    usual_minor = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.category_id}: {self.usual_minor}"


class PriceDifference(models.Model):
    """A listed price that was not the exact one though nothing was unread: an alarm, for it may never happen (PR32)."""

    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")
    party = models.PositiveSmallIntegerField()
    listed_minor = models.IntegerField(help_text="a head, as the index had it")
    exact_minor = models.IntegerField(help_text="a head, as the exact search has it")
    index_number = models.CharField(max_length=40, help_text="the base and the delta that said so")
    found_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.place_id}: {self.listed_minor} is {self.exact_minor}"


class OutboxMark(models.Model):
    """How far a reader of the outbox has come: all before transaction `tx`, and the events `seen` beyond it (DS8)."""

    reader = models.CharField(max_length=32, primary_key=True)
    tx = models.BigIntegerField(default=0)
    seen = ArrayField(models.BigIntegerField(), default=list)

    def __str__(self) -> str:
        return f"{self.reader} at {self.tx}"


class Trial(models.Model):
    """A place that is new and is being tried: what it was promised is counted here (M14, rules.exploration)."""

    place = models.OneToOneField("places.Place", models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField(help_text="its first offer went on sale")
    examined_hundredths = models.BigIntegerField(
        default=0, help_text="exposures, by how likely their slots are looked at"
    )
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.place_id}: {self.examined_hundredths / 100:.0f} exposures"

    @property
    def examined(self) -> float:
        """Return how many exposures it had, each by how likely its slot is looked at."""
        return self.examined_hundredths / 100


class Posterior(models.Model):
    """What a version of the posteriors says of one new place; the latest row up to a version holds for it.

    Append-only: with it every propensity in the exposure log can be worked out again.
    """

    version = models.IntegerField()
    place_id = models.BigIntegerField()
    arrivals = models.IntegerField()
    examined_hundredths = models.BigIntegerField()
    owed = models.BooleanField(help_text="was not shown as often as new places are promised")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place_id", "version"], name="discovery_posterior_once")]

    def __str__(self) -> str:
        return f"{self.version}: {self.place_id}"


class Draw(models.Model):
    """One draw for the slots of a list that are kept for new places: among which, with how many points before it.

    Points know the distance to a quarter of a kilometre only. Append-only, like the exposures it belongs to.
    """

    request_id = models.UUIDField(primary_key=True)
    served_at = models.DateTimeField()
    posterior = models.IntegerField(help_text="version of the posteriors it was drawn from")
    seed = models.BigIntegerField()
    shop_ids = ArrayField(models.BigIntegerField())
    base_points = ArrayField(models.IntegerField())

    class Meta:
        indexes = [BrinIndex(fields=["served_at"], name="discovery_draw_served")]

    def __str__(self) -> str:
        return f"{self.request_id} among {len(self.shop_ids)}"


class Exposure(models.Model):
    """One place in one list that was served to one person: what was shown where, and how likely that was (IN5).

    Append-only: nothing is ever changed, and nothing younger than half a year is deleted (a trigger keeps both). No
    key points anywhere and `unit_id` is a keyed pseudonym: a row outlives what it is about.
    """

    class Arm(models.TextChoices):
        EXPOSED = "exposed"
        HOLDOUT = "holdout"
        PROGRAMME_HOLDOUT = "programme_holdout"
        NONE = "none"

    request_id = models.UUIDField()
    slot = models.SmallIntegerField(help_text="place in the list, from 0")
    surface = models.CharField(max_length=16)
    served_at = models.DateTimeField()
    unit_id = models.BigIntegerField(help_text="keyed pseudonym of the person")
    shop_id = models.BigIntegerField()
    offer_version_id = models.BigIntegerField(null=True)
    offer_group = models.CharField(max_length=32, default="")
    epoch = models.SmallIntegerField(default=0)
    arm = models.CharField(max_length=20, choices=Arm, default=Arm.NONE)
    bucket = models.SmallIntegerField(default=0)
    holdout_basis_points = models.SmallIntegerField(default=0)
    is_ghost = models.BooleanField(default=False)
    replaced_by_offer_version_id = models.BigIntegerField(null=True)
    examine_probability = models.FloatField()
    policy_version = models.CharField(max_length=16)
    propensity = models.FloatField()
    slate_hash = models.BigIntegerField()
    eligibility = models.CharField(max_length=32, default="")
    consent_scope = models.CharField(max_length=32)
    weights_version = models.CharField(max_length=16)
    index_base = models.IntegerField()
    index_delta = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request_id", "slot"], name="discovery_exposure_once"),
            models.CheckConstraint(condition=Q(propensity__gt=0, propensity__lte=1), name="discovery_propensity"),
        ]
        indexes = [BrinIndex(fields=["served_at"], name="discovery_exposure_served")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.slot}: {self.shop_id}"
