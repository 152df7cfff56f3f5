"""What a person takes of an offer, and which counters that moves (pricing.md, section 5). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

EVER, DAY, WEEK, MONTH = PERIODS = ("ever", "day", "week", "month")


@dataclass(frozen=True, slots=True)
class Claim:
    """`quantity` units of an offer, and every counter they move: what is taken is given back by the same claim.

    `version_id` = the terms that were promised, None = those that hold now. `personal` = ((identity, period, limit),
    ...), one for each identity of the payer (PR18); `quotas` = ((day or start of a slot, limit), ...). A limit of
    None only counts (PR16).
    """

    offer_id: int
    quantity: int
    version_id: int | None = None
    personal: tuple[tuple[str, str, int | None], ...] = ()
    quotas: tuple[tuple[str, int | None], ...] = ()

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
    per_day: int | None = None,
    per_slot: int | None = None,
    slot: datetime | None = None,
    day: date | None = None,
) -> Claim:
    """Return the claim of a person on units of an offer.

    `day` = the day of the purchase at the shop. `slot` = when the time begins for which seats are taken. Without a
    cap only the person is counted, so that a cap that comes later knows them.
    """
    period = period_of(person_period, day) if per_person is not None and day else EVER
    who = sorted({user_identity(user_id), *(identities if per_person is not None else ())})
    quotas = [(day.isoformat(), per_day)] if day and per_day is not None else []
    if slot and per_slot is not None:
        quotas.append((slot.isoformat(timespec="minutes"), per_slot))
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


def day_budget_of(offer_id: int, day: date) -> str:
    """Return the account of what an offer may take off on one day."""
    return f"control.budget_day.{offer_id}.{day:%Y%m%d}"
