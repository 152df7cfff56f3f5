"""What a member presses on their own phone: the shop's code, a confirmation, "it did not work"."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.offers.rules import say_amount
from bacao.redemption.queries import find_incident
from bacao.redemption.services import (
    MoreNeeded,
    NoSuchIncident,
    Presence,
    SignedOut,
    agree,
    redeem_at_shop,
    report_trouble,
)
from bacao.redemption.services.attempts import both
from bacao.web.api.calls import MOST_BYTES, NotUnderstood, Reply, TooLarge, read_uuid, refuse, say
from bacao.web.api.owners import as_response
from bacao.web.api.rows import MOST_MINOR, preview_as_json
from bacao.web.requests import PageRequest

T = TypeVar("T")
REASONS = {"refused", "closed", "not_there", "code"}


class Own(msgspec.Struct, forbid_unknown_fields=True):
    """One's own voucher, to be used here."""

    voucher: UUID
    bill_minor: int | None = None
    uses: int | None = None


class Consent(msgspec.Struct, forbid_unknown_fields=True):
    """One's own voucher, shown to the clerk; `charge_minor` is what the member had in sight."""

    voucher: UUID
    charge_minor: int | None = None


class Where(msgspec.Struct, forbid_unknown_fields=True):
    """How a member shows that they are there."""

    shop: str = ""
    code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float = 0.0


class Report(msgspec.Struct, forbid_unknown_fields=True):
    """What did not work."""

    voucher: UUID
    reason: str
    paid_minor: int | None = None
    presence: Where | None = None


def answers(view: "Callable[..., Reply]") -> "Callable[..., HttpResponse]":
    """Turn a function of a signed-in member's request into a view; refusals are said in JSON."""

    @wraps(view)
    def answered(request: PageRequest, **parts: object) -> HttpResponse:
        try:
            if not request.user.is_authenticated:
                raise SignedOut
            if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
                raise TooLarge
            return as_response(view(request, **parts))
        except MoreNeeded as needed:
            return as_response(refuse(needed, preview=preview_as_json(needed.preview)))
        except Refused as refused:
            return as_response(refuse(refused))

    return never_cache(answered)


@require_POST
@answers
def redemptions(request: PageRequest, shop: str, live: str | None = None) -> Reply:
    """POST /s/<shop>[/<code>]/redemptions"""
    own = _read(request, Own)
    answer, digits = redeem_at_shop(
        shop=shop,
        live=live,
        user_id=_user_id(request),
        voucher_id=own.voucher,
        key=read_uuid(request.headers.get("Idempotency-Key", "")),
        bill_minor=own.bill_minor,
        uses=own.uses,
        at=timezone.now(),
    )
    if not digits:
        return Reply(answer.status, answer.body)
    return Reply(answer.status, msgspec.json.encode(answer.content | {"digits": digits}))


@require_POST
@answers
def confirmations(request: PageRequest) -> Reply:
    """POST /confirmations"""
    agree(voucher_id=_read(request, Consent).voucher, user_id=_user_id(request), at=timezone.now())
    return say(201, "agreed")


@require_POST
@answers
def incidents(request: PageRequest) -> Reply:
    """POST /incidents, from the member."""
    report = _read(request, Report)
    if report.reason not in REASONS or not 0 <= (report.paid_minor or 0) <= MOST_MINOR:
        raise NotUnderstood
    where = report.presence
    incident = report_trouble(
        voucher_id=report.voucher,
        user_id=_user_id(request),
        reason=report.reason,
        paid_minor=report.paid_minor,
        presence=Presence(where.shop, where.code, where.latitude, where.longitude, where.accuracy_m) if where else None,
        at=timezone.now(),
    )
    amount = say_amount(incident.credit_minor)
    text = (
        Text(f"已补偿 {amount}，券还能用。", f"{amount} credited; the voucher still works.")
        if incident.credit_minor
        else Text("已记下，72 小时内给你结果，券还能用。", "Noted; you hear within 72 hours, the voucher still works.")
    )
    return say(
        201,
        "credited" if incident.credit_minor else "noted",
        text=both(text),
        incident=str(incident.pk),
        credit_minor=incident.credit_minor,
        decide_by=incident.decide_by.isoformat(timespec="seconds"),
    )


@require_safe
@answers
def incident(request: PageRequest, incident_id: UUID) -> Reply:
    """GET /incidents/<id>, for the member it is of."""
    found = find_incident(incident_id)
    if found is None or found.user_id != _user_id(request):
        raise NoSuchIncident
    times = {
        name: at.isoformat(timespec="seconds") if (at := getattr(found, name)) else None
        for name in ("opened_at", "answer_by", "decide_by", "answered_at", "decided_at")
    }
    payer = {"shop": "shop", "member": "member", "": ""}.get(found.cause, "platform")
    return say(200, "incident", cause=found.cause, payer=payer, credit_minor=found.credit_minor, **times)


def _read(request: PageRequest, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.MsgspecError, ValueError):
        raise NotUnderstood from None


def _user_id(request: PageRequest) -> int:
    assert request.user.pk is not None, "the view is for people who signed in"
    return request.user.pk
