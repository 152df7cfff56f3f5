"""Budgets at the desk: what was given, is claimed, is promised, is left; more and less by hand, with a reason."""

from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from bacao.accounts.models import User
from bacao.accounts.services import create_person, grant_role
from bacao.ledger.models import Account, Transaction
from bacao.ledger.queries import Budget, get_budget
from bacao.ledger.rules import BUDGET_SPENT, Transfer
from bacao.ledger.services import allocate_budget, pend

pytestmark = pytest.mark.django_db
CODE = "control.budget.7"


@pytest.fixture
def boss() -> User:
    user = create_person(phone="13800138000", display_name="Boss")
    grant_role(user=user, kind="operator", granted_by=None, at=timezone.now())
    return User.objects.get(pk=user.pk)


@pytest.fixture
def address() -> str:
    """Give a budget ¥50, have ¥8 of it claimed, and return its page."""
    now = timezone.now()
    with transaction.atomic():
        allocate_budget(id=uuid4(), code=CODE, amount_minor=5000, origin={}, at=now)
        pend(transfers=[Transfer(uuid4(), "held", CODE, BUDGET_SPENT, 800, now)])
    return f"/desk/ledger/budget/{Account.objects.get(code=CODE).pk}"


def test_budgets_are_listed_with_what_is_left(client: Client, boss: User, address: str) -> None:
    client.force_login(boss)
    page = client.get("/desk/ledger/budget/").content.decode()
    for words in (CODE, "¥50", "¥8", "¥42"):
        assert words in page
    assert BUDGET_SPENT not in page, "the other legs are no budgets"
    assert "金额" in client.get(f"{address}/change/").content.decode()


def test_more_and_less_with_a_reason(client: Client, boss: User, address: str) -> None:
    client.force_login(boss)

    def act(amount: str, reason: str) -> str:
        form = {"action": "allocate", "amount": amount, "reason": reason}
        return client.post(f"{address}/act/", form, follow=True).content.decode()

    assert "已调整" in act("20.50", "第二周加投")
    assert get_budget(CODE) == Budget(7050, 800, 0)
    assert Transaction.objects.order_by("recorded_at").last().origin == {"by": boss.pk, "reason": "第二周加投"}
    assert "只剩 ¥62.5" in act("-62.51", "收回")
    assert "写明原因" in act("10", "")
    for wrong in ("", "x", "0", "1e30"):
        assert "写金额" in act(wrong, "加投")
    act("-62.5", "收回")
    assert get_budget(CODE) == Budget(800, 800, 0)
