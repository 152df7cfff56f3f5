"""The exposure log: what was served is kept as it was, costs nobody a wait, and names nobody (IN5, U30)."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from bacao.discovery.models import Exposure
from bacao.discovery.rules.exposure import Slate, examine_probability, slate_hash, unit_of
from bacao.discovery.services.exposures import ExposureQueue, log_exposure, pseudonym_of

pytestmark = pytest.mark.django_db


def slate(at: datetime, shops: tuple[int, ...] = (7, 3, 9)) -> Slate:
    return Slate(uuid4(), 42, "now", int(at.timestamp() * 1000), shops, (3, 8))


def test_a_served_list_is_kept_slot_by_slot(at: datetime) -> None:
    queue = ExposureQueue()
    served = slate(at)
    assert queue.put(served) and queue.put(slate(at, ()))
    assert queue.write() == 2 and len(queue) == 0
    rows = list(Exposure.objects.order_by("slot"))
    assert [(row.request_id, row.slot, row.shop_id) for row in rows] == [
        (served.request_id, slot, shop) for slot, shop in enumerate(served.shop_ids)
    ]
    assert {(row.served_at, row.unit_id, row.arm, row.propensity, row.index_base, row.index_delta) for row in rows} == {
        (at, 42, "none", 1.0, 3, 8)
    }
    assert [row.examine_probability for row in rows] == [examine_probability(slot) for slot in range(3)]
    assert {row.slate_hash for row in rows} == {slate_hash((7, 3, 9))} != {slate_hash((3, 7, 9))}


def test_a_full_queue_serves_on_and_counts(at: datetime) -> None:
    queue = ExposureQueue(most=2)
    assert [queue.put(slate(at)) for _ in range(5)] == [True, True, False, False, False]
    assert queue.lost == 3
    assert queue.write() == 2
    assert queue.put(slate(at))


def test_what_cannot_be_written_waits(at: datetime) -> None:
    queue = ExposureQueue()
    queue.put(slate(at))
    with pytest.raises(Exception, match="does not exist"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE discovery_exposure RENAME TO elsewhere")
        queue.write()
    assert len(queue) == 1
    assert queue.write() == 1


def test_the_same_list_twice_is_kept_once(at: datetime) -> None:
    queue, served = ExposureQueue(), slate(at)
    queue.put(served)
    queue.write()
    queue.put(served)
    assert queue.write() == 1
    assert Exposure.objects.count() == 3


def test_nothing_is_changed_and_only_what_is_old_is_deleted(at: datetime) -> None:
    """Without the trigger both would go through, as they do for a row that is older than half a year."""
    queue = ExposureQueue()
    queue.put(slate(at))
    queue.put(slate(at - timedelta(days=400), (1,)))
    queue.write()
    for change in (
        lambda: Exposure.objects.filter(slot=0).update(propensity=0.5),
        lambda: Exposure.objects.filter(shop_id=7).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert Exposure.objects.filter(shop_id=1).delete()[0] == 1


def test_a_pseudonym_needs_the_secret(at: datetime) -> None:
    assert unit_of(5, secret="a") != unit_of(5, secret="b") != unit_of(6, secret="b")
    assert unit_of(5, secret="a") == unit_of(5, secret="a") < 2**63
    assert pseudonym_of(user_id=5) == pseudonym_of(user_id=5)
    assert log_exposure(slate=slate(at, ()))
