"""Changing people, their roles, and how they sign in."""

from bacao.accounts.services.entitlements import (
    BadKey,
    GrantEndsBeforeItBegins,
    end_entitlement,
    grant_entitlement,
)
from bacao.accounts.services.people import (
    NameTaken,
    PersonRow,
    close_account,
    create_person,
    load_people,
    reopen_account,
    set_preferences,
)
from bacao.accounts.services.roles import end_role, grant_role, refresh_operators
from bacao.accounts.services.sessions import end_sessions
from bacao.accounts.services.sign_in import (
    AccountClosed,
    CodeGone,
    SentCode,
    SignedIn,
    TooOften,
    WrongCode,
    confirm_code,
    delete_old_codes,
    request_code,
)

__all__ = [
    "AccountClosed",
    "BadKey",
    "CodeGone",
    "GrantEndsBeforeItBegins",
    "NameTaken",
    "PersonRow",
    "SentCode",
    "SignedIn",
    "TooOften",
    "WrongCode",
    "close_account",
    "confirm_code",
    "create_person",
    "delete_old_codes",
    "end_entitlement",
    "end_role",
    "end_sessions",
    "grant_entitlement",
    "grant_role",
    "load_people",
    "refresh_operators",
    "reopen_account",
    "request_code",
    "set_preferences",
]
