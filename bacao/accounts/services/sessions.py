"""Ending sessions."""

from django.db import transaction

from bacao.accounts.models import User


@transaction.atomic
def end_sessions(*, user: User) -> None:
    """Sign somebody out of every browser at once.

    Sessions carry a hash of the password field; nobody has a password, so a new unusable one ends them all.
    """
    user.set_unusable_password()
    user.save(update_fields=["password"])
