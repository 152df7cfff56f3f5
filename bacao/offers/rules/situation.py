"""What a price is asked for: a bill, an instant, a party, and what the person holds (pricing.md, section 1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .terms import Terms


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a bill: `quantity` units at `unit_minor` each, list price; `item` = the key of what it is."""

    id: int
    unit_minor: int
    quantity: int = 1
    item: str = ""
    category: str = ""

    @property
    def list_minor(self) -> int:
        """The whole line at list price."""
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Bill:
    """Ordered lines of one shop in one currency, minor units."""

    lines: tuple[BillLine, ...]

    @classmethod
    def of_amount(cls, minor: int) -> "Bill":
        """Return a bill of which only the amount is known."""
        return cls((BillLine(0, minor),))

    @property
    def list_minor(self) -> int:
        """The whole bill at list price."""
        return sum(line.list_minor for line in self.lines)

    def and_more(self, minor: int) -> "Bill":
        """Return the bill with something more on it that is no item in particular."""
        number = max((line.id for line in self.lines), default=-1) + 1
        return Bill((*self.lines, BillLine(number, minor)))


@dataclass(frozen=True, slots=True)
class Owned:
    """Units of a voucher, package or card that the person bought before, under the terms they bought.

    `units` = uses left. `first_use` = uses of a card gone before. `expires_at` None = it does not expire.
    """

    terms: Terms
    units: int = 1
    first_use: int = 0
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Who asks, when, for how many, about which bill. `used` = units a person took before, by offer id (PR17).

    `keys` = entitlement keys held at `at`. `calendar_version` = which days off were known (PR14).
    """

    bill: Bill
    at: datetime
    party: int = 1
    keys: frozenset[str] = frozenset()
    owned: tuple[Owned, ...] = ()
    used: Mapping[int, int] = field(default_factory=dict)
    calendar_version: str = ""
