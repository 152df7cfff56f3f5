"""Following the news: nothing is lost, nothing is counted twice, one follower at a time (DS7, DS8)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction

from bacao.discovery.models import OutboxMark, PlaceStanding, SearchDocument
from bacao.discovery.queries import get_standings, list_usual_amounts, search
from bacao.discovery.services import (
    follow_outbox,
    forget_old_news,
    rebuild_search,
    refresh_standings,
    refresh_usual_amounts,
)
from bacao.discovery.services.following import READER
from bacao.kit.models import OutboxEvent
from bacao.kit.queries import read_news
from bacao.kit.services import announce
from bacao.notes.services import moderate_note
from bacao.places.services import close_place, update_place
from bacao.redemption.models import Arrival
from bacao.reviews.models import Review
from tests.discovery.town import LAKE, found_town, open_shop, write_note
from tests.factories import make_offer_version, make_user


@contextmanager
def another_connection() -> Iterator[psycopg.Connection]:
    """Open a second, really separate session of the same database."""
    given = connection.get_connection_params()
    keys = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{key: given[key] for key in keys if given.get(key)}) as other:
        yield other


SAY = "INSERT INTO kit_outboxevent (kind, ref_id) VALUES ('place', %s) RETURNING id"
NAIVE = "SELECT id, ref_id FROM kit_outboxevent WHERE id > %s ORDER BY id"


@pytest.mark.django_db(transaction=True)
def test_ds8_a_slow_transaction_is_lost_by_the_last_id_and_found_by_the_mark() -> None:
    """Ids are drawn before commit: the slow one has the smaller id and commits after the reader went past it."""
    mark = read_news(since_tx=0).until_tx
    with another_connection() as slow, another_connection() as quick:
        (slow_id,) = slow.execute(SAY, [1]).fetchone() or (0,)  # drawn, not committed
        (quick_id,) = quick.execute(SAY, [2]).fetchone() or (0,)
        quick.commit()
        assert slow_id < quick_id

        with connection.cursor() as reader:  # a reader that remembers the last id it saw
            reader.execute(NAIVE, [slow_id - 1])
            first_look = reader.fetchall()
        honest_look = read_news(since_tx=mark)

        slow.commit()

        with connection.cursor() as reader:
            reader.execute(NAIVE, [max(row[0] for row in first_look)])
            second_look = reader.fetchall()
        assert {ref_id for _, ref_id in first_look + second_look} == {2}, "the race: news of place 1 is lost for ever"

        later = read_news(since_tx=honest_look.until_tx, seen=honest_look.seen)
        assert honest_look.ids_by_kind["place"] == {2}, "the quick one does not wait for the slow one"
        assert later.ids_by_kind["place"] == {1}, "the slow one is found, and the quick one not again"


@pytest.mark.django_db(transaction=True)
def test_ds8_a_place_changed_by_a_slow_transaction_is_found_in_the_end(at: datetime) -> None:
    found_town()
    slow_place, quick_place = open_shop("慢店", at=at), open_shop("快店", at=at)
    rebuild_search(at=at)
    rename = "UPDATE places_place SET name_zh = %s WHERE id = %s"
    with another_connection() as slow:
        slow.execute(rename, ["慢店改名", slow_place.pk])
        slow.execute(SAY, [slow_place.pk])
        update_place(place=quick_place, at=at, name_zh="快店改名")
        assert follow_outbox(at=at) == 1
        assert follow_outbox(at=at) == 0, "read once, although the mark has to wait"
        slow.commit()
    assert follow_outbox(at=at) == 1
    assert {"慢店改名", "快店改名"} <= set(SearchDocument.objects.values_list("title", flat=True))


@pytest.mark.django_db(transaction=True)
def test_one_follower_at_a_time(at: datetime) -> None:
    found_town()
    open_shop("鹿里咖啡", at=at)
    rebuild_search(at=at)
    update_place(place=open_shop("另一家", at=at), at=at, name_zh="改名")
    with another_connection() as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('bacao.discovery.search'))")
        assert follow_outbox(at=at) == 0
        other.rollback()
    assert follow_outbox(at=at) == 1, "one place, however often it was named"
    assert follow_outbox(at=at) == 0, "read to the end"


@pytest.mark.django_db(transaction=True)
def test_news_of_a_transaction_that_failed_is_no_news(at: datetime) -> None:
    found_town()
    rebuild_search(at=at)
    with pytest.raises(RuntimeError), transaction.atomic():
        announce(kind="place", ref_id=1)
        raise RuntimeError
    assert follow_outbox(at=at) == 0


@pytest.mark.django_db(transaction=True)
def test_what_changes_is_written_again(at: datetime) -> None:
    found_town()
    place = open_shop("鹿里咖啡", at=at)
    note = write_note(make_user(), "靠窗的桌子", [place], at=at)
    assert follow_outbox(at=at) > 0, "the first time everything is built"

    def titles(text: str) -> set[str]:
        found = search(text=text, language="zh-hans", lat=LAKE[0], lon=LAKE[1], at=at)
        return {item.place.name_zh for item in found.places} | {row.title for row in found.notes}

    assert titles("鹿里咖啡") == {"鹿里咖啡", "靠窗的桌子"}
    update_place(place=place, at=at, name_zh="山野咖啡")
    follow_outbox(at=at)
    assert titles("山野咖啡") == {"山野咖啡", "靠窗的桌子"}, "a note is found by the new name of its place"
    moderate_note(note=note, state="hidden", reason="广告", by=make_user("值班", is_staff=True), at=at)
    close_place(place=place, at=at)
    follow_outbox(at=at)
    assert titles("山野咖啡") == set()


@pytest.mark.django_db(transaction=True)
def test_a_new_dish_is_found(at: datetime) -> None:
    found_town()
    place = open_shop("鹿里咖啡", at=at)
    follow_outbox(at=at)

    def found() -> list[str]:
        answer = search(text="开心果可颂", language="zh-hans", lat=LAKE[0], lon=LAKE[1], at=at)
        return [item.place.name_zh for item in answer.places]

    assert found() == []
    dish = {"zh": "开心果可颂", "en": "Pistachio croissant", "quantity": 1, "unit_minor": 2600}
    version = make_offer_version(place, items=[dish], at=at)
    announce(kind="offer", ref_id=version.offer_id)
    follow_outbox(at=at)
    assert found() == ["鹿里咖啡"]


@pytest.mark.django_db(transaction=True)
def test_only_news_that_were_read_and_are_old_are_forgotten(at: datetime) -> None:
    rebuild_search(at=at)
    OutboxMark.objects.filter(reader=READER).update(tx=100)
    old, young = at - timedelta(days=10), at - timedelta(days=8)
    news = {"read and old": (99, old), "read": (99, young), "old": (100, old)}
    OutboxEvent.objects.bulk_create(OutboxEvent(kind=kind, ref_id=1, tx=tx) for kind, (tx, _) in news.items())
    for kind, (_, recorded_at) in news.items():
        OutboxEvent.objects.filter(kind=kind).update(recorded_at=recorded_at)
    assert forget_old_news(at=at) == 1
    assert set(OutboxEvent.objects.filter(ref_id=1).values_list("kind", flat=True)) == {"read", "old"}


@pytest.mark.django_db(transaction=True)
def test_a_flood_of_news_is_answered_by_building_anew(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    found_town()
    rebuild_search(at=at)
    monkeypatch.setattr("bacao.discovery.services.following.REBUILD_FROM", 2)
    for number in range(4):
        open_shop(f"第 {number} 家", at=at)
    assert follow_outbox(at=at) == 4
    assert SearchDocument.objects.count() == 4
    assert follow_outbox(at=at) == 0


@pytest.mark.django_db
def test_the_mark_never_runs_ahead_of_what_was_read(at: datetime) -> None:
    found_town()
    rebuild_search(at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        own = cursor.fetchone()[0]
    assert OutboxMark.objects.get(reader=READER).tx <= own, "this very transaction is still to be read"


# --- standings


@pytest.mark.django_db
def test_standings_count_what_really_happened(at: datetime) -> None:
    found_town()
    place, quiet = open_shop("鹿里咖啡", at=at), open_shop("没人", at=at)
    for days, stars, void in ((1, 5, False), (2, 4, False), (45, 4, False), (3, 1, True)):
        user, when = make_user(), at - timedelta(days=days)
        arrival = Arrival.objects.create(place=place, user=user, arrived_at=when, void_at=at if void else None)
        Review.objects.create(arrival=arrival, place=place, user=user, stars=stars, written_at=when)
    write_note(make_user(), "靠窗", [place], at=at)
    refresh_standings(at=at)
    standing = get_standings([place.pk])[place.pk]
    assert (standing.review_count, standing.stars_hundredths, standing.stars) == (3, 433, "4.3")
    assert (standing.arrival_count, standing.arrivals_30_days, standing.note_count) == (3, 2, 1)
    assert get_standings([quiet.pk])[quiet.pk].review_count == 0
    refresh_standings(at=at + timedelta(days=40), place_ids=[place.pk])
    assert get_standings([place.pk])[place.pk].arrivals_30_days == 0
    assert PlaceStanding.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_review_moves_the_standing_of_its_place(at: datetime) -> None:
    found_town()
    place, user = open_shop("鹿里咖啡", at=at), make_user()
    rebuild_search(at=at)
    arrival = Arrival.objects.create(place=place, user=user, arrived_at=at)
    review = Review.objects.create(arrival=arrival, place=place, user=user, stars=5, written_at=at)
    announce(kind="review", ref_id=review.pk)
    follow_outbox(at=at)
    assert get_standings([place.pk])[place.pk].review_count == 1


@pytest.mark.django_db
def test_the_usual_amount_is_the_median_of_the_leaf_or_else_of_its_branch(at: datetime) -> None:
    found_town()
    for usual in (2000, 3000, 4000, 5000, 90000):
        open_shop(f"咖啡 {usual}", at=at, usual_minor=usual)
    open_shop("烘焙所", at=at, category="roastery", usual_minor=7000)
    refresh_usual_amounts()
    amounts = list_usual_amounts()
    assert amounts["cafe"] == 4000, "one dear place moves it little"
    assert amounts["roastery"] == amounts["cafe"], "one place is no median"
    assert "hotpot" not in amounts
