"""New places: who is, what they are promised, and that a logged chance can be worked out again (M14, IN5)."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from bacao.discovery.index.reader import Reader
from bacao.discovery.models import Draw, Exposure, Posterior, Trial
from bacao.discovery.queries import list_nearby
from bacao.discovery.queries.trials import list_posteriors
from bacao.discovery.rules.exploration import NEW_DAYS, PROMISED, Lot, chances, draw_points, price_of_promise
from bacao.discovery.rules.exposure import Slate, examine_probability
from bacao.discovery.services import begin_trials, refresh_posteriors
from bacao.discovery.services.builder import Builder
from bacao.discovery.services.exposures import ExposureQueue, pseudonym_of
from bacao.kit.services import announce
from bacao.places.models import Place
from bacao.simulation.rules.newcomers import run_street
from tests.discovery.indexed import view_of_database
from tests.discovery.town import LAKE, give_standing, open_shop
from tests.factories import make_offer_version, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def new_shop(number: int, at: datetime, since: datetime) -> Place:
    place = open_shop(f"第 {number} 家", at=at, metres=20 * number)
    make_offer_version(place, at=since, kind="percent_off", percent_basis_points=500)
    return place


def test_a_place_is_new_once_from_its_first_offer_on(town: None, at: datetime) -> None:
    fresh, old, bare = new_shop(1, at, at - DAY), new_shop(2, at, at - 40 * DAY), open_shop("没优惠", at=at)
    assert begin_trials(at=at) == 1 and begin_trials(at=at, place_ids=[fresh.pk, old.pk, bare.pk]) == 0
    assert [(trial.place_id, trial.since) for trial in Trial.objects.all()] == [(fresh.pk, at - DAY)]
    assert refresh_posteriors(at=at) == 1 and refresh_posteriors(at=at) == 0
    assert list_posteriors() == {fresh.pk: (0, 0, True)}


def test_what_is_missing_is_carried_over(town: None, at: datetime) -> None:
    kept, owed = new_shop(1, at, at), new_shop(2, at, at)
    begin_trials(at=at)
    Trial.objects.filter(pk=kept.pk).update(examined_hundredths=PROMISED * 100)
    refresh_posteriors(at=at + NEW_DAYS * DAY)
    assert {trial.place_id: trial.ended_at is None for trial in Trial.objects.all()} == {kept.pk: False, owed.pk: True}
    assert list_posteriors()[owed.pk] == (0, 0, True)
    Trial.objects.filter(pk=owed.pk).update(examined_hundredths=PROMISED * 100)
    refresh_posteriors(at=at + 60 * DAY)
    assert not Trial.objects.filter(ended_at=None).exists()


def test_beliefs_and_draws_stay_written(town: None, at: datetime) -> None:
    new_shop(1, at, at)
    begin_trials(at=at)
    refresh_posteriors(at=at)
    for change in (Posterior.objects.all().delete, lambda: Posterior.objects.update(arrivals=9)):
        with pytest.raises(IntegrityError, match="stays written"), transaction.atomic():
            change()


@pytest.fixture
def drawn(town: None, at: datetime, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the new shops of a street of forty, which its index knows."""
    for number in range(30):
        give_standing(open_shop(f"老 {number}", at=at, metres=10 * number), reviews=9, stars_hundredths=480, recent=40)
    new = [new_shop(40 + number, at, at - DAY).pk for number in range(10)]
    begin_trials(at=at)
    refresh_posteriors(at=at)
    view = view_of_database(at)
    monkeypatch.setattr("bacao.discovery.queries.nearby.find_view", lambda: view)
    return new


def test_a_logged_chance_can_be_worked_out_again(drawn: list[int], at: datetime) -> None:
    user, queue = make_user(), ExposureQueue()
    found = list_nearby(lat=LAKE[0], lon=LAKE[1], radius_m=1000, at=at, viewer=user, tries_new=True)
    ids = [item.place.pk for item in found.items]
    tried = [item for item in found.items if item.terms["exploration"]]
    assert len(tried) == 2 and {item.place.pk for item in tried} <= set(drawn)
    assert all("新店，正在试" in [text.zh for text in item.reasons] for item in tried)
    assert all(sum(reason.points for reason in item.explanation) == item.score for item in found.items)
    queue.put(Slate.of(pseudonym_of(user_id=user.pk), "now", int(at.timestamp() * 1000), ids, found.number, found.lot))
    assert queue.write() == 1
    draw, beliefs = Draw.objects.get(), list_posteriors(Draw.objects.get().posterior)
    lot = Lot(draw.posterior, draw.seed, np.array(draw.shop_ids), np.array(draw.base_points),
              np.array([draw_points(*beliefs[shop_id]) for shop_id in draw.shop_ids]))  # fmt: skip
    rows = list(Exposure.objects.filter(eligibility="tried").order_by("slot"))
    assert [row.shop_id for row in rows] == [item.place.pk for item in tried] and sorted(draw.shop_ids) == sorted(drawn)
    again = chances(lot, [row.shop_id for row in rows])
    assert [row.propensity for row in rows] == [again[0, 0], again[1, 1]] and all(
        0 < row.propensity < 1 for row in rows
    )
    assert set(Exposure.objects.exclude(eligibility="tried").values_list("propensity", flat=True)) == {1.0}


def test_what_was_seen_is_counted_whoever_saw_it(drawn: list[int], at: datetime) -> None:
    queue, anybody = ExposureQueue(), 0
    for unit in (7, anybody):
        queue.put(Slate.of(unit, "now", int(at.timestamp() * 1000), [drawn[3], 10**9, drawn[5]], (1, 1)))
    queue.write()
    examined = {trial.place_id: trial.examined_hundredths for trial in Trial.objects.filter(examined_hundredths__gt=0)}
    assert examined == {drawn[3]: 200, drawn[5]: round(2 * examine_probability(2) * 100)}
    assert set(Exposure.objects.values_list("unit_id", flat=True)) == {7}, "of nobody in particular no row is kept"


def test_who_switched_it_off_and_other_lists_see_none(drawn: list[int], at: datetime) -> None:
    user = make_user(personal_ranking=False)
    for viewer, tries, some in (
        (user, True, False),
        (None, False, False),
        (None, True, True),
        (make_user(), True, True),
    ):
        found = list_nearby(lat=LAKE[0], lon=LAKE[1], radius_m=1000, at=at, viewer=viewer, tries_new=tries)
        assert any(item.terms["exploration"] for item in found.items) is some


@pytest.mark.django_db(transaction=True)
def test_the_index_learns_by_news(town: None, at: datetime, tmp_path: Path) -> None:
    place = new_shop(1, at, at - DAY)
    builder, reader = Builder(tmp_path / "index"), Reader(tmp_path / "index")
    builder.open(at=at)
    first = reader.refresh()
    assert first is not None and (first.posterior, len(first.base.new_row)) == (0, 0)
    begin_trials(at=at)
    refresh_posteriors(at=at)
    builder.tick(at=at)
    second = reader.refresh()
    assert second is not None and second.posterior == 1 and second.delta.shop_id[second.delta.new_row] == [place.pk]
    assert second.delta.lots.tolist() == [list(draw_points(0, 0, True))]
    Trial.objects.update(examined_hundredths=PROMISED * 100)
    refresh_posteriors(at=at + NEW_DAYS * DAY)
    announce(kind="place", ref_id=place.pk)
    builder.tick(at=at)
    third = reader.refresh()
    assert third is not None and len(third.delta.new_row) == 0


def test_new_places_are_found_and_nobody_is_worse_off() -> None:
    """X63: in a street where two places open a day, with and without the slots."""
    without, drawn_only, promised = (
        run_street(seed=1, days=50, tries=tries, owes=owes)
        for tries, owes in ((False, False), (True, False), (True, True))
    )
    assert (without.promised, without.found) == (0, 0)
    assert promised.promised >= 0.95 and promised.found >= 0.9
    assert drawn_only.promised < promised.promised
    assert promised.quality >= without.quality * 0.97
    assert price_of_promise(2, 400 * sum(examine_probability(slot) for slot in range(20))) < 0.03
