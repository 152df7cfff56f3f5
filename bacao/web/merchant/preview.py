"""What an offer looks like from both sides of the counter before it is on sale."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bacao.kit.calendar import day_kind
from bacao.kit.hours import Span, check_hours, hours_by_day
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.text import Refused, Text
from bacao.offers.rules import FIELDS, PACKAGE, VOUCHER, Audience, Item, Margin, Price, Terms, margin_of, price_of
from bacao.offers.rules.stacking import agree
from bacao.web.merchant.offer_form import UNASKED

if TYPE_CHECKING:
    from bacao.places.models import Place

WITHOUT_USUAL_MINOR = 10_000
"""The bill an example is shown for where a shop never said what people spend."""


NEW_OFFER = 2**40
"""The id of an offer that has none yet: it comes after all others, and the search has no number 0."""


@dataclass(frozen=True, slots=True)
class Preview:
    """An offer as the resident sees it, and one sale as the shop does. `price` None = nothing to show yet.

    `bill_minor` = the bill of the example where the offer needs one, None elsewhere.
    """

    terms: Terms
    price: Price | None
    margin: Margin | None
    bill_minor: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a week strip. `special` = why its hours differ from the weekday's, None on ordinary days."""

    date: date
    spans: list[Span]
    special: Text | None


SPECIAL = {
    "public_holiday": Text("法定假日", "public holiday"),
    "makeup_workday": Text("调休上班", "make-up workday"),
}


def preview_of(terms: Terms, place: "Place", *, cost_minor: int | None) -> Preview:
    """Return both sides of one sale of a shop, on an example bill where the offer needs one."""
    bill = _example_bill(terms, place) if terms.needs_bill and terms.kind != VOUCHER else None
    price = price_of(terms, bill) if terms.worth_minor or terms.needs_bill else None
    fee = place.merchant.platform_fee_basis_points if place.merchant else 0
    margin = margin_of(terms, price, cost_minor=cost_minor, fee_basis_points=fee) if price else None
    return Preview(terms, price, margin, bill)


def draft_terms(
    kind: str,
    values: Mapping[str, Any],
    *,
    sold: int,
    funders: tuple[tuple[str, int], ...],
    offer_id: int | None = None,
) -> Terms:
    """Return the terms of a form half filled in; what is missing is as the table would have it. No `offer_id` = new."""
    known = {name for name in FIELDS[kind] if name in Terms.__slots__ and name not in UNASKED}
    filled = {name: value for name, value in values.items() if name in known and value is not None}
    items = tuple(Item(**item) for item in filled.pop("items", ()))
    for name in ("tiers", "stack_tags", "stack_accepts", "blackout_dates", "excluded_categories"):
        if name in filled:
            filled[name] = tuple(tuple(one) if isinstance(one, list) else one for one in filled[name])
    if values.get("audience_any"):
        filled["audience"] = Audience(tuple(map(tuple, values["audience_any"])))
    if filled.get("tiers"):
        filled["threshold_minor"] = filled["tiers"][0][0]
    budgets = [filled[name] for name in ("budget_minor", "budget_day_minor", "budget_week_minor") if name in filled]
    filled["budget_left_minor"] = min(budgets, default=None)
    if items and kind == PACKAGE:
        filled["list_minor"] = sum(item.quantity * item.unit_minor for item in items)
    if "stock" in filled:
        filled["stock_left"] = max(filled["stock"] - sold, 0)
    return Terms(
        offer_id=offer_id or NEW_OFFER, version_id=0, place_id=0, kind=kind, items=items, funders=funders, **filled
    )


def pairs_of(terms: Terms, others: Iterable[Terms]) -> list[tuple[Terms, list[bool | None]]]:
    """Return a shop's offers as a grid of who may stand beside whom (PR22), the one being written first.

    A row holds an offer and, for each offer of the grid, whether they agree; None on the diagonal.
    """
    shown = [terms, *(other for other in others if other.offer_id != terms.offer_id)]
    return [(one, [None if one is other else agree(one, other) for other in shown]) for one in shown]


def week_of(expression: str, at: datetime) -> list[Day] | None:
    """Return the next seven days of hours in OSM's grammar; None where they cannot be read or there are none."""
    if not expression.strip():
        return None
    try:
        check_hours(expression)
    except Refused:
        return None
    zone, overlay = timezone.get_default_timezone(), get_calendar_overlay()
    first = at.astimezone(zone).date()
    days = hours_by_day(expression, first=first, days=7, overlay=overlay, zone=zone)
    dates = [date.fromordinal(first.toordinal() + number) for number in range(7)]
    return [Day(day, spans, SPECIAL.get(day_kind(day, overlay))) for day, spans in zip(dates, days, strict=True)]


def _example_bill(terms: Terms, place: "Place") -> int:
    return max(terms.threshold_minor, place.usual_minor or WITHOUT_USUAL_MINOR)
