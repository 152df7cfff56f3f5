"""Derived rows for finding things; all of them can be built again from the chapters below."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
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


class OutboxMark(models.Model):
    """How far a reader of the outbox has come: all before transaction `tx`, and the events `seen` beyond it (DS8)."""

    reader = models.CharField(max_length=32, primary_key=True)
    tx = models.BigIntegerField(default=0)
    seen = ArrayField(models.BigIntegerField(), default=list)

    def __str__(self) -> str:
        return f"{self.reader} at {self.tx}"
