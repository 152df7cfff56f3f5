"""A refund waits for the counter that may use the voucher without network (RD28, RF2)."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from bacao.orders.models import Refund, Voucher
from bacao.orders.services import mark_used
from bacao.redemption.models import Counter, Lease, RefundWish
from bacao.redemption.queries import list_asked_leases
from bacao.redemption.services import enrol_device, fulfil_wishes, refund_expired, refund_voucher
from tests.factories import Shop, make_shop
from tests.orders.arena import ROUNDS, Arena, sql

MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


def lend(shop: Shop, voucher: Voucher, at: datetime) -> Counter:
    """Let a phone at the counter hold the right to use a voucher without network."""
    counter, _ = enrol_device(place_id=shop.place.pk, name="phone", public_key=b"x" * 65, at=at)
    Counter.objects.filter(pk=counter.pk).update(agreed_at=at, manifest_at=at)
    Lease.objects.create(voucher=voucher, merchant=shop.merchant, counter=counter, given_at=at)
    return counter


@pytest.mark.django_db
def test_a_refund_waits_until_the_lease_is_given_back(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    shop.token(voucher, at)
    counter = lend(shop, voucher, at)
    for _ in range(2):
        assert refund_voucher(voucher=voucher, by=shop.member, at=at) is None
    assert len(list_asked_leases(counter.pk)) == 1, "its phone is asked"
    assert (fulfil_wishes(at=at + MINUTE), Refund.objects.count()) == (0, 0)
    Lease.objects.update(returned_at=at + MINUTE)
    assert fulfil_wishes(at=at + 2 * MINUTE) == 1
    assert fulfil_wishes(at=at + 3 * MINUTE) == 0
    voucher.refresh_from_db()
    assert (voucher.uses_left, Refund.objects.get().amount_minor) == (0, 3800)


@pytest.mark.django_db
def test_no_longer_than_a_day(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    lend(shop, voucher, at)
    refund_voucher(voucher=voucher, by=shop.member, at=at)
    assert fulfil_wishes(at=at + timedelta(hours=23, minutes=59)) == 0
    assert fulfil_wishes(at=at + timedelta(hours=24)) == 1


@pytest.mark.django_db
def test_what_was_used_meanwhile_is_not_refunded(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    lend(shop, voucher, at)
    refund_voucher(voucher=voucher, by=shop.member, at=at)
    with transaction.atomic():
        mark_used(voucher=Voucher.objects.get(pk=voucher.pk), uses=1)
    assert fulfil_wishes(at=at) == 1
    assert not Refund.objects.exists()


@pytest.mark.django_db
def test_what_expired_waits_too(shop: Shop, at: datetime) -> None:
    held, free = shop.sell(at), shop.sell(at)
    until = max(held.valid_until, free.valid_until)
    counter = lend(shop, held, at)
    Counter.objects.filter(pk=counter.pk).update(manifest_at=until - MINUTE)
    assert refund_expired(at=until) == 1
    assert Refund.objects.get().voucher_id == free.pk
    assert refund_expired(at=until + timedelta(hours=24)) == 1


@pytest.mark.django_db
def test_what_is_gone_is_lent_to_nobody(shop: Shop, at: datetime) -> None:
    gone, wished = shop.sell(at), shop.sell(at)
    refund_voucher(voucher=gone, by=shop.member, at=at)
    RefundWish.objects.create(voucher=wished, asked_at=at)
    counter = lend(shop, shop.sell(at), at)
    sql(
        "INSERT INTO redemption_lease (voucher_id, merchant_id, counter_id, given_at) VALUES (%s, %s, %s, now()),"
        " (%s, %s, %s, now())",
        *(gone.pk, shop.merchant.pk, counter.pk),
        *(wished.pk, shop.merchant.pk, counter.pk),
    )
    assert Lease.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_race_a_refund_and_a_lease(at: datetime) -> None:
    arena, shop = Arena(), make_shop()
    counter = lend(shop, shop.sell(at), at)
    lease = "INSERT INTO redemption_lease (voucher_id, merchant_id, counter_id, given_at) VALUES (%s, %s, %s, now())"

    def race(voucher: Voucher) -> tuple[bool, bool]:
        """Return whether it was lent, and whether it was refunded."""
        arena.run(
            [
                lambda: sql(lease, voucher.pk, shop.merchant.pk, counter.pk),
                lambda: refund_voucher(voucher=voucher, by=shop.member, at=at),
            ]
        )
        voucher.refresh_from_db()
        return Lease.objects.filter(voucher=voucher, returned_at=None).exists(), voucher.uses_refunded == 1

    try:
        trigger = sql("SELECT tgname FROM pg_trigger WHERE tgname LIKE %s", "pgtrigger_lendable%")[0][0]
        sql(f"ALTER TABLE redemption_lease DISABLE TRIGGER {trigger}")
        voucher = shop.sell(at)  # a manifest read that it was good, then it was refunded, then the lease is written
        refund_voucher(voucher=voucher, by=shop.member, at=at)
        sql(lease, voucher.pk, shop.merchant.pk, counter.pk)
        sql(f"ALTER TABLE redemption_lease ENABLE TRIGGER {trigger}")
        assert Lease.objects.filter(voucher=voucher).exists(), "the race did not show itself"
        for _ in range(ROUNDS * 4):
            assert race(shop.sell(at)) != (True, True), "lent, or refunded, not both"
    finally:
        arena.close()
