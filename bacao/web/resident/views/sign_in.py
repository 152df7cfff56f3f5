"""Signing in with a phone number or an e-mail address and six digits; signing out; joining a shop's team."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_POST

from bacao.accounts.rules import Contact, NameRefused, read_contact
from bacao.accounts.rules.codes import DIGITS, RESEND_WAIT
from bacao.accounts.services import CodeGone, TooOften, confirm_code, end_sessions, request_code
from bacao.kit.text import Refused
from bacao.places.queries import find_invite
from bacao.places.services import InviteExpired, InviteUnknown, InviteUsed, InviteWithdrawn, accept_invite
from bacao.web.requests import PageRequest
from bacao.web.sign_in import client_address, open_session, safe_next, session_name

if TYPE_CHECKING:
    from bacao.places.models import ClerkInvite

_KEY = "sign_in"  # what this browser's session knows of the code that is on its way


@require_http_methods(["GET", "POST"])
def sign_in(request: PageRequest) -> HttpResponse:
    """Ask for a contact; send six digits to it, known or not, and go on to the page that takes them."""
    to = safe_next(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(to)
    if request.method == "GET":
        return _page(request, "resident/sign_in.html", {"next": to, "contact": request.GET.get("contact", "")})
    typed = request.POST.get("contact", "")
    try:
        contact = read_contact(typed, region=settings.PHONE_REGION)
        _send(request, contact, to)
    except Refused as refused:
        return _page(request, "resident/sign_in.html", {"next": to, "contact": typed, "refused": refused})
    return redirect("resident:sign-in-code")


@require_http_methods(["GET", "POST"])
def sign_in_code(request: PageRequest) -> HttpResponse:
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
            language=request.LANGUAGE_CODE,
            at=request.at,
        )
    except Refused as refused:
        return _code_page(request, refused)
    del request.session[_KEY]
    return open_session(request, signed_in.user, to=sent["next"], is_new=signed_in.is_new)


@require_POST
def sign_out(request: PageRequest) -> HttpResponse:
    """Sign this browser out; with `everywhere`, all others too."""
    if "everywhere" in request.POST and request.user.is_authenticated:
        end_sessions(user=request.user)
    logout(request)
    answer = redirect("/")
    answer["Clear-Site-Data"] = '"storage"'  # the wallet's codes, kept on this device for the moment without network
    return answer


@require_http_methods(["GET", "POST"])
def join(request: PageRequest, secret: str) -> HttpResponse:
    """Make whoever holds the link a clerk of its shop; somebody new needs a name and nothing else (M20)."""
    invite = find_invite(secret)
    user = request.user if request.user.is_authenticated else None
    name = request.POST.get("name", "")
    context: dict[str, Any] = {"invite": invite, "name": name}
    try:
        if request.method == "GET":
            _check_invite(invite, request)
            return _page(request, "resident/join.html", context)
        person, _ = accept_invite(secret=secret, user=user, display_name=name, at=request.at)
    except NameRefused as refused:
        return _page(request, "resident/join.html", {**context, "refused": refused})
    except Refused as refused:
        return _page(request, "resident/join.html", {**context, "refused": refused, "closed": True})
    to = resolve_url("counter:counter")
    return redirect(to) if user else open_session(request, person, to=to, is_new=True)


def _check_invite(invite: "ClerkInvite | None", request: PageRequest) -> None:
    """Say on opening the link what accepting it would say.

    :raises InviteUnknown, InviteUsed, InviteWithdrawn, InviteExpired: it cannot be accepted
    """
    if invite is None:
        raise InviteUnknown
    if invite.accepted_by_id:
        if invite.accepted_by_id != request.user.pk:
            raise InviteUsed
    elif invite.withdrawn_at:
        raise InviteWithdrawn
    elif invite.expires_at <= request.at:
        raise InviteExpired


def _send(request: PageRequest, contact: Contact, to: str, *, again: bool = False) -> None:
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
        language=request.LANGUAGE_CODE,
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


def _code_page(request: PageRequest, refused: Refused | None = None) -> HttpResponse:
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


def _page(request: PageRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return a page that nobody keeps a copy of, with the status of what went wrong."""
    refused = context.get("refused")
    answer = render(request, template, {**context, "demo": settings.DEMO}, status=refused.status if refused else 200)
    if isinstance(refused, TooOften):
        answer["Retry-After"] = str(refused.wait_seconds)
    add_never_cache_headers(answer)
    return answer
