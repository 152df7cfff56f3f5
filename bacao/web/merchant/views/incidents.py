"""What did not work here: each with its clock, whose doing it was, and the shop's own word within 24 hours (RD47)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.redemption.queries import list_failure_rates, list_incidents_of_merchant
from bacao.redemption.services import answer_incident
from bacao.web.merchant.access import ShopRequest, for_owners

REASONS = {
    "refused": Text("客人说店里不收", "The guest says that the shop refused it"),
    "closed": Text("客人说没开门", "The guest says that it was closed"),
    "not_there": Text("客人说没有这样东西", "The guest says that there was none"),
    "code": Text("码扫不出来", "The code did not scan"),
}
CAUSES = {
    "ours": Text("是平台的问题，平台付", "Our doing: we pay"),
    "shop": Text("是店里的问题，店里付", "The shop's doing: the shop pays"),
    "member": Text("是客人的问题", "The guest's doing"),
    "unknown": Text("说不清，平台付", "Nobody can say: we pay"),
}


@require_safe
@for_owners
def incidents(request: ShopRequest) -> HttpResponse:
    """List incidents, newest first, those that can still be answered with a field."""
    rows = [
        {
            "row": row,
            "reason": REASONS.get(row.reason, Text("收银台按券价收了", "The counter charged the promised price")),
            "cause": CAUSES.get(row.cause),
            "open": row.answered_at is None and row.decided_at is None and row.answer_by > request.at,
        }
        for row in list_incidents_of_merchant(request.shop.merchant.pk)
    ]
    rates = list_failure_rates(request.shop.place_ids, request.at)
    places = [(place, rates[place.pk]) for place in request.shop.places if place.pk in rates]
    return render(request, "merchant/incidents.html", {"incidents": rows, "places": places, "section": "shop"})


@require_POST
@for_owners
def answer(request: ShopRequest, incident_id: UUID) -> HttpResponse:
    """Say what happened, once."""
    text = request.POST.get("text", "").strip()
    try:
        if text:
            answer_incident(incident_id=incident_id, by=request.user, text=text, at=request.at)
            said = Text("记下了，72 小时内有结果。", "Noted; it is decided within 72 hours.")
            messages.success(request, said.say(request.LANGUAGE_CODE))
    except Refused as refused:
        messages.error(request, refused.text.say(request.LANGUAGE_CODE))
    return redirect("merchant:incidents")
