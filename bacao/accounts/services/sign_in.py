"""Signing in without a password: six digits go out, the same six come back (see docs/decisions)."""

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from bacao.accounts import rules
from bacao.accounts.gateways import CodeNotSent, find_gateway
from bacao.accounts.models import SignInCode, User
from bacao.accounts.rules import Channel, Contact, codes
from bacao.accounts.services.people import create_person
from bacao.kit.services import take_token
from bacao.kit.text import Refused, Text


class TooOften(Refused):
    """Somebody asked, or guessed, more often than people do; `wait_seconds` says when one more is allowed."""

    code = "too_often"
    status = 429

    def __init__(self, wait_seconds: float) -> None:
        self.wait_seconds = int(wait_seconds)
        minutes = codes.minutes_of(wait_seconds)
        super().__init__(
            Text(
                f"试得太频繁了，请 {minutes} 分钟后再试。你的账号没有问题。",
                f"That was too often. Try again in {minutes} min. Nothing is wrong with your account.",
            )
        )


class WrongCode(Refused):
    """The digits are not the ones that were sent."""

    code = "wrong_code"
    status = 422

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        super().__init__(
            Text(f"验证码不对，还可以试 {tries_left} 次。", f"That is not the code. Tries left: {tries_left}.")
        )


class CodeGone(Refused):
    """The code was used, has expired, or was guessed at too often."""

    code = "code_gone"
    text = Text("这个验证码已经失效，请重新获取。", "This code no longer works. Please ask for a new one.")
    status = 410


class AccountClosed(Refused):
    """The person proved who they are, but the account was closed by an operator."""

    code = "account_closed"
    text = Text("这个账号已停用，请联系客服。", "This account is closed. Please contact support.")
    status = 403


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code that is on its way; `shown` are its digits in a demo, and nothing anywhere else."""

    id: uuid.UUID
    sent_at: datetime
    shown: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose code it was; `is_new` where the person was made just now."""

    user: User
    is_new: bool


def request_code(*, contact: Contact, session: str, address: str, language: str, at: datetime) -> SentCode:
    """Send six digits to a contact, whether anybody has it or not: the answer tells nothing (no enumeration).

    `session` and `address` name the browser and the network that ask. The id that comes back belongs into that
    session and nowhere else: the digits alone sign nobody in.

    :raises TooOften: this browser, network or contact asked too often
    :raises CodeNotSent: the carrier refused
    """
    _allow(codes.ASK_SESSION, session, at)
    _allow(codes.ASK_ADDRESS, codes.network_of(address), at)
    _allow(codes.ASK_CONTACT, contact.value, at)
    _allow(codes.ASK_CONTACT_DAY, contact.value, at)
    code_id, digits = uuid.uuid4(), f"{secrets.randbelow(10**codes.DIGITS):0{codes.DIGITS}d}"
    SignInCode.objects.create(
        id=code_id,
        contact=contact.value,
        digest=_digest(code_id, digits),
        created_at=at,
        expires_at=at + codes.LIFE,
    )
    try:
        find_gateway(contact).send(contact=contact, digits=digits, language=language, at=at)
    except CodeNotSent:
        SignInCode.objects.filter(pk=code_id).delete()
        raise
    return SentCode(code_id, at, shown=digits if settings.DEMO else "")


def confirm_code(*, code_id: str, typed: str, address: str, language: str, at: datetime) -> SignedIn:
    """Compare typed digits with those that were sent, and return whose they are; a new person is made here.

    :raises TooOften: this network or this contact was guessed at too often
    :raises CodeGone: used, expired, or five wrong tries
    :raises WrongCode: not the digits that were sent
    :raises AccountClosed: the account was closed
    """
    _allow(codes.GUESS_ADDRESS, codes.network_of(address), at)
    code = _spend_try(code_id, at)
    _allow(codes.GUESS_CONTACT, code.contact, at)
    if not hmac.compare_digest(code.digest, _digest(code.id, codes.read_code(typed))):
        if code.tries >= codes.TRIES:
            raise CodeGone
        raise WrongCode(codes.TRIES - code.tries)
    return _redeem(code, language, at)


def delete_old_codes(*, before: datetime) -> int:
    """Forget codes that expired before `before` (they name people) and return how many."""
    return SignInCode.objects.filter(expires_at__lt=before).delete()[0]


def _allow(limit: codes.Limit, who: str, at: datetime) -> None:
    """Take a token of `who`.

    :raises TooOften: none is left
    """
    key = f"sign-in:{limit.name}:{codes.digest_of_key(secret=settings.SECRET_KEY, who=who)}"
    if not take_token(key=key, capacity=limit.burst, refill_per_second=1 / limit.seconds, at=at):
        raise TooOften(limit.seconds)


def _digest(code_id: uuid.UUID, digits: str) -> str:
    return codes.digest_of_code(secret=settings.SECRET_KEY, code_id=str(code_id), digits=digits)


@transaction.atomic
def _spend_try(code_id: str, at: datetime) -> SignInCode:
    """Count one try before looking at it, so that a hundred guesses at the same moment are still five.

    :raises CodeGone: no try is left, or the code is used, expired or unknown
    """
    alive = SignInCode.objects.filter(pk=code_id, used_at=None, expires_at__gt=at, tries__lt=codes.TRIES)
    if not alive.update(tries=F("tries") + 1):
        raise CodeGone
    return SignInCode.objects.get(pk=code_id)


@transaction.atomic
def _redeem(code: SignInCode, language: str, at: datetime) -> SignedIn:
    """Use a code up and return the person who has its contact.

    :raises CodeGone: the same code was used at the same moment
    :raises AccountClosed: the account was closed
    """
    if not SignInCode.objects.filter(pk=code.pk, used_at=None).update(used_at=at):
        raise CodeGone
    contact = rules.read_contact(code.contact)
    user, is_new = _get_or_create(contact, language)
    if not user.is_active:
        raise AccountClosed
    if contact.channel == Channel.PHONE and not user.phone_verified:
        user.phone_verified = True
        user.save(update_fields=["phone_verified"])
    return SignedIn(user, is_new)


def _get_or_create(contact: Contact, language: str) -> tuple[User, bool]:
    """Return the person who has a contact, made now where nobody has."""
    phone, email = (contact.value, None) if contact.channel == Channel.PHONE else (None, contact.value)
    known = User.objects.filter(phone=phone) if phone else User.objects.filter(email=email)
    if user := known.first():
        return user, False
    number = secrets.randbelow(10**6)
    name, avatar = rules.first_name(language, number), rules.first_avatar(number)
    try:
        with transaction.atomic():  # a savepoint: a second browser of the same person may be as far as this one
            return create_person(phone=phone, email=email, display_name=name, avatar=avatar, language=language), True
    except IntegrityError:
        return known.get(), False
