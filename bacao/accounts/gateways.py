"""How a sign-in code reaches a person: by e-mail, by text message, or, in a demo, by the log alone."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import datetime
from typing import Protocol

import httpx
import structlog
from django.conf import settings
from django.core.mail import send_mail

from bacao.accounts.rules import Channel, Contact
from bacao.accounts.rules.codes import LIFE, minutes_of
from bacao.kit.text import Refused, Text

_log = structlog.get_logger("bacao.sign_in")
_TIMEOUT_SECONDS = 8.0
_MINUTES = minutes_of(LIFE.total_seconds())


class CodeNotSent(Refused):
    """The company that carries our messages did not take this one."""

    code = "code_not_sent"
    text = Text(
        "验证码没能发出去，请过一分钟再试，或换一种方式（手机号或邮箱）登录。",
        "The code could not be sent. Try again in a minute, or sign in the other way (phone or e-mail).",
    )
    status = 503


class Gateway(Protocol):
    """Brings six digits to a contact."""

    def send(self, *, contact: Contact, digits: str, language: str, at: datetime) -> None:
        """Send them.

        :raises CodeNotSent: they were not taken
        """


class LogGateway:
    """Writes the code into the log: for a demo, and for a city that has not chosen a provider yet."""

    def send(self, *, contact: Contact, digits: str, language: str, at: datetime) -> None:
        """Write one line."""
        _log.info("sign_in_code", channel=contact.channel.value, contact=contact.masked, code=digits)


class EmailGateway:
    """Sends through Django's e-mail settings."""

    def send(self, *, contact: Contact, digits: str, language: str, at: datetime) -> None:
        """Send one plain message; the code stands in the subject, where a lock screen shows it."""
        subject = Text(f"{digits} 是你的拔草登录码", f"{digits} is your Bacao sign-in code")
        body = Text(
            f"{digits}\n\n在打开的页面里输入它就能登录，{_MINUTES} 分钟内有效。\n"
            "不是你本人在登录？不用理会，没有这个码谁也进不来。请不要把它告诉任何人。\n",
            f"{digits}\n\nType it into the page you have open. It works for {_MINUTES} minutes.\n"
            "Was it not you? Then do nothing: nobody gets in without it. Never tell it to anybody.\n",
        )
        try:
            send_mail(subject.say(language), body.say(language), None, [contact.value])
        except OSError as error:  # smtplib's errors are OSErrors, as are time-outs
            _log.warning("code_not_sent", channel="email", error=type(error).__name__)
            raise CodeNotSent from error


class WebhookGateway:
    """Hands text messages to an HTTPS address of the city's choice, signed as standardwebhooks.com has it.

    The body is `{"type": "sign_in.code", "timestamp", "data": {"to", "code", "language", "text"}}`.
    """

    def send(self, *, contact: Contact, digits: str, language: str, at: datetime) -> None:
        """Post once; the person presses "send again" where it fails."""
        said = Text(
            f"【拔草】登录码 {digits}，{_MINUTES} 分钟内有效。", f"Bacao: {digits} signs you in ({_MINUTES} min)."
        )
        data = {"to": contact.value, "code": digits, "language": language, "text": said.say(language)}
        body = json.dumps({"type": "sign_in.code", "timestamp": at.isoformat(), "data": data}, ensure_ascii=False)
        headers = {"content-type": "application/json", **sign_webhook(settings.SMS_SECRET, uuid.uuid4().hex, at, body)}
        try:
            answer = httpx.post(settings.SMS_URL, content=body.encode(), headers=headers, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            _log.warning("code_not_sent", channel="phone", error=type(error).__name__)
            raise CodeNotSent from error


def sign_webhook(secret: str, message_id: str, at: datetime, body: str) -> dict[str, str]:
    """Return the three headers of a signed webhook: HMAC-SHA256 over id, time and body, keyed by `whsec_<base64>`."""
    seconds, key = str(int(at.timestamp())), base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{seconds}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def find_gateway(contact: Contact) -> Gateway:
    """Return who carries a code to this contact, by the settings."""
    if settings.DEMO:
        return LogGateway()
    if contact.channel == Channel.EMAIL:
        return EmailGateway()
    return WebhookGateway() if settings.SMS_PROVIDER == "webhook" else LogGateway()
