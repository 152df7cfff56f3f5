"""What a quote needs of scarce things: units of pinned versions, budgets, the buyer's credit."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid5

from django.utils import timezone

from bacao.accounts.queries import list_identities
from bacao.kit.text import Refused, Text
from bacao.ledger.rules import BUDGET_SPENT, MONEY, PERIOD_SPENT, Transfer
from bacao.ledger.services import open_account, open_period
from bacao.offers.queries import find_slot, get_terms, list_versions_by_id
from bacao.offers.rules.limits import Claim, budget_of, make_claim, period_budgets_of
from bacao.orders import rules
from bacao.orders.models import Quote

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.offers.models import OfferVersion


class WrongQuantity(Refused):
    """An order holds at least one unit and at most what the offer allows (X24)."""

    code = "wrong_quantity"
    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(Text(f"一单可买 1 到 {most} 份。", f"One order can hold 1 to {most}."))


class Pin(NamedTuple):
    """Units of a pinned version to be taken, what they take off under a budget, and owned units beside them."""

    version: "OfferVersion"
    units: int
    discount_minor: int = 0
    owned: int = 0


def pins_of(quote: Quote, quantity: int) -> list[Pin]:
    """Return what is used: so many units of what is bought, or all that a bill uses; what is owned takes no new unit.

    :raises WrongQuantity:
    """
    if quote.bill_minor is None:
        most = min(quote.version.per_order, rules.MOST_PER_ORDER)
        if not 1 <= quantity <= most:
            raise WrongQuantity(most)
        return [Pin(quote.version, quantity, quote.result.get("budget", 0) * quantity)]
    if quantity != 1:
        raise WrongQuantity(1)
    uses = quote.result["uses"]
    versions = list_versions_by_id(use["version"] for use in uses) if uses else {}
    return [Pin(versions[use["version"]], use["units"] - use["owned"], use["discount"], use["owned"]) for use in uses]


def claim_of(pin: Pin, user: "User", at: datetime) -> Claim:
    """Return the counters that a pin moves."""
    version = pin.version
    return make_claim(
        offer_id=version.offer_id,
        version_id=version.pk,
        quantity=pin.units,
        user_id=user.pk,
        identities=list_identities(user) if version.per_person is not None else (),
        per_person=version.per_person,
        person_period=version.person_period,
        person_days=version.person_days,
        per_day=version.per_day,
        per_slot=version.per_slot,
        slot=find_slot(get_terms(version), at) if version.per_slot is not None else None,
        day=timezone.localdate(at),
    )


def transfers_of(hold_id: UUID, pins: Sequence[Pin], at: datetime) -> list[Transfer]:
    """Return what is claimed of budgets, in all, today and this week: what an offer takes off, whoever funds it."""
    today = timezone.localdate(at)
    claimed: list[tuple[str, str, Pin]] = []
    for pin in pins:
        version = pin.version
        if version.budget_minor is not None:
            claimed.append((budget_of(version.offer_id), BUDGET_SPENT, pin))
        for budget in period_budgets_of(
            version.offer_id, today, day_minor=version.budget_day_minor, week_minor=version.budget_week_minor
        ):
            begins_at = timezone.make_aware(datetime.combine(budget.first_day, time.min))
            open_period(code=budget.code, begins_at=begins_at, limit_minor=budget.limit_minor)
            claimed.append((budget.code, PERIOD_SPENT, pin))
    return [
        Transfer(
            id=uuid5(hold_id, code),
            kind="held",
            debit=code,
            credit=leg,
            amount_minor=pin.discount_minor,
            effective_at=at,
            origin={"hold": str(hold_id), "version": pin.version.pk},
        )
        for code, leg, pin in claimed
        if pin.discount_minor
    ]


def credit_transfer(hold_id: UUID, *, user_id: int, order_id: UUID, amount_minor: int, at: datetime) -> Transfer:
    """Return the claim on somebody's credit for an order; booked when the hold is captured, given back when it ends."""
    open_account(code=rules.unredeemed_account(order_id))
    return Transfer(
        id=credit_claim(hold_id),
        kind="held",
        debit=rules.credit_account(user_id),
        credit=rules.unredeemed_account(order_id),
        amount_minor=amount_minor,
        effective_at=at,
        origin={"hold": str(hold_id), "order": str(order_id)},
        book=MONEY,
    )


def credit_claim(hold_id: UUID) -> UUID:
    """Return the id of a hold's claim on credit."""
    return uuid5(hold_id, "credit")
