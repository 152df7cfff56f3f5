"""What an owner answers to the devices of their shops."""

from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from bacao.kit.text import Refused
from bacao.redemption.services import agree_device, revoke_device
from bacao.web.api.calls import NotUnderstood, Reply, refuse, say
from bacao.web.api.logins import SignedOut
from bacao.web.requests import PageRequest


class Digits(msgspec.Struct, forbid_unknown_fields=True):
    """What the phone's screen shows."""

    digits: str


@require_POST
@never_cache
def agreement(request: PageRequest, counter_id: UUID) -> HttpResponse:
    """POST /devices/<device>/agreement, by the owner's digits."""
    try:
        if not request.user.is_authenticated:
            raise SignedOut
        asked = msgspec.json.decode(request.body, type=Digits)
        agree_device(counter_id=counter_id, by=request.user, digits=asked.digits, at=timezone.now())
    except msgspec.MsgspecError:
        return as_response(refuse(NotUnderstood()))
    except Refused as refused:
        return as_response(refuse(refused))
    return as_response(say(201, "agreed"))


@require_POST
@never_cache
def revocation(request: PageRequest, counter_id: UUID) -> HttpResponse:
    """POST /devices/<device>/revocation, by the owner."""
    try:
        if not request.user.is_authenticated:
            raise SignedOut
        revoke_device(counter_id=counter_id, by=request.user, at=timezone.now())
    except Refused as refused:
        return as_response(refuse(refused))
    return as_response(say(201, "revoked"))


def as_response(reply: Reply) -> HttpResponse:
    """Return a reply as Django sends it."""
    return HttpResponse(reply.body, status=reply.status, content_type="application/json", headers=dict(reply.headers))
