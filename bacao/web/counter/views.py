"""The counter: one screen for a clerk who was never taught, and the four addresses it speaks to (X18)."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.redemption import rules
from bacao.redemption.queries import list_redemptions
from bacao.redemption.rules import Preview
from bacao.redemption.services import Answer, MoreNeeded, prepare, redeem_voucher, undo_redemption
from bacao.redemption.services.attempts import both
from bacao.web.counter.stations import (
    NotUnderstood,
    Press,
    Station,
    device_of,
    find_chosen,
    get_station,
    is_json,
    list_stations,
    read_press,
)
from bacao.web.qr import draw_qr
from bacao.web.requests import PageRequest
from bacao.web.templatetags.bacao import say

PRACTICE_TYPED = "0" * 12
PRACTICE_TOKEN = rules.encode_token(rules.Token(rules.PRACTICE, bytes(5), bytes(14)))


@require_safe
def practice(request: PageRequest) -> HttpResponse:
    """Show what a guest's phone shows, with a code that never counts (RD51)."""
    return render(request, "counter/practice.html", {"symbol": draw_qr(PRACTICE_TOKEN), "typed": PRACTICE_TYPED})


@require_POST
@never_cache
def previews(request: PageRequest) -> HttpResponse:
    """Answer with what a code holds, and consume nothing."""
    try:
        press, _ = read_press(request)
        station = get_station(request, press.place)
        found = prepare(
            merchant_id=station.merchant_id,
            place_id=station.place.pk,
            token=press.token,
            typed=press.typed,
            device=device_of(request),
            at=request.at,
        )
    except Refused as refused:
        return _json(_body_of(refused), refused.status)
    return _json({"outcome": "usable", "preview": _preview(found)}, 200)


@require_http_methods(["GET", "POST"])
@never_cache
def redemptions(request: PageRequest) -> HttpResponse:
    """Consume a voucher exactly once; or, asked, list what this shop redeemed since yesterday."""
    if request.method == "GET":
        return _history(request)
    try:
        press, key = read_press(request)
        station = get_station(request, press.place)
    except Refused as refused:
        return _refuse(request, refused, None, None)
    try:
        answer = redeem_voucher(
            merchant_id=station.merchant_id,
            place_id=station.place.pk,
            clerk=station.clerk,
            key=key,
            token=press.token,
            typed=press.typed,
            bill_minor=press.bill_minor,
            uses=press.uses,
            device=device_of(request),
            at=request.at,
        )
    except Refused as refused:
        return _refuse(request, refused, station, press)
    return _answer(request, answer, station)


@require_POST
@never_cache
def undos(request: PageRequest) -> HttpResponse:
    """Take back what one press consumed, within 60 minutes."""
    try:
        press, key = read_press(request)
        station = get_station(request, press.place)
        if press.redemption is None:
            raise NotUnderstood
    except Refused as refused:
        return _refuse(request, refused, None, None)
    answer = undo_redemption(
        merchant_id=station.merchant_id, clerk=station.clerk, redemption_key=press.redemption, key=key, at=request.at
    )
    if is_json(request):
        return HttpResponse(answer.body, status=answer.status, content_type="application/json")
    level = messages.SUCCESS if answer.outcome == "undone" else messages.ERROR
    messages.add_message(request, level, _said(answer))
    return redirect("counter:redemptions")


def _history(request: PageRequest) -> HttpResponse:
    """List the presses of a shop since yesterday, newest first; those within the window can be undone."""
    if not request.user.is_authenticated:
        return redirect(f"/sign-in?next={request.path}")
    station = find_chosen(request, list_stations(request.user))
    if station is None:
        return redirect("counter:counter")
    midnight = timezone.localtime(request.at).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = list_redemptions(
        station.merchant_id, midnight - timedelta(days=1), request.at + timedelta(seconds=1), station.place.pk
    )
    presses: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        press = presses.setdefault(row.key, {"row": row, "uses": 0, "undo": getattr(row, "undo", None), "new": uuid4()})
        press["uses"] += 1
        press["open"] = press["undo"] is None and request.at - row.redeemed_at <= rules.UNDO_WINDOW
    context = {"station": station, "presses": list(presses.values()), "midnight": midnight}
    return render(request, "counter/redemptions.html", context)


def _preview(preview: Preview) -> dict[str, Any]:
    """Return a preview as JSON carries it."""
    return asdict(preview) | {
        "title": both(preview.title),
        "terms": both(preview.terms),
        "items": [{**both(name), "quantity": quantity} for name, quantity in preview.items],
    }


def _body_of(refused: Refused) -> dict[str, Any]:
    """Return a refusal as JSON carries it."""
    body: dict[str, Any] = {"outcome": refused.code, "text": both(refused.text)}
    return body | {"preview": _preview(refused.preview)} if isinstance(refused, MoreNeeded) else body


def _json(body: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")


def _said(answer: Answer) -> str:
    text: dict[str, str] = answer.content["text"]
    return say(Text(**text))


def _answer(request: PageRequest, answer: Answer, station: Station) -> HttpResponse:
    """Return a stored answer: its own bytes to the script, a page to a form."""
    if is_json(request):
        return HttpResponse(answer.body, status=answer.status, content_type="application/json")
    context = {"answer": answer.content, "station": station, "said": _said(answer), "key": uuid4()}
    return render(request, "counter/answer.html", context, status=answer.status)


def _refuse(request: PageRequest, refused: Refused, station: Station | None, press: Press | None) -> HttpResponse:
    """Return what is not stored: the same key may be sent again."""
    if is_json(request):
        return _json(_body_of(refused), refused.status)
    preview = refused.preview if isinstance(refused, MoreNeeded) else None
    answer = {"outcome": refused.code}
    context = {
        "answer": answer, "said": say(refused.text), "station": station, "press": press, "preview": preview,
        "key": uuid4(),
    }  # fmt: skip
    return render(request, "counter/answer.html", context, status=refused.status)
