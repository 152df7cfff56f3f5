"""Where: districts, streets, categories, merchants, places, and who works there."""

import pghistory
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


@pghistory.track(exclude=["outline"])
class District(models.Model):
    """A part of the city that people name (商圈). `outline` = GeoJSON polygon coordinates, WGS-84."""

    code = models.SlugField(primary_key=True)
    name_zh = models.CharField(max_length=40)
    name_en = models.CharField(max_length=60)
    latitude = models.FloatField()
    longitude = models.FloatField()
    outline = models.JSONField(default=list)
    position = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name_zh


class Street(models.Model):
    """A street, or a station people meet at. `line` = GeoJSON line coordinates, WGS-84 (empty for a station)."""

    class Kind(models.TextChoices):
        STREET = "street"
        STATION = "station"

    code = models.SlugField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.STREET)
    district = models.ForeignKey(District, models.PROTECT, related_name="streets")
    name_zh = models.CharField(max_length=40)
    name_en = models.CharField(max_length=60)
    latitude = models.FloatField()
    longitude = models.FloatField()
    line = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name_zh


@pghistory.track()
class Category(models.Model):
    """A leaf or branch of the category tree; `emoji` names a picture, `tint` a hue in degrees."""

    code = models.SlugField(primary_key=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    name_zh = models.CharField(max_length=40)
    name_en = models.CharField(max_length=60)
    emoji = models.CharField(max_length=60)
    tint = models.SmallIntegerField(default=90)
    position = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name_zh


@pghistory.track()
class Merchant(models.Model):
    """A business; it owns shops and is owed money. `collect_mode` as in money.md, section 2."""

    class CollectMode(models.TextChoices):
        MERCHANT = "merchant"
        PROVIDER_SPLIT = "provider_split"

    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    collect_mode = models.CharField(max_length=16, choices=CollectMode, default=CollectMode.PROVIDER_SPLIT)
    platform_fee_basis_points = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(platform_fee_basis_points__gte=0, platform_fee_basis_points__lte=10000),
                name="places_merchant_fee_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh


class OpeningPattern(models.Model):
    """Opening hours in OSM's grammar, shared by every place that keeps them; `spans` are its next eight days."""

    expression = models.CharField(max_length=400, unique=True)
    expanded_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.expression


class OpeningSpan(models.Model):
    """One half-open interval during which a pattern is open, as instants: no weekdays, no holidays left (DS4)."""

    pattern = models.ForeignKey(OpeningPattern, models.CASCADE, related_name="spans")
    span = DateTimeRangeField()

    class Meta:
        indexes = [GistIndex(fields=["span"])]

    def __str__(self) -> str:
        return f"{self.span.lower} - {self.span.upper}"


@pghistory.track(exclude=["updated_at", "source_hash"])
class Place(models.Model):
    """A point on the map that people go to; a place with a merchant is a shop. Positions are WGS-84 degrees."""

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    merchant = models.ForeignKey(Merchant, models.PROTECT, null=True, blank=True, related_name="places")
    name_zh = models.CharField(max_length=120, blank=True)
    name_en = models.CharField(max_length=160, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="places")
    district = models.ForeignKey(District, models.PROTECT, null=True, blank=True, related_name="places")
    street = models.ForeignKey(Street, models.PROTECT, null=True, blank=True, related_name="places")
    brand = models.CharField(max_length=120, blank=True)
    address_zh = models.CharField(max_length=200, blank=True)
    address_en = models.CharField(max_length=240, blank=True)
    about_zh = models.CharField(max_length=300, blank=True)
    about_en = models.CharField(max_length=500, blank=True)
    latitude = models.FloatField()
    longitude = models.FloatField()
    cell = models.IntegerField(help_text="250 m grid cell, kit.geo.cell_of")
    phone = models.CharField(max_length=60, blank=True)
    hours = models.ForeignKey(OpeningPattern, models.PROTECT, null=True, blank=True, related_name="places")
    usual_minor = models.IntegerField(null=True, blank=True, help_text="usual amount per head, minor units")
    tags = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    cover = models.JSONField(default=dict, blank=True)
    selected_reason = models.CharField(max_length=200, blank=True)
    selected_reason_en = models.CharField(max_length=240, blank=True)
    selected_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=16, default="own", help_text="osm, csv, own or demo")
    source_ref = models.CharField(max_length=60, blank=True, help_text="e.g. node/4711")
    source_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="places_place_source_ref"
            ),
            models.CheckConstraint(
                condition=Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="places_place_position_on_earth",
            ),
            models.CheckConstraint(condition=~Q(name_zh="") | ~Q(name_en=""), name="places_place_has_a_name"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | Q(state="closed", closed_at__isnull=False),
                name="places_place_closed_has_a_date",
            ),
        ]
        indexes = [
            models.Index(fields=["cell"], condition=Q(state="open"), name="places_place_open_cell"),
            models.Index(fields=["category", "state"]),
        ]

    def __str__(self) -> str:
        return self.name_zh or self.name_en


@pghistory.track()
class ShopRole(models.Model):
    """Who is owner of a merchant, or clerk of it (at one place, or at all where `place` is empty)."""

    class Kind(models.TextChoices):
        OWNER = "owner"
        CLERK = "clerk"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="roles")
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="roles")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="shop_roles")
    kind = models.CharField(max_length=8, choices=Kind)
    granted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "user", "kind"], condition=Q(ended_at=None), name="places_one_open_shop_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.kind} {self.merchant}"


class ClerkInvite(models.Model):
    """A link that makes whoever opens it a clerk, once; only the SHA-256 of its secret is kept."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="invites")
    place = models.ForeignKey(Place, models.PROTECT, related_name="invites")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.place} until {self.expires_at}"


class ImportRun(models.Model):
    """One import of shops from outside: what was read, kept, updated and why the rest was skipped."""

    source = models.CharField(max_length=16)
    files = models.JSONField(default=list)
    started_at = models.DateTimeField()
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.source} {self.started_at}"


class MapFeature(models.Model):
    """A piece of the ground that the city's own map is drawn from. `geometry` = GeoJSON geometry, WGS-84."""

    class Kind(models.TextChoices):
        WATER = "water"
        PARK = "park"
        ROAD = "road"

    kind = models.CharField(max_length=8, choices=Kind)
    name_zh = models.CharField(max_length=40, blank=True)
    name_en = models.CharField(max_length=60, blank=True)
    geometry = models.JSONField()

    def __str__(self) -> str:
        return self.name_zh or self.kind
