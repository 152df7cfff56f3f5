"""Looking people and their roles up."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from bacao.accounts import rules
from bacao.accounts.models import EntitlementGrant, Role, SignInCode, User
from bacao.accounts.rules.identities import identity_of, unaliased
from bacao.kit.text import Refused


def get_user(user_id: int) -> User:
    """Return a person.

    :raises User.DoesNotExist: nobody has that id
    """
    return User.objects.get(pk=user_id)


def find_user_by_phone(phone: str) -> User | None:
    """Return the person of a phone number, in whatever form it was typed."""
    try:
        return User.objects.filter(phone=rules.read_phone(phone).value).first()
    except Refused:
        return None


def find_user_by_email(email: str) -> User | None:
    """Return the person of an e-mail address."""
    return User.objects.filter(email=email.strip().lower()).first()


def list_users_by_id(user_ids: Iterable[int]) -> dict[int, User]:
    """Return people by their ids."""
    return User.objects.in_bulk(list(user_ids))


def list_identities(user: User, cards: Iterable[str] = ()) -> list[str]:
    """Return the digests of everything that a limit a person counts besides the account: phone, mailbox, cards."""
    known = [("phone", user.phone), ("email", unaliased(user.email) if user.email else None)]
    known += [("card", card) for card in cards]
    return [identity_of(secret=settings.SECRET_KEY, kind=kind, value=value) for kind, value in known if value]


def list_entitlements(user: User, at: datetime) -> frozenset[str]:
    """Return the entitlement keys somebody holds at an instant. One statement."""
    grants = EntitlementGrant.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=at), user_id=user.pk, valid_from__lte=at
    )
    return frozenset(grants.values_list("key", flat=True))


def has_role(user: User, kind: str) -> bool:
    """Return whether somebody holds a city-wide role now (`field_worker`, `operator`); residents hold none."""
    return user.is_active and Role.objects.filter(user_id=user.pk, kind=kind, ended_at=None).exists()


def list_roles(user: User) -> list[Role]:
    """Return the city-wide roles somebody holds now, oldest first."""
    return list(Role.objects.filter(user_id=user.pk, ended_at=None).order_by("granted_at"))


def find_official_account() -> User | None:
    """Return the one official account (U07)."""
    return User.objects.filter(is_official=True).first()


def find_sign_in_code(code_id: str) -> SignInCode | None:
    """Return a sign-in code by its id, used or not."""
    return SignInCode.objects.filter(pk=code_id).first()
