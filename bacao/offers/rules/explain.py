"""Why an offer is not used, what comes second, and what a little more on the bill would change (PR29, PR31)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bacao.kit.text import Text

from .answer import Answer, NextStep, Reason, Rejected, RunnerUp
from .combine import Combination, Problem, find_best
from .exact import Posed, pose, search
from .expand import lines_for
from .screen import say_items, say_short
from .situation import Bill
from .stacking import accepts
from .terms import CARD, PACKAGE, VOUCHER, Item, Terms, say_amount

LOOK_AHEAD_PERCENT = 30
WORTH_SAYING_MINOR = 500
STEPS_TRIED_MAX = 12


def explained(posed: Posed, best: Combination, answer: Answer) -> Answer:
    """Return the answer with one reason for each offer that is not used, the runner-up, and the next step."""
    rejected, runner_up = explain_sets(posed, best)
    return replace(
        answer,
        rejected=(*rejected, *posed.refused),
        runner_up=runner_up,
        next_step=find_next_step(posed, answer),
    )


def explain_sets(posed: Posed, best: Combination) -> tuple[list[Rejected], RunnerUp | None]:
    """Return one reason for each offer that is not used, and the cheapest other set.

    The best set with each offer is searched for, so what is said to be dearer by so much is (PR29). Any other set
    either lacks something of the best one or holds something besides, so the cheapest of these is the second best.
    """
    choices, used = posed.expansion.choices, {posed.expansion.choices[number].terms.offer_id for number in best.ids}
    others = [other for number in best.ids if (other := find_best(posed.problem, without=number))]
    rejected = []
    for terms in posed.offers:
        if terms.offer_id in used:
            continue
        own = [c.id for c in posed.problem.ordered if choices[c.id].terms.offer_id == terms.offer_id]
        forced = [found for number in own if (found := find_best(posed.problem, forced=number))]
        others += forced
        with_it = min(forced, key=_rank, default=None)
        rejected.append(_not_used(terms, posed, best, with_it) if with_it else _of_no_use(terms, posed))
    second = min((other for other in others if other.ids), key=_rank, default=None)
    if second is None:
        return rejected, None
    offers = tuple(choices[number].terms for number in second.ids)
    return rejected, RunnerUp(offers, second.cost_minor, second.cost_minor - best.cost_minor)


def _rank(found: Combination) -> tuple[int, int, int, tuple[int, ...]]:
    return (found.cost_minor, found.burn_minor, len(found.ids), tuple(sorted(found.ids)))


def _of_no_use(terms: Terms, posed: Posed) -> Rejected:
    """Say why an offer does nothing for this bill even alone."""
    bill, lines = posed.situation.bill, lines_for(terms, posed.situation.bill)
    if terms.kind == CARD and not any(one.terms.offer_id == terms.offer_id for one in posed.situation.owned):
        return Rejected(
            terms, "buy_before", Text("次卡要先买，之后每次用", "A card is bought first, then used visit by visit")
        )
    if terms.kind in (PACKAGE, CARD) or (terms.items and not lines):
        return Rejected(
            terms, "items_missing", say_items(terms), missing=tuple(item.ref for item in missing_items(terms, bill))
        )
    if not lines:
        text = Text("账单里的东西不参加这个优惠", "Nothing on this bill takes part in it")
        return Rejected(terms, "no_effect", text)
    short = _least(terms) - sum(line.list_minor for line in lines)
    if short > 0:
        return Rejected(terms, "threshold_short_by", say_short(short), amount_minor=short)
    if terms.kind == VOUCHER:
        return Rejected(terms, "no_effect", Text("账单太小，买券不划算", "The bill is too small for it to pay"))
    return Rejected(terms, "no_effect", Text("这张账单用不上", "It changes nothing on this bill"))


def missing_items(terms: Terms, bill: Bill) -> list[Item]:
    """Return what an offer covers and the bill has not enough of."""
    on_bill: dict[str, int] = {}
    for line in bill.lines:
        on_bill[line.item] = on_bill.get(line.item, 0) + line.quantity
    return [item for item in terms.items if on_bill.get(item.ref, 0) < item.quantity]


def _least(terms: Terms) -> int:
    """Return the smallest amount an offer asks for."""
    least = terms.step_minor or min((minimum for minimum, _ in terms.tiers), default=0)
    return max(terms.threshold_minor, least)


def _not_used(terms: Terms, posed: Posed, best: Combination, with_it: Combination) -> Rejected:
    """Say what an offer would cost in place of what is used, and whether they could not stand together."""
    more = with_it.cost_minor - best.cost_minor
    number = next(number for number in with_it.ids if posed.expansion.choices[number].terms.offer_id == terms.offer_id)
    clashing = [posed.expansion.choices[other].terms for other in best.ids if _clash(posed.problem, number, other)]
    versions = tuple(other.version_id for other in clashing)
    price = Text(f"用它要多付 {say_amount(more)}", f"with it you would pay {say_amount(more)} more")
    if not more:
        price = Text("换成它价钱一样", "with it the price is the same")
    if clashing:
        others = _name_them(clashing)
        text = Text(f"和{others.zh}不能一起用；{price.zh}", f"Not together with {others.en}; {price.en}")
        return Rejected(terms, "conflicts_with", text, more, versions, refused_by=_refused_by(terms, clashing))
    reason: Reason = "beaten_by" if more else "no_effect"
    winners = tuple(posed.expansion.choices[other].terms.version_id for other in best.ids)
    said = Text(price.zh, price.en[0].upper() + price.en[1:])
    if not more:
        said = Text("用了也不会更便宜", "It would not make it cheaper")
    return Rejected(terms, reason, said, more, winners)


def _name_them(offers: Sequence[Terms]) -> Text:
    """Return one or two offers by name, more of them by the first one's."""
    first, more = offers[0].title, len(offers) - 1
    if more > 1:
        return Text(f"「{first.zh}」等 {more + 1} 个优惠", f"“{first.en}” and {more} others")
    return Text("".join(f"「{one.title.zh}」" for one in offers), " and ".join(f"“{one.title.en}”" for one in offers))


def _clash(problem: Problem, one: int, other: int) -> bool:
    place = {candidate.id: i for i, candidate in enumerate(problem.ordered)}
    return bool(int(problem.cart.conflicts[place[one]]) >> place[other] & 1)


def _refused_by(terms: Terms, others: Iterable[Terms]) -> str:
    """Return which side withholds its consent: `this`, `other`, `both`, or `rule` where both would agree (PR21)."""
    mine = any(not accepts(terms, other) or terms.stands_alone for other in others)
    theirs = any(not accepts(other, terms) or other.stands_alone for other in others)
    return {(True, True): "both", (True, False): "this", (False, True): "other"}.get((mine, theirs), "rule")


def find_next_step(posed: Posed, answer: Answer) -> NextStep | None:
    """Return the smallest larger bill within 30 % at which a threshold makes it cheaper, or saves ¥5 more (PR31)."""
    bill = posed.situation.bill
    most = bill.list_minor * LOOK_AHEAD_PERCENT // 100
    adds = sorted({add for terms in posed.offers for add in _steps_of(terms, bill) if 0 < add <= most})
    for add in adds[:STEPS_TRIED_MAX]:
        there, before = (_price_with(posed, add + more) for more in (0, -1))
        less, saves = answer.payable_minor - there.payable_minor, there.saving_minor - answer.saving_minor
        if there.payable_minor < before.payable_minor and (less > 0 or saves > WORTH_SAYING_MINOR):
            return NextStep(add, there.payable_minor, less, saves, _say_step(add, less, saves))
    return None


def _steps_of(terms: Terms, bill: Bill) -> Iterator[int]:
    """Yield what must come on the bill for an offer to reach its next threshold, tier, step, or voucher."""
    if terms.items or not terms.needs_bill:
        return
    here = sum(line.list_minor for line in lines_for(terms, bill))
    times = terms.units_per_bill if terms.kind == VOUCHER else 1
    edges = [terms.threshold_minor * n for n in range(1, times + 1)] + [minimum for minimum, _ in terms.tiers]
    edges += [terms.step_minor * n for n in range(1, terms.max_times + 1)] if terms.step_minor else []
    for edge in edges:
        yield edge - here


def _price_with(posed: Posed, more: int) -> Answer:
    bill = posed.situation.bill
    one = bill.lines[0] if len(bill.lines) == 1 else None
    is_amount = one is not None and one.quantity == 1 and not one.item and not one.category
    larger = Bill.of_amount(bill.list_minor + more) if is_amount else bill.and_more(more)
    _, answer = search(pose(posed.offers, replace(posed.situation, bill=larger)))
    return answer


def _say_step(add_minor: int, less_minor: int, saves_minor: int) -> Text:
    add, less, saves = say_amount(add_minor), say_amount(less_minor), say_amount(saves_minor)
    if less_minor > 0:
        return Text(f"再点 {add}，反而少付 {less}", f"Add {add} and pay {less} less")
    return Text(f"再点 {add}，多省 {saves}", f"Add {add} and save {saves} more")
