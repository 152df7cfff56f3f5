"""How a person is reached, named and recognised: decisions from values alone."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bacao.kit.text import Refused, Text

NAME_LENGTH = 40
BIO_LENGTH = 200

AVATARS = (
    "bust-in-silhouette", "cat-face", "dog-face", "panda", "rabbit-face", "fox", "penguin", "frog", "tiger-face",
    "koala", "owl", "dolphin", "bird", "turtle", "honeybee", "peach", "avocado", "dumpling", "steaming-bowl",
    "teacup-without-handle", "sunflower", "cactus", "four-leaf-clover", "bicycle",
)  # fmt: skip

_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W_](?:[\w-]*[^\W_])")
_REACHED_BY_SMS = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


class NotAContact(Refused):
    """What was typed is neither a mobile number nor an e-mail address."""

    code = "not_a_contact"
    text = Text(
        "这不像是手机号或邮箱，请检查后再试。国外手机号请以 + 和国家代码开头。",
        "That looks like neither a mobile number nor an e-mail address. "
        "Numbers from abroad start with + and the country code.",
    )
    status = 422


class NameRefused(Refused):
    """A display name is empty, too long, or unreadable."""

    code = "name_refused"
    text = Text("名字需要 1 到 40 个字，不能只有空格。", "A name has 1 to 40 characters and is not only spaces.")
    status = 422


class Channel(StrEnum):
    """The two ways a person is reached."""

    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Contact:
    """An address of a person: E.164 (`+8613800000000`) or an e-mail address in lower case."""

    channel: Channel
    value: str

    @property
    def masked(self) -> str:
        """The contact as a page or a log may show it: `+86 138****0000`, `a***@example.org`."""
        if self.channel == Channel.PHONE:
            number = phonenumbers.parse(self.value)
            national = phonenumbers.national_significant_number(number)
            return f"+{number.country_code} {national[:3]}****{national[-4:]}"
        name, _, domain = self.value.partition("@")
        return f"{name[:1]}***@{domain}"


def read_contact(typed: str, *, region: str = "CN") -> Contact:
    """Return what somebody typed as a contact; `region` is assumed for numbers without a country code.

    Full-width digits and the spaces people put into numbers are understood. Land lines and premium numbers are
    refused: a text message does not reach the former, and the latter are how senders of codes are robbed.

    :raises NotAContact: it is neither
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    return read_email(text) if "@" in text else read_phone(text, region=region)


def read_email(typed: str) -> Contact:
    """Return an e-mail address in lower case.

    :raises NotAContact: it is none
    """
    text = unicodedata.normalize("NFKC", typed).strip().lower()
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise NotAContact
    return Contact(Channel.EMAIL, text)


def read_phone(typed: str, *, region: str = "CN") -> Contact:
    """Return a mobile number as E.164.

    :raises NotAContact: it is none
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotAContact from None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _REACHED_BY_SMS:
        raise NotAContact
    return Contact(Channel.PHONE, phonenumbers.format_number(number, PhoneNumberFormat.E164))


def read_name(typed: str) -> str:
    """Return a display name without surplus spaces and without characters that cannot be seen.

    :raises NameRefused: nothing is left, or too much
    """
    visible = "".join(c for c in unicodedata.normalize("NFC", typed) if unicodedata.category(c)[0] != "C" or c == " ")
    name = " ".join(visible.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise NameRefused
    return name


def name_key(name: str) -> str:
    """Return what two names that look alike have in common: no case, width, space or punctuation."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LN")


def first_name(language: str, number: int) -> str:
    """Return the name a new person has until choosing one; `number` is any number of theirs."""
    return Text(f"新邻居 {number % 10000:04d}", f"Neighbour {number % 10000:04d}").say(language)


def first_avatar(number: int) -> str:
    """Return the picture a new person has until choosing one."""
    return AVATARS[1 + number % (len(AVATARS) - 1)]
