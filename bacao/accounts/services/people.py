"""Making people and keeping what they prefer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from bacao.accounts import rules
from bacao.accounts.models import User
from bacao.accounts.queries import find_official_account
from bacao.kit.text import Refused, Text


class NameTaken(Refused):
    """Somebody wants to be called like the official account (U07)."""

    code = "name_taken"
    text = Text("这个名字属于官方账号，请换一个。", "That name belongs to the official account; please choose another.")
    status = 422


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person to be loaded in bulk; `phone` is E.164 already."""

    display_name: str
    phone: str | None = None
    email: str | None = None
    avatar: str = rules.AVATARS[0]
    language: str = "zh-hans"
    bio: str = ""
    date_joined: datetime | None = None
    is_official: bool = False


def _name_for(name: str, *, user: User | None = None) -> str:
    """Return a readable display name that does not pass for the official account."""
    name, official = rules.read_name(name), find_official_account()
    if official and official != user and rules.name_key(name) == rules.name_key(official.display_name):
        raise NameTaken
    return name


@transaction.atomic
def create_person(
    *,
    phone: str | None = None,
    email: str | None = None,
    display_name: str,
    language: str = "zh-hans",
    avatar: str = rules.AVATARS[0],
    is_staff: bool = False,
) -> User:
    """Make a person, who needs neither phone nor e-mail address (a clerk at the till has none).

    :raises NotAContact: phone or e-mail address is malformed
    :raises NameRefused: the name is empty or too long
    :raises NameTaken: the name is the official account's
    :raises django.db.IntegrityError: phone or e-mail address belong to somebody already
    """
    return User.objects.create_user(
        phone=rules.read_phone(phone).value if phone else None,
        email=rules.read_email(email).value if email else None,
        display_name=_name_for(display_name),
        language=language,
        avatar=avatar,
        is_staff=is_staff,
    )


@transaction.atomic
def load_people(*, rows: Sequence[PersonRow], at: datetime) -> list[User]:
    """Insert many people at once, trusting the rows; returns them in the same order."""
    people = []
    for row in rows:
        user = User(
            phone=row.phone, email=row.email, display_name=row.display_name, avatar=row.avatar,
            language=row.language, bio=row.bio, is_official=row.is_official, date_joined=row.date_joined or at,
            phone_verified=row.phone is not None,
        )  # fmt: skip
        user.password = "!"  # noqa: S105  # Django's mark for "no password"; set_unusable_password is slow in bulk
        people.append(user)
    return User.objects.bulk_create(people, batch_size=2000)


@transaction.atomic
def set_preferences(
    *,
    user: User,
    at: datetime,
    display_name: str | None = None,
    avatar: str | None = None,
    bio: str | None = None,
    language: str | None = None,
    personal_ranking: bool | None = None,
    location_consent: bool | None = None,
) -> User:
    """Change what a person chose about themselves; what is None stays as it is.

    Consent to a stored position is a date of its own, apart from every other choice (X42); taking it back is
    effective at once.

    :raises NameRefused: the name is empty or too long
    :raises NameTaken: the name is the official account's
    """
    if display_name is not None:
        user.display_name = _name_for(display_name, user=user)
    if avatar is not None:
        user.avatar = avatar if avatar in rules.AVATARS else rules.AVATARS[0]
    if bio is not None:
        user.bio = bio.strip()[: rules.BIO_LENGTH]
    if language is not None:
        user.language = language
    if personal_ranking is not None:
        user.personal_ranking = personal_ranking
    if location_consent is not None:
        user.location_consent_at = (user.location_consent_at or at) if location_consent else None
    user.save(
        update_fields=[
            "display_name", "avatar", "bio", "language", "personal_ranking", "location_consent_at",
        ]
    )  # fmt: skip
    return user


@transaction.atomic
def close_account(*, user: User, by: User) -> None:
    """Keep somebody from signing in and end their sessions; what they bought and wrote stays.

    :raises Refused: an operator would close their own account, or an administrator's
    """
    if user == by or user.is_superuser:
        raise Refused(Text("不能停用自己或管理员的账号。", "Your own account and administrators' stay open."))
    user.is_active = False
    user.save(update_fields=["is_active"])


@transaction.atomic
def reopen_account(*, user: User) -> None:
    """Let somebody sign in again."""
    user.is_active = True
    user.save(update_fields=["is_active"])
