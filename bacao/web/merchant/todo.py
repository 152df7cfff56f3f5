"""What a shop could do next, and what each thing would bring by the ranking's own formula (M09). Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from typing import TYPE_CHECKING

from bacao.discovery.rules.score import DISTANCE_HALF_M, value_points
from bacao.kit.text import Text
from bacao.offers.rules import Terms
from bacao.web.merchant.weeks import Week, falls_two_weeks_running

if TYPE_CHECKING:
    from bacao.places.models import Place

TYPICAL_M = 500  # a resident as far away as this is who "nearer by" is said for
EXAMPLE_OFF_PERCENT = 15
NEARLY_GONE = 3
ENDS_SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: `icon` a line icon, `brings` what changes when it is done, `urgent` = it is costing money."""

    icon: str
    say: Text
    brings: Text
    href: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the list is made from. `live` and `paused` = terms of the shop's offers, `medians` = by category code."""

    places: "Sequence[Place]"
    live: Sequence[Terms]
    medians: dict[str, int]
    unanswered: int
    has_clerk: bool
    rows_missing: int
    weeks: Sequence[Week]
    at: datetime


def list_tasks(known: Known) -> list[Task]:
    """Return what is worth doing, what costs money first."""
    open_places = [place for place in known.places if place.state == "open"]
    tasks = [
        *_rows_missing(known),
        *_falling(known),
        *_without_offer(known, open_places),
        *_nearly_gone(known),
        *_ends_soon(known),
        *_without_hours(open_places),
        *_unanswered(known),
        *_without_usual(open_places),
        *_without_clerk(known),
        *_without_words(open_places),
    ]
    return sorted(tasks, key=lambda task: not task.urgent)


def metres_nearer(points: int) -> int:
    """Return by how many metres a place half a kilometre away would have to be nearer for as many points."""
    shift = exp(-points / 1000)
    return round((TYPICAL_M + DISTANCE_HALF_M) * (1 - shift) / 10) * 10


def _rows_missing(known: Known) -> Iterator[Task]:
    if known.rows_missing:
        yield Task(
            "smartphone",
            Text(
                f"{known.rows_missing} 条核销记录没传上来",
                f"Rows that never arrived from a counter phone: {known.rows_missing}",
            ),
            Text(
                "打开那台手机的收银页，让它联网；不然这几笔收不到钱",
                "Open the till page on that phone, online: rows that stay away are not paid",
            ),
            "/merchant/devices",
            urgent=True,
        )


def _falling(known: Known) -> Iterator[Task]:
    if falls_two_weeks_running(known.weeks):
        before, last = known.weeks[-3].arrivals, known.weeks[-1].arrivals
        yield Task(
            "trending-down",
            Text(f"到店连降两周：{before} → {last}", f"Arrivals fell two weeks running: {before} → {last}"),
            Text("看看是哪个优惠停了、卖完了，或换个时段", "See which offer stopped or sold out, or try other hours"),
            "/merchant/offers",
            urgent=True,
        )


def _without_offer(known: Known, places: "Sequence[Place]") -> Iterator[Task]:
    with_offer = {terms.place_id for terms in known.live}
    for place in places:
        if place.pk in with_offer:
            continue
        brings = Text(
            "没有优惠，就没有核销，到店数不出来", "Without an offer nothing is redeemed, and no arrival is counted"
        )
        median = known.medians.get(place.category_id)
        if place.usual_minor and median:
            offered = place.usual_minor * (100 - EXAMPLE_OFF_PERCENT) // 100
            points = value_points(offered, median) - value_points(place.usual_minor, median)
            metres = metres_nearer(points)
            brings = Text(
                f"例如 85 折：排序 +{points} 分，等于离客人近 {metres} 米；并且到店从此数得出来",
                f"15% off, say, adds {points} points, as if you were {metres} m nearer; and arrivals begin to count",
            )
        name = Text(place.name_zh or place.name_en, place.name_en or place.name_zh)
        yield Task(
            "tag",
            Text(f"给「{name.zh}」上架一个优惠", f"Put an offer of {name.en} on sale"),
            brings,
            f"/merchant/offers/new?place={place.pk}",
            urgent=True,
        )


def _nearly_gone(known: Known) -> Iterator[Task]:
    for terms in known.live:
        if terms.stock_left is not None and terms.stock_left <= NEARLY_GONE:
            left = terms.stock_left
            title = Text(terms.title_zh, terms.title_en or terms.title_zh)
            yield Task(
                "package-minus",
                Text(f"「{title.zh}」只剩 {left} 份", f"Only {left} of {title.en} left")
                if left
                else Text(f"「{title.zh}」卖完了", f"{title.en} is sold out"),
                Text("加库存，列表里才继续有你的价", "Add stock, or lists stop showing your price"),
                f"/merchant/offers/{terms.offer_id}/edit",
                urgent=True,
            )


def _ends_soon(known: Known) -> Iterator[Task]:
    for terms in known.live:
        if terms.sale_until and known.at < terms.sale_until <= known.at + ENDS_SOON:
            days = max((terms.sale_until - known.at).days, 0)
            title = Text(terms.title_zh, terms.title_en or terms.title_zh)
            yield Task(
                "calendar-clock",
                Text(f"「{title.zh}」{days} 天后停售" if days else f"「{title.zh}」今天停售",
                     f"{title.en} ends in {days} days" if days else f"{title.en} ends today"),
                Text("延期，或准备下一个", "Extend it, or prepare the next one"),
                f"/merchant/offers/{terms.offer_id}/edit",
            )  # fmt: skip


def _without_hours(places: "Sequence[Place]") -> Iterator[Task]:
    for place in places:
        if place.hours_id is None:
            yield Task(
                "clock",
                Text(
                    f"写下「{place.name_zh or place.name_en}」的营业时间",
                    f"Give the hours of {place.name_en or place.name_zh}",
                ),
                Text("之后「此刻营业」的筛选里也有你", "After that you are among the places that are open now"),
                f"/merchant/shop?place={place.pk}#hours",
                urgent=True,
            )


def _unanswered(known: Known) -> Iterator[Task]:
    if known.unanswered:
        yield Task(
            "message-circle",
            Text(f"{known.unanswered} 条点评等你回复", f"{known.unanswered} reviews wait for your answer"),
            Text("不影响排序，但下一位客人会看", "It does not change your rank; the next guest reads it"),
            "/merchant/reviews",
        )


def _without_usual(places: "Sequence[Place]") -> Iterator[Task]:
    for place in places:
        if not place.usual_minor:
            yield Task(
                "coins",
                Text(
                    f"写下「{place.name_zh or place.name_en}」人均多少",
                    f"Say what people spend at {place.name_en or place.name_zh}",
                ),
                Text("折扣和满减要靠它算出「此刻多少钱」", "Percentages need it to become a price"),
                f"/merchant/shop?place={place.pk}",
            )


def _without_clerk(known: Known) -> Iterator[Task]:
    if not known.has_clerk:
        yield Task(
            "user-plus",
            Text("邀请一位店员", "Invite a clerk"),
            Text(
                "你不在，也有人能核销；一个链接，一分钟", "Somebody can redeem while you are out: one link, one minute"
            ),
            "/merchant/clerks",
        )


def _without_words(places: "Sequence[Place]") -> Iterator[Task]:
    for place in places:
        if not (place.about_zh or place.about_en):
            yield Task(
                "text",
                Text(
                    f"用两句话介绍「{place.name_zh or place.name_en}」",
                    f"Describe {place.name_en or place.name_zh} in two sentences",
                ),
                Text("店页开头就是它；搜索也会读", "Your page opens with it, and search reads it"),
                f"/merchant/shop?place={place.pk}",
            )
