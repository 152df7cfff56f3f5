"""What people who came say (M25): a review hangs on an arrival."""

import pghistory
from django.db import models
from django.db.models import Q


@pghistory.track()
class Review(models.Model):
    """One review for one verified arrival; the owner may reply once."""

    arrival = models.OneToOneField("redemption.Arrival", models.PROTECT, related_name="review")
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="reviews")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="reviews")
    stars = models.SmallIntegerField()
    body = models.CharField(max_length=1000, blank=True)
    written_at = models.DateTimeField()
    reply = models.CharField(max_length=500, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="reviews_1_to_5_stars")]
        indexes = [models.Index(fields=["place", "-written_at"])]

    def __str__(self) -> str:
        return f"{self.stars} stars for {self.place_id}"
