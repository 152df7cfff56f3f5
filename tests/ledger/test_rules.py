"""Splitting, hashing and limits of the ledger, without a database."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacao.ledger.rules import (
    Credit,
    Debit,
    Posting,
    Unbalanced,
    UnknownAccount,
    balance_of,
    check_posting,
    content_hash,
    largest_remainder,
    limit_of,
    mirrored,
    strain_of,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def posting(*entries: Debit | Credit, **changes: Any) -> Posting:
    return Posting(**{"id": UUID(int=1), "kind": "paid", "entries": entries, "effective_at": AT, **changes})


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_parts_sum_exactly_and_are_within_one_of_their_share(total: int, weights: list[int]) -> None:
    parts = largest_remainder(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_golden_splits() -> None:
    assert largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert largest_remainder(800, [6000, 4000]) == [480, 320]
    assert largest_remainder(1, [5000, 5000]) == [1, 0]
    assert largest_remainder(2000, [9900, 4900]) == [1338, 662]  # pricing.md, PR24
    assert largest_remainder(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0]), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_split_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot split"):
        largest_remainder(total, weights)


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (Debit("asset.bank", 0), Credit("income.commission", 0)),
        (Debit("asset.bank", 5), Credit("income.commission", 4)),
        (Debit("asset.bank", -5), Credit("income.commission", -5)),
    ],
)
def test_only_balanced_postings_are_accepted(entries: tuple[Debit | Credit, ...]) -> None:
    with pytest.raises(Unbalanced):
        check_posting(posting(*entries))


@pytest.mark.parametrize("code", ["", "asset", "breakage.old", "liab.x y", "liab..1", "asset.bank.", "Asset.bank"])
def test_codes_outside_the_chart_are_refused(code: str) -> None:
    with pytest.raises(UnknownAccount):
        check_posting(posting(Debit(code, 5), Credit("asset.bank", 5)))


def test_hash_covers_everything_but_the_id_and_the_order() -> None:
    one = posting(Debit("asset.bank", 5), Credit("income.commission", 5), origin={"order": 1})
    same = posting(
        Credit("income.commission", 5),
        Debit("asset.bank", 5),
        Debit("asset.bank", 0),
        origin={"order": 1},
        id=UUID(int=2),
        effective_at=AT.astimezone(timezone(timedelta(hours=8))),
    )
    assert content_hash(one) == content_hash(same)
    others = [
        posting(Debit("asset.bank", 6), Credit("income.commission", 6), origin={"order": 1}),
        posting(Credit("asset.bank", 5), Debit("income.commission", 5), origin={"order": 1}),
        posting(*one.entries, origin={"order": 2}),
        posting(*one.entries, origin={"order": 1}, kind="refund"),
        posting(*one.entries, origin={"order": 1}, book="cny.sandbox"),
        posting(*one.entries, origin={"order": 1}, effective_at=AT + timedelta(seconds=1)),
        posting(*one.entries, origin={"order": 1}, reverses=UUID(int=9)),
    ]
    assert len({content_hash(other) for other in [one, *others]}) == len(others) + 1


def test_limits_follow_the_chart() -> None:
    limits = {
        "asset.provider.sandbox": "none",
        "asset.receivable.merchant.7": "credit_at_most_debit",
        "liab.unredeemed.5f3c": "debit_at_most_credit",
        "liab.payable.merchant.7": "debit_at_most_credit",
        "income.commission": "none",
        "expense.subsidy.7": "none",
        "control.budget.7": "debit_at_most_credit",
        "control.budget_spent": "none",
    }
    assert {code: limit_of(code) for code in limits} == limits


def test_strain_is_net_and_only_of_limited_accounts() -> None:
    lines = [
        Debit("liab.unredeemed.1", 30),
        Credit("liab.unredeemed.1", 10),
        Credit("liab.payable.merchant.1", 25),
        Credit("asset.receivable.merchant.1", 4),
        Debit("asset.bank", 9),
    ]
    assert strain_of(lines) == {"liab.unredeemed.1": 20, "asset.receivable.merchant.1": 4}


def test_balances_grow_on_the_side_of_their_class() -> None:
    assert balance_of("asset.bank", 5, 2) == 3
    assert balance_of("expense.subsidy.1", 5, 2) == 3
    assert balance_of("liab.unredeemed.1", 2, 5) == 3
    assert balance_of("income.commission", 2, 5) == 3


def test_a_mirror_exchanges_the_sides() -> None:
    lines = [Debit("asset.bank", 5), Credit("income.commission", 5)]
    assert mirrored(lines) == [Credit("asset.bank", 5), Debit("income.commission", 5)]
    assert mirrored(mirrored(lines)) == lines
