"""From offers to plans: which curve and which baskets hold for a shop, by window state and entitlement class.

Everything equal is kept once: chains of steps, curves, lists of baskets, deals and whole plans.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bacao.discovery.index.columns import KEYS_MAX, LAYER_BIT, PACKAGE, Raw, Spans, Stacking
from bacao.discovery.index.packing import OFFER_NUMBERS, distinct, draw_all, gather
from bacao.kit.compiling import compiled
from bacao.offers.rules.curve import BILL_MAX_MINOR
from bacao.offers.rules.steps import CASH, DOWN_TO, FIXED

OFFERS_MAX = 62
STATES_MAX = 62
BASKET_NUMBERS = 4  # price, people, most units, list price
OP, RATE, SECOND, THRESHOLD, EXCLUSIVE, STACKING, PARTY, UNITS, OFFER, GROUP, LAYER = range(11)
"""Columns of an offer while plans are made; the first four are those of offers.rules.steps.Row."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plan of each shop, whether its price is only an upper bound, and the tables of `columns.Part` by name."""

    plan: np.ndarray
    exact_needed: np.ndarray
    tables: dict[str, np.ndarray]


def build_plans(raw: Raw) -> Plans:
    """Return the plans of raw.shops, in their order."""
    offers, ptr, doubtful = _sorted_offers(raw)
    class_mask, keys_of_shop, keys, too_many = _keys(raw, offers, ptr)
    window_of_shop, open_mask, window_tables, states, too_long = _windows(raw, offers, ptr)
    counts = np.diff(ptr)
    variants = states[window_of_shop] << _number_of_keys(keys)[keys_of_shop]
    bill_ptr, bill, basket_ptr, basket = expand(
        ptr, _numbers(offers), (class_mask != 0) & (open_mask != 0), open_mask, class_mask, states[window_of_shop],
        variants, _consent(raw.stackings),
    )  # fmt: skip
    curve, given_up, tables = _curves(bill_ptr, bill)
    list_of, list_first = distinct(basket_ptr, basket)
    lists_ptr, lists = gather(basket_ptr, basket, list_first)
    deal, deal_tables = _deals(curve, list_of)
    plan, plan_tables = _plans(window_of_shop, keys_of_shop, variants, deal)
    items = lists.reshape(-1, BASKET_NUMBERS)
    tables |= deal_tables | plan_tables | window_tables
    tables |= {
        "keys": keys.astype(np.uint16), "baskets_ptr": (lists_ptr // BASKET_NUMBERS).astype(np.int32),
        "basket_price_minor": items[:, 0].astype(np.int32), "basket_party": items[:, 1].astype(np.uint8),
        "basket_units": items[:, 2].astype(np.uint16), "basket_list_minor": items[:, 3].astype(np.int32),
    }  # fmt: skip
    np.logical_or.at(doubtful, np.repeat(np.arange(len(counts)), variants), given_up[curve])
    doubtful |= too_many | too_long | (counts > OFFERS_MAX)
    return Plans(plan[1:].astype(np.int32), doubtful[1:], tables)


def _numbers(offers: np.ndarray) -> np.ndarray:
    """Return offers as `expand` takes them: the columns OP to LAYER."""
    names = ("op", "rate", "second", "threshold", "stands_alone", "stacking", "party", "units", "offer_id", "group")
    columns = [offers[name].astype(np.int64) for name in names]
    return np.stack([*columns, offers["order"] >> LAYER_BIT], axis=1)


def _sorted_offers(raw: Raw) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the offers that can take something off, by shop in order of calculation, where each shop's begin, doubts.

    Row 0 stands for a shop without offers: so plan, deal, curve and list of baskets 0 are the empty ones.
    """
    by_id = np.argsort(raw.shops["shop_id"], kind="stable")
    ids = raw.shops["shop_id"][by_id]
    offers = raw.offers
    some = (offers["rate"] > 0) | (offers["op"] == DOWN_TO)
    saves = np.select(
        [offers["op"] == PACKAGE, offers["op"] == CASH, offers["op"] == FIXED],
        [offers["second"] > offers["rate"], offers["rate"] > offers["second"], offers["rate"] > 0],
        some & (offers["second"] != 0),
    )
    at = np.searchsorted(ids, offers["shop_id"])
    known = (at < len(ids)) & (offers["units"] > 0)
    known[known] &= ids[at[known]] == offers["shop_id"][known]
    doubtful = np.zeros(len(ids) + 1, bool)
    doubtful[by_id[at[known & (offers["doubtful"] != 0)]] + 1] = True
    keep = saves & known & (offers["doubtful"] == 0)
    offers, row = offers[keep], by_id[at[keep]] + 1
    order = np.lexsort((offers["threshold"], offers["offer_id"], offers["order"], row))
    counts = np.bincount(row, minlength=len(ids) + 1)
    return offers[order], np.concatenate([[0], np.cumsum(counts)]), doubtful


def _shop_of(ptr: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))


def _keys(raw: Raw, offers: np.ndarray, ptr: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return each offer's mask of entitlement classes, each shop's row of keys, the rows, and who names too many.

    Bit j of a class says whether the viewer holds the j-th key of the row. A shop that names more than six keys keeps
    the first six; what asks for others is left out, so its price is then not the lowest for everybody.
    """
    shops, shop = len(ptr) - 1, _shop_of(ptr)
    named = [sorted(raw.key_numbers[key] for key in audience.keys) for audience in raw.audiences]
    keyed = np.flatnonzero(offers["audience"])
    times = np.array([len(some) for some in named], np.int64)[offers["audience"][keyed]]
    every = [key for audience in offers["audience"][keyed].tolist() for key in named[audience]]
    pair = np.unique(np.repeat(shop[keyed].astype(np.int64), times) << 16 | np.array(every, np.int64))
    owner, key = pair >> 16, pair & 0xFFFF
    bit = np.arange(len(pair)) - np.searchsorted(owner, np.arange(shops))[owner]
    table = np.zeros((shops, KEYS_MAX), np.int64)
    table[owner[bit < KEYS_MAX], bit[bit < KEYS_MAX]] = key[bit < KEYS_MAX]
    number, first = distinct(np.arange(shops + 1) * KEYS_MAX, table.ravel())
    rows = table[first]
    too_many = np.zeros(shops, bool)
    too_many[owner[bit >= KEYS_MAX]] = True
    mask = np.full(len(offers), -1, np.int64)
    code = number[shop[keyed]] << 32 | offers["audience"][keyed]
    codes, inverse = np.unique(code, return_inverse=True)
    masks = [class_mask(raw, rows[c >> 32].tolist(), c & 0xFFFFFFFF) for c in codes.tolist()]
    mask[keyed] = np.array(masks, np.uint64).view(np.int64)[inverse] if len(keyed) else 0
    return mask, number, rows, too_many


def class_mask(raw: Raw, row: Sequence[int], audience: int) -> int:
    """Return which entitlement classes of a row of keys an audience admits, one bit each."""
    names = {number: key for key, number in raw.key_numbers.items()}
    keys = [names[number] for number in row if number]
    asked = raw.audiences[audience]
    if not asked.keys <= set(keys):
        return 0
    classes = [{key for j, key in enumerate(keys) if bits >> j & 1} for bits in range(1 << len(keys))]
    return sum(1 << bits for bits, held in enumerate(classes) if asked.admits(held))


def _number_of_keys(keys: np.ndarray) -> np.ndarray:
    return np.asarray((keys != 0).sum(axis=1))


def _windows(
    raw: Raw, offers: np.ndarray, ptr: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return each shop's window pattern, each offer's mask of states, the tables, states a pattern, what was too long.

    A shop's pattern is the set of windows its offers have: cut at every edge, equal active sets are one state (PR33).
    """
    shops = len(ptr) - 1
    shop = _shop_of(ptr)
    held = np.flatnonzero(offers["window"])
    pair = np.unique(shop[held].astype(np.int64) << 32 | offers["window"][held])
    counts = np.bincount(pair >> 32, minlength=shops)
    window_ptr = np.concatenate([[0], np.cumsum(counts)])
    of_shop, first = distinct(window_ptr, pair & 0xFFFFFFFF)
    some_ptr, some = gather(window_ptr, pair & 0xFFFFFFFF, first)
    sets = [tuple(some[some_ptr[i] : some_ptr[i + 1]].tolist()) for i in range(len(first))]
    cuts = [cut_windows([raw.windows[w] for w in windows], raw.horizon) for windows in sets]
    masks = {(p, w): mask for p, windows in enumerate(sets) for w, mask in zip(windows, cuts[p][2], strict=True)}
    open_mask = np.full(len(offers), -1, np.int64)
    code = of_shop[shop[held]].astype(np.int64) << 32 | offers["window"][held]
    codes, inverse = np.unique(code, return_inverse=True)
    if len(codes):
        open_mask[held] = np.array([masks[c >> 32, c & 0xFFFFFFFF] for c in codes.tolist()], np.int64)[inverse]
    edges = [len(cut[0]) for cut in cuts]
    tables: dict[str, np.ndarray] = {
        "window_ptr": np.concatenate([[0], np.cumsum(edges)]).astype(np.int32),
        "window_edge": np.array([edge for cut in cuts for edge in cut[0]], np.int32),
        "window_state": np.array([state for cut in cuts for state in cut[1]], np.uint8),
    }
    too_long = np.array([cut[3] for cut in cuts], bool)
    return of_shop, open_mask, tables, np.array([max(cut[1]) + 1 for cut in cuts], np.int64), too_long[of_shop]


def cut_windows(windows: Sequence[Spans], horizon: tuple[int, int]) -> tuple[list[int], list[int], list[int], bool]:
    """Cut the horizon at every edge of the windows.

    :returns: edges, the state from each edge on, for each window the mask of states it is open in, and whether there
        were more states than 62 (then the windows are left out as if they never opened)
    """
    first, end = horizon
    inside = [edge for spans in windows for span in spans for edge in span if first < edge < end]
    edges = sorted({first, *inside})
    number: dict[tuple[bool, ...], int] = {}
    states = [
        number.setdefault(tuple(any(a <= edge < b for a, b in spans) for spans in windows), len(number))
        for edge in edges
    ]
    if len(number) > STATES_MAX:
        return [first], [0], [0] * len(windows), True
    masks = [sum(1 << state for active, state in number.items() if active[w]) for w in range(len(windows))]
    return edges, states, masks, False


def _consent(stackings: Sequence[Stacking]) -> np.ndarray:
    """Return which kinds of stacking agree with which, as a square of booleans (PR20)."""
    return np.array([[bool(a[0] & b[1] and b[0] & a[1]) for b in stackings] for a in stackings], bool)


@compiled
def agree(numbers: np.ndarray, a: int, b: int, consent: np.ndarray) -> bool:
    """Return whether two rows of offers may stand together on a bill, as offers.rules.stacking has it."""
    if numbers[a, EXCLUSIVE] or numbers[b, EXCLUSIVE] or numbers[a, OFFER] == numbers[b, OFFER]:
        return False
    if (numbers[a, GROUP] and numbers[a, GROUP] == numbers[b, GROUP]) or (numbers[a, LAYER] == numbers[b, LAYER] == 1):
        return False
    return bool(consent[numbers[a, STACKING], numbers[b, STACKING]])


@compiled
def agreeing(numbers: np.ndarray, rows: np.ndarray, count: int, mine: int, consent: np.ndarray) -> int:
    """Return the mask of offers on a bill that one of them may stand beside."""
    mask = 0
    for j in range(count):
        if j != mine and agree(numbers, rows[mine], rows[j], consent):
            mask |= 1 << j
    return mask


@compiled
def expand(
    ptr: np.ndarray, numbers: np.ndarray, usable: np.ndarray, open_mask: np.ndarray, class_mask: np.ndarray,
    states: np.ndarray, variants: np.ndarray, consent: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return for each variant of each shop (state by state, in it class by class) its offers on a bill and its baskets.

    :returns: rows of OFFER_NUMBERS numbers an offer, then rows of BASKET_NUMBERS numbers a package
    """
    total, most = 0, 0
    for shop in range(variants.shape[0]):
        total += variants[shop]
        most += variants[shop] * (ptr[shop + 1] - ptr[shop])
    bill_ptr, basket_ptr = np.zeros(total + 1, np.int64), np.zeros(total + 1, np.int64)
    bill, basket = np.empty(most * OFFER_NUMBERS, np.int64), np.empty(most * BASKET_NUMBERS, np.int64)
    rows, v, b, k = np.empty(OFFERS_MAX, np.int64), 0, 0, 0
    for shop in range(variants.shape[0]):
        classes = variants[shop] // states[shop]
        for variant in range(variants[shop]):
            state, held, count = variant // classes, variant % classes, 0
            for i in range(ptr[shop], min(ptr[shop + 1], ptr[shop] + OFFERS_MAX)):
                if not usable[i] or not open_mask[i] >> state & 1 or not class_mask[i] >> held & 1:
                    continue
                if numbers[i, OP] == PACKAGE:
                    basket[k], basket[k + 1] = numbers[i, RATE], numbers[i, PARTY]
                    basket[k + 2], basket[k + 3] = numbers[i, UNITS], numbers[i, SECOND]
                    k += BASKET_NUMBERS
                else:
                    rows[count] = i
                    count += 1
            for j in range(count):
                bill[b : b + 4] = numbers[rows[j], :4]
                bill[b + 4] = agreeing(numbers, rows, count, j, consent)
                b += OFFER_NUMBERS
            v += 1
            bill_ptr[v], basket_ptr[v] = b, k
    return bill_ptr, bill[:b], basket_ptr, basket[:k]


def _curves(bill_ptr: np.ndarray, bill: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return each variant's curve, which curves were given up (CV5), and the tables of curves, runs and chains."""
    curve_of, first = distinct(bill_ptr, bill)
    curve_ptr, run_from, steps_ptr, steps, given_up = draw_all(*gather(bill_ptr, bill, first), BILL_MAX_MINOR)
    chain_of, chain_first = distinct(steps_ptr, steps)
    chain_ptr, chains = gather(steps_ptr, steps, chain_first)
    return curve_of, given_up, {
        "curve_ptr": curve_ptr.astype(np.int32), "run_from_minor": run_from.astype(np.int32),
        "run_chain": chain_of.astype(np.int32), "chain_ptr": (chain_ptr // 3).astype(np.int32),
        "steps": chains.reshape(-1, 3).astype(np.int32),
    }  # fmt: skip


def _deals(curve: np.ndarray, baskets: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    pairs = np.stack([curve, baskets], axis=1)
    deal, first = distinct(np.arange(len(pairs) + 1) * 2, pairs.ravel())
    return deal, {"deal_curve": curve[first].astype(np.int32), "deal_baskets": baskets[first].astype(np.int32)}


def _plans(
    window: np.ndarray, keys: np.ndarray, variants: np.ndarray, deal: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return each shop's plan and the tables of plans: a row is window pattern, keys, deals of the variants."""
    ptr = np.concatenate([[0], np.cumsum(variants + 2)])
    data = np.empty(ptr[-1], np.int64)
    is_head = np.zeros(len(data), bool)
    is_head[ptr[:-1]] = is_head[ptr[:-1] + 1] = True
    data[~is_head], data[ptr[:-1]], data[ptr[:-1] + 1] = deal, window, keys
    plan, first = distinct(ptr, data)
    deals = gather(np.concatenate([[0], np.cumsum(variants)]), deal, first)
    return plan, {
        "plan_first": deals[0][:-1].astype(np.int32), "plan_window": window[first].astype(np.int32),
        "plan_keys": keys[first].astype(np.uint16), "plan_deal": deals[1].astype(np.int32),
    }  # fmt: skip
