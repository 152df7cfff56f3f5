"""The four people whom a visitor of the demo can be."""

from dataclasses import dataclass

from bacao.kit.text import Text


@dataclass(frozen=True)
class DemoPerson:
    """Somebody a visitor can sign in as; the code is shown on the screen. `start` = where they begin."""

    role: Text
    phone: str
    name: str
    avatar: str
    start: str


RESIDENT = DemoPerson(Text("居民", "Resident"), "+8613800000001", "林小满", "tangerine", "/")
CLERK = DemoPerson(Text("店员", "Clerk"), "+8613800000002", "阿秀", "woman-curly-hair", "/counter")
OWNER = DemoPerson(Text("店主", "Owner"), "+8613800000003", "徐掌柜", "cooking", "/merchant/")
OPERATOR = DemoPerson(Text("运营", "Operator"), "+8613800000004", "城市运营", "compass", "/desk/")
DEMO_PEOPLE = (RESIDENT, CLERK, OWNER, OPERATOR)
