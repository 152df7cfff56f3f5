"""The best price of a bill (exact, explained), and the best price a head for lists: one rule for every page."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bacao.kit.text import Text

from .answer import Answer
from .price import Price, Step, add_up, price_of, split_by_funders
from .situation import Bill, Situation
from .stacking import APPLIED_MAX, BillRow, agreement_masks, bill_rows
from .steps import CASH, after_step
from .terms import EVERYONE, PACKAGE, Terms, say_amount

NO_MATTER_WHEN = datetime(2000, 1, 1, tzinfo=UTC)  # nothing owned expires where nothing is owned
SMALL_TABLE = 2  # most packages are for two, and one who comes alone may bring somebody
ROWS_MAX = 14  # more rows than that, and the exact search is quicker than walking through their sets


def price_bill(offers: Iterable[Terms], situation: Situation, *, explain: bool = True) -> Answer:
    """Return the lowest cost of a bill under every allowed combination of offers that are live, and why.

    Exact among at most 30 eligible offers and 5 applied, under the published order of calculation; otherwise the
    answer says how much lower the best could be (PR25, PR26). Ties: least burn, fewest offers, less new cash, earliest
    expiry, smallest ids (PR28). Every offer is applied or rejected with one reason, unless `explain` is False.
    """
    from . import exact  # these bring Numba along: pages that never search need not load it
    from . import explain as explaining

    posed = exact.pose(offers, situation)
    found, answer = exact.search(posed)
    return explaining.explained(posed, found, answer) if explain else answer


def best_per_head(
    offers: Iterable[Terms], *, usual_minor: int | None, party: int, keys: frozenset[str] = frozenset()
) -> Price | None:
    """Return the lowest price a head for a party, or None where no offer makes it lower than usual.

    It is the lower of the best combination on the bill `usual_minor` × `party` and the packages for at most `party`
    people, or two where one comes alone; on a tie the bill, then the smaller offer id. Cards ask for several visits
    and are left out. Where what is usual is not known, only packages have a price.
    """
    usable = [terms for terms in offers if _is_open_to(terms, party, keys)]
    found = _best_on_bill(usable, usual_minor * party, party) if usual_minor else None
    most = found.per_head_minor if found else usual_minor or None
    for terms in sorted(usable, key=lambda terms: terms.offer_id):
        if terms.kind != PACKAGE or terms.party_size > max(party, SMALL_TABLE) or terms.list_minor <= terms.price_minor:
            continue
        price = price_of(terms, None, party)
        if price and (most is None or price.per_head_minor < most):
            found, most = price, price.per_head_minor
    return found


def cheapest_rows(rows: Sequence[BillRow], bill_minor: int) -> tuple[BillRow, ...]:
    """Return the set of at most five rows that makes a bill cheapest; ties as `price_bill` has them (PR28).

    Depth-first over the order of calculation, skipping what cannot be cheaper than the best so far: what a row takes
    off the whole bill is the most it can take off in any set (PR7).
    """
    masks = agreement_masks(rows)
    alone = [bill_minor - _after(row, bill_minor, bill_minor, bill_minor)[0] for row in rows]
    best: tuple[tuple[object, ...], int, tuple[BillRow, ...]] = ((bill_minor, 0, 0, ()), bill_minor, ())

    def visit(start: int, running: int, left: int, burn: int, allowed: int, chosen: tuple[BillRow, ...]) -> None:
        nonlocal best
        room = APPLIED_MAX - len(chosen)
        some = [i for i in range(start, len(rows)) if allowed >> i & 1 and alone[i]]
        if not room or running - min(left, sum(sorted((alone[i] for i in some), reverse=True)[:room])) > best[1]:
            return
        for i in some:
            cost, rest = _after(rows[i], bill_minor, running, left)
            if cost == running:
                continue
            with_it = (*chosen, rows[i])
            waste = burn + (rows[i].row.rate - (left - rest) if rows[i].row.op == CASH else 0)
            key = (cost, waste, len(with_it), sorted(_way(one) for one in with_it))
            best = min(best, (key, cost, with_it), key=lambda found: found[0])
            visit(i + 1, cost, rest, waste, allowed & masks[i], with_it)

    visit(0, bill_minor, bill_minor, 0, -1, ())
    return best[2]


def _way(one: BillRow) -> tuple[int, int]:
    """Return what ties between rows are broken by: the smaller id, fewer vouchers, the highest tier that is reached."""
    return (one.terms.offer_id, one.row.rate if one.row.op == CASH else -one.row.rate)


def _after(one: BillRow, bill_minor: int, running: int, left: int) -> tuple[int, int]:
    op, rate, second, threshold, on_running = one.row
    if (running if on_running else bill_minor) < threshold:
        return running, left
    return after_step(op, rate, second, running, left)


def _is_open_to(terms: Terms, party: int, keys: frozenset[str]) -> bool:
    fits = terms.party_min <= party and (terms.party_max is None or party <= terms.party_max)
    return fits and terms.stock_left != 0 and terms.budget_left_minor != 0 and terms.audience.admits(keys)


def _best_on_bill(usable: Sequence[Terms], bill_minor: int, party: int) -> Price | None:
    """Return the best combination on a bill of which only the amount is known, None where nothing comes off."""
    rows = bill_rows(usable)
    if len(rows) > ROWS_MAX and any(agreement_masks(rows)):
        situation = Situation(Bill.of_amount(bill_minor), at=NO_MATTER_WHEN, party=party)
        for_all = [replace(terms, audience=EVERYONE) for terms in usable]
        uses = [
            (use.terms, use.discount_minor, use.bought_minor)
            for use in price_bill(for_all, situation, explain=False).uses
        ]
    else:
        uses, running, left = [], bill_minor, bill_minor
        for one in cheapest_rows(rows, bill_minor):
            cost, left = _after(one, bill_minor, running, left)
            uses.append((one.terms, running - cost, one.row.second if one.row.op == CASH else 0))
            running = cost
    return _price_of_uses(uses, bill_minor, party) if uses else None


def _price_of_uses(uses: Sequence[tuple[Terms, int, int]], bill_minor: int, party: int) -> Price:
    """Return the price of a bill with (offer, discount, paid before coming) for each offer used, in order."""
    saving, before = sum(off for _, off, _ in uses), sum(paid for _, _, paid in uses)
    main = max(uses, key=lambda use: use[1])[0]
    return Price(
        offer_id=main.offer_id,
        version_id=main.version_id,
        kind=main.kind,
        list_minor=bill_minor,
        payable_minor=bill_minor - saving,
        saving_minor=saving,
        per_head_minor=-(-(bill_minor - saving) // party),
        steps=(Step(Text("账单", "Bill"), bill_minor), *(Step(terms.title, -off) for terms, off, _ in uses)),
        funders=add_up(share for terms, off, _ in uses for share in split_by_funders(off, terms.funders)),
        heads=party,
        basis=_say_basis(bill_minor, before, bill_minor - saving - before),
        offers=tuple(terms.offer_id for terms, _, _ in uses),
        before_minor=before,
    )


def _say_basis(bill_minor: int, before_minor: int, there_minor: int) -> Text:
    bill, now, there = say_amount(bill_minor), say_amount(before_minor), say_amount(there_minor)
    if not before_minor:
        return Text(f"按账单 {bill}", f"on a bill of {bill}")
    return Text(f"按账单 {bill}：买券 {now}，到店付 {there}", f"on a bill of {bill}: {now} now, {there} there")
