"""Reviews: only by those who came, once, with one reply (M25)."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from bacao.accounts.models import User
from bacao.kit.models import OutboxEvent
from bacao.redemption.models import Arrival
from bacao.redemption.services import undo_redemption
from bacao.reviews.models import Review
from bacao.reviews.queries import count_each_star, count_stars, find_reviewable_arrivals, list_reviews
from bacao.reviews.services import (
    AlreadyReviewed,
    BadReview,
    MayNotReply,
    NotYourVisit,
    ReviewRow,
    load_reviews,
    reply_to_review,
    write_review,
)
from tests import factories
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


def visit(shop: Shop, at: datetime) -> Arrival:
    shop.redeem(shop.sell(at), at)
    return Arrival.objects.latest("pk")


def test_who_came_reviews_once(shop: Shop, at: datetime) -> None:
    arrival = visit(shop, at)
    assert find_reviewable_arrivals(shop.member) == [arrival]
    review = write_review(arrival=arrival, user=shop.member, stars=5, body="  可颂最好吃 ", at=at)
    assert (review.place, review.stars, review.body) == (shop.place, 5, "可颂最好吃")
    assert find_reviewable_arrivals(shop.member) == []
    with pytest.raises(AlreadyReviewed):
        write_review(arrival=arrival, user=shop.member, stars=1, body="", at=at)
    assert OutboxEvent.objects.filter(kind="review", ref_id=review.pk).count() == 1


def test_nobody_reviews_anothers_visit_nor_one_that_was_undone(shop: Shop, at: datetime) -> None:
    arrival = visit(shop, at)
    with pytest.raises(NotYourVisit):
        write_review(arrival=arrival, user=shop.clerk, stars=5, body="", at=at)
    assert arrival.redemption
    key: UUID = arrival.redemption.key
    undo_redemption(merchant_id=shop.merchant.pk, clerk=None, redemption_key=key, key=uuid4(), at=at)
    arrival.refresh_from_db()
    with pytest.raises(NotYourVisit):
        write_review(arrival=arrival, user=shop.member, stars=5, body="", at=at)


def test_a_review_of_a_visit_that_is_undone_later_counts_no_more(shop: Shop, at: datetime) -> None:
    arrival = visit(shop, at)
    write_review(arrival=arrival, user=shop.member, stars=5, body="", at=at)
    assert arrival.redemption
    undo_redemption(merchant_id=shop.merchant.pk, clerk=None, redemption_key=arrival.redemption.key, key=uuid4(), at=at)
    assert list_reviews(shop.place.pk) == []
    assert count_stars([shop.place.pk]) == {}


@pytest.mark.parametrize(("stars", "body"), [(0, ""), (6, ""), (5, "长" * 1001)])
def test_what_cannot_be_kept_is_refused(shop: Shop, at: datetime, stars: int, body: str) -> None:
    arrival = visit(shop, at)
    with pytest.raises(BadReview):
        write_review(arrival=arrival, user=shop.member, stars=stars, body=body, at=at)


def test_the_owner_answers_once(shop: Shop, at: datetime) -> None:
    owner = factories.make_user("林晓")
    factories.make_role(owner, shop.merchant, kind="owner")
    review = write_review(arrival=visit(shop, at), user=shop.member, stars=2, body="等太久", at=at)
    with pytest.raises(MayNotReply):
        reply_to_review(review=review, by=shop.clerk, body="抱歉", at=at)
    with pytest.raises(BadReview):
        reply_to_review(review=review, by=owner, body="  ", at=at)
    assert reply_to_review(review=review, by=owner, body="抱歉，已经加人了", at=at).reply == "抱歉，已经加人了"
    with pytest.raises(MayNotReply):
        reply_to_review(review=review, by=owner, body="还有", at=at)


def test_stars_are_counted(shop: Shop, at: datetime) -> None:
    for number, stars in enumerate((5, 5, 4, 1)):
        now = at + timedelta(days=number)
        write_review(arrival=visit(shop, now), user=shop.member, stars=stars, body="", at=now)
    assert count_stars([shop.place.pk]) == {shop.place.pk: (4, 15)}
    assert count_each_star(shop.place.pk) == {5: 2, 4: 1, 3: 0, 2: 0, 1: 1}
    assert [review.stars for review in list_reviews(shop.place.pk, 2)] == [1, 4]


def test_a_history_is_loaded(shop: Shop, at: datetime) -> None:
    arrivals = [visit(shop, at + timedelta(days=number)) for number in range(3)]
    rows = [ReviewRow(arrival, 4, "好", at + timedelta(days=5), "谢谢", at + timedelta(days=6)) for arrival in arrivals]
    assert len(load_reviews(rows=rows)) == Review.objects.count() == 3
    assert OutboxEvent.objects.filter(kind="review").count() == 3


# The page


@pytest.fixture
def arrival(shop: Shop, client: Client) -> Arrival:
    client.force_login(shop.member)
    return visit(shop, timezone.now())


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_form_is_filled_and_kept(client: Client, shop: Shop, arrival: Arrival, language: str) -> None:
    client.cookies["django_language"] = language
    address = f"/reviews/new?arrival={arrival.pk}"
    assert ("Luli Coffee" if language == "en" else "鹿里咖啡") in client.get(address).content.decode()
    wrong = client.post(address, {"body": "没有点星"})
    assert wrong.status_code == 422
    assert "没有点星" in wrong.content.decode()
    kept = client.post(address, {"stars": "4", "body": "手冲很好"})
    assert kept["Location"] == f"/places/{shop.place.pk}"
    assert (Review.objects.get().stars, Review.objects.get().body) == (4, "手冲很好")
    assert client.get(address)["Location"] == f"/places/{shop.place.pk}", "a second time there is nothing to ask"


@pytest.mark.parametrize("number", ["", "x", "0", "9" * 30, "-1"])
def test_other_visits_are_unknown(client: Client, arrival: Arrival, number: str) -> None:
    assert client.get(f"/reviews/new?arrival={number}").status_code == 404


def test_a_stranger_signs_in_first(arrival: Arrival) -> None:
    assert Client().get(f"/reviews/new?arrival={arrival.pk}").status_code == 302


def test_another_persons_visit_is_unknown(arrival: Arrival) -> None:
    other = Client()
    stranger: User = factories.make_user("别人")
    other.force_login(stranger)
    assert other.get(f"/reviews/new?arrival={arrival.pk}").status_code == 404
