"""Signing in, as every audience shares it: allauth opens the session, our codes are the proof."""

from typing import TYPE_CHECKING, cast

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

if TYPE_CHECKING:
    from bacao.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    """Leaves out what a sign-in by code makes needless: e-mail confirmation, password stages, flash messages."""

    def get_login_stages(self) -> list[str]:
        """Return no further step: the code was the proof. A second factor would be named here."""
        return []

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Say nothing: our pages speak both languages themselves."""


def open_session(request: HttpRequest, user: "User", *, to: str = "/", is_new: bool = False) -> HttpResponse:
    """Sign somebody in under a fresh session key and send them on to `to`, which `safe_next` has checked."""
    answer = perform_login(request, user, email_verification="none", redirect_url=to, signup=is_new)
    return cast(HttpResponse, answer)


def safe_next(request: HttpRequest, to: str | None) -> str:
    """Return where to go after signing in: `to` if it is an address of this site, else the first page."""
    return to if to and get_adapter().is_safe_url(to) else resolve_url("/")


def client_address(request: HttpRequest) -> str:
    """Return the network address that asks, as the trusted proxies in front tell it (`BACAO_PROXIES`)."""
    return cast(str, get_adapter().get_client_ip(request))


def session_name(request: HttpRequest) -> str:
    """Return the name of this browser's session, begun now if there is none."""
    if not request.session.session_key:
        request.session.create()
    return str(request.session.session_key)
