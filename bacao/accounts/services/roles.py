"""City-wide roles: granted, ended, and what an operator may do at the desk."""

from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from bacao.accounts.models import Role, User
from bacao.kit.text import Refused, Text

OPERATORS = "operators"

VIEW_CHAPTERS = (
    "kit", "accounts", "ledger", "sandbox", "places", "notes", "offers", "orders", "redemption", "reviews",
    "discovery", "procrastinate", "pghistory",
)  # fmt: skip
CHANGE_TABLES = (
    "accounts.user", "places.merchant", "places.place", "places.category", "places.district", "places.street",
    "offers.offer", "notes.note", "reviews.review", "kit.calendarday", "ledger.budget",
    "redemption.incident",
    "accounts.entitlementgrant",
)  # fmt: skip
ADD_TABLES = ("accounts.entitlementgrant", "places.category", "places.district", "places.street", "kit.calendarday")


@transaction.atomic
def grant_role(*, user: User, kind: str, granted_by: User | None, at: datetime, administrator: bool = False) -> Role:
    """Give somebody a city-wide role; one already held is returned as it is. Operators may open the desk.

    An `administrator` is an operator whom no permission stops; only the command line makes one.
    """
    User.objects.select_for_update().get(pk=user.pk)
    role, _ = Role.objects.get_or_create(
        user=user, kind=kind, ended_at=None, defaults={"granted_by": granted_by, "granted_at": at}
    )
    if kind == Role.Kind.OPERATOR:
        user.groups.add(refresh_operators())
        user.is_staff = True
        user.is_superuser = user.is_superuser or administrator
        user.save(update_fields=["is_staff", "is_superuser"])
    return role


@transaction.atomic
def end_role(*, user: User, kind: str, at: datetime, by: User | None = None) -> None:
    """Take a city-wide role from somebody; the row stays and says until when it was held.

    :raises Refused: at the desk, an operator would take the desk from an administrator
    """
    if by and user.is_superuser and not by.is_superuser:
        raise Refused(Text("只有管理员可以撤销管理员。", "Only administrators take the desk from administrators."))
    Role.objects.filter(user=user, kind=kind, ended_at=None).update(ended_at=at)
    if kind == Role.Kind.OPERATOR:
        user.groups.remove(*user.groups.filter(name=OPERATORS))
        user.is_staff = user.is_superuser = False
        user.save(update_fields=["is_staff", "is_superuser"])


@transaction.atomic
def refresh_operators() -> Group:
    """Return the group of operators with the permissions this version of Bacao gives it."""
    group, _ = Group.objects.get_or_create(name=OPERATORS)
    wanted = Q(content_type__app_label__in=VIEW_CHAPTERS, codename__startswith="view_")
    for action, tables in (("change", CHANGE_TABLES), ("add", ADD_TABLES)):
        for table in tables:
            label, model = table.split(".")
            wanted |= Q(content_type__app_label=label, codename=f"{action}_{model}")
    group.permissions.set(Permission.objects.filter(wanted))
    return group
