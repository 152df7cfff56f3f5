"""Sixty days of people buying, coming, changing their minds and saying what they thought."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from .city import CREATORS, CityPlan, OfferPlan, ShopPlan
from .writing import REPLIES, mood_of, write_review

DAYS, ORDERS = 60, 9600
CLOCKS = {
    "eat": ((12.2, 0.7), (18.6, 0.9)),
    "drink": ((10.2, 0.9), (15.0, 1.6)),
    "night": ((20.6, 1.2),),
    "do": ((11.0, 1.2), (15.6, 2.0)),
}
STARS_SPREAD = 0.7


class Fate(StrEnum):
    """What became of an order."""

    UNUSED = "unused"
    REDEEMED = "redeemed"
    UNDONE = "undone"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class OrderPlan:
    """One order: person, offer and note by number; `came_at` where it was redeemed; `bill_minor` where one was asked."""

    person: int
    offer: int
    note: int | None
    quantity: int
    placed_at: datetime
    fate: Fate
    came_at: datetime | None
    bill_minor: int | None
    stars: int | None
    review: str
    reviewed_at: datetime | None
    reply: str


def _came_at(random: Random, placed_at: datetime, shop: ShopPlan) -> datetime:
    """Return a moment after the order at an hour when people go to such a shop."""
    hour, spread = random.choice(CLOCKS[mood_of(shop.trade.category)])
    if shop.hours.startswith("Mo-Su 05:30") or shop.hours.startswith("Mo-Su 06:00-14"):
        hour, spread = 8.0, 1.0
    midnight = placed_at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = random.choices((0, 1, 2, 3, 5, 9), (46, 20, 12, 9, 8, 5))[0]
    moment = midnight + timedelta(days=days, hours=random.gauss(hour, spread), seconds=random.randrange(60))
    return moment if moment > placed_at + timedelta(minutes=4) else placed_at + timedelta(minutes=random.uniform(4, 90))


def plan_visitor(seed: int, city: CityPlan, *, person: int, at: datetime) -> tuple[OrderPlan, ...]:
    """Return the orders of the demo's resident: a few visits behind them, a few vouchers to use today."""
    random = Random(f"{seed}:visitor")
    mine = [number for number, offer in enumerate(city.offers) if offer.shop == 0]
    near = [
        number
        for number, offer in enumerate(city.offers)
        if city.shops[offer.shop].district == city.shops[0].district and offer.shop and offer.state == "live"
    ]
    orders = []
    for days, number in enumerate(random.sample(near, k=7), start=2):
        orders.append(_visit(random, city, person, number, at - timedelta(days=days * 4)))
    orders.append(_visit(random, city, person, mine[0], at - timedelta(days=6)))
    for hours, number in enumerate([*mine, *random.sample(near, k=3)], start=3):
        orders.append(_order(person, number, at - timedelta(hours=hours)))
    return tuple(sorted(orders, key=lambda order: order.placed_at))


def _order(person: int, offer: int, placed_at: datetime) -> OrderPlan:
    return OrderPlan(
        person=person, offer=offer, note=None, quantity=1, placed_at=placed_at, fate=Fate.UNUSED, came_at=None,
        bill_minor=None, stars=None, review="", reviewed_at=None, reply="",
    )  # fmt: skip


def _visit(random: Random, city: CityPlan, person: int, number: int, placed_at: datetime) -> OrderPlan:
    shop = city.shops[city.offers[number].shop]
    came_at = placed_at + timedelta(hours=1)
    stars, words, reply = _opinion(random, shop)
    return replace(
        _order(person, number, placed_at), fate=Fate.REDEEMED, came_at=came_at, bill_minor=_bill(random, city, number),
        stars=stars if random.random() < 0.6 else None, review=words, reviewed_at=came_at + timedelta(hours=3), reply=reply,
    )  # fmt: skip


def _bill(random: Random, city: CityPlan, number: int) -> int | None:
    """Return what the meal cost, where the counter has to be told."""
    offer = city.offers[number]
    if offer.kind not in {"voucher", "percent_off", "threshold_off"}:
        return None
    floor = int(str(offer.terms.get("threshold_minor", 0)))
    usual = city.shops[offer.shop].usual_minor
    return max(floor, round(usual * random.choice((1, 2, 2, 3)) * random.uniform(0.85, 1.3) / 100) * 100)


def units_sold(orders: Sequence[OrderPlan]) -> dict[int, int]:
    """Return how many units of each offer are out, by number of the offer."""
    sold: dict[int, int] = {}
    for order in orders:
        if order.fate not in {Fate.CANCELLED, Fate.REFUNDED}:
            sold[order.offer] = sold.get(order.offer, 0) + order.quantity
    return sold


def _fate(random: Random) -> Fate:
    return random.choices(
        (Fate.REDEEMED, Fate.UNUSED, Fate.REFUNDED, Fate.CANCELLED, Fate.UNDONE), (800, 90, 55, 45, 10)
    )[0]


def plan_history(seed: int, city: CityPlan, *, at: datetime) -> tuple[OrderPlan, ...]:
    """Return the orders of the sixty days before `at` (aware), oldest first."""
    random = Random(f"{seed}:history")
    live = [(number, offer) for number, offer in enumerate(city.offers) if offer.state == "live"]
    weights = [city.shops[offer.shop].appeal for _, offer in live]
    notes: dict[int, list[int]] = {}
    for number, note in enumerate(city.notes):
        for shop in note.shops:
            notes.setdefault(shop, []).append(number)
    chosen = random.choices(live, weights, k=ORDERS)
    orders = [_plan_order(random, city, number, offer, notes, at=at) for number, offer in chosen]
    return tuple(sorted(orders, key=lambda order: order.placed_at))


def _plan_order(
    random: Random, city: CityPlan, number: int, offer: OfferPlan, notes: dict[int, list[int]], *, at: datetime
) -> OrderPlan:
    shop = city.shops[offer.shop]
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    age = int(random.triangular(0, DAYS, 4))
    placed_at = midnight - timedelta(days=age) + timedelta(hours=random.triangular(7.5, 22.5, 12.5))
    if placed_at > at - timedelta(minutes=20):
        placed_at -= timedelta(days=1)
    fate, came_at = _fate(random), None
    if fate in {Fate.REDEEMED, Fate.UNDONE}:
        came_at = _came_at(random, placed_at, shop)
        if came_at > at - timedelta(minutes=12):
            fate, came_at = Fate.UNUSED, None
    bill = _bill(random, city, number)
    stars, words, reviewed_at, reply = None, "", None, ""
    if fate is Fate.REDEEMED and came_at and random.random() < 0.4:
        stars, words, reply = _opinion(random, shop)
        reviewed_at = min(came_at + timedelta(hours=random.expovariate(1 / 9) + 0.4), at - timedelta(minutes=1))
    told = notes.get(offer.shop)
    return OrderPlan(
        person=_person(random, len(city.residents)), offer=number,
        note=random.choice(told) if told and random.random() < 0.4 else None,
        quantity=1 if offer.kind != "package" else random.choices((1, 2), (9, 1))[0],
        placed_at=placed_at, fate=fate, came_at=came_at, bill_minor=bill,
        stars=stars, review=words, reviewed_at=reviewed_at, reply=reply,
    )  # fmt: skip


def _person(random: Random, people: int) -> int:
    """Return who buys: anybody, with a few regulars coming much more often."""
    return (
        min(int(random.expovariate(1 / 140)), people - 1)
        if random.random() < 0.7
        else random.randrange(CREATORS, people)
    )


def _opinion(random: Random, shop: ShopPlan) -> tuple[int, str, str]:
    stars = min(5, max(1, round(random.gauss(shop.quality + 0.15, STARS_SPREAD))))
    chinese = random.random() < 0.8
    first, second = random.sample(shop.menu, k=2)
    language = "zh" if chinese else "en"
    slots = {"dish": first.name.say(language), "dish2": second.name.say(language)}
    words = write_review(random, stars, slots, chinese=chinese)
    reply = random.choice(REPLIES) if words and chinese and random.random() < 0.25 else ""
    return stars, words, reply
