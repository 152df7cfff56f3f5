"""Offers on a bill of which only the amount is known, as rows of numbers: what each row does to that amount.

Price curves, the index of discovery and the prices of lists walk along the same rows (pricing.md, section 10).
"""

from collections.abc import Iterable
from typing import NamedTuple

from .terms import VOUCHER, Terms

PERCENT, FIXED, CASH, DOWN_TO = range(4)
"""What a row does: basis points off, an amount off, a cash voucher of a face bought at a price, down to an amount."""
NO_CAP = -1
OP_RANK = {PERCENT: 1, DOWN_TO: 3, FIXED: 4, CASH: 6}
"""The place of a row within its layer: percent before fixed (PR23), as `combine.Op` has it."""


class Row(NamedTuple):
    """One way to use an offer: PERCENT basis points and cap, FIXED amount, CASH face and price, DOWN_TO target and cap.

    `threshold` is at least 1 and compared with the bill, or with what is left of it where `on_running`.
    """

    op: int
    rate: int
    second: int
    threshold: int
    on_running: bool = False


def after_step(op: int, rate: int, second: int, running: int, left: int) -> tuple[int, int]:
    """Return the cost so far and what is left to pay at the counter after one row (PR6); unchanged without a gain."""
    if op == 2:
        worth = min(rate, left)
        if worth <= second:
            return running, left
        return running - worth + second, left - worth
    if op == 1:
        off = min(rate, left)
        return running - off, left - off
    off = running * rate // 10000 if op == 0 else max(running - rate, 0)
    if second >= 0:
        off = min(off, second)
    off = min(off, left)
    return running - off, left - off


def rows_of(terms: Terms) -> tuple[Row, ...]:
    """Return the ways to use an offer on a bill of which only the amount is known; none where there is no gain.

    At most one row of an offer is ever used: a tier, a number of steps, or a number of vouchers. Taking a lower tier
    than is reached, or a further voucher than gains, never costs less than the right one (PR7), so a search over rows
    finds the same cost as one over offers.
    """
    if not terms.is_for_bill:
        return ()
    return tuple(row for row in _rows(terms) if _gains(row))


def _rows(terms: Terms) -> Iterable[Row]:
    threshold, late, cap = max(terms.threshold_minor, 1), terms.threshold_on_running, cap_of(terms)
    if terms.kind == VOUCHER:
        return (
            Row(CASH, n * terms.face_minor, n * terms.price_minor, max(n * terms.threshold_minor, 1), late)
            for n in range(1, min(terms.units_per_bill, most_bought(terms)) + 1)
        )
    if terms.percent_basis_points:
        return (Row(PERCENT, terms.percent_basis_points, cap, threshold, late),)
    if terms.target_minor is not None:
        return (Row(DOWN_TO, terms.target_minor, cap, threshold, late),)
    tiers = terms.tiers or ((threshold, terms.face_minor),)
    if terms.step_minor:
        tiers = tuple((n * terms.step_minor, n * terms.face_minor) for n in range(1, terms.max_times + 1))
    return (Row(FIXED, off if cap < 0 else min(off, cap), 0, max(least, threshold), late) for least, off in tiers)


def cap_of(terms: Terms) -> int:
    """Return the most that an offer may take off one bill: its cap, or what is left of its budget; -1 for no limit."""
    caps = [cap for cap in (terms.cap_minor, terms.budget_left_minor) if cap is not None]
    return min(caps, default=NO_CAP)


def most_bought(terms: Terms) -> int:
    """Return how many units of an offer one person may buy at once."""
    limits = (terms.per_order, terms.stock_left, terms.per_person)
    return min(limit for limit in limits if limit is not None)


def _gains(row: Row) -> bool:
    if row.op == CASH:
        return row.rate > row.second
    return (row.rate > 0 or row.op == DOWN_TO) and (row.op == FIXED or row.second != 0)


def op_rank_of(terms: Terms) -> int:
    """Return the place of an offer within its layer, as `combine.Op` numbers it; 0 for what covers units."""
    if not terms.needs_bill:
        return 0
    if terms.kind == VOUCHER:
        return OP_RANK[CASH]
    if terms.percent_basis_points:
        return OP_RANK[PERCENT]
    if terms.target_minor is not None:
        return 2 if terms.items else OP_RANK[DOWN_TO]
    return 5 if terms.step_minor else OP_RANK[FIXED]
