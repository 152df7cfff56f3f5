"""What a person takes of an offer, and which counters that moves (pricing.md, section 5). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

EVER, DAY, WEEK, MONTH = CALENDAR = ("ever", "day", "week", "month")
ROLLING = "rolling"
"""Any `person_days` days in a row, today the last of them."""
PERIODS = (*CALENDAR, ROLLING)


class RollingCap(NamedTuple):
    """At most `limit` units under one identity in any `days` days in a row; these ones are taken on `day`."""

    identity: str
    day: date
    days: int
    limit: int


@dataclass(frozen=True, slots=True)
class Claim:
    """`quantity` units of an offer, and every counter they move: what is taken is given back by the same claim.

    `version_id` = the terms that were promised, None = those that hold now. `personal` = ((identity, period, limit),
    ...), one for each identity of the payer (PR18), or `rolling` in their place; `quotas` = ((day or start of a slot,
    limit), ...). A limit of None only counts (PR16).
    """

    offer_id: int
    quantity: int
    version_id: int | None = None
    personal: tuple[tuple[str, str, int | None], ...] = ()
    quotas: tuple[tuple[str, int | None], ...] = ()
    rolling: tuple[RollingCap, ...] = ()

    def of(self, quantity: int) -> "Claim":
        """Return the same claim on fewer units: some of them are given back."""
        return replace(self, quantity=quantity)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored beside what it was made for."""
        return {
            "offer": self.offer_id,
            "version": self.version_id,
            "quantity": self.quantity,
            "personal": [list(row) for row in self.personal],
            "quotas": [list(row) for row in self.quotas],
            "rolling": [[cap.identity, cap.day.isoformat(), cap.days, cap.limit] for cap in self.rolling],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Claim":
        """Return what `as_json` stored."""
        return cls(
            offer_id=stored["offer"],
            quantity=stored["quantity"],
            version_id=stored["version"],
            personal=tuple((identity, period, limit) for identity, period, limit in stored["personal"]),
            quotas=tuple((period, limit) for period, limit in stored["quotas"]),
            rolling=tuple(
                RollingCap(identity, date.fromisoformat(day), days, limit)
                for identity, day, days, limit in stored.get("rolling", ())  # claims of before had none
            ),
        )


def make_claim(
    *,
    offer_id: int,
    quantity: int,
    user_id: int,
    version_id: int | None = None,
    identities: Iterable[str] = (),
    per_person: int | None = None,
    person_period: str = EVER,
    person_days: int | None = None,
    per_day: int | None = None,
    per_slot: int | None = None,
    slot: datetime | None = None,
    day: date | None = None,
) -> Claim:
    """Return the claim of a person on units of an offer.

    `day` = the day of the purchase at the shop. `slot` = when the time begins for which seats are taken. Without a
    cap only the person is counted, so that a cap that comes later knows them.
    """
    who = sorted({user_identity(user_id), *(identities if per_person is not None else ())})
    quotas = [(day.isoformat(), per_day)] if day and per_day is not None else []
    if slot and per_slot is not None:
        quotas.append((slot.isoformat(timespec="minutes"), per_slot))
    if person_days is not None and per_person is not None and day:
        rolling = tuple(RollingCap(one, day, person_days, per_person) for one in who)
        return Claim(offer_id, quantity, version_id, (), tuple(quotas), rolling)
    period = period_of(person_period, day) if per_person is not None and day else EVER
    return Claim(offer_id, quantity, version_id, tuple((one, period, per_person) for one in who), tuple(quotas))


def user_identity(user_id: int) -> str:
    """Return how a person's own counter is named."""
    return f"user-{user_id}"


def period_of(kind: str, day: date) -> str:
    """Return the name of the calendar period that a day belongs to: 2026-11-21, 2026-W47, 2026-11 or `ever`."""
    if kind == DAY:
        return day.isoformat()
    if kind == WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{day:%Y-%m}" if kind == MONTH else EVER


def budget_of(offer_id: int) -> str:
    """Return the account of the control book that holds what an offer may take off in all (PR39)."""
    return f"control.budget.{offer_id}"


class PeriodBudget(NamedTuple):
    """The account of what an offer may take off in one day or week: its code, its first day, and how much."""

    code: str
    first_day: date
    limit_minor: int


def period_budgets_of(
    offer_id: int, day: date, *, day_minor: int | None, week_minor: int | None
) -> tuple[PeriodBudget, ...]:
    """Return the accounts of the day and of the week that a day belongs to, where they have limits of their own."""
    monday = day - timedelta(days=day.weekday())
    found = (
        (f"control.budget_day.{offer_id}.{day:%Y%m%d}", day, day_minor),
        (f"control.budget_week.{offer_id}.{period_of(WEEK, day)}", monday, week_minor),
    )
    return tuple(PeriodBudget(code, first, limit) for code, first, limit in found if limit is not None)
