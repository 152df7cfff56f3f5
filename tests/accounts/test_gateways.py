"""How a code travels: by e-mail, by a signed webhook, or into the log."""

import base64
import json
import smtplib
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import structlog
from django.core import mail

from bacao.accounts import gateways
from bacao.accounts.gateways import CodeNotSent, EmailGateway, LogGateway, WebhookGateway, find_gateway, sign_webhook
from bacao.accounts.rules import read_contact

PHONE, EMAIL = read_contact("13800138000"), read_contact("lin@example.org")
SECRET = "whsec_" + base64.b64encode(b"a secret of the city").decode()


def test_the_settings_choose_the_carrier(settings: Any) -> None:
    settings.DEMO, settings.SMS_PROVIDER = False, "webhook"
    assert isinstance(find_gateway(EMAIL), EmailGateway)
    assert isinstance(find_gateway(PHONE), WebhookGateway)
    settings.SMS_PROVIDER = "log"
    assert isinstance(find_gateway(PHONE), LogGateway)
    settings.DEMO, settings.SMS_PROVIDER = True, "webhook"
    assert isinstance(find_gateway(PHONE), LogGateway), "a demo sends nothing to anybody"
    assert isinstance(find_gateway(EMAIL), LogGateway)


def test_an_email_says_the_code_in_its_subject_and_warns(at: datetime) -> None:
    EmailGateway().send(contact=EMAIL, digits="012345", language="en", at=at)
    EmailGateway().send(contact=EMAIL, digits="012345", language="zh-hans", at=at)
    english, chinese = mail.outbox
    assert english.to == ["lin@example.org"]
    assert english.subject == "012345 is your Bacao sign-in code"
    assert "Never tell it to anybody" in english.body
    assert "10 分钟" in chinese.body


def test_a_mail_server_that_refuses_is_a_sentence_not_a_crash(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise smtplib.SMTPRecipientsRefused({})

    monkeypatch.setattr(gateways, "send_mail", refuse)
    with pytest.raises(CodeNotSent) as refused:
        EmailGateway().send(contact=EMAIL, digits="012345", language="en", at=at)
    assert refused.value.status == 503


def test_the_log_holds_the_code_and_not_the_whole_contact(at: datetime) -> None:
    with structlog.testing.capture_logs() as lines:
        LogGateway().send(contact=PHONE, digits="012345", language="en", at=at)
    assert lines == [
        {
            "event": "sign_in_code",
            "log_level": "info",
            "channel": "phone",
            "contact": "+86 138****8000",
            "code": "012345",
        }
    ]


def test_the_signature_is_the_standard_s_own_example() -> None:
    headers = sign_webhook(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        '{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_carries_number_code_and_words(at: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SMS_URL, settings.SMS_SECRET = "https://sms.example.org/send", SECRET
    posts: list[tuple[str, dict[str, Any]]] = []

    def take(url: str, **options: Any) -> httpx.Response:
        posts.append((url, options))
        return httpx.Response(202, request=httpx.Request("POST", url))

    monkeypatch.setattr(httpx, "post", take)
    WebhookGateway().send(contact=PHONE, digits="012345", language="zh-hans", at=at)
    [(url, options)] = posts
    body = json.loads(options["content"])
    assert url == "https://sms.example.org/send"
    assert body["data"]["to"] == "+8613800138000"
    assert body["data"]["code"] in body["data"]["text"]
    assert options["timeout"] <= 10
    signed = sign_webhook(SECRET, options["headers"]["webhook-id"], at, options["content"].decode())
    assert options["headers"]["webhook-signature"] == signed["webhook-signature"]


@pytest.mark.parametrize("trouble", [httpx.ConnectTimeout("slow"), httpx.Response(500), httpx.Response(302)])
def test_a_webhook_that_fails_is_a_sentence_not_a_crash(
    trouble: Any, at: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMS_URL, settings.SMS_SECRET = "https://sms.example.org/send", SECRET

    def fail(url: str, **options: Any) -> httpx.Response:
        if isinstance(trouble, Exception):
            raise trouble
        trouble.request = httpx.Request("POST", url)
        return trouble

    monkeypatch.setattr(httpx, "post", fail)
    with pytest.raises(CodeNotSent):
        WebhookGateway().send(contact=PHONE, digits="012345", language="en", at=at)
