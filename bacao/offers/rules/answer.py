"""The answer to "what does this bill cost, and why" (pricing.md, section 9)."""

from dataclasses import dataclass
from typing import Literal

from bacao.kit.text import Text

from .price import add_up
from .terms import Terms

RULESET = "pr-1"

Reason = Literal[
    "not_in_audience", "party_size", "outside_window", "not_live", "limit_total", "limit_person", "limit_bill",
    "budget_exhausted", "items_missing", "buy_before", "threshold_short_by", "conflicts_with", "beaten_by", "no_effect",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What comes off one line of the bill, and who pays it: ((party, minor units), ...)."""

    line: int
    amount_minor: int
    funders: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One offer as it is applied. `parts` sum to `discount_minor`, and so do `funders` (PR3, PR4).

    `units` vouchers, packages or uses of a card are used, of which `owned_units` were owned. `bought_minor` = to be
    paid for the others now, `already_paid_minor` = was paid for the owned ones. `admitted_by` = keys that let it in.
    """

    terms: Terms
    layer: int
    units: int
    owned_units: int
    base_minor: int
    discount_minor: int
    parts: tuple[Part, ...]
    funders: tuple[tuple[str, int], ...]
    bought_minor: int = 0
    already_paid_minor: int = 0
    burn_minor: int = 0
    admitted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """One offer that is not used, with one reason and a sentence for whoever pays (PR29).

    `amount_minor` = what the bill lacks, or how much dearer the best set with it is. `against` = version ids of what
    it conflicts with or is beaten by. `missing` = keys or items that are missing. `refused_by` = which side withholds
    its consent: `this`, `other`, `both`, or `rule` where both would agree.
    """

    terms: Terms
    reason: Reason
    text: Text
    amount_minor: int | None = None
    against: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    refused_by: str = ""


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """The cheapest other set of offers, and how much more it costs."""

    offers: tuple[Terms, ...]
    payable_minor: int
    more_minor: int


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a little more on the bill would change (PR31); `less_minor` < 0 = then more is paid, with more saved."""

    add_minor: int
    payable_minor: int
    less_minor: int
    saves_minor: int
    text: Text


@dataclass(frozen=True, slots=True)
class Answer:
    """The lowest cost of a bill and how it comes about. All amounts in minor units.

    `payable_minor` = `counter_minor` (to pay at the counter) + `bought_minor` (to be bought now) +
    `already_paid_minor` (paid earlier for what is used). `bound_minor` = how much lower the true best could be at
    most; 0 = exact (PR25, PR26).
    """

    list_minor: int
    payable_minor: int
    counter_minor: int
    bought_minor: int
    already_paid_minor: int
    burn_minor: int
    bound_minor: int
    uses: tuple[Use, ...]
    rejected: tuple[Rejected, ...] = ()
    runner_up: RunnerUp | None = None
    next_step: NextStep | None = None
    ruleset: str = RULESET
    calendar_version: str = ""

    @property
    def saving_minor(self) -> int:
        """What comes off the list price."""
        return self.list_minor - self.payable_minor

    @property
    def pay_now_minor(self) -> int:
        """New cash: what is bought now and what is paid at the counter (PR9)."""
        return self.counter_minor + self.bought_minor

    @property
    def funders(self) -> tuple[tuple[str, int], ...]:
        """Who pays how much of the discount in all, in the house's order."""
        return add_up(share for use in self.uses for share in use.funders)

    @property
    def is_exact(self) -> bool:
        """Whether nothing lower can exist under the published order of calculation."""
        return self.bound_minor == 0
