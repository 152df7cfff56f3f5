"""Reads of what people who came say."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, F, QuerySet, Sum

from bacao.redemption.queries import list_arrivals

from .models import Review

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.redemption.models import Arrival


def get_review(review_id: int) -> Review:
    """Return a review with its place, author and arrival. :raises Review.DoesNotExist:"""
    return Review.objects.select_related("place__merchant", "user", "arrival").get(pk=review_id)


def find_review_of_arrival(arrival_id: int) -> Review | None:
    """Return the review that was written for an arrival."""
    return Review.objects.select_related("place", "user").filter(arrival=arrival_id).first()


def list_reviews(place_id: int, limit: int = 20) -> list[Review]:
    """Return the reviews of a place whose arrival counts, newest first, with `.user` and `.arrival`."""
    return list(_verified().filter(place=place_id).order_by("-written_at", "-pk")[:limit])


def list_reviews_of_merchant(merchant_id: int, limit: int = 50) -> list[Review]:
    """Return the reviews of all shops of a merchant, those without a reply first, then newest first."""
    rows = _verified().filter(place__merchant=merchant_id).select_related("user", "place")
    return list(rows.order_by(F("replied_at").asc(nulls_first=True), "-written_at")[:limit])


def list_reviews_of_author(user_id: int, limit: int = 50) -> list[Review]:
    """Return what somebody wrote, newest first, with `.place`."""
    return list(Review.objects.filter(user=user_id).select_related("place").order_by("-written_at")[:limit])


def find_reviewable_arrivals(user: "User") -> list["Arrival"]:
    """Return somebody's arrivals that have no review yet, newest first, with `.place`."""
    arrivals = list_arrivals(user)
    written = set(Review.objects.filter(user=user).values_list("arrival", flat=True))
    return [arrival for arrival in arrivals if arrival.pk not in written]


def count_stars(place_ids: Iterable[int] | None = None, since: datetime | None = None) -> dict[int, tuple[int, int]]:
    """Return (number of reviews, sum of stars) by place; places without any are left out."""
    rows = Review.objects.filter(arrival__void_at=None)
    if place_ids is not None:
        rows = rows.filter(place__in=list(place_ids))
    if since is not None:
        rows = rows.filter(written_at__gte=since)
    sums = rows.values_list("place").annotate(number=Count("*"), stars=Sum("stars")).order_by()
    return {place: (number, stars) for place, number, stars in sums}


def count_each_star(place_id: int) -> dict[int, int]:
    """Return how many reviews of a place gave five stars, four, ... one; always all five."""
    rows = Review.objects.filter(place=place_id, arrival__void_at=None)
    found = dict(rows.values_list("stars").annotate(number=Count("*")).order_by())
    return {stars: found.get(stars, 0) for stars in range(5, 0, -1)}


def list_place_ids_of_reviews(review_ids: Iterable[int]) -> list[int]:
    """Return the ids of the places these reviews are about."""
    return list(Review.objects.filter(pk__in=list(review_ids)).values_list("place", flat=True).distinct())


def count_unanswered(merchant_id: int) -> int:
    """Return how many reviews of a merchant's shops wait for a reply."""
    return _verified().filter(place__merchant=merchant_id, replied_at=None).count()


def _verified() -> QuerySet[Review]:
    return Review.objects.filter(arrival__void_at=None).select_related("user", "arrival")
