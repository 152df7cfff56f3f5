"""Entitlement keys: held from an instant until another, granted and ended at the desk."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from bacao.accounts.models import EntitlementGrant, User
from bacao.accounts.queries import list_entitlements
from bacao.accounts.services import (
    BadKey,
    GrantEndsBeforeItBegins,
    create_person,
    end_entitlement,
    grant_entitlement,
    grant_role,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def lin(db: None) -> User:
    return create_person(phone="13800138001", display_name="Lin")


def test_pr11_a_key_is_held_from_its_first_instant_until_its_last(lin: User, at: datetime) -> None:
    grant_entitlement(user=lin, key="student", valid_from=at, valid_until=at + HOUR, at=at)
    grant_entitlement(user=lin, key="member:plan-a", valid_from=at - HOUR, at=at)
    moments = [at - 2 * HOUR, at - HOUR, at, at + HOUR]
    assert [sorted(list_entitlements(lin, moment)) for moment in moments] == [
        [],
        ["member:plan-a"],
        ["member:plan-a", "student"],
        ["member:plan-a"],
    ]


def test_a_grant_that_is_ended_stays_and_says_when(lin: User, at: datetime) -> None:
    held = grant_entitlement(user=lin, key="student", valid_from=at - HOUR, at=at)
    to_come = grant_entitlement(user=lin, key="senior", valid_from=at + HOUR, at=at)
    over = grant_entitlement(user=lin, key="new:store", valid_from=at - HOUR, valid_until=at - HOUR / 2, at=at)
    for grant in (held, to_come, over):
        end_entitlement(grant=grant, at=at)
    assert not list_entitlements(lin, at) | list_entitlements(lin, at + 2 * HOUR)
    assert list_entitlements(lin, at - HOUR) == {"student", "new:store"}
    over.refresh_from_db()
    assert over.valid_until == at - HOUR / 2


@pytest.mark.parametrize("key", ["", "Student", "member:", "a b", "member:plan:a", "x" * 61])
def test_a_key_is_written_like_one(lin: User, at: datetime, key: str) -> None:
    with pytest.raises(BadKey):
        grant_entitlement(user=lin, key=key, valid_from=at, at=at)
    if len(key) <= 60:
        with pytest.raises(IntegrityError), transaction.atomic():
            EntitlementGrant.objects.create(user=lin, key=key, valid_from=at, granted_at=at)


def test_no_grant_ends_before_it_begins(lin: User, at: datetime) -> None:
    with pytest.raises(GrantEndsBeforeItBegins):
        grant_entitlement(user=lin, key="student", valid_from=at, valid_until=at, at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        EntitlementGrant.objects.create(user=lin, key="student", valid_from=at, valid_until=at - HOUR, granted_at=at)


def test_operators_grant_and_end_at_the_desk(lin: User) -> None:
    boss = create_person(phone="13800138000", display_name="Boss")
    grant_role(user=boss, kind="operator", granted_by=None, at=timezone.now())
    desk = Client()
    desk.force_login(User.objects.get(pk=boss.pk))
    typed = {
        "user": lin.pk, "key": "student", "evidence": "学生证", "valid_from_0": "2026-01-01", "valid_from_1": "00:00",
        "valid_until_0": "", "valid_until_1": "",
    }  # fmt: skip
    answer = desk.post("/desk/accounts/entitlementgrant/add/", typed)
    assert answer.status_code == 302, answer.content.decode()
    grant = EntitlementGrant.objects.get()
    assert (grant.key, grant.granted_by, grant.evidence) == ("student", boss, "学生证")
    assert list_entitlements(lin, timezone.now()) == {"student"}
    desk.post(f"/desk/accounts/entitlementgrant/{grant.pk}/act/", {"action": "end"})
    assert not list_entitlements(lin, timezone.now())
