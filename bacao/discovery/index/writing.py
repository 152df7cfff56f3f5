"""The compiled hand that searches and writes the answer in one go, as JSON bytes (discovery.md, DS15).

One call from Python: what is found never becomes objects. Everything it says comes from the row found, from the
columns, from `fragments` and from `forms`; `json.loads` reads it in every test.
"""

from typing import NamedTuple

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import Ask, Moment
from bacao.discovery.index.boxes import Box
from bacao.discovery.index.columns import EXACT_NEEDED, SHUT, UNITS_UNLIMITED, Part
from bacao.discovery.index.forms import FORMS, KINDS, NONE, SLOTS, Forms
from bacao.discovery.index.fragments import Fragments
from bacao.discovery.index.kernel import deal_of, search_parts, swap, worse
from bacao.discovery.index.memory import copy_bytes, fetch
from bacao.discovery.index.paper import Paper
from bacao.discovery.index.prices import best_price
from bacao.discovery.index.trying import try_new
from bacao.discovery.rules.figures import BASKET, USUAL
from bacao.discovery.rules.score import CLOSING_SOON_MINUTES
from bacao.kit.compiling import brief, leaf

ENTRY_BYTES = 4096  # more than an entry takes besides its own text
FEW = 10  # units; fewer are not counted out to strangers (pricing.md, CV4)
DAY = 1440  # minutes
REASONS_MAX = 12
CACHE_LINE_BYTES = 64

(USUAL_AMOUNT, DISTANCE, WALK, CLOSES, PAYABLE, NOBODY, PER_HEAD, SAVING, HOW, EXACT, STOCK, FEW_LEFT, SCORE, NEAR, FIT,
 QUALITY, ARRIVALS, VALUE, TIME, TRIED, PERCENT, LEFT, HELD, LISTED, HEADS, PAID) = range(len(SLOTS))  # fmt: skip
NUMBER, INSTANT, CLOCK, MONEY, WORD, FLAG = range(len(KINDS))
(_, _, _, PUBLIC, PRIVATE, SAY_NEAR, SAY_BELOW, SAY_SAME, SAY_ABOVE, SAY_SOON, SAY_SHUT, SAY_UNTIL, SAY_SAVING,
 SAY_HELD, SAY_TRIED, SAY_PAID) = range(len(FORMS))  # fmt: skip
SAY_QUALITY, SAY_ARRIVALS, SAY_FIT = -1, -2, -3


class Said(NamedTuple):
    """Why each shop of `Ask.fit_ids` fits the viewer: reason i is `text[ptr[i]:ptr[i + 1]]`."""

    ptr: np.ndarray  # int32
    text: np.ndarray  # uint8


@leaf
def copy(out: np.ndarray, at: int, text: np.ndarray, start: int, end: int) -> int:
    """Copy text[start:end]; return where the next byte goes."""
    copy_bytes(out, at, text, start, end - start)
    return at + end - start


@leaf
def put(out: np.ndarray, at: int, byte: int) -> int:
    """Write one byte."""
    out[at] = byte
    return at + 1


@leaf
def put_digits(out: np.ndarray, at: int, number: int, width: int) -> int:
    """Write a number with leading zeros."""
    for i in range(width):
        out[at + width - 1 - i] = 48 + number % 10
        number //= 10
    return at + width


@leaf
def put_number(out: np.ndarray, at: int, number: int) -> int:
    """Write a whole number."""
    if number < 0:
        at, number = put(out, at, 45), -number
    width, rest = 1, number // 10
    while rest > 0:
        width, rest = width + 1, rest // 10
    return put_digits(out, at, number, width)


@leaf
def put_money(out: np.ndarray, at: int, minor: int) -> int:
    """Write minor units as people do: 18, 18.5, 1,018.55."""
    whole, cents = minor // 100, minor % 100
    if whole >= 1000:
        at = put(out, put_number(out, at, whole // 1000), 44)
        at = put_digits(out, at, whole % 1000, 3)
    else:
        at = put_number(out, at, whole)
    if cents > 0:
        at = put(out, at, 46)
        at = put_digits(out, at, cents, 2) if cents % 10 else put_digits(out, at, cents // 10, 1)
    return at


@leaf
def put_clock(out: np.ndarray, at: int, minute: int) -> int:
    """Write the time of day."""
    at = put(out, put_digits(out, at, minute // 60 % 24, 2), 58)
    return put_digits(out, at, minute % 60, 2)


@leaf
def put_instant(out: np.ndarray, at: int, minute: int) -> int:
    """Write a minute since 1970 as ISO 8601 in UTC. The day: Howard Hinnant's days-from-civil algorithm, backwards."""
    days = minute // 1440 + 719_468
    era, day_of_era = days // 146_097, days % 146_097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    at = put_digits(out, put(out, at, 34), year_of_era + era * 400 + (1 if month <= 2 else 0), 4)
    at = put_digits(out, put(out, at, 45), month, 2)
    at = put_digits(out, put(out, at, 45), day_of_year - (153 * shifted + 2) // 5 + 1, 2)
    at = put_clock(out, put(out, at, 84), minute)
    return put(out, put(out, at, 90), 34)


@leaf
def put_form(out: np.ndarray, at: int, form: int, values: np.ndarray, forms: Forms, clock: np.ndarray) -> int:
    """Write a form with its slots filled from `values`."""
    for p in range(forms.ptr[form], forms.ptr[form + 1]):
        start, end, slot, kind = forms.pieces[p, 0], forms.pieces[p, 1], forms.pieces[p, 2], forms.pieces[p, 3]
        at = copy(out, at, forms.text, start, end)
        if slot < 0:
            continue
        value = values[slot]
        if value == NONE:
            for byte in (110, 117, 108, 108):  # null
                at = put(out, at, byte)
        elif kind == NUMBER:
            at = put_number(out, at, value)
        elif kind == INSTANT:
            at = put_instant(out, at, value)
        elif kind == CLOCK:
            at = put_clock(out, at, value + clock[min(max(1 + value // 60 - clock[0], 1), clock.shape[0] - 1)])
        elif kind == MONEY:
            at = put_money(out, at, value)
        elif kind == WORD:
            word = forms.ptr[value]
            at = copy(out, at, forms.text, forms.pieces[word, 0], forms.pieces[word, 1])
        else:
            for byte in (116, 114, 117, 101) if value else (102, 97, 108, 115):  # true, fals
                at = put(out, at, byte)
            if not value:
                at = put(out, at, 101)  # e
    return at


@leaf
def closing(part: Part, row: int, minute: int) -> int:
    """Return the minute at which a shop closes that is open and does so within a day, else NONE."""
    pattern, last = part.hours_id[row], NONE
    for span in range(part.hours_ptr[pattern], part.hours_ptr[pattern + 1]):
        if part.hours_open[span] <= minute < part.hours_close[span]:
            last = max(last, int(part.hours_close[span]))
    return last if last <= minute + DAY else NONE


@leaf
def units_left(part: Part, deal: int, per_head: int, ask: Ask) -> int:
    """Return how many units there are of the package that a price is for, NONE where nobody counts."""
    baskets = part.deal_baskets[deal]
    for b in range(part.baskets_ptr[baskets], part.baskets_ptr[baskets + 1]):
        size = int(part.basket_party[b])
        units = -(-ask.party // size)
        price = int(part.basket_price_minor[b]) * units
        if size <= ask.table and units <= part.basket_units[b] and -(-price // max(ask.party, size)) == per_head:
            return NONE if part.basket_units[b] == UNITS_UNLIMITED else int(part.basket_units[b])
    return NONE


@leaf
def fill_price(values: np.ndarray, part: Part, hit: np.ndarray, now: Moment, ask: Ask, none_held: np.ndarray) -> None:
    """Fill in what is to be paid, with what the viewer holds and without."""
    row, usual = hit[k.ROW], int(part.usual_minor[hit[k.ROW]])
    values[USUAL_AMOUNT] = usual if usual > 0 else NONE
    known = usual > 0 or hit[k.HOW] != USUAL
    values[PAYABLE], values[PER_HEAD] = (hit[k.PAYABLE], hit[k.PER_HEAD]) if known else (NONE, NONE)
    values[HOW], values[PAID] = hit[k.HOW], hit[k.PAID]
    values[EXACT] = 1 if hit[k.EXACT] or not part.flags[row] & EXACT_NEEDED else 0
    values[LISTED], values[HEADS] = (hit[k.LISTED], hit[k.HEADS]) if known else (NONE, NONE)
    values[SAVING] = hit[k.LISTED] - hit[k.PAYABLE] if known else NONE
    values[STOCK], values[FEW_LEFT], values[NOBODY], values[HELD] = NONE, 0, values[PAYABLE], 0
    if hit[k.HOURS] == SHUT:
        return
    if hit[k.HOW] == BASKET:
        left = units_left(part, deal_of(part, row, now.states, ask.held), hit[k.PER_HEAD], ask)
        is_few = left != NONE and left < FEW
        values[STOCK], values[FEW_LEFT] = NONE if is_few else left, int(is_few)
    if not none_held.shape[0]:
        return
    deal = deal_of(part, row, now.states, none_held)
    per_head, payable, how, _, _ = best_price(part, deal, usual, ask.party, ask.table)
    if known and (usual > 0 or how != USUAL):
        values[NOBODY], values[HELD] = payable, max(0, (per_head - hit[k.PER_HEAD]) * ask.party)


@leaf
def fill(values: np.ndarray, part: Part, texts: Fragments, hit: np.ndarray, minute: int) -> None:
    """Fill in distance, hours and points."""
    row = hit[k.ROW]
    values[DISTANCE] = hit[k.DISTANCE] // 10
    values[WALK] = max(1, -(-(hit[k.DISTANCE] // 10) * 13 // 800))  # kit.geo.walking_minutes
    values[CLOSES] = closing(part, row, minute)
    values[SCORE], values[NEAR], values[FIT] = hit[k.SCORE], hit[k.NEAR], hit[k.FIT]
    values[QUALITY] = texts.quality_points[texts.quality[row]]
    values[ARRIVALS] = texts.arrivals_points[texts.arrivals[row]]
    values[VALUE], values[TIME], values[TRIED] = hit[k.VALUE], hit[k.TIME], hit[k.TRIED]
    values[LEFT] = values[CLOSES] - minute
    median, per_head = part.median_minor[part.category[row]], hit[k.PER_HEAD]
    # as round(): half goes to the even number
    values[PERCENT] = 0
    if median > 0:
        apart = abs(median - per_head) * 200
        percent = (apart + median) // (2 * median)
        values[PERCENT] = percent - 1 if (apart + median) % (2 * median) == 0 and percent % 2 else percent


@leaf
def reasons_of(values: np.ndarray, hit: np.ndarray, said: np.ndarray) -> int:
    """Put the reasons into `said`, int64[REASONS_MAX, 2] of (form, points), best first; return how many.

    Facts (what is saved, until when it is open) come first, then the terms that moved the score.
    """
    count = 0
    if values[HELD] > 0:
        said[count, 0], count = SAY_HELD, count + 1
    if values[PAID] > 0:
        said[count, 0], count = SAY_PAID, count + 1
    if values[SAVING] != NONE and values[SAVING] > 0:
        said[count, 0], count = SAY_SAVING, count + 1
    if values[CLOSES] != NONE and values[LEFT] > CLOSING_SOON_MINUTES:
        said[count, 0], count = SAY_UNTIL, count + 1
    first = count
    value = SAY_SAME if values[PERCENT] == 0 else SAY_BELOW if values[VALUE] > 0 else SAY_ABOVE
    forms = (SAY_NEAR, SAY_FIT, SAY_QUALITY, SAY_ARRIVALS, value, SAY_SHUT if hit[k.HOURS] == SHUT else SAY_SOON,
             SAY_TRIED)  # fmt: skip
    for t in range(7):
        points = values[NEAR + t]
        if points == 0:
            continue
        place = count
        while place > first and said[place - 1, 1] < points:
            said[place, 0], said[place, 1] = said[place - 1, 0], said[place - 1, 1]
            place -= 1
        said[place, 0], said[place, 1] = forms[t], points
        count += 1
    return count


@leaf
def put_reason(
    out: np.ndarray, at: int, form: int, values: np.ndarray, texts: Fragments, hit: np.ndarray, ask: Ask, mine: Said,
    forms: Forms, clock: np.ndarray,
) -> int:  # fmt: skip
    """Write one reason."""
    if form >= 0:
        return put_form(out, at, form, values, forms, clock)
    row = hit[k.ROW]
    if form == SAY_QUALITY:
        q = texts.quality[row]
        return copy(out, at, texts.quality_text, texts.quality_ptr[2 * q + 1], texts.quality_ptr[2 * q + 2])
    if form == SAY_ARRIVALS:
        a = texts.arrivals[row]
        return copy(out, at, texts.arrivals_text, texts.arrivals_ptr[2 * a + 1], texts.arrivals_ptr[2 * a + 2])
    f = np.searchsorted(ask.fit_ids, hit[k.SHOP_ID])
    return copy(out, at, mine.text, mine.ptr[f], mine.ptr[f + 1])


@leaf
def put_shop(
    out: np.ndarray, at: int, part: Part, texts: Fragments, hit: np.ndarray, values: np.ndarray, said: np.ndarray,
    now: Moment, ask: Ask, mine: Said, none_held: np.ndarray, minute: int, form: int, forms: Forms, clock: np.ndarray,
) -> int:  # fmt: skip
    """Write one shop; return where the next byte goes, -1 where there may be no room for it."""
    row, q, a = hit[k.ROW], texts.quality[hit[k.ROW]], texts.arrivals[hit[k.ROW]]
    if at + texts.text_ptr[row + 1] - texts.text_ptr[row] + ENTRY_BYTES > out.shape[0]:
        return -1
    fill(values, part, texts, hit, minute)
    fill_price(values, part, hit, now, ask, none_held)
    at = put(out, at, 123)
    at = put(out, copy(out, at, texts.text, texts.text_ptr[row], texts.text_ptr[row + 1]), 44)
    at = copy(out, at, texts.quality_text, texts.quality_ptr[2 * q], texts.quality_ptr[2 * q + 1])
    at = put(out, at, 44)
    at = copy(out, at, texts.arrivals_text, texts.arrivals_ptr[2 * a], texts.arrivals_ptr[2 * a + 1])
    at = put_form(out, at, form, values, forms, clock)
    for r in range(reasons_of(values, hit, said)):
        if r > 0:
            at = put(out, at, 44)
        at = put_reason(out, at, said[r, 0], values, texts, hit, ask, mine, forms, clock)
    return put(out, put(out, at, 93), 125)


@leaf
def put_in_order(heap: np.ndarray, size: int) -> None:
    """Order a heap's entries, best first."""
    for i in range(1, size):
        j = i
        while j > 0 and worse(heap, j - 1, j):
            swap(heap, j - 1, j)
            j -= 1


@leaf
def fetch_texts(texts: Fragments, row: int) -> None:
    """Have what is written of a shop brought nearer; that of all shops comes at once, and not one after the other."""
    fetch(texts.quality, row)
    fetch(texts.arrivals, row)
    for i in range(texts.text_ptr[row], texts.text_ptr[row + 1], CACHE_LINE_BYTES):
        fetch(texts.text, i)


@leaf
def write_parts(
    base: Part, delta: Part, base_texts: Fragments, delta_texts: Fragments, forms: Forms, base_now: Moment,
    delta_now: Moment, ask: Ask, mine: Said, none_held: np.ndarray, minute: int, form: int, found: np.ndarray,
    size: int, values: np.ndarray, said: np.ndarray, out: np.ndarray,
) -> int:  # fmt: skip
    """Write what was found in base and delta; see `write_found`."""
    clock, at = base_texts.clock, 0
    for i in range(size):
        if not found[i, k.PART]:
            fetch_texts(base_texts, found[i, k.ROW])
    for i in range(size):
        if i > 0:
            at = put(out, at, 44)
        if found[i, k.PART]:
            at = put_shop(out, at, delta, delta_texts, found[i], values, said, delta_now, ask, mine, none_held, minute,
                          form, forms, clock)  # fmt: skip
        else:
            at = put_shop(out, at, base, base_texts, found[i], values, said, base_now, ask, mine, none_held, minute,
                          form, forms, clock)  # fmt: skip
        if at < 0:
            break
    return at


@brief
def write_found(
    box: Box, paper: Paper, base_now: Moment, delta_now: Moment, ask: Ask, mine: Said, none_held: np.ndarray,
    minute: int, form: int, found: np.ndarray, size: int, out: np.ndarray,
) -> int:  # fmt: skip
    """Write what was found, shops one after the other with commas between.

    none_held uint8[keys + 1], all 0, where the price of who holds nothing is to be said too, else empty.
    :returns: bytes written, -1 where `out` is too short
    """
    return write_parts(
        box.base, box.delta, paper.base, paper.delta, paper.forms, base_now, delta_now, ask, mine, none_held, minute,
        form, found, size, np.empty(len(SLOTS), np.int64), np.empty((REASONS_MAX, 2), np.int64), out,
    )  # fmt: skip


@brief
def search_and_write(
    box: Box, paper: Paper, base_now: Moment, base_most: int, delta_now: Moment, delta_most: int, ask: Ask, mine: Said,
    none_held: np.ndarray, minute: int, form: int, heap: np.ndarray, out: np.ndarray,
) -> tuple[int, int]:  # fmt: skip
    """Search and write in one go; see `kernel.search_held` and `write_found`.

    :returns: how many were found (they are in `heap`, best first) and bytes written, -1 where `out` is too short
    """
    base, delta = box.base, box.delta  # once: each time references are counted
    values, said = np.zeros(len(SLOTS), np.int64), np.zeros((REASONS_MAX, 2), np.int64)
    size = search_parts(
        base, box.gone, base_now, base_most, delta, box.none_gone, delta_now, delta_most, ask, box.tables, heap,
        values[: k.COLUMNS], said[0],
    )  # fmt: skip
    put_in_order(heap, size)
    if base.new_row.shape[0] + delta.new_row.shape[0] > 0:
        size = try_new(box, base_now, delta_now, ask, heap, size, heap.shape[0] - 1)
    return size, write_parts(
        base, delta, paper.base, paper.delta, paper.forms, base_now, delta_now, ask, mine, none_held, minute, form,
        heap, size, values, said, out,
    )  # fmt: skip
