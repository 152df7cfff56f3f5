"""What people say about places, and what they keep for later."""

import pghistory
from django.db import models
from django.db.models import Q


@pghistory.track(exclude=["save_count"])
class Note(models.Model):
    """A note (笔记): text and pictures, tied to one or more places."""

    class Kind(models.TextChoices):
        FOOD = "food"
        TRIP = "trip"
        GUIDE = "guide"

    class State(models.TextChoices):
        PENDING = "pending"  # a new account's first note waits for a moderator (U02)
        PUBLISHED = "published"
        HIDDEN = "hidden"

    author = models.ForeignKey("accounts.User", models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=60)
    body = models.TextField(max_length=5000)
    language = models.CharField(max_length=8, default="zh-hans")
    cover = models.JSONField(default=dict, help_text="how the drawn cover looks, where there is no picture")
    disclosure = models.CharField(max_length=120, blank=True, help_text="gift, commission or free visit (U45)")
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    state_reason = models.CharField(max_length=200, blank=True)
    save_count = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False), name="notes_published_has_a_date"
            ),
            models.CheckConstraint(condition=Q(save_count__gte=0), name="notes_save_count_not_negative"),
        ]
        indexes = [
            models.Index(fields=["-published_at", "-id"], condition=Q(state="published"), name="notes_feed"),
        ]

    def __str__(self) -> str:
        return self.title


class NotePlace(models.Model):
    """A note names a place; the first one (position 0) is what its card shows."""

    note = models.ForeignKey(Note, models.CASCADE, related_name="note_places")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="note_places")
    position = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["note", "place"], name="notes_place_once_per_note"),
        ]

    def __str__(self) -> str:
        return f"{self.note_id} at {self.place_id}"


class NotePicture(models.Model):
    """A picture of a note, re-encoded by us and without its metadata. Sizes in pixels."""

    note = models.ForeignKey(Note, models.CASCADE, related_name="pictures")
    file = models.ImageField(upload_to="notes/", width_field="width", height_field="height")
    width = models.IntegerField()
    height = models.IntegerField()
    position = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["file"], name="notes_picture_by_name")]

    def __str__(self) -> str:
        return self.file.name or ""


class Save(models.Model):
    """Somebody keeps a note or a place for later (种草)."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="saves")
    note = models.ForeignKey(Note, models.CASCADE, null=True, related_name="saves")
    place = models.ForeignKey("places.Place", models.CASCADE, null=True, related_name="saves")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(note=None, place__isnull=False) | Q(note__isnull=False, place=None),
                name="notes_save_keeps_one_thing",
            ),
            models.UniqueConstraint(fields=["user", "note"], name="notes_save_note_once"),
            models.UniqueConstraint(fields=["user", "place"], name="notes_save_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} keeps {f'note {self.note_id}' if self.note_id else f'place {self.place_id}'}"


class NoteReport(models.Model):
    """Somebody says that a note should not be there (U44); whoever moderates the note next has handled it."""

    class Reason(models.TextChoices):
        ADVERT = "advert"
        UNTRUE = "untrue"
        RUDE = "rude"
        STOLEN = "stolen"
        PRIVATE = "private"
        OTHER = "other"

    note = models.ForeignKey(Note, models.CASCADE, related_name="reports")
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    reason = models.CharField(max_length=8, choices=Reason)
    words = models.CharField(max_length=200, blank=True)
    reported_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "user"], name="notes_report_once")]
        indexes = [models.Index(fields=["note"], condition=Q(handled_at=None), name="notes_reports_open")]

    def __str__(self) -> str:
        return f"{self.note_id}: {self.reason}"
