"""Building the demo city: the plan of `rules`, written through the chapters' own services."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from bacao.accounts.services import PersonRow, create_person, grant_entitlement, grant_role, load_people
from bacao.discovery.services import rebuild_search
from bacao.kit.text import Text
from bacao.ledger.queries import get_total
from bacao.notes.services import NoteRow, SaveRow, load_notes, load_saves
from bacao.offers.services import OfferRow, load_offers
from bacao.orders.rules import PAID, PaymentNews
from bacao.orders.services import OrderRow, apply_payment_news, load_orders, place_bill, quote_bill, start_payment
from bacao.places.rules.ground import DistrictRow, MapFeatureRow, StreetRow
from bacao.places.services import (
    MerchantRow,
    PlaceRow,
    grant_shop_role,
    load_districts,
    load_map_features,
    load_merchants,
    load_places,
    load_streets,
    refresh_categories,
    refresh_opening_spans,
)
from bacao.redemption.services import (
    RedemptionRow,
    load_redemptions,
    note_bill,
    take_bill_back,
    undo_redemption,
)
from bacao.reviews.services import ReviewRow, load_reviews
from bacao.sandbox.services import load_payments

from .rules import geometry
from .rules.city import RESIDENTS, CityPlan, ShopPlan, plan_city
from .rules.demo import CLERK, OPERATOR, OWNER, RESIDENT
from .rules.history import Fate, OrderPlan, plan_history, plan_visitor, units_sold
from .rules.perks import MEMBER_KEY, consent_of, plan_perks

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.notes.models import Note
    from bacao.offers.models import OfferVersion
    from bacao.orders.services import LoadedOrder
    from bacao.places.models import Merchant, Place
    from bacao.redemption.models import Arrival, Redemption

Progress = Callable[[Text, float], None]
"""Told what is being done and how much is done, 0 to 1."""

OPENED_BEFORE = timedelta(days=75)
NEW_EVERY = 40
SELECTED_EVERY = 23
BILLS = 24
SELECTED = Text(
    "三十天里回头客过半，核销没有一次失败", "Over half its guests came back within thirty days; no redemption failed"
)


def build_city(*, seed: int, at: datetime, progress: Progress) -> None:
    """Make the whole demo city in one transaction: the same seed and moment, the same city. `at` is aware.

    Half a city is worse than none, so an interruption leaves nothing behind.
    """
    here = at.astimezone(ZoneInfo(settings.TIME_ZONE))
    progress(Text("画地图", "Drawing the map"), 0.0)
    plan = plan_city(seed)
    visitor = len(plan.residents)
    history = [*plan_history(seed, plan, at=here), *plan_visitor(seed, plan, person=visitor, at=here)]
    with transaction.atomic():
        _lay_ground(plan)
        progress(Text("居民搬进来", "People move in"), 0.05)
        people = _move_in(plan, here)
        progress(Text("开店", "Opening shops"), 0.12)
        places, tills = _open_shops(plan, people, here)
        progress(Text("上优惠", "Making offers"), 0.25)
        versions = _make_offers(plan, history, places, here)
        _tell_planner()
        progress(Text("写笔记", "Writing notes"), 0.38)
        notes = _write_notes(plan, people, places, here)
        progress(Text("过六十天", "Living sixty days"), 0.48)
        _live(history, people, versions, notes, [tills[offer.shop] for offer in plan.offers], at=here)
        _pay_bills(people, places, here)
        assert get_total("cny") == 0, "the books of the demo city do not balance"
    progress(Text("编索引", "Indexing for search"), 0.85)
    rebuild_search(at=at)
    progress(Text("好了", "Done"), 1.0)


def _lay_ground(plan: CityPlan) -> None:
    refresh_categories()
    load_districts(
        rows=[
            DistrictRow(
                district.code, district.name_zh, district.name_en, *geometry.to_degrees(district.seat),
                [_ring(geometry.district_outline(district))], position,
            )
            for position, district in enumerate(geometry.PLANS)
        ]
    )  # fmt: skip
    streets = [
        StreetRow(
            line.code, "street", line.district, line.name_zh, line.name_en,
            *geometry.to_degrees(line.line[len(line.line) // 2]), geometry.to_geojson(line.line),
        )
        for line in plan.streets
    ]  # fmt: skip
    stations = [
        StreetRow(
            f"{district.code}-station", "station", district.code, district.station_zh, district.station_en,
            *geometry.to_degrees(geometry.station_of(district)),
        )
        for district in geometry.PLANS
    ]  # fmt: skip
    load_streets(rows=streets + stations)
    water = [geometry.LAKE, geometry.river_outline()]
    ground = [MapFeatureRow("water", {"type": "Polygon", "coordinates": [_ring(outline)]}) for outline in water]
    ground += [
        MapFeatureRow(
            "park", {"type": "Polygon", "coordinates": [_ring(geometry.park_outline(park))]}, park[0], park[1]
        )
        for park in geometry.PARKS
    ]
    ground += [
        MapFeatureRow("road", {"type": "LineString", "coordinates": geometry.to_geojson(line)})
        for line in geometry.draw_avenues()
    ]
    load_map_features(rows=ground)


def _ring(points: Sequence[geometry.Point]) -> list[list[float]]:
    """Return a closed GeoJSON ring."""
    return geometry.to_geojson([*points, points[0]])


def _move_in(plan: CityPlan, at: datetime) -> "list[User]":
    """Return the residents in the order of the plan, the demo's resident last."""
    opened = at - OPENED_BEFORE
    visitor = PersonRow(
        display_name=RESIDENT.name, phone=RESIDENT.phone, avatar=RESIDENT.avatar, date_joined=at - timedelta(days=40)
    )
    people = load_people(
        rows=[
            PersonRow(
                display_name=person.name, phone=person.phone, avatar=person.avatar, bio=person.bio,
                language=person.language, date_joined=opened,
            )
            for person in plan.residents
        ]
        + [visitor],
        at=opened,
    )  # fmt: skip
    official = PersonRow(display_name="拔草 Bacao", avatar="seedling", is_official=True, date_joined=opened)
    load_people(rows=[official], at=opened)
    operator = create_person(phone=OPERATOR.phone, display_name=OPERATOR.name, avatar=OPERATOR.avatar)
    grant_role(user=operator, kind="operator", granted_by=None, at=opened)
    grant_entitlement(
        user=people[-1], key=MEMBER_KEY, valid_from=opened, evidence="演示", granted_by=operator, at=opened
    )
    return people


def _open_shops(plan: CityPlan, people: "list[User]", at: datetime) -> "tuple[list[Place], list[int]]":
    """Return the places, and who stands at the counter of each: the owner, in the first shop the demo's clerk."""
    opened = at - OPENED_BEFORE
    founders = {shop.merchant: shop for shop in reversed(plan.shops)}
    owner = create_person(phone=OWNER.phone, display_name=OWNER.name, avatar=OWNER.avatar)
    owners = {0: owner.pk} | {number: people[number % RESIDENTS].pk for number in founders if number}
    numbers = sorted(founders)
    merchants: list[Merchant] = load_merchants(
        rows=[
            MerchantRow(
                founders[n].brand or founders[n].name.zh, founders[n].name.en, owners[n], 250 if n % 3 == 0 else 0
            )
            for n in numbers
        ],
        at=opened,
    )
    of = {number: merchant.pk for number, merchant in zip(numbers, merchants, strict=True)}
    rows = [_describe_shop(number, shop, of[shop.merchant], at) for number, shop in enumerate(plan.shops)]
    places = load_places(rows=rows, at=opened)
    refresh_opening_spans(at=at)
    clerk = create_person(phone=CLERK.phone, display_name=CLERK.name, avatar=CLERK.avatar)
    grant_shop_role(merchant=merchants[0], user=clerk, kind="clerk", granted_by=owner, at=opened, place=places[0])
    return places, [clerk.pk, *(owners[shop.merchant] for shop in plan.shops[1:])]


def _describe_shop(number: int, shop: ShopPlan, merchant_id: int, at: datetime) -> PlaceRow:
    selected = number % SELECTED_EVERY == 0
    return PlaceRow(
        name_zh=shop.name.zh,
        name_en=shop.name.en,
        category=shop.category,
        latitude=shop.latitude,
        longitude=shop.longitude,
        merchant_id=merchant_id,
        district=shop.district,
        street=shop.street.code,
        brand=shop.brand,
        address_zh=shop.address.zh,
        address_en=shop.address.en,
        about_zh=shop.about.zh,
        about_en=shop.about.en,
        phone=shop.phone,
        hours=shop.hours,
        usual_minor=shop.usual_minor,
        tags=shop.tags,
        cover=shop.cover,
        source="demo",
        source_ref=shop.ref,
        selected_reason=SELECTED.zh if selected else "",
        selected_reason_en=SELECTED.en if selected else "",
        selected_at=at - timedelta(days=9) if selected else None,
    )


def _make_offers(
    plan: CityPlan, history: Sequence[OrderPlan], places: "list[Place]", at: datetime
) -> "list[OfferVersion]":
    sold, offers = units_sold(history), (*plan.offers, *plan_perks(plan.shops))
    busy = {offers[number].shop for number, units in sold.items() if units}
    rows = [
        OfferRow(
            place_id=places[offer.shop].pk, kind=offer.kind, funders=offer.funders,
            created_at=at - _selling_for(offer.shop, offer.shop in busy),
            terms={**_with_room(offer.terms, sold.get(number, 0)), **consent_of(offer)}, state=offer.state,
            used=sold.get(number, 0),
        )
        for number, offer in enumerate(offers)
    ]  # fmt: skip
    return load_offers(rows=rows, at=at)[: len(plan.offers)]


def _selling_for(shop: int, busy: bool) -> timedelta:
    """Return for how long a shop has been selling: one in forty of those nobody bought at is new."""
    return timedelta(days=1 + shop % 20) if shop % NEW_EVERY == 0 and not busy else OPENED_BEFORE


def _with_room(terms: dict[str, object], sold: int) -> dict[str, object]:
    """Return the terms with at least as much stock as was sold: a shop that sold out restocked, mostly."""
    stock = terms.get("stock")
    if not isinstance(stock, int) or stock >= sold:
        return terms
    return {**terms, "stock": sold + sold % 4 * 5}


def _write_notes(plan: CityPlan, people: "list[User]", places: "list[Place]", at: datetime) -> "list[Note]":
    notes = load_notes(
        rows=[
            NoteRow(
                author_id=people[note.author].pk, kind=note.kind, title=note.title, body=note.body,
                place_ids=[places[shop].pk for shop in note.shops], published_at=at - timedelta(hours=note.age_hours),
                language=note.language, disclosure=note.disclosure, cover=note.cover,
            )
            for note in plan.notes
        ],
        at=at,
    )  # fmt: skip
    random = Random(len(notes))
    load_saves(
        rows=[
            SaveRow(user_id=person.pk, note_id=note.pk, saved_at=at - timedelta(hours=planned.age_hours / 2))
            for note, planned in zip(notes, plan.notes, strict=True)
            for person in random.sample(people, k=min(planned.saves, 90))
        ]
    )
    return notes


def _live(
    history: Sequence[OrderPlan], people: "list[User]", versions: "list[OfferVersion]", notes: "list[Note]",
    clerks: Sequence[int], *, at: datetime,
) -> None:  # fmt: skip
    """Write the orders, what was redeemed of them (by the clerk of each offer), and what people said of it."""
    orders = load_orders(
        rows=[
            OrderRow(
                user_id=people[order.person].pk, version_id=versions[order.offer].pk, quantity=order.quantity,
                note_id=notes[order.note].pk if order.note is not None else None, placed_at=order.placed_at,
                paid_at=order.placed_at + timedelta(seconds=40),
                cancelled_at=order.placed_at + timedelta(minutes=15) if order.fate is Fate.CANCELLED else None,
                refunded_at=order.placed_at + timedelta(minutes=19) if order.fate is Fate.REFUNDED else None,
            )
            for order in history
        ],
        at=at,
    )  # fmt: skip
    load_payments(
        payments=[
            (order.number, order.total_minor, order.paid_at)
            for plan, (order, _) in zip(history, orders, strict=True)
            if order.paid_at and order.total_minor and plan.fate is not Fate.REFUNDED
        ]
    )
    _tell_planner()
    came = [(plan, order) for plan, order in zip(history, orders, strict=True) if plan.came_at]
    arrivals = _arrive(came, clerks, at)
    load_reviews(
        rows=[
            ReviewRow(
                arrival=arrival, stars=plan.stars, body=plan.review, written_at=plan.reviewed_at, reply=plan.reply,
                replied_at=min(plan.reviewed_at + timedelta(hours=3), at) if plan.reply else None,
            )
            for (plan, _), arrival in zip(came, arrivals, strict=True)
            if plan.stars and plan.reviewed_at and arrival
        ]
    )  # fmt: skip


def _arrive(
    came: "Sequence[tuple[OrderPlan, LoadedOrder]]", clerks: Sequence[int], at: datetime
) -> "list[Arrival | None]":
    """Redeem what people came with, take back what a clerk pressed too early; return the arrival of each order."""
    arrivals = load_redemptions(
        rows=[
            RedemptionRow(
                voucher_id=voucher.pk, redeemed_at=plan.came_at, bill_minor=plan.bill_minor, clerk_id=clerks[plan.offer]
            )
            for plan, order in came
            if plan.came_at
            for voucher in order.vouchers
        ],
        at=at,
    )
    of_voucher = {arrival.redemption.voucher_id: arrival for arrival in arrivals if arrival.redemption}
    of_order = [of_voucher.get(order.vouchers[0].pk) for _, order in came]
    for (plan, _), arrival in zip(came, of_order, strict=True):
        if plan.fate is Fate.UNDONE and arrival and arrival.redemption and plan.came_at:
            _take_back(arrival.redemption, plan.came_at + timedelta(minutes=6))
    return of_order


def _pay_bills(people: "list[User]", places: "list[Place]", at: datetime) -> None:
    """Let some guests pay whole bills in the last days, as pages do; most of them at the first shop, the demo's own."""
    random, paid = Random(len(people)), []
    shops = [place for place in places if place.merchant_id]
    for number in range(BILLS):
        place = shops[0] if number % 3 else random.choice(shops)
        when = at - timedelta(minutes=random.randrange(30, 5 * 24 * 60))
        guest = people[random.randrange(len(people))]
        bill = (place.usual_minor or 4000) * random.randrange(1, 4) + random.randrange(0, 20) * 100
        quote = quote_bill(user=guest, place=place, bill_minor=bill, at=when)
        order = place_bill(user=guest, quote_id=quote.pk, presence="shop_code", at=when)
        then = when + timedelta(seconds=40)
        if order.money_minor:
            start_payment(order=order, at=when)
            paid.append((order.number, order.money_minor, then))
            news = PaymentNews(settings.SANDBOX_MERCHANT, order.number, PAID, order.money_minor, order.currency)
            apply_payment_news(provider=settings.PAYMENT_PROVIDERS[0], news=news, at=then)
        note_bill(order_id=order.pk)
        if number % 13 == 12:
            take_bill_back(
                order_id=order.pk, merchant_id=place.merchant_id, by=None, at=min(then + timedelta(minutes=9), at)
            )
    load_payments(payments=paid)


def _tell_planner() -> None:
    """Let PostgreSQL count the rows: nobody else can while the transaction is open, and the plans would be for none."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _take_back(redemption: "Redemption", at: datetime) -> None:
    """Undo a redemption as a clerk does who pressed too early."""
    undo_redemption(
        merchant_id=redemption.merchant_id, clerk=None, redemption_key=redemption.key,
        key=uuid5(NAMESPACE_OID, f"undo {redemption.key}"), at=at,
    )  # fmt: skip
