"""Writing reviews and answering them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from bacao.kit.services import announce, announce_many
from bacao.kit.text import Refused, Text
from bacao.places.queries import is_owner

from .models import Review

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.redemption.models import Arrival

LONGEST, LONGEST_REPLY = 1000, 500


class NotYourVisit(Refused):
    """Somebody wants to review a visit that was not theirs, or that was undone."""

    code = "not_your_visit"
    text = Text("只有到过店的人才能写点评。", "Only somebody who came can review a visit.")
    status = 403


class AlreadyReviewed(Refused):
    """The visit has its review."""

    code = "already_reviewed"
    text = Text("这次到店已经写过点评了。", "This visit has its review already.")


class BadReview(Refused):
    """The stars or the words cannot be kept as they are."""

    code = "bad_review"
    status = 422


class MayNotReply(Refused):
    """Only the owner of the shop answers, and once."""

    code = "may_not_reply"
    status = 403


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One past review, for loading a history."""

    arrival: "Arrival"
    stars: int
    body: str
    written_at: datetime
    reply: str = ""
    replied_at: datetime | None = None


@transaction.atomic
def write_review(*, arrival: "Arrival", user: "User", stars: int, body: str, at: datetime) -> Review:
    """Write the one review of an arrival.

    :raises NotYourVisit: the arrival is somebody else's, or was undone
    :raises AlreadyReviewed: there is one
    :raises BadReview: no stars, or too many words
    """
    body = body.strip()
    if arrival.user_id != user.pk or arrival.void_at is not None:
        raise NotYourVisit
    if not 1 <= stars <= 5:
        raise BadReview(Text("请点一到五颗星。", "Tap one to five stars."))
    if len(body) > LONGEST:
        raise BadReview(
            Text(f"最多 {LONGEST} 字，现在 {len(body)} 字。", f"At most {LONGEST} characters; these are {len(body)}.")
        )
    review, is_new = Review.objects.get_or_create(
        arrival=arrival,
        defaults={"place_id": arrival.place_id, "user": user, "stars": stars, "body": body, "written_at": at},
    )
    if not is_new:
        raise AlreadyReviewed
    announce(kind="review", ref_id=review.pk)
    return review


@transaction.atomic
def reply_to_review(*, review: Review, by: "User", body: str, at: datetime) -> Review:
    """Answer a review in the name of the shop; the owner may, once.

    :raises MayNotReply: not the owner, or there is an answer
    :raises BadReview: no words, or too many
    """
    body = body.strip()
    merchant_id = review.place.merchant_id
    if merchant_id is None or not is_owner(by, merchant_id):
        raise MayNotReply(Text("只有店主可以回复。", "Only the owner of the shop can reply."))
    if not body or len(body) > LONGEST_REPLY:
        raise BadReview(Text(f"回复写 1 到 {LONGEST_REPLY} 字。", f"A reply has 1 to {LONGEST_REPLY} characters."))
    if not Review.objects.filter(pk=review.pk, replied_at=None).update(reply=body, replied_at=at):
        raise MayNotReply(Text("这条点评已经回复过了。", "This review has its reply already."))
    review.refresh_from_db()
    return review


@transaction.atomic
def load_reviews(*, rows: Sequence[ReviewRow]) -> list[Review]:
    """Write past reviews, one for each arrival, with their news."""
    reviews = [
        Review(
            arrival=row.arrival,
            place_id=row.arrival.place_id,
            user_id=row.arrival.user_id,
            stars=row.stars,
            body=row.body,
            written_at=row.written_at,
            reply=row.reply,
            replied_at=row.replied_at,
        )
        for row in rows
    ]
    Review.objects.bulk_create(reviews, batch_size=2000)
    announce_many(kind="review", ref_ids=[review.pk for review in reviews])
    return reviews
