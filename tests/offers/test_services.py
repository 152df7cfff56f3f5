"""Offers, versions and states; units taken and given back, one by one and by many at once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from bacao.accounts.models import User
from bacao.kit.models import OutboxEvent
from bacao.kit.text import Refused
from bacao.offers import queries, services
from bacao.offers.models import Offer, OfferFunder, OfferStock, OfferVersion, PersonalUse, StateChange
from bacao.offers.rules import TermsRefused
from bacao.places.models import Place
from tests.factories import make_merchant, make_place, make_user

from .conftest import PACKAGE, make_offer

pytestmark = pytest.mark.django_db


def check_constraints_now() -> None:
    """Run what would run at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_offer_begins_with_its_first_version(place: Place, owner: User, at: datetime) -> None:
    offer = services.create_offer(
        place=place, kind="package", terms=PACKAGE | {"stock": 5},
        funders=[("platform", 3000), ("merchant", 7000)], by=owner, at=at,
    )  # fmt: skip
    check_constraints_now()
    terms = queries.get_terms(queries.get_current_version(offer.pk))
    assert (offer.state, terms.price_minor, terms.stock_left) == ("draft", 6800, 5)
    assert terms.funders == (("platform", 3000), ("merchant", 7000))
    assert OutboxEvent.objects.filter(kind="offer", ref_id=offer.pk).count() == 1


def test_a_revision_adds_a_version_and_keeps_the_old_one(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at)
    first = queries.get_current_version(offer.pk)
    second = services.revise_offer(
        offer=offer, terms=PACKAGE | {"price_minor": 6000}, funders=[("merchant", 10000)], by=owner, at=at
    )
    assert (second.number, second.created_by, queries.get_current_version(offer.pk)) == (2, owner, second)
    assert queries.get_terms(queries.get_version(first.pk)).price_minor == 6800
    assert [version.number for version in queries.list_versions(offer.pk)] == [2, 1]


def test_stock_cannot_be_set_below_what_is_sold(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at, stock=5)
    services.take_units(offer_id=offer.pk, user_id=owner.pk, quantity=3, per_person=None, at=at)
    with pytest.raises(services.SoldMoreThanThat, match="3 are sold"):
        services.revise_offer(offer=offer, terms=PACKAGE | {"stock": 2}, funders=[("merchant", 10000)], by=owner, at=at)
    assert queries.get_current_version(offer.pk).number == 1
    services.revise_offer(offer=offer, terms=PACKAGE | {"stock": 3}, funders=[("merchant", 10000)], by=owner, at=at)
    with pytest.raises(services.SoldOut):
        services.take_units(offer_id=offer.pk, user_id=owner.pk, quantity=1, per_person=None, at=at)


def test_states_are_dated_and_ended_is_the_end(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at)
    services.set_offer_state(offer=offer, state="paused", reason="厨房满了", by=owner, at=at)
    services.set_offer_state(offer=offer, state="paused", by=owner, at=at)
    services.set_offer_state(offer=offer, state="live", by=owner, at=at)
    services.set_offer_state(offer=offer, state="ended", by=owner, at=at)
    assert list(StateChange.objects.filter(offer=offer).order_by("id").values_list("state", "reason")) == [
        ("live", ""), ("paused", "厨房满了"), ("live", ""), ("ended", ""),
    ]  # fmt: skip
    with pytest.raises(services.OfferEnded):
        services.set_offer_state(offer=offer, state="live", by=owner, at=at)
    with pytest.raises(services.OfferEnded):
        services.revise_offer(offer=offer, terms=PACKAGE, funders=[("merchant", 10000)], by=owner, at=at)


def test_a_shop_loads_many_offers_at_once(place: Place, at: datetime) -> None:
    rows = [
        services.OfferRow(
            place_id=place.pk, kind="package", terms=PACKAGE | {"stock": 9, "sale_until": at - timedelta(days=1)},
            funders=[("merchant", 10000)], created_at=at - timedelta(days=30), used=number,
        )
        for number in range(3)
    ]  # fmt: skip
    versions = services.load_offers(rows=rows, at=at)
    check_constraints_now()
    assert [queries.get_terms(queries.get_version(version.pk)).stock_left for version in versions] == [9, 8, 7]
    with pytest.raises(TermsRefused):
        services.load_offers(rows=[services.OfferRow(place.pk, "package", {}, [("merchant", 10000)], at)], at=at)


# what no service bug may write


def test_pr4_shares_that_are_not_whole_do_not_commit(place: Place, at: datetime) -> None:
    offer = make_offer(place, at)
    version = queries.get_current_version(offer.pk)
    with pytest.raises(IntegrityError, match="sum to 15000"), transaction.atomic():
        OfferFunder.objects.create(version=version, party="platform", share_basis_points=5000)
        check_constraints_now()
    with pytest.raises(IntegrityError, match="sum to 0"), transaction.atomic():
        OfferVersion.objects.filter(pk=version.pk).update(is_current=False)
        OfferVersion.objects.create(offer=offer, number=2, title_zh="空", created_at=at)
        check_constraints_now()


@pytest.mark.parametrize("change", [{"price_minor": 1}, {"is_current": False, "stock": 3}, {"items": [{"zh": "x"}]}])
def test_versions_are_immutable(place: Place, at: datetime, change: dict[str, object]) -> None:
    offer = make_offer(place, at)
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        OfferVersion.objects.filter(offer=offer).update(**change)


def test_a_version_that_is_over_stays_over(place: Place, at: datetime) -> None:
    versions = OfferVersion.objects.filter(offer=make_offer(place, at))
    assert versions.update(is_current=False) == 1
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        versions.update(is_current=True)
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        OfferFunder.objects.filter(version__in=versions).update(share_basis_points=1)


# units (PR16, PR38)


def used(offer: Offer) -> int:
    return OfferStock.objects.get(offer=offer).used


def test_pr16_empty_is_unlimited_and_zero_is_none_left(place: Place, owner: User, at: datetime) -> None:
    endless, gone = make_offer(place, at), make_offer(place, at, stock=0)
    services.take_units(offer_id=endless.pk, user_id=owner.pk, quantity=500, per_person=None, at=at)
    assert used(endless) == 500
    with pytest.raises(services.SoldOut):
        services.take_units(offer_id=gone.pk, user_id=owner.pk, quantity=1, per_person=None, at=at)


def test_rc10_all_or_nothing(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at, stock=2)
    with pytest.raises(services.SoldOut, match="Only 2 left"):
        services.take_units(offer_id=offer.pk, user_id=owner.pk, quantity=3, per_person=5, at=at)
    assert used(offer) == 0
    assert not PersonalUse.objects.exists()


def test_a_personal_limit_counts_across_purchases(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at)

    def take(quantity: int, per_person: int | None) -> None:
        services.take_units(offer_id=offer.pk, user_id=owner.pk, quantity=quantity, per_person=per_person, at=at)

    with pytest.raises(services.PersonalLimitReached, match="you have 0"):
        take(4, 3)
    take(2, 3)
    with pytest.raises(services.PersonalLimitReached, match="you have 2"):
        take(2, 3)
    take(1, 3)
    take(2, 5)  # the shop raised the limit
    with pytest.raises(services.PersonalLimitReached, match="you have 5"):
        take(1, 2)  # and lowered it below what was taken
    services.return_units(offer_id=offer.pk, user_id=owner.pk, quantity=5, at=at)
    assert used(offer) == 0
    take(1, 2)


def test_nothing_is_taken_from_what_is_not_on_sale(place: Place, owner: User, at: datetime) -> None:
    later = make_offer(place, at, sale_from=at + timedelta(hours=1))
    until_now = make_offer(place, at - timedelta(days=1), sale_until=at)  # half open: over at `at`
    paused = make_offer(place, at, state="paused")
    for offer in (later, until_now, paused):
        with pytest.raises(services.NotOnSale):
            services.take_units(offer_id=offer.pk, user_id=owner.pk, quantity=1, per_person=None, at=at)


def test_the_last_unit_and_the_first_one_back_are_news(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at, stock=2)
    news = OutboxEvent.objects.filter(kind="offer", ref_id=offer.pk)
    assert news.count() == 1
    for expected in (1, 2):
        services.take_units(offer_id=offer.pk, user_id=owner.pk, quantity=1, per_person=None, at=at)
        assert news.count() == expected
    services.return_units(offer_id=offer.pk, user_id=owner.pk, quantity=1, at=at)
    assert news.count() == 3


def test_more_cannot_be_given_back_than_was_taken(place: Place, owner: User, at: datetime) -> None:
    offer = make_offer(place, at)
    services.take_units(offer_id=offer.pk, user_id=owner.pk, quantity=1, per_person=None, at=at)
    with pytest.raises(AssertionError), transaction.atomic():
        services.return_units(offer_id=offer.pk, user_id=owner.pk, quantity=2, at=at)
    assert used(offer) == 1


# races: first without the guard, then with it


def run_together(count: int, work: Callable[[int], None]) -> list[BaseException | None]:
    """Run `work(0..count-1)` in threads with connections of their own that start at the same moment."""
    outcomes: list[BaseException | None] = [None] * count
    start = threading.Barrier(count)

    def one(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            work(number)
        except Exception as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def people(count: int) -> list[User]:
    return [make_user() for _ in range(count)]


def check_then_act(offer_id: int, both_have_read: threading.Barrier) -> None:
    """Take a unit without the guard: read, compare, write back."""
    with transaction.atomic():
        stock = OfferStock.objects.get(offer=offer_id)
        both_have_read.wait(timeout=5)
        if stock.limit is not None and stock.used + 1 > stock.limit:
            raise services.SoldOut(0)
        stock.used += 1
        stock.save()


@pytest.mark.django_db(transaction=True)
def test_rc1_the_last_unit(at: datetime) -> None:
    place, buyers = make_place(make_merchant()), people(16)
    offer = make_offer(place, at, stock=1)

    together = threading.Barrier(2)
    naive = run_together(2, lambda number: check_then_act(offer.pk, together))
    assert naive == [None, None], "without the guard two people get the last unit"
    assert used(offer) == 1

    OfferStock.objects.update(used=0)
    for _ in range(10):
        outcomes = run_together(
            16,
            lambda number: services.take_units(
                offer_id=offer.pk, user_id=buyers[number].pk, quantity=1, per_person=1, at=at
            ),
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", *["SoldOut"] * 15]
        assert (used(offer), PersonalUse.objects.filter(used=1).count()) == (1, 1)
        winner = buyers[outcomes.index(None)]
        services.return_units(offer_id=offer.pk, user_id=winner.pk, quantity=1, at=at)


def look_then_write(offer_id: int, user_id: int, limit: int, both_have_looked: threading.Barrier) -> None:
    """Count a person's use without the guard: look for the row, insert it where there is none."""
    with transaction.atomic():
        mine = PersonalUse.objects.filter(offer=offer_id, identity=f"user-{user_id}").first()
        both_have_looked.wait(timeout=5)
        if mine is None:
            PersonalUse.objects.create(offer_id=offer_id, identity=f"user-{user_id}", used=1, limit=limit)
        elif mine.used + 1 > limit:
            raise services.PersonalLimitReached(limit, mine.used)
        else:
            PersonalUse.objects.filter(pk=mine.pk).update(used=mine.used + 1)


@pytest.mark.django_db(transaction=True)
def test_rc8_first_uses_at_the_same_moment(at: datetime) -> None:
    place, (buyer,) = make_place(make_merchant()), people(1)
    offer = make_offer(place, at)

    together = threading.Barrier(2)
    naive = run_together(2, lambda number: look_then_write(offer.pk, buyer.pk, 2, together))
    assert [type(outcome) for outcome in naive].count(IntegrityError) == 1, "without the guard one of two falls over"

    PersonalUse.objects.all().delete()
    for _ in range(10):
        outcomes = run_together(
            8,
            lambda number: services.take_units(offer_id=offer.pk, user_id=buyer.pk, quantity=1, per_person=2, at=at),
        )
        refused = [outcome for outcome in outcomes if outcome is not None]
        assert all(isinstance(outcome, Refused) for outcome in refused)
        assert (len(refused), PersonalUse.objects.get().used, used(offer)) == (6, 2, 2)
        services.return_units(offer_id=offer.pk, user_id=buyer.pk, quantity=2, at=at)
        PersonalUse.objects.all().delete()
