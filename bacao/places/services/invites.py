"""Inviting clerks by a link that works once (M20: no account, no training)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from bacao.accounts.services import create_person
from bacao.kit.text import Refused, Text
from bacao.places.models import ClerkInvite, Place, ShopRole
from bacao.places.queries import is_owner
from bacao.places.rules import INVITE_DAYS, invite_hash, new_secret
from bacao.places.services.merchants import NotOwner, grant_shop_role

if TYPE_CHECKING:
    from bacao.accounts.models import User


class InviteUnknown(Refused):
    """No invitation has this secret."""

    code = "invite_unknown"
    text = Text(
        "这个邀请链接不完整或不存在。请店主重新发一次。",
        "This invitation link is incomplete or was never made. Ask the owner to send it again.",
    )
    status = 404


class InviteWithdrawn(Refused):
    """The owner took the invitation back."""

    code = "invite_withdrawn"
    text = Text(
        "店主已撤回这个邀请。想加入的话，请店主再发一个。",
        "The owner took this invitation back. Ask for a new one to join.",
    )
    status = 410


class InviteExpired(Refused):
    """The invitation is older than its days."""

    code = "invite_expired"
    text = Text(
        f"这个邀请已过期，有效期是 {INVITE_DAYS} 天。请店主再发一个。",
        f"This invitation has expired; it was good for {INVITE_DAYS} days. Ask the owner for a new one.",
    )
    status = 410


class InviteUsed(Refused):
    """Somebody joined with this link already."""

    code = "invite_used"
    text = Text(
        "这个邀请已经有人用过了，一个链接只能用一次。请店主再发一个。",
        "Somebody joined with this link already; it works once. Ask the owner for a new one.",
    )
    status = 410


class InviteForOthers(Refused):
    """An owner opened the link meant for a clerk."""

    code = "invite_for_others"
    text = Text(
        "您是店主，不用加入。请把这个链接发给店员，它还没有被用掉。",
        "You own this shop, so there is nothing to join. Send the link to your clerk; it is still unused.",
    )


@transaction.atomic
def invite_clerk(*, place: Place, invited_by: "User", at: datetime) -> tuple[ClerkInvite, str]:
    """Make a link for a clerk of a place; return the invitation and its secret, which is not kept.

    :raises NotOwner: only an owner of the place's merchant may
    """
    if place.merchant_id is None or not is_owner(invited_by, place.merchant_id):
        raise NotOwner
    secret = new_secret()
    invite = ClerkInvite.objects.create(
        merchant_id=place.merchant_id,
        place=place,
        secret_hash=invite_hash(secret),
        created_by=invited_by,
        created_at=at,
        expires_at=at + timedelta(days=INVITE_DAYS),
    )
    return invite, secret


@transaction.atomic
def withdraw_invite(*, invite: ClerkInvite, by: "User", at: datetime) -> None:
    """Take an invitation back; one that was used, or taken back before, stays as it is.

    :raises NotOwner: only an owner may
    """
    if not is_owner(by, invite.merchant_id):
        raise NotOwner
    ClerkInvite.objects.filter(pk=invite.pk, accepted_at=None, withdrawn_at=None).update(withdrawn_at=at)


@transaction.atomic
def accept_invite(*, secret: str, user: "User | None", display_name: str = "", at: datetime) -> "tuple[User, ShopRole]":
    """Make whoever holds the link a clerk of its place, once; somebody new becomes a person by giving a name.

    Whoever joined with the link and opens it again signed in gets their role back.

    :raises InviteUnknown, InviteWithdrawn, InviteExpired, InviteUsed, InviteForOthers: what the person can do about it
    :raises accounts.rules.NameRefused, accounts.services.NameTaken: the name of somebody new is no name
    """
    invite = (
        ClerkInvite.objects.select_for_update(of=("self",))
        .select_related("merchant", "place")
        .filter(secret_hash=invite_hash(secret))
        .first()
    )
    if invite is None:
        raise InviteUnknown
    if invite.accepted_by_id is not None:
        return _joined_before(invite, user)
    if invite.withdrawn_at:
        raise InviteWithdrawn
    if invite.expires_at <= at:
        raise InviteExpired
    if user and is_owner(user, invite.merchant_id):
        raise InviteForOthers
    person = user or create_person(display_name=display_name)
    role = grant_shop_role(
        merchant=invite.merchant,
        place=invite.place,
        user=person,
        kind=ShopRole.Kind.CLERK,
        granted_by=invite.created_by,
        at=at,
    )
    invite.accepted_by, invite.accepted_at = person, at
    invite.save(update_fields=["accepted_by", "accepted_at"])
    return person, role


def _joined_before(invite: ClerkInvite, user: "User | None") -> "tuple[User, ShopRole]":
    """Return the role of the person who used this link, if it is still held; anybody else comes too late."""
    if user is None or user.pk != invite.accepted_by_id:
        raise InviteUsed
    role = ShopRole.objects.filter(
        merchant=invite.merchant_id, user=user, kind=ShopRole.Kind.CLERK, ended_at=None
    ).first()
    if role is None:
        raise InviteUsed
    return user, role
