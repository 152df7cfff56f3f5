"""Now (此刻): what is good near here at this minute, as a list and on a map."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from bacao.discovery.queries import Nearby, list_nearby, list_tags
from bacao.discovery.rules.exposure import Slate
from bacao.discovery.rules.moods import name_of_tag
from bacao.discovery.services.exposures import count_shown, log_exposure, pseudonym_of
from bacao.kit.calendar import is_confirmed
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.text import Text
from bacao.web.requests import PageRequest
from bacao.web.resident.views.feed import list_top_categories

SLUG = re.compile(r"[-a-z0-9_]{1,50}")
RADIUS_M = 1_200
SHOWN_MAX = 30
PRICES = (30, 60, 100, 200)  # yuan a head
WALKS = (5, 10, 15)  # minutes
PARTIES = (1, 2, 4, 6)
TAGS_SHOWN = 12
HOURS = ((12, 0, Text("午饭", "lunch")), (18, 30, Text("晚饭", "dinner")), (21, 30, Text("夜里", "night")))
TIMES_SHOWN = 6
DAYS_AHEAD = 7


class Time(NamedTuple):
    """Another time somebody may ask about: `value` as in the address."""

    value: str
    says: Text


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody asks of the list; `price` is yuan a head, `walk` minutes, `shut` whether shut places count.

    `tag` = what a place must be, `at` = another time than now.
    """

    category: str = ""
    price: int | None = None
    walk: int | None = None
    party: int = 1
    shut: bool = False
    tag: str = ""
    at: datetime | None = None

    @property
    def address(self) -> str:
        """Return the page's address with these choices and nothing else in it."""
        kept = {
            "category": self.category,
            "price": self.price,
            "walk": self.walk,
            "party": self.party if self.party > 1 else None,
            "tag": self.tag,
            "at": f"{timezone.localtime(self.at):%Y-%m-%dT%H:%M}" if self.at else None,
            "shut": 1 if self.shut else None,
        }
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"/now?{query}" if query else "/now"

    @property
    def time(self) -> Time | None:
        """Return the other time that is asked about, in words."""
        return say_time(self.at) if self.at else None

    @property
    def is_narrow(self) -> bool:
        """Return whether less would be asked by taking something back."""
        return bool(self.category or self.price or self.walk or self.tag or self.at)


def read_choice(asked: QueryDict, at: datetime) -> Choice:
    """Return what an address asks for; what it cannot mean is passed over."""
    return Choice(
        category=category if SLUG.fullmatch(category := asked.get("category", "")) else "",
        price=_number(asked, "price", 9_999),
        walk=_number(asked, "walk", 60),
        party=_number(asked, "party", 20) or 1,
        shut=asked.get("shut") == "1",
        tag=tag if SLUG.fullmatch(tag := asked.get("tag", "")) else "",
        at=_time(asked.get("at", ""), at),
    )


def say_time(then: datetime) -> Time:
    """Return a time as a list of times has it."""
    local = timezone.localtime(then)
    day = Text(f"周{'一二三四五六日'[local.weekday()]}", f"{local:%a}")
    meal = next((said for hour, minute, said in HOURS if (hour, minute) == (local.hour, local.minute)), Text("", ""))
    zh, en = f"{day.zh}{meal.zh} {local:%H:%M}", f"{day.en} {meal.en} {local:%H:%M}".replace("  ", " ")
    return Time(f"{local:%Y-%m-%dT%H:%M}", Text(zh, en))


def list_times(at: datetime, chosen: datetime | None) -> list[Time]:
    """Return the next mealtimes, and the time that was chosen."""
    today = timezone.localtime(at).replace(second=0, microsecond=0)
    meals = [
        (today + timedelta(days=days)).replace(hour=hour, minute=minute)
        for days in range(DAYS_AHEAD)
        for hour, minute, _ in HOURS
    ]
    times = [then for then in meals if then > at][:TIMES_SHOWN]
    return [say_time(then) for then in sorted({*times, *([timezone.localtime(chosen)] if chosen else [])})]


def _time(given: str, at: datetime) -> datetime | None:
    """Return a local time of the week to come, None for anything else."""
    try:
        then = timezone.make_aware(datetime.strptime(given, "%Y-%m-%dT%H:%M"))  # noqa: DTZ007  # made aware here
    except ValueError:
        return None
    return then if at < then < at + timedelta(days=DAYS_AHEAD) else None


@require_safe
@cache_control(private=True, max_age=0)
def now(request: PageRequest) -> HttpResponse:
    """Show the page; to htmx only the list. The position comes from the cookie, never from the address."""
    choice = read_choice(request.GET, request.at)
    where = request.where
    nearby = list_nearby(
        lat=where.latitude,
        lon=where.longitude,
        radius_m=RADIUS_M,
        at=choice.at or request.at,
        category=choice.category or None,
        party=choice.party,
        open_now=not choice.shut,
        price_minor=choice.price * 100 if choice.price else None,
        walk_minutes=choice.walk,
        limit=SHOWN_MAX,
        viewer=request.user if request.user.is_authenticated else None,
        tags=frozenset([choice.tag] if choice.tag else []),
        tries_new=True,
        now=request.at,
    )
    _remember(request, nearby)
    context = {"nearby": nearby, "choice": choice, "where": where, "is_unsure": _is_unsure(choice.at or request.at)}
    is_part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    if not is_part:
        context |= {
            "categories": list_top_categories(),
            "prices": PRICES,
            "walks": WALKS,
            "parties": PARTIES,
            "tags": [(tag, name_of_tag(tag)) for tag in sorted({*list_tags(TAGS_SHOWN), *filter(None, [choice.tag])})],
            "times": list_times(request.at, choice.at),
        }
    answer = render(request, "resident/now_list.html" if is_part else "resident/now.html", context)
    if is_part:
        answer["HX-Push-Url"] = choice.address
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _is_unsure(at: datetime) -> bool:
    """Return whether nobody has said yet which days of that year are off (PR15)."""
    year = timezone.localtime(at).year
    return not (is_confirmed(year, {}) or is_confirmed(year, get_calendar_overlay()))


def _remember(request: PageRequest, nearby: Nearby) -> None:
    """Log what somebody was shown who lets their history be read; of nobody else is anything kept but counts."""
    user, served_ms = request.user, int(request.at.timestamp() * 1000)
    shop_ids = [item.place.pk for item in nearby.items]
    if not shop_ids or nearby.is_simple:
        return
    if user.is_authenticated and user.personal_ranking:
        unit = pseudonym_of(user_id=user.pk)
        log_exposure(slate=Slate.of(unit, "now", served_ms, shop_ids, nearby.number, nearby.lot))
    else:
        count_shown(surface="now", served_ms=served_ms, shop_ids=shop_ids)


def _number(asked: QueryDict, name: str, most: int) -> int | None:
    """Return a whole number from 1 to `most`, or None for anything else."""
    given = asked.get(name, "")
    return int(given) if given.isdecimal() and given.isascii() and 1 <= int(given) <= most else None
