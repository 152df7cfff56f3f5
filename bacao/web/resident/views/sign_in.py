"""Signing in with a phone number or an e-mail address and six digits; signing out; joining a shop's team."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_POST

from bacao.accounts.rules import Contact, read_contact
from bacao.accounts.rules.codes import DIGITS, RESEND_WAIT
from bacao.accounts.services import CodeGone, TooOften, confirm_code, end_sessions, request_code
from bacao.kit.text import Refused
from bacao.web.sign_in import client_address, open_session, safe_next, session_name

_KEY = "sign_in"  # what this browser's session knows of the code that is on its way


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a contact; send six digits to it, known or not, and go on to the page that takes them."""
    to = safe_next(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(to)
    if request.method == "GET":
        return _page(request, "resident/sign_in.html", {"next": to})
    typed = request.POST.get("contact", "")
    try:
        contact = read_contact(typed, region=settings.PHONE_REGION)
        _send(request, contact, to)
    except Refused as refused:
        return _page(request, "resident/sign_in.html", {"next": to, "contact": typed, "refused": refused})
    return redirect("resident:sign-in-code")


@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Take the six digits; `again` sends new ones."""
    sent = request.session.get(_KEY)
    if not sent or request.user.is_authenticated:
        return redirect("resident:sign-in")
    if request.method == "GET":
        return _code_page(request)
    try:
        if "again" in request.POST:
            _send(request, read_contact(sent["contact"]), sent["next"], again=True)
            return redirect("resident:sign-in-code")
        signed_in = confirm_code(
            code_id=sent["id"],
            typed=request.POST.get("code", ""),
            address=client_address(request),
            language=request.LANGUAGE_CODE or "",
            at=request.at,
        )
    except Refused as refused:
        return _code_page(request, refused)
    del request.session[_KEY]
    return open_session(request, signed_in.user, to=sent["next"], is_new=signed_in.is_new)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign this browser out; with `everywhere`, all others too."""
    if "everywhere" in request.POST and request.user.is_authenticated:
        end_sessions(user=request.user)
    logout(request)
    return redirect("/")


def _send(request: HttpRequest, contact: Contact, to: str, *, again: bool = False) -> None:
    """Send a code and remember which; one sent to the same contact a moment ago is not sent twice.

    :raises TooOften: "again" came before the wait was over, or a limit was met
    :raises CodeNotSent: the carrier refused
    """
    sent = request.session.get(_KEY)
    if sent and sent["contact"] == contact.value and (left := _wait_left(sent, request.at)) > 0:
        if again:
            raise TooOften(left)
        request.session[_KEY] = {**sent, "next": to}
        return
    code = request_code(
        contact=contact,
        session=session_name(request),
        address=client_address(request),
        language=request.LANGUAGE_CODE or "",
        at=request.at,
    )
    request.session[_KEY] = {
        "id": str(code.id),
        "contact": contact.value,
        "sent_at": code.sent_at.isoformat(),
        "next": to,
        "shown": code.shown,
    }


def _wait_left(sent: dict[str, str], at: datetime) -> float:
    """Return the seconds until another code may be asked for."""
    return (datetime.fromisoformat(sent["sent_at"]) + RESEND_WAIT - at).total_seconds()


def _code_page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    """Return the page that takes the digits, with what went wrong."""
    sent = request.session[_KEY]
    context = {
        "contact": read_contact(sent["contact"]),
        "digits": DIGITS,
        "shown": sent["shown"] if settings.DEMO else "",
        "wait_seconds": max(0, round(_wait_left(sent, request.at))),
        "refused": refused,
        "gone": isinstance(refused, CodeGone),
        "next": sent["next"],
    }
    return _page(request, "resident/sign_in_code.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return a page that nobody keeps a copy of, with the status of what went wrong."""
    refused = context.get("refused")
    answer = render(request, template, {**context, "demo": settings.DEMO}, status=refused.status if refused else 200)
    if isinstance(refused, TooOften):
        answer["Retry-After"] = str(refused.wait_seconds)
    add_never_cache_headers(answer)
    return answer
