"""From the terms of an offer to the rows of numbers that plans are made of (offers.rules.steps, DS6)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bacao.discovery.index.columns import LAYER_BIT, NO_STACKING, OFFER, PACKAGE, UNITS_UNLIMITED, Stacking
from bacao.offers.rules import CARD, EVERYONE, Audience, Terms
from bacao.offers.rules import PACKAGE as PACKAGE_KIND
from bacao.offers.rules.stacking import order_of
from bacao.offers.rules.steps import most_bought, rows_of

RANK_BIT, RANK_MIDDLE = 32, 2**31


@dataclass
class Book:
    """Numbers what offers name, each distinct audience, group and stacking once; number 0 = none in particular."""

    audiences: dict[Audience, int] = field(default_factory=lambda: {EVERYONE: 0})
    groups: dict[str, int] = field(default_factory=lambda: {"": 0})
    stackings: dict[Stacking, int] = field(default_factory=lambda: {NO_STACKING: 0})


def order_number(layer: Any, op_rank: Any, rank: Any) -> Any:
    """Return a place in the order of calculation as one number, or places of arrays; ties stand by offer id."""
    return layer << LAYER_BIT | op_rank << RANK_BIT | (rank + RANK_MIDDLE)


def rows_of_offers(offers: Iterable[tuple[Terms, int]], book: Book) -> np.ndarray:
    """Return the rows of offers, each given with the number of its window."""
    rows = [row for terms, window in offers for row in _rows(terms, window, book)]
    return np.array(rows, OFFER) if rows else np.zeros(0, OFFER)


def _rows(terms: Terms, window: int, book: Book) -> Iterable[tuple[int, ...]]:
    if terms.kind == CARD or terms.stock_left == 0 or terms.budget_left_minor == 0:
        return  # a card asks for several visits: it is no price for now
    layer, op_rank, rank, _ = order_of(terms)
    stacking = (frozenset(terms.stack_tags), frozenset(terms.stack_accepts))
    is_for_some = terms.party_min > 1 or terms.party_max is not None
    before = terms.offer_id, terms.place_id, order_number(layer, op_rank, rank)
    audience = book.audiences.setdefault(terms.audience, len(book.audiences))
    after = (
        audience, window, int(terms.stands_alone), book.groups.setdefault(terms.group, len(book.groups)),
        book.stackings.setdefault(stacking, len(book.stackings)),
    )  # fmt: skip
    if terms.kind == PACKAGE_KIND:
        units = min(most_bought(terms), UNITS_UNLIMITED)
        yield (*before, PACKAGE, terms.price_minor, terms.list_minor, 1, terms.party_size, units, *after, is_for_some)
        return
    for row in rows_of(terms):
        doubtful = int(is_for_some or row.on_running)
        yield (*before, row.op, row.rate, row.second, row.threshold, 1, UNITS_UNLIMITED, *after, doubtful)
