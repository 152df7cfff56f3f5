"""Clerk invitations: one link, one clerk; every way it can fail has its own sentence."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from bacao.accounts.models import User
from bacao.kit.text import Refused
from bacao.places import queries
from bacao.places.models import ClerkInvite, Place, ShopRole
from bacao.places.services import (
    InviteExpired,
    InviteForOthers,
    InviteUnknown,
    InviteUsed,
    InviteWithdrawn,
    NotOwner,
    accept_invite,
    end_shop_role,
    invite_clerk,
    invites,
    withdraw_invite,
)


@pytest.fixture
def invited(place: Place, owner: User, at: datetime) -> tuple[ClerkInvite, str]:
    return invite_clerk(place=place, invited_by=owner, at=at)


@pytest.fixture
def clerk(db: None) -> User:
    return User.objects.create_user(display_name="小吴")


def test_the_secret_is_not_kept(invited: tuple[ClerkInvite, str]) -> None:
    invite, secret = invited
    assert len(secret) >= 24
    assert secret not in str(ClerkInvite.objects.values().get())
    assert queries.find_invite(secret) == invite
    assert queries.find_invite(secret[:-1]) is None


def test_m20_somebody_new_joins_by_giving_a_name(invited: tuple[ClerkInvite, str], place: Place, at: datetime) -> None:
    person, role = accept_invite(secret=invited[1], user=None, display_name="小吴", at=at)
    assert (person.display_name, person.phone, person.email) == ("小吴", None, None)
    assert (role.kind, role.place, role.granted_at) == ("clerk", place, at)
    assert queries.is_clerk(person, place.merchant_id, place.pk)
    invite = ClerkInvite.objects.get()
    assert (invite.accepted_by, invite.accepted_at) == (person, at)


def test_somebody_signed_in_joins_as_themselves(invited: tuple[ClerkInvite, str], clerk: User, at: datetime) -> None:
    person, role = accept_invite(secret=invited[1], user=clerk, at=at)
    assert person == clerk == role.user
    assert accept_invite(secret=invited[1], user=clerk, at=at) == (clerk, role), "opened again, the role is there"
    assert ShopRole.objects.filter(kind="clerk").count() == 1


def test_somebody_new_without_a_name_joins_nothing(invited: tuple[ClerkInvite, str], at: datetime) -> None:
    with pytest.raises(Refused):
        accept_invite(secret=invited[1], user=None, display_name=" ", at=at)
    assert ClerkInvite.objects.get().accepted_by is None


def test_each_refusal_has_its_own_sentence(
    invited: tuple[ClerkInvite, str], place: Place, owner: User, clerk: User, at: datetime
) -> None:
    _, secret = invited
    withdrawn, withdrawn_secret = invite_clerk(place=place, invited_by=owner, at=at)
    withdraw_invite(invite=withdrawn, by=owner, at=at)
    _, expiring = invite_clerk(place=place, invited_by=owner, at=at)
    week = timedelta(days=7)

    refusals: list[tuple[type[Refused], Callable[[], Any]]] = [
        (InviteUnknown, lambda: accept_invite(secret="nonsense", user=clerk, at=at)),
        (InviteWithdrawn, lambda: accept_invite(secret=withdrawn_secret, user=clerk, at=at)),
        (InviteExpired, lambda: accept_invite(secret=expiring, user=clerk, at=at + week)),
        (InviteForOthers, lambda: accept_invite(secret=secret, user=owner, at=at)),
    ]
    sentences = set()
    for refusal, act in refusals:
        with pytest.raises(refusal) as refused:
            act()
        sentences |= {refused.value.text.zh, refused.value.text.en}
    assert len(sentences) == 8
    assert queries.list_shop_roles(clerk) == []
    accept_invite(secret=expiring, user=clerk, at=at + week - timedelta(seconds=1))


def test_used_is_used(invited: tuple[ClerkInvite, str], clerk: User, at: datetime) -> None:
    accept_invite(secret=invited[1], user=None, display_name="先来的", at=at)
    for late in (None, clerk):
        with pytest.raises(InviteUsed):
            accept_invite(secret=invited[1], user=late, display_name="后来的", at=at)


def test_a_clerk_who_was_let_go_cannot_come_back_by_the_old_link(
    invited: tuple[ClerkInvite, str], clerk: User, at: datetime
) -> None:
    _, role = accept_invite(secret=invited[1], user=clerk, at=at)
    end_shop_role(role=role, at=at)
    with pytest.raises(InviteUsed):
        accept_invite(secret=invited[1], user=clerk, at=at)


def test_only_the_owner_invites_and_withdraws(
    invited: tuple[ClerkInvite, str], place: Place, clerk: User, at: datetime
) -> None:
    invite, secret = invited
    accept_invite(secret=secret, user=clerk, at=at)
    with pytest.raises(NotOwner):
        invite_clerk(place=place, invited_by=clerk, at=at)
    with pytest.raises(NotOwner):
        withdraw_invite(invite=invite, by=clerk, at=at)
    place.merchant = None
    with pytest.raises(NotOwner):
        invite_clerk(place=place, invited_by=clerk, at=at)


def test_what_was_accepted_cannot_be_withdrawn(
    invited: tuple[ClerkInvite, str], owner: User, clerk: User, at: datetime
) -> None:
    invite, secret = invited
    assert queries.list_open_invites(invite.merchant_id, at) == [invite]
    accept_invite(secret=secret, user=clerk, at=at)
    withdraw_invite(invite=invite, by=owner, at=at)
    invite.refresh_from_db()
    assert invite.withdrawn_at is None
    assert queries.list_open_invites(invite.merchant_id, at) == []


def press_twice(secret: str, at: datetime, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Accept one link from two phones that reach the middle of the service together, if nothing stops them."""
    meet = Barrier(2)
    make_person = invites.create_person

    def make_person_together(**fields: Any) -> User:
        with suppress(BrokenBarrierError):  # nobody else came: the guard holds them back
            meet.wait(timeout=1)
        return make_person(**fields)

    def one(name: str) -> bool:
        try:
            accept_invite(secret=secret, user=None, display_name=name, at=at)
        except InviteUsed:
            return False
        finally:
            connection.close()
        return True

    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as phones:
        patch.setattr(invites, "create_person", make_person_together)
        return sorted(phones.map(one, ("小吴", "小郑")))


@pytest.mark.django_db(transaction=True)
def test_a_link_accepted_twice_at_once_makes_one_clerk(
    place: Place, owner: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, unguarded = invite_clerk(place=place, invited_by=owner, at=at)
    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "select_for_update", lambda self, **options: self)
        assert press_twice(unguarded, at, patch) == [True, True], "the race does not happen; this test proves nothing"
    assert ShopRole.objects.filter(kind="clerk").count() == 2

    _, guarded = invite_clerk(place=place, invited_by=owner, at=at)
    assert press_twice(guarded, at, monkeypatch) == [False, True]
    assert ShopRole.objects.filter(kind="clerk").count() == 3
