"""A shop at one minute, as its page shows it: which offers can be used and why the others cannot, and its week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.timezone import localtime

from bacao.kit.calendar import Overlay
from bacao.kit.hours import Span
from bacao.kit.text import Text
from bacao.offers.queries import get_terms
from bacao.offers.rules import Price, Rejected, Terms, price_of
from bacao.offers.rules.windows import WEEKDAYS_EN, WEEKDAYS_ZH, not_now, say_moment

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion
    from bacao.places.queries import OpenDay

DAY_BEGINS_AT = 5  # the week strip runs from 5 in the morning to 5 in the morning


@dataclass(frozen=True, slots=True)
class OfferNow:
    """One offer at one minute. `refused` is None where it can be used now; `is_gone` where it cannot be bought."""

    terms: Terms
    price: Price | None
    refused: Rejected | None
    is_gone: bool = False

    @property
    def why_not(self) -> Text | None:
        """Return why it cannot be used at this minute, or None where it can."""
        return self.refused.text if self.refused else None


def offers_now(
    versions: Iterable["OfferVersion"], *, usual_minor: int | None, party: int, at: datetime, overlay: Overlay
) -> list[OfferNow]:
    """Return what a shop sells, what can be used now first; drafts, paused, ended and lapsed offers are left out.

    `why_not` is None exactly for the offers that `offers.queries.list_live_terms` returns.
    """
    rows = []
    zone = timezone.get_default_timezone()
    for version in versions:
        terms = get_terms(version)
        refused = not_now(terms, state=version.offer.state, at=at, overlay=overlay, zone=zone)
        if refused and refused.reason == "not_live":
            continue
        price = price_of(terms, usual_minor * party if usual_minor and terms.needs_bill else None, party)
        rows.append(OfferNow(terms, price, refused, is_gone=terms.stock_left == 0))
    return sorted(rows, key=lambda row: (row.is_gone, row.refused is not None))


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day of the week strip. `bars` = (start, width) in percent of the 24 hours from 5 in the morning on."""

    name: Text
    is_today: bool
    spans: Sequence[Span]
    bars: list[tuple[float, float]]
    is_holiday: bool
    is_confirmed: bool

    @property
    def is_all_day(self) -> bool:
        """Return whether it never shuts on this day."""
        return _is_all_day(self.spans)


def week_bars(week: Iterable["OpenDay"], at: datetime) -> list[DayBar]:
    """Return the days of a week as bars."""
    today = localtime(at).date()
    return [
        DayBar(
            name=Text(f"周{WEEKDAYS_ZH[day.date.weekday()]}", WEEKDAYS_EN[day.date.weekday()]),
            is_today=day.date == today,
            spans=day.spans,
            bars=[(0.0, 100.0)] if _is_all_day(day.spans) else [_bar(day.date, *span) for span in day.spans],
            is_holiday=day.kind == "public_holiday",
            is_confirmed=day.confirmed,
        )
        for day in week
    ]


def now_percent(at: datetime) -> float:
    """Return where on the strip of its day an instant stands, in percent."""
    local = localtime(at)
    return round(((local.hour + local.minute / 60 - DAY_BEGINS_AT) % 24) / 24 * 100, 1)


def opens_next(week: Iterable["OpenDay"], at: datetime) -> Text | None:
    """Return when a shop that is shut opens again, within the week."""
    following = min((start for day in week for start, _ in day.spans if start > at), default=None)
    return say_moment(following, at, timezone.get_default_timezone()) if following else None


def _is_all_day(spans: Iterable[Span]) -> bool:
    return any(end - start >= timedelta(days=1) for start, end in spans)


def _bar(day: date, start: datetime, end: datetime) -> tuple[float, float]:
    begins = datetime.combine(day, time(DAY_BEGINS_AT), tzinfo=start.tzinfo)
    first, last = (min(max((moment - begins).total_seconds() / 864, 0.0), 100.0) for moment in (start, end))
    return round(first, 1), round(max(last - first, 1.0), 1)
