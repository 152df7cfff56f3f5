"""The exact best price of a bill: offers screened, expanded, searched, and put into words (pricing.md, section 8)."""

from collections.abc import Iterable
from dataclasses import dataclass

from .answer import Answer, Part, Rejected, Use
from .combine import Applied as Step
from .combine import Combination, Op, Problem, find_best, state_problem
from .expand import Choice, Expansion, expand
from .price import add_up, split_by_funders
from .screen import screen
from .situation import Owned, Situation
from .terms import LAYERS, Terms


@dataclass(frozen=True, slots=True)
class Posed:
    """A bill and what may be used on it, ready to be searched; `refused` = offers that somebody may not have."""

    situation: Situation
    offers: tuple[Terms, ...]
    refused: tuple[Rejected, ...]
    expansion: Expansion
    problem: Problem


def pose(offers: Iterable[Terms], situation: Situation) -> Posed:
    """Drop what somebody may not have, and expand the rest; what is owned may be used whatever is on sale."""
    eligible: list[Terms] = []
    refused: list[Rejected] = []
    for terms in offers:
        rejected = screen(terms, situation)
        if rejected is None:
            eligible.append(terms)
        else:
            refused.append(rejected)
    usable = [one for one in situation.owned if one.units > 0 and _may_use(one, situation)]
    expansion = expand(eligible, situation.bill, usable)
    known = {one.terms.offer_id: one.terms for one in usable} | {terms.offer_id: terms for terms in eligible}
    owned_ids = {one.terms.offer_id for one in usable}
    return Posed(
        situation,
        tuple(known.values()),
        tuple(one for one in refused if one.terms.offer_id not in owned_ids),
        expansion,
        state_problem(expansion.lines, expansion.candidates, expansion.quarrels),
    )


def _may_use(one: Owned, situation: Situation) -> bool:
    """Return whether a voucher in the hand is good here and now: not expired, and for so many people."""
    least, most = one.terms.party_min, one.terms.party_max
    fits = least <= situation.party and (most is None or situation.party <= most)
    return fits and (one.expires_at is None or situation.at < one.expires_at)


def search(posed: Posed) -> tuple[Combination, Answer]:
    """Return the cheapest combination and what it says, without what was not used."""
    found = find_best(posed.problem)
    assert found is not None, "without a forced candidate the empty set is always allowed"
    answer = Answer(
        list_minor=found.list_minor,
        payable_minor=found.cost_minor,
        counter_minor=found.pay_now_minor,
        bought_minor=found.bought_minor,
        already_paid_minor=found.already_paid_minor,
        burn_minor=found.burn_minor,
        bound_minor=found.bound_minor,
        uses=tuple(_use(step, posed) for step in found.applied),
        calendar_version=posed.situation.calendar_version,
    )
    return found, answer


def _use(step: Step, posed: Posed) -> Use:
    choice: Choice = posed.expansion.choices[step.candidate.id]
    terms, candidate = choice.terms, step.candidate
    lines = [line.id for line in posed.problem.lines]
    parts = tuple(
        Part(line, part, split_by_funders(part, terms.funders))
        for line, part in zip(lines, step.parts, strict=True)
        if part
    )
    price, units = candidate.price_minor, candidate.units
    is_instrument = candidate.op in (Op.COVER, Op.VOUCHER)
    burn = units * (candidate.face_minor - price) - step.discount_minor if candidate.op == Op.VOUCHER else 0
    return Use(
        terms=terms,
        layer=LAYERS[terms.kind],
        units=choice.units,
        owned_units=choice.owned_units,
        base_minor=step.base_minor,
        discount_minor=step.discount_minor,
        parts=parts,
        funders=add_up(share for part in parts for share in part.funders),
        bought_minor=price * max(units - candidate.owned, 0) if is_instrument else 0,
        already_paid_minor=price * min(candidate.owned, units) if is_instrument else 0,
        burn_minor=burn,
        admitted_by=terms.audience.admitted_by(posed.situation.keys),
    )
