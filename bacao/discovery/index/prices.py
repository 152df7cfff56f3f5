"""The price of a deal for a party: the lowest a head among the curve and the baskets (discovery.md, DS6)."""

import numpy as np

from bacao.discovery.index.columns import Part
from bacao.discovery.rules import score
from bacao.discovery.rules.figures import BASKET, BILL, USUAL
from bacao.kit.compiling import leaf
from bacao.offers.rules.curve import BILL_MAX_MINOR, cost_along, find_run

value_slot = leaf(score.value_slot)
distance_slot = leaf(score.distance_slot)


@leaf
def cost_of_bill(part: Part, curve: int, bill: int) -> int:
    """Return what a bill costs on a curve; a bill above the curve's end costs what it says (CV5)."""
    if bill > BILL_MAX_MINOR:
        return bill
    run = find_run(bill, part.curve_ptr[curve], part.curve_ptr[curve + 1], part.run_from_minor)
    return cost_along(bill, part.run_chain[run], part.chain_ptr, part.steps)


@leaf
def best_price(part: Part, deal: int, usual: int, party: int, table: int) -> tuple[int, int, int, int, int]:
    """Return what a head pays, what all pay, how (USUAL, BILL, BASKET), the list price, for how many people.

    All amounts are 0 where nothing is known.

    `table` = the largest package that will do. A package is taken only where a head pays less than on the bill.
    """
    per_head, payable, how, listed, heads = 0, 0, USUAL, usual * party, party
    if usual > 0:
        bill = usual * party
        payable = cost_of_bill(part, part.deal_curve[deal], bill)
        per_head = -(-payable // party)
        how = BILL if payable < bill else USUAL
    baskets = part.deal_baskets[deal]
    for b in range(part.baskets_ptr[baskets], part.baskets_ptr[baskets + 1]):
        size = int(part.basket_party[b])
        units = -(-party // size)
        if size <= table and units <= part.basket_units[b]:
            price = int(part.basket_price_minor[b]) * units
            each = -(-price // max(party, size))
            if (usual <= 0 and how == USUAL) or each < per_head:
                per_head, payable, how = each, price, BASKET
                listed, heads = int(part.basket_list_minor[b]) * units, max(party, size)
    return per_head, payable, how, listed, heads


@leaf
def value_of(per_head: int, median: int, value_points: np.ndarray) -> int:
    """Return the points for what a head pays against what is usual for its kind; 0 where either is not known."""
    if per_head <= 0 or median <= 0:
        return 0
    return int(value_points[value_slot(per_head, median)])
