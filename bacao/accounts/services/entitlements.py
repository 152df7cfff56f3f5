"""Entitlement keys that people hold: granted, and ended before their time."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from bacao.accounts.models import EntitlementGrant, User
from bacao.kit.text import Refused, Text

KEY = re.compile(r"[a-z][a-z0-9-]*(:[a-z0-9-]+)?")


class BadKey(Refused):
    """Not an entitlement key."""

    code = "bad_key"
    status = 422
    text = Text(
        "身份写成 member:plan-a 或 student 这样：小写字母、数字和短横。",
        "Write a key like member:plan-a or student: small letters, digits, hyphens.",
    )


class GrantEndsBeforeItBegins(Refused):
    """A grant would be over before it holds."""

    code = "grant_window"
    status = 422
    text = Text("到期要晚于开始。", "It must end after it begins.")


@transaction.atomic
def grant_entitlement(
    *,
    user: User,
    key: str,
    valid_from: datetime,
    valid_until: datetime | None = None,
    evidence: str = "",
    granted_by: User | None = None,
    at: datetime,
) -> EntitlementGrant:
    """Give somebody a key for some time, for ever where `valid_until` is None.

    :raises BadKey: it is not written like one
    :raises GrantEndsBeforeItBegins:
    """
    if not KEY.fullmatch(key) or len(key) > 60:
        raise BadKey
    if valid_until is not None and valid_until <= valid_from:
        raise GrantEndsBeforeItBegins
    return EntitlementGrant.objects.create(
        user=user, key=key, valid_from=valid_from, valid_until=valid_until, evidence=evidence,
        granted_by=granted_by, granted_at=at,
    )  # fmt: skip


@transaction.atomic
def end_entitlement(*, grant: EntitlementGrant, at: datetime) -> None:
    """End a grant now, one that has not begun at its beginning; the row stays. One that is over is left as it is."""
    EntitlementGrant.objects.filter(Q(valid_until=None) | Q(valid_until__gt=at), pk=grant.pk).update(
        valid_until=max(at, grant.valid_from)
    )
