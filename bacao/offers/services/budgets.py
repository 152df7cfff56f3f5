"""What an offer may take off in all: an account of the control book, moved with the terms (PR39)."""

from datetime import datetime
from uuid import NAMESPACE_OID, uuid5

from bacao.kit.text import Refused, Text
from bacao.ledger.services import LimitReached, allocate_budget

from ..models import OfferVersion
from ..rules import say_amount
from ..rules.limits import budget_of


class SpentMoreThanThat(Refused):
    """A new budget is lower than what was promised out of the old one."""

    code = "spent_more_than_that"

    def __init__(self, promised_minor: int) -> None:
        said = say_amount(promised_minor)
        super().__init__(
            Text(f"已经用掉或占用 {said}，预算不能更低。", f"{said} of it is promised; the budget cannot be lower.")
        )


def set_budget(*, version: OfferVersion, before: OfferVersion | None = None, at: datetime) -> None:
    """Give the offer's account in the control book what its new terms set aside beyond the old ones, or take it away.

    What an operator added at the desk stays beside it.
    """
    if version.budget_minor is None:
        return
    more = version.budget_minor - ((before and before.budget_minor) or 0)
    code = budget_of(version.offer_id)
    try:
        allocate_budget(
            id=uuid5(NAMESPACE_OID, f"{code} {version.number}"),
            code=code,
            amount_minor=more,
            origin={"offer": version.offer_id, "version": version.number},
            at=at,
        )
    except LimitReached as reached:
        raise SpentMoreThanThat(version.budget_minor + reached.wanted_minor - reached.room_minor) from None
