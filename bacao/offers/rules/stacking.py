"""Which offers may stand together, and in which order they are calculated (pricing.md, sections 6 and 7)."""

from collections.abc import Sequence
from typing import NamedTuple

from .steps import Row, op_rank_of, rows_of
from .terms import KINDS, LAYERS, Terms

BILL_KINDS = tuple(kind for kind in KINDS if kind not in ("package", "card"))
"""The kinds that apply to a whole bill where they name no items."""
APPLIED_MAX = 5  # PR21


class BillRow(NamedTuple):
    """One way to use an offer on a bill of which only the amount is known."""

    terms: Terms
    row: Row


def order_of(terms: Terms) -> tuple[int, int, int, int]:
    """Return the place of an offer in the published order of calculation (ruleset pr-1): layer, kind, rank, id."""
    return (LAYERS[terms.kind], op_rank_of(terms), terms.rank, terms.offer_id)


def agree(one: Terms, other: Terms) -> bool:
    """Return whether two offers may stand together: each accepts a tag of the other (PR20), neither stands
    alone, and they are not of one exclusion group (PR21)."""
    if one.stands_alone or other.stands_alone or (one.group and one.group == other.group):
        return False
    return accepts(one, other) and accepts(other, one)


def accepts(one: Terms, other: Terms) -> bool:
    """Return whether an offer accepts another beside it: its own half of the consent."""
    return not set(one.stack_accepts).isdisjoint(other.stack_tags)


def quarrels(offers: Sequence[Terms]) -> dict[int, list[int]]:
    """Return, by offer id, the ids of those that it does not `agree` with; each pair is looked at once."""
    bit: dict[str, int] = {}
    for terms in offers:
        for tag in (*terms.stack_accepts, *terms.stack_tags):
            bit.setdefault(tag, 1 << len(bit))
    sides = [
        (
            terms.offer_id, terms.group, terms.stands_alone,
            sum({bit[tag] for tag in terms.stack_accepts}), sum({bit[tag] for tag in terms.stack_tags}),
        )
        for terms in offers
    ]  # fmt: skip
    found: dict[int, list[int]] = {terms.offer_id: [] for terms in offers}
    for k, (one, group, alone, accepted, tags) in enumerate(sides):
        for other, its_group, is_alone, its_accepted, its_tags in sides[:k]:
            if alone or is_alone or (group and group == its_group) or not (accepted & its_tags and its_accepted & tags):
                found[one].append(other)
                found[other].append(one)
    return found


def agree_on_bill(one: Terms, other: Terms) -> bool:
    """Return whether both may be used on one whole bill; a unit is priced by one offer of layer 1 at most (PR7)."""
    if one.offer_id == other.offer_id or LAYERS[one.kind] == LAYERS[other.kind] == 1:
        return False
    return agree(one, other)


def bill_rows(offers: Sequence[Terms]) -> list[BillRow]:
    """Return every way to use these offers on a whole bill that can take something off one, in order of calculation."""
    return [BillRow(terms, row) for terms in sorted(offers, key=order_of) for row in rows_of(terms)]


def agreement_masks(rows: Sequence[BillRow]) -> list[int]:
    """Return for each row the bits of those it may stand beside."""
    masks = [0] * len(rows)
    for i, (one, _) in enumerate(rows):
        for j in range(i):
            if agree_on_bill(one, rows[j].terms):
                masks[i] |= 1 << j
                masks[j] |= 1 << i
    return masks
