"""From offers and a bill to the candidates of the exact search (pricing.md, PR7, PR8 and section 8, step 2)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

from bacao.ledger.rules import largest_remainder

from .combine import NEVER, Candidate, Line, Op
from .situation import Bill, BillLine, Owned
from .stacking import quarrels
from .steps import cap_of, most_bought
from .terms import CARD, LAYERS, PACKAGE, VOUCHER, Terms

VARIANTS_MAX = 128  # ways to use one offer on one bill


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to use an offer on a bill: so many units, of which so many are owned."""

    terms: Terms
    units: int
    owned_units: int


@dataclass(frozen=True, slots=True)
class Expansion:
    """A bill and offers as the search takes them. An offer without any way to use it is left out.

    `choices` by candidate id; a candidate's group is its offer. `quarrels` = the offers that each may not stand beside.
    """

    lines: list[Line]
    candidates: list[Candidate]
    choices: dict[int, Choice]
    quarrels: dict[int, list[int]]


def expand(offers: Sequence[Terms], bill: Bill, owned: Sequence[Owned] = ()) -> Expansion:
    """Return every way to use these offers and what is owned on a bill.

    The ways to use one offer exclude each other (PR8): one bill draws on one version of a voucher, what is owned first.
    """
    held: dict[int, list[Owned]] = {}
    for one in _merged(owned):
        held.setdefault(one.terms.offer_id, []).append(one)
    live = {terms.offer_id: terms for terms in offers}
    assert 0 not in live, "an offer's number is its exclusion group, and 0 is none"
    candidates: list[Candidate] = []
    choices: dict[int, Choice] = {}
    used: dict[int, Terms] = {}
    for offer_id in sorted(live.keys() | held.keys()):
        for choice, candidate in _ways(live.get(offer_id), held.get(offer_id, ()), bill):
            candidates.append(candidate)
            choices[candidate.id] = choice
            used[offer_id] = choice.terms
    lines = [Line(line.id, line.list_minor) for line in bill.lines]
    return Expansion(lines, candidates, choices, quarrels(list(used.values())))


def lines_for(terms: Terms, bill: Bill) -> list[BillLine]:
    """Return the lines of a bill that an offer applies to."""
    wanted = {item.ref for item in terms.items}
    return [
        line
        for line in bill.lines
        if line.category not in terms.excluded_categories and (not wanted or line.item in wanted)
    ]


def _merged(owned: Iterable[Owned]) -> list[Owned]:
    """Return what is owned, soonest to expire first, vouchers of one version as one."""
    merged: dict[int, Owned] = {}
    for number, one in enumerate(sorted(owned, key=_expiry)):
        key = -1 - number if one.terms.kind == CARD else one.terms.version_id
        merged[key] = replace(merged[key], units=merged[key].units + one.units) if key in merged else one
    return list(merged.values())


def _ways(live: Terms | None, owned: Iterable[Owned], bill: Bill) -> list[tuple[Choice, Candidate]]:
    """Return the ways to use one offer: what is owned, soonest to expire first, then what would be bought."""
    ways: list[tuple[Choice, Candidate]] = []
    for one in owned:
        is_live = live is not None and live.version_id == one.terms.version_id
        ways += _ways_of(one.terms, bill, owned=one, may_buy=most_bought(one.terms) if is_live else 0, first=len(ways))
        live = None if is_live else live
    if live:
        ways += _ways_of(live, bill, owned=None, may_buy=most_bought(live), first=len(ways))
    return ways[:VARIANTS_MAX]


def _ways_of(
    terms: Terms, bill: Bill, *, owned: Owned | None, may_buy: int, first: int
) -> Iterator[tuple[Choice, Candidate]]:
    """Yield the ways to use one version of an offer, numbered from `first` on."""
    numbers = count(terms.offer_id * VARIANTS_MAX + first)
    held, expires = (owned.units, _expiry(owned)) if owned else (0, NEVER)
    candidate = partial(
        Candidate, layer=LAYERS[terms.kind], group=terms.offer_id, rank=terms.rank, expires=expires,
        threshold_minor=max(terms.threshold_minor, 1), threshold_on_running=terms.threshold_on_running,
        cap_minor=cap_of(terms),
    )  # fmt: skip
    if terms.kind in (PACKAGE, CARD):
        for units, own in _covers(terms, bill, owned, may_buy):
            yield Choice(terms, units, min(units, held)), candidate(id=next(numbers), op=Op.COVER, **own)
        return
    lines = lines_for(terms, bill)
    if not lines:
        return
    whole = frozenset(line.id for line in lines)
    if terms.kind != VOUCHER:
        op, own = _discount(terms, lines)
        yield Choice(terms, 1, min(held, 1)), candidate(id=next(numbers), op=op, lines=whole, **own)
        return
    most = min(max(terms.units_per_bill, 1), held + may_buy)
    for units in range(1, most + 1):
        mine = min(units, held)
        yield Choice(terms, units, mine), candidate(
            id=next(numbers), op=Op.VOUCHER, lines=whole, face_minor=terms.face_minor, price_minor=terms.price_minor,
            units=units, owned=mine,
        )  # fmt: skip


def _discount(terms: Terms, lines: Sequence[BillLine]) -> tuple[Op, dict[str, Any]]:
    """Return how what is no instrument is computed, and with which numbers of its own."""
    if terms.percent_basis_points:
        return Op.PERCENT, {"basis_points": terms.percent_basis_points}
    if terms.target_minor is not None:
        if terms.items:
            return Op.LINE_PRICE, {"targets": tuple((line.id, line.quantity * terms.target_minor) for line in lines)}
        return Op.DOWN_TO, {"target_minor": terms.target_minor}
    if terms.step_minor:
        return Op.EACH, {"step_minor": terms.step_minor, "off_minor": terms.face_minor, "max_times": terms.max_times}
    return Op.TIERS, {"tiers": terms.tiers or ((max(terms.threshold_minor, 1), terms.face_minor),)}


def _covers(terms: Terms, bill: Bill, owned: Owned | None, may_buy: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (units, what they cover) for each number of packages, or uses of an owned card, the bill has room for."""
    wanted = Counter({item.ref: item.quantity for item in terms.items})
    if terms.kind == CARD and (owned is None or len(wanted) != 1):
        return  # a card asks for several visits: it is bought before, not for one bill
    on_bill = Counter[str]()
    for line in lines_for(terms, bill):
        on_bill[line.item] += line.quantity
    room = min((on_bill[item] // quantity for item, quantity in wanted.items()), default=0)
    held = owned.units if owned else 0
    for units in range(1, min(room, held if terms.kind == CARD else held + may_buy) + 1):
        cover = _cover_of(bill, {item: quantity * units for item, quantity in wanted.items()}, terms)
        paid = {"price_minor": terms.price_minor, "units": units, "owned": min(units, held)}
        if terms.kind == CARD and owned:
            paid = {"price_minor": price_of_uses(terms, owned, units), "units": 1, "owned": 1}
        lines = frozenset(line for line, _ in cover)
        yield units, {"lines": lines, "cover": cover, "list_only": terms.list_only} | paid


def _cover_of(bill: Bill, wanted: Mapping[str, int], terms: Terms) -> tuple[tuple[int, int], ...]:
    """Return ((line, list amount of its covered units), ...), taking units from the lines in order."""
    rest, cover = dict(wanted), []
    for line in sorted(lines_for(terms, bill), key=lambda line: line.id):
        taken = min(rest.get(line.item, 0), line.quantity)
        if taken:
            rest[line.item] -= taken
            cover.append((line.id, taken * line.unit_minor))
    return tuple(cover)


def price_of_uses(terms: Terms, owned: Owned, units: int) -> int:
    """Return what the next uses of a card cost: its price spread over all uses by largest remainder."""
    parts = largest_remainder(terms.price_minor, [1] * terms.uses)
    return sum(parts[owned.first_use : owned.first_use + units])


def _expiry(owned: Owned) -> int:
    return int(owned.expires_at.timestamp()) if owned.expires_at else NEVER
