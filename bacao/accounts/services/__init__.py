"""Changing people, their roles, and how they sign in."""

from bacao.accounts.services.people import NameTaken, PersonRow, create_person, load_people, set_preferences
from bacao.accounts.services.roles import end_role, grant_role, refresh_operators

__all__ = [
    "NameTaken",
    "PersonRow",
    "create_person",
    "end_role",
    "grant_role",
    "load_people",
    "refresh_operators",
    "set_preferences",
]
