"""The promised price is honoured at the counter although no code could be read (RD45)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from django.utils import timezone

from bacao.kit.text import Text
from bacao.ledger.services import post
from bacao.offers.rules import say_amount
from bacao.redemption.models import Incident
from bacao.redemption.rules import Share
from bacao.redemption.rules import incidents as limits

from .attempts import CannotRedeem
from .examining import Claim, Found
from .tenancy import as_house

OVER_LIMIT = Text("今天的代付额度用完了，请打客服电话。", "Today's limit is used up; please call support.")


@dataclass(frozen=True, slots=True)
class Honour:
    """An incident to be opened with the use that it takes; the shop gets `difference_minor` from us."""

    incident_id: UUID
    difference_minor: int


def plan_honour(claim: Claim, found: Found, shares: Sequence[Share], key: UUID) -> Honour:
    """Return what honouring costs: what the shop itself would have carried of the discount.

    :raises CannotRedeem: `over_limit`: more than ¥100, or the fourth at this shop today
    """
    difference = sum(share.discount_minor - share.platform_minor - share.partner_minor for share in shares)
    midnight = timezone.localtime(claim.at).replace(hour=0, minute=0, second=0, microsecond=0)
    with as_house(claim.merchant_id):
        today = Incident.objects.filter(
            place=found.loaded.place_id, door=Incident.Door.COUNTER, opened_at__gte=midnight
        ).count()
    if difference > limits.HONOUR_AT_MOST_MINOR or today >= limits.HONOURS_A_DAY:
        raise CannotRedeem(OVER_LIMIT, "over_limit")
    return Honour(uuid5(NAMESPACE_OID, f"incident {claim.merchant_id} {key}"), difference)


def open_honoured(claim: Claim, found: Found, honour: Honour, redemption_id: int) -> None:
    """Write the incident beside the use that it took, and pay the shop the difference; the house's part."""
    ledger_id = uuid5(NAMESPACE_OID, f"honour {honour.incident_id}") if honour.difference_minor else None
    if ledger_id:
        post(
            id=ledger_id,
            kind="honoured",
            entries=limits.honour_entries(claim.merchant_id, honour.difference_minor),
            origin={"voucher": str(found.loaded.voucher_id), "incident": str(honour.incident_id)},
            effective_at=claim.at,
        )
    Incident.objects.create(
        pk=honour.incident_id,
        merchant_id=claim.merchant_id,
        place_id=found.loaded.place_id,
        voucher_id=found.loaded.voucher_id,
        user_id=found.loaded.user_id,
        counter_id=claim.row.counter_id if claim.row else None,
        redemption_id=redemption_id,
        door=Incident.Door.COUNTER,
        reason=claim.honour,
        presence="counter",
        difference_minor=honour.difference_minor,
        ledger_id=ledger_id,
        opened_at=claim.at,
        answer_by=claim.at + limits.ANSWER_WITHIN,
        decide_by=claim.at + limits.DECIDE_WITHIN,
    )


def say_honoured(charge_minor: int, difference_minor: int) -> Text:
    """Return what the clerk reads."""
    charge, difference = say_amount(charge_minor), say_amount(difference_minor)
    return Text(
        f"按券价收 {charge}，差额 {difference} 平台付", f"Charge {charge}; we pay you the {difference} in between"
    )
