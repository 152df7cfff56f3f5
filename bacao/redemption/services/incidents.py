"""What members report, and how it ends: who answered, who decided, who pays (RD46, RD47)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import IntegrityError, transaction

from bacao.kit.geo import distance_m
from bacao.kit.text import Refused, Text
from bacao.ledger.services import post, reverse
from bacao.orders.queries import list_vouchers_by_id
from bacao.places.queries import get_place, is_owner
from bacao.redemption import rules
from bacao.redemption.models import Incident
from bacao.redemption.queries import find_counter_by_code, find_incident, get_shop_key, list_due_incidents
from bacao.redemption.rules import incidents as limits
from bacao.redemption.rules.shop import is_live

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.orders.models import Voucher


class NoSuchIncident(Refused):
    """There is none of that number, or it is another shop's."""

    code = "not_found"
    text = Text("没有这条记录。", "There is no such report.")
    status = 404


class ReportedBefore(Refused):
    """The voucher has an open report."""

    code = "already_reported"
    text = Text(
        "这张券已经报过了，72 小时内有结果。", "This voucher was reported already; you will hear within 72 hours."
    )


class TooLateToAnswer(Refused):
    """The shop had its time, or it is decided."""

    code = "too_late"
    text = Text("答复时间已过。", "The time to answer is over.")


@dataclass(frozen=True, slots=True)
class Presence:
    """How a member shows that they are there: the shop's live code, or a consented position with its accuracy."""

    shop: str = ""
    live: str = ""
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float = 0.0


def report_trouble(
    *, voucher_id: UUID, user_id: int, reason: str, paid_minor: int | None, presence: Presence | None, at: datetime
) -> Incident:
    """Open a member's report; where they were there and paid more than promised, credit the difference at once.

    ¥50 each, two in 30 days by themselves; more is a person's to decide. The voucher stays alive.
    :raises NoSuchIncident: the voucher is not theirs :raises ReportedBefore: it has an open report
    """
    voucher = list_vouchers_by_id([voucher_id]).get(voucher_id)
    if voucher is None or voucher.user_id != user_id:
        raise NoSuchIncident
    shown = _shown(presence, voucher, at) if presence else ""
    credit = _credit(user_id, voucher, paid_minor, at) if shown else 0
    incident = Incident(
        merchant_id=voucher.merchant_id,
        place_id=voucher.order.place_id,
        voucher=voucher,
        user_id=user_id,
        door=Incident.Door.MEMBER,
        reason=reason,
        presence=shown,
        credit_minor=credit,
        opened_at=at,
        answer_by=at + limits.ANSWER_WITHIN,
        decide_by=at + limits.DECIDE_WITHIN,
    )
    try:
        with transaction.atomic():
            if credit:
                incident.ledger_id = uuid5(NAMESPACE_OID, f"credit {incident.pk}")
            incident.save(force_insert=True)
            if credit and incident.ledger_id:
                post(
                    id=incident.ledger_id,
                    kind="credited",
                    entries=limits.credit_entries(user_id, credit),
                    origin={"voucher": str(voucher.pk), "incident": str(incident.pk)},
                    effective_at=at,
                )
    except IntegrityError:
        raise ReportedBefore from None
    return incident


def answer_incident(*, incident_id: UUID, by: "User", text: str, at: datetime) -> None:
    """Let the shop say what happened, once, within 24 hours. :raises NoSuchIncident, TooLateToAnswer:"""
    incident = find_incident(incident_id)
    if incident is None or not is_owner(by, incident.merchant_id):
        raise NoSuchIncident
    rows = Incident.objects.filter(pk=incident_id, answered_at=None, decided_at=None, answer_by__gt=at)
    if not rows.update(answer=text[:300], answered_at=at):
        raise TooLateToAnswer


@transaction.atomic
def decide_incident(*, incident_id: UUID, cause: str, by: "User | None" = None, at: datetime) -> None:
    """Say whose doing it was: `ours`, `shop`, `member` or `unknown`; ours and unknown are paid by the platform.

    The shop bears what it caused: what it got for honouring is taken back, a member's credit is owed by it.
    :raises NoSuchIncident: there is none
    """
    incident = Incident.objects.select_for_update().filter(pk=incident_id).first()
    if incident is None:
        raise NoSuchIncident
    if incident.decided_at is not None:
        return
    incident.cause, incident.decided_at, incident.decided_by = Incident.Cause(cause), at, by
    if incident.cause == Incident.Cause.SHOP and incident.ledger_id:
        _charge_shop(incident, at)
    incident.save(update_fields=["cause", "decided_at", "decided_by"])


def decide_due(*, at: datetime) -> int:
    """Decide for the member what nobody decided in 72 hours (silence decides, RD47); return how many."""
    due = list_due_incidents(at)
    for incident_id in due:
        incident = find_incident(incident_id)
        silent = incident is not None and incident.door == Incident.Door.MEMBER and incident.answered_at is None
        decide_incident(incident_id=incident_id, cause="shop" if silent else "unknown", at=at)
    return len(due)


def _charge_shop(incident: Incident, at: datetime) -> None:
    ledger_id = uuid5(NAMESPACE_OID, f"decided {incident.pk}")
    origin = {"voucher": str(incident.voucher_id), "incident": str(incident.pk)}
    if incident.difference_minor and incident.ledger_id:
        reverse(id=ledger_id, reverses=incident.ledger_id, kind="shop_caused", origin=origin, effective_at=at)
    elif incident.credit_minor:
        entries = limits.claim_back_entries(incident.merchant_id, incident.credit_minor)
        post(id=ledger_id, kind="shop_caused", entries=entries, origin=origin, effective_at=at)


def _shown(presence: Presence, voucher: "Voucher", at: datetime) -> str:
    """Return how somebody showed that they were at the shop, "" where they did not."""
    counter = find_counter_by_code(presence.shop.upper()) if presence.shop and presence.live else None
    if counter and counter.place_id == voucher.order.place_id:
        return "shop_code" if is_live(get_shop_key(counter.pk), presence.live, rules.step_at(at)) else ""
    if presence.latitude is None or presence.longitude is None:
        return ""
    place = get_place(voucher.order.place_id)
    far = distance_m(presence.latitude, presence.longitude, place.latitude, place.longitude)
    return "position" if far <= limits.PRESENT_WITHIN_M and presence.accuracy_m <= limits.PRESENT_WITHIN_M else ""


def _credit(user_id: int, voucher: "Voucher", paid_minor: int | None, at: datetime) -> int:
    """Return what is credited by itself: what was paid above the voucher's worth's promise, within the limits."""
    recent = Incident.objects.filter(user=user_id, credit_minor__gt=0, opened_at__gt=at - limits.MONTH).count()
    if not paid_minor or recent >= limits.CREDITS_A_MONTH:
        return 0
    promised = voucher.order.unit_price_minor
    return min(max(paid_minor - promised, 0), limits.CREDIT_AT_MOST_MINOR)
