"""The index follows the database: base and delta together are what a fresh build would be (DS8 to DS12)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bacao.discovery.index.answering import answer_public
from bacao.discovery.index.asking import Query, open_until
from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import Part
from bacao.discovery.index.reader import Reader
from bacao.discovery.index.view import View
from bacao.discovery.queries.rows import read_rows
from bacao.discovery.services import refresh_usual_amounts
from bacao.discovery.services.builder import Builder
from bacao.kit.bulk import one_snapshot
from bacao.kit.services import announce
from bacao.offers.models import Offer
from bacao.offers.services import set_offer_state, take_units
from bacao.places.models import Place
from bacao.places.services import close_place, set_hours, update_place
from tests.factories import make_merchant, make_offer_version, make_place, make_user

pytestmark = pytest.mark.django_db(transaction=True)
OFFERS: list[dict[str, Any]] = [
    {"kind": "percent_off", "percent_basis_points": 1500},
    {"kind": "percent_off", "percent_basis_points": 1000, "stack_tags": ["a"], "stack_accepts": ["b"]},
    {"kind": "threshold_off", "face_minor": 1000, "threshold_minor": 5000, "stack_tags": ["b"], "stack_accepts": ["a"]},
    {"kind": "voucher", "price_minor": 2500, "face_minor": 3000},
    {"kind": "package", "price_minor": 5800, "list_minor": 9900, "party_size": 2, "weekly_hours": "Mo-Fr 11:00-14:00"},
    {"kind": "percent_off", "percent_basis_points": 3000, "weekly_hours": "Sa,Su 10:00-22:00"},
    {"kind": "card"},
]


@pytest.fixture
def builder(tmp_path: Path, at: datetime) -> Iterator[Builder]:
    """Give a builder over a town of twelve shops, four of them with offers."""
    random = Random("town")
    shop = make_merchant()
    for number in range(12):
        place = make_place(shop, **somewhere(random), usual_minor=random.choice((None, 3000, 4500, 8000)))
        if number % 3:
            set_hours(place=place, expression=random.choice(("10:00-22:00", "Sa 18:00-02:00", "24/7")), at=at)
        if number < 4:
            make_offer_version(place, at=at, **random.choice(OFFERS))
    refresh_usual_amounts()
    built = Builder(tmp_path / "index")
    built.open(at=at)
    yield built


def somewhere(random: Random) -> dict[str, float]:
    return {"latitude": 30.25 + random.gauss(0, 0.01), "longitude": 120.16 + random.gauss(0, 0.01)}


def rows_of(part: Part) -> dict[int, tuple[object, ...]]:
    """Return every column of every row, shared tables looked up, by shop."""
    return {int(part.shop_id[i]): _row(part, i) for i in range(len(part.shop_id))}


def _row(part: Part, i: int) -> tuple[object, ...]:
    own = tuple(int(getattr(part, name)[i]) for name in Part._fields[:10] if name != "hours_id")
    hours, plan = part.hours_id[i], part.plan[i]
    spans = slice(*part.hours_ptr[hours : hours + 2])
    window = slice(*part.window_ptr[part.plan_window[plan] : part.plan_window[plan] + 2])
    end = part.plan_first[plan + 1] if plan + 1 < len(part.plan_first) else len(part.plan_deal)
    return (
        *own,
        hours > 0,
        list(zip(part.hours_open[spans].tolist(), part.hours_close[spans].tolist(), strict=True)),
        list(zip(part.window_edge[window].tolist(), part.window_state[window].tolist(), strict=True)),
        part.keys[part.plan_keys[plan]].tolist(),
        [_deal(part, deal) for deal in part.plan_deal[part.plan_first[plan] : end]],
    )


def _deal(part: Part, deal: int) -> tuple[object, ...]:
    curve, baskets = part.deal_curve[deal], part.deal_baskets[deal]
    runs = range(*part.curve_ptr[curve : curve + 2])
    chains = [part.steps[slice(*part.chain_ptr[c : c + 2])].tolist() for c in (part.run_chain[r] for r in runs)]
    some = slice(*part.baskets_ptr[baskets : baskets + 2])
    columns = (part.basket_price_minor, part.basket_party, part.basket_units, part.basket_list_minor)
    return [int(part.run_from_minor[r]) for r in runs], chains, [column[some].tolist() for column in columns]


def rows_seen(view: View) -> dict[int, tuple[object, ...]]:
    """Return what counts: the base less its tombstones, and the delta."""
    import numpy as np

    gone = np.unpackbits(view.gone, bitorder="little")[: len(view.base.shop_id)] if len(view.gone) else []
    dead = {int(shop_id) for shop_id, bit in zip(view.base.shop_id, gone, strict=False) if bit}
    kept = {shop_id: row for shop_id, row in rows_of(view.base).items() if shop_id not in dead}
    fresh = rows_of(view.delta)
    assert not set(kept) & set(fresh), "a row counts once"
    return kept | fresh


def view_of(builder: Builder) -> View:
    view = Reader(builder.folder).refresh()
    assert view is not None
    return view


def assert_current(builder: Builder, at: datetime) -> None:
    """Compare base and delta with a fresh build of everything, column by column."""
    view = view_of(builder)
    with one_snapshot():
        raw = read_rows(at=at).raw(view.frame)
    assert rows_seen(view) == rows_of(build_part(raw, view.frame))


def act(action: str, random: Random, at: datetime) -> None:
    """Change the town as its people do."""
    place = random.choice(list(Place.objects.order_by("pk")))
    if action == "publish":
        announce(kind="offer", ref_id=make_offer_version(place, at=at, **random.choice(OFFERS)).offer_id)
    elif action == "pause":
        for offer in Offer.objects.order_by("?")[:1]:
            state = "paused" if offer.state == "live" else "live"
            set_offer_state(offer=offer, state=state, by=None, at=at)
    elif action == "sell out":
        version = make_offer_version(place, at=at, kind="percent_off", percent_basis_points=5000)
        type(version.offer.stock).objects.filter(offer=version.offer).update(limit=1)
        take_units(offer_id=version.offer_id, user_id=make_user().pk, quantity=1, per_person=None, at=at)
        announce(kind="offer", ref_id=version.offer_id)
    elif action == "move":
        update_place(place=place, at=at, **somewhere(random))
    elif action == "delete":
        if place.state == Place.State.OPEN:
            close_place(place=place, at=at)
    elif action == "grow":
        new = make_place(place.merchant, **somewhere(random), usual_minor=5000)
        announce(kind="place", ref_id=new.pk)
    elif action == "reopen":
        Place.objects.filter(pk=place.pk).update(state="open", closed_at=None)
        announce(kind="place", ref_id=place.pk)
    else:
        set_hours(place=place, expression=random.choice(("08:00-12:00", "", "Mo-Su 00:00-24:00; PH off")), at=at)


ACTIONS = ("publish", "pause", "sell out", "move", "delete", "grow", "reopen", "hours")


def test_base_and_delta_are_what_a_fresh_build_is(builder: Builder, at: datetime) -> None:
    """DS12: whatever happens in whatever order; the town goes on from one example to the next."""
    assert_current(builder, at)

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=6), st.integers(0, 10**6))
    def happen(actions: list[str], seed: int) -> None:
        random = Random(seed)
        for action in actions:
            act(action, random, at)
        builder.tick(at=at)
        assert_current(builder, at)

    happen()


def test_insert_growth_and_deletion_are_seen_at_the_next_look(builder: Builder, at: datetime) -> None:
    reader, minute = Reader(builder.folder), int(at.timestamp() // 60)
    reader.refresh()
    new = make_place(make_merchant(), latitude=30.26, longitude=120.17, usual_minor=10000)
    announce(kind="place", ref_id=new.pk)
    query = Query(30.26, 120.17, 50, minute, open_now=False)

    def look() -> list[tuple[int, int]]:
        builder.tick(at=at)
        view = reader.refresh()
        assert view is not None
        return [(hit.shop_id, hit.per_head_minor) for hit in view.search(query)]

    assert look() == [(new.pk, 10000)]
    for number, price in ((1, 8500), (2, 7000)):
        version = make_offer_version(new, kind="percent_off", percent_basis_points=1500 * number, at=at)
        announce(kind="offer", ref_id=version.offer_id)
        assert look() == [(new.pk, price)]
    close_place(place=new, at=at)
    assert look() == []


def test_news_of_a_slow_transaction_are_not_lost(builder: Builder, at: datetime) -> None:
    """DS8: numbers are drawn before commit; the slow one's comes before the quick one's and is read after it."""
    slow_place, quick_place = Place.objects.order_by("pk")[8:10]  # these two have no offers
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as slow:
        slow.execute("INSERT INTO kit_outboxevent (kind, ref_id) VALUES ('place', %s)", [slow_place.pk])
        slow.execute("UPDATE places_place SET usual_minor = 7777 WHERE id = %s", [slow_place.pk])
        update_place(place=quick_place, at=at, usual_minor=8888)
        builder.tick(at=at)
        assert_current(builder, at)
        slow.commit()
    builder.tick(at=at)
    assert_current(builder, at)
    amounts = {row.shop_id: row.per_head_minor for row in everything(builder, at)}
    assert (amounts[slow_place.pk], amounts[quick_place.pk]) == (7777, 8888)


def everything(builder: Builder, at: datetime) -> list[Any]:
    view = view_of(builder)
    minute = int(at.timestamp() // 60)
    return view.search(Query(30.25, 120.16, 10_000, minute, open_now=False, count=200))


def test_a_restart_goes_on_from_the_watermark(builder: Builder, at: datetime) -> None:
    """Section 7: the base stays, and what happened while nobody looked is in the first delta."""
    base = view_of(builder).number[0]
    update_place(place=Place.objects.order_by("pk")[9], at=at, usual_minor=6543)  # a place without offers
    again = Builder(builder.folder)
    again.open(at=at)
    assert view_of(again).number[0] == base
    assert 6543 in {hit.per_head_minor for hit in everything(again, at)}
    assert_current(again, at)


def test_a_damaged_or_outdated_base_is_built_anew(builder: Builder, at: datetime) -> None:
    base = view_of(builder).number[0]
    columns = builder.folder / f"base-{base}" / "columns"
    columns.write_bytes(b"\xff" + columns.read_bytes()[1:])
    again = Builder(builder.folder)
    again.open(at=at)
    assert view_of(again).number[0] > base
    later = Builder(builder.folder)
    later.open(at=at + timedelta(days=1))
    assert view_of(later).number[0] > view_of(again).number[0] or later._number != again._number
    assert_current(later, at + timedelta(days=1))


def test_many_changes_are_a_new_base(builder: Builder, at: datetime) -> None:
    base = view_of(builder).number[0]
    builder.changed_max = 3
    for place in Place.objects.order_by("pk")[:4]:
        update_place(place=place, at=at, usual_minor=1234)
    builder.tick(at=at)
    view = view_of(builder)
    assert view.number[0] > base and not len(view.delta.shop_id)
    assert_current(builder, at)


def test_open_until_is_what_the_hours_say(builder: Builder, at: datetime) -> None:
    """DS4: Saturday noon; a shop open from ten to ten has ten hours left."""
    place = Place.objects.order_by("pk")[0]
    set_hours(place=place, expression="10:00-22:00", at=at)
    builder.tick(at=at)
    view, minute = view_of(builder), int(at.timestamp() // 60)
    row = int((view.delta.shop_id == place.pk).nonzero()[0][0])
    assert open_until(view.delta, row, minute) == minute + 600


def test_what_is_said_of_a_shop_follows_it(builder: Builder, at: datetime) -> None:
    place = Place.objects.order_by("pk")[0]
    minute = int(at.timestamp() // 60)

    def said() -> dict[int, dict[str, Any]]:
        everything = Query(place.latitude, place.longitude, 10_000, minute, open_now=False, count=200)
        return {
            shop["id"]: shop for shop in json.loads(b"[" + answer_public(view_of(builder), everything).shops + b"]")
        }

    before = said()
    assert len(before) == Place.objects.count() and before[place.pk]["name"]["zh"] == place.name_zh
    assert before[place.pk]["category"]["code"] == place.category_id
    update_place(place=place, at=at, name_zh='新"名\\', name_en="")
    builder.tick(at=at)
    assert said()[place.pk]["name"] == {"zh": '新"名\\', "en": '新"名\\'}
    assert said().keys() == before.keys() and {**said(), place.pk: 0} == {**before, place.pk: 0}
