"""Whole offers, not candidates, against every set of them, one by one: the judge shares no code with the rules."""

from itertools import combinations
from random import Random

import pytest

from bacao.offers.rules import Terms, best_per_head
from tests.offers.random_terms import random_terms

LAYER = {"time_slot": 1, "member": 2, "percent_off": 3, "threshold_off": 3, "voucher": 4, "subsidy": 5}


def place_of(terms: Terms) -> tuple[int, int, int, int]:
    """Return where an offer comes in: layer, percent before down-to before fixed before steps, rank, id."""
    if terms.percent_basis_points:
        how = 1
    elif terms.target_minor is not None:
        how = 3
    else:
        how = 5 if terms.step_minor else 4
    return (LAYER[terms.kind], how, terms.rank, terms.offer_id)


def may_stand(a: Terms, b: Terms) -> bool:
    if a.stands_alone or b.stands_alone or (a.group and a.group == b.group) or LAYER[a.kind] == LAYER[b.kind] == 1:
        return False
    return bool(set(a.stack_tags) & set(b.stack_accepts)) and bool(set(b.stack_tags) & set(a.stack_accepts))


def outcomes(terms: Terms, bill: int, cost: int, left: int) -> list[tuple[int, int]]:
    """Return the ways to go on with an offer from (cost, left to pay): one for each number of vouchers."""
    if terms.kind == "voucher":
        ways, paid, rest, gained = list[tuple[int, int]](), 0, left, 0
        for number in range(1, min(terms.units_per_bill, terms.per_order) + 1):
            worth = min(terms.face_minor, rest)
            if worth <= terms.price_minor:
                break
            rest, paid, gained = rest - worth, paid + terms.price_minor, gained + worth - terms.price_minor
            if bill >= terms.threshold_minor * number:
                ways.append((cost - gained, rest))
        return ways
    if bill < terms.threshold_minor:
        return []
    if terms.percent_basis_points:
        off = cost * terms.percent_basis_points // 10000
    elif terms.target_minor is not None:
        off = max(0, cost - terms.target_minor)
    elif terms.tiers:
        off = max((gives for least, gives in terms.tiers if bill >= least), default=0)
    elif terms.step_minor:
        off = min(bill // terms.step_minor, terms.max_times) * terms.face_minor
    else:
        off = terms.face_minor
    if terms.cap_minor is not None:
        off = min(off, terms.cap_minor)
    off = min(off, left)
    return [(cost - off, left - off)] if off > 0 else []


def judge(offers: list[Terms], bill: int) -> int:
    """Return the lowest cost over every set of at most five offers that may stand together."""
    lowest = bill
    for size in range(1, min(5, len(offers)) + 1):
        for some in combinations(offers, size):
            if all(may_stand(a, b) for a, b in combinations(some, 2)):
                states = [(bill, bill)]
                for terms in sorted(some, key=place_of):
                    states = [after for cost, left in states for after in outcomes(terms, bill, cost, left)]
                lowest = min([lowest, *(cost for cost, _ in states)])
    return lowest


@pytest.mark.parametrize("block", range(10))
def test_twenty_thousand_shops_of_all_kinds(block: int) -> None:
    """PR25: the price of every list, over members' prices, time slots, tiers, steps, vouchers and subsidies."""
    random = Random(f"shops {block}")
    for _ in range(2000):
        offers = [random_terms(random, number) for number in range(1, random.randint(1, 6) + 1)]
        bill = random.choice((random.randint(1, 60_000), random.randint(1, 600) * 100))
        found = best_per_head(offers, usual_minor=bill, party=1)
        assert (found.payable_minor if found else bill) == judge(offers, bill), (bill, offers)
