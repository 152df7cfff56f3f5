"""Reads of the demo."""

from dataclasses import dataclass
from urllib.parse import urlencode

from bacao.accounts.queries import find_user_by_phone
from bacao.kit.text import Text

from .rules.demo import DEMO_PEOPLE


@dataclass(frozen=True)
class DemoLogin:
    """How to be one of the demo's people: `link` opens the sign-in page with the number filled in."""

    role: Text
    how: str
    link: str


def list_demo_logins() -> list[DemoLogin]:
    """Return the demo's people who exist in this city; none where it was started empty."""
    return [
        DemoLogin(
            person.role,
            person.phone.removeprefix("+86"),
            "/sign-in?" + urlencode({"contact": person.phone.removeprefix("+86"), "next": person.start}),
        )
        for person in DEMO_PEOPLE
        if find_user_by_phone(person.phone)
    ]
