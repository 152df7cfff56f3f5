"""Now (此刻): what is good near here at this minute, as a list and on a map."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from bacao.discovery.queries import Nearby, list_nearby
from bacao.discovery.rules.exposure import Slate
from bacao.discovery.services.exposures import log_exposure, pseudonym_of
from bacao.web.requests import PageRequest
from bacao.web.resident.views.feed import list_top_categories

SLUG = re.compile(r"[-a-z0-9_]{1,50}")
RADIUS_M = 1_200
SHOWN_MAX = 30
PRICES = (30, 60, 100, 200)  # yuan a head
WALKS = (5, 10, 15)  # minutes
PARTIES = (1, 2, 4, 6)


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody asks of the list; `price` is yuan a head, `walk` minutes, `shut` whether shut places count."""

    category: str = ""
    price: int | None = None
    walk: int | None = None
    party: int = 1
    shut: bool = False

    @property
    def address(self) -> str:
        """Return the page's address with these choices and nothing else in it."""
        kept = {
            "category": self.category,
            "price": self.price,
            "walk": self.walk,
            "party": self.party if self.party > 1 else None,
            "shut": 1 if self.shut else None,
        }
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"/now?{query}" if query else "/now"

    @property
    def is_narrow(self) -> bool:
        """Return whether less would be asked by taking something back."""
        return bool(self.category or self.price or self.walk)


def read_choice(asked: QueryDict) -> Choice:
    """Return what an address asks for; what it cannot mean is passed over."""
    return Choice(
        category=category if SLUG.fullmatch(category := asked.get("category", "")) else "",
        price=_number(asked, "price", 9_999),
        walk=_number(asked, "walk", 60),
        party=_number(asked, "party", 20) or 1,
        shut=asked.get("shut") == "1",
    )


@require_safe
@cache_control(private=True, max_age=0)
def now(request: PageRequest) -> HttpResponse:
    """Show the page; to htmx only the list. The position comes from the cookie, never from the address."""
    choice = read_choice(request.GET)
    where = request.where
    nearby = list_nearby(
        lat=where.latitude,
        lon=where.longitude,
        radius_m=RADIUS_M,
        at=request.at,
        category=choice.category or None,
        party=choice.party,
        open_now=not choice.shut,
        price_minor=choice.price * 100 if choice.price else None,
        walk_minutes=choice.walk,
        limit=SHOWN_MAX,
        viewer=request.user if request.user.is_authenticated else None,
    )
    _remember(request, nearby)
    context = {"nearby": nearby, "choice": choice, "where": where}
    is_part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    if not is_part:
        context |= {
            "categories": list_top_categories(),
            "prices": PRICES,
            "walks": WALKS,
            "parties": PARTIES,
        }
    answer = render(request, "resident/now_list.html" if is_part else "resident/now.html", context)
    if is_part:
        answer["HX-Push-Url"] = choice.address
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _remember(request: PageRequest, nearby: Nearby) -> None:
    """Log what somebody was shown who lets their history be read; of nobody else is anything kept."""
    user = request.user
    if nearby.items and not nearby.is_simple and user.is_authenticated and user.personal_ranking:
        served_ms, shop_ids = int(request.at.timestamp() * 1000), [item.place.pk for item in nearby.items]
        unit = pseudonym_of(user_id=user.pk)
        log_exposure(slate=Slate(uuid4(), unit, "now", served_ms, shop_ids, nearby.number))


def _number(asked: QueryDict, name: str, most: int) -> int | None:
    """Return a whole number from 1 to `most`, or None for anything else."""
    given = asked.get(name, "")
    return int(given) if given.isdecimal() and given.isascii() and 1 <= int(given) <= most else None
