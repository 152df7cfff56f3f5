"""Putting equal rows of numbers together, and drawing a curve for each that is different."""

import numpy as np

from bacao.kit.compiling import compiled
from bacao.offers.rules.curve import SETS_MAX, draw

OFFER_NUMBERS = 5  # kind, rate, second, threshold, mask of those it may stand beside


@compiled
def hash_rows(ptr: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return a 64-bit hash of each row (FNV-1a with a final mix, on words instead of bytes)."""
    hashes = np.empty(ptr.shape[0] - 1, np.uint64)
    for row in range(ptr.shape[0] - 1):
        h = np.uint64(14695981039346656037)
        for i in range(ptr[row], ptr[row + 1]):
            h = (h ^ np.uint64(data[i])) * np.uint64(1099511628211)
            h ^= h >> np.uint64(29)
        hashes[row] = h * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(ptr[row + 1] - ptr[row])
    return hashes


@compiled
def same_row(ptr: np.ndarray, data: np.ndarray, a: int, b: int) -> bool:
    """Return whether two rows hold the same numbers."""
    length = ptr[a + 1] - ptr[a]
    if length != ptr[b + 1] - ptr[b]:
        return False
    for i in range(length):  # noqa: SIM110  # Numba compiles no generators
        if data[ptr[a] + i] != data[ptr[b] + i]:
            return False
    return True


@compiled
def group_sorted(ptr: np.ndarray, data: np.ndarray, hashes: np.ndarray, order: np.ndarray, group: np.ndarray,
                 first: np.ndarray) -> int:  # fmt: skip
    """Number the rows so that equal ones share a number; `order` sorts the hashes. Return how many numbers there are.

    Rows with the same hash are compared in full, with the one before: a collision costs a little room, nothing else.
    """
    count = 0
    for k in range(order.shape[0]):
        row = order[k]
        if k == 0 or hashes[row] != hashes[order[k - 1]] or not same_row(ptr, data, row, order[k - 1]):
            first[count] = row
            count += 1
        group[row] = count - 1
    return count


def distinct(ptr: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row of a table of rows (row i = data[ptr[i]:ptr[i + 1]]) its number, and a row of each number.

    Numbers follow the order in which rows first appear, so row 0 has number 0.
    """
    with np.errstate(over="ignore"):  # a hash is meant to run over, as it does when compiled
        hashes = hash_rows(ptr, data)
    order = np.argsort(hashes, kind="stable")
    group, first = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    count = group_sorted(ptr, data, hashes, order, group, first)
    by_appearance = np.argsort(first[:count], kind="stable")
    number = np.empty(count, np.int64)
    number[by_appearance] = np.arange(count)
    return number[group], first[:count][by_appearance]


@compiled
def gather(ptr: np.ndarray, data: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the chosen rows of a table of rows as a table of their own."""
    out_ptr = np.zeros(rows.shape[0] + 1, np.int64)
    for k in range(rows.shape[0]):
        out_ptr[k + 1] = out_ptr[k] + ptr[rows[k] + 1] - ptr[rows[k]]
    out = np.empty(out_ptr[-1], np.int64)
    for k in range(rows.shape[0]):
        for i in range(ptr[rows[k] + 1] - ptr[rows[k]]):
            out[out_ptr[k] + i] = data[ptr[rows[k]] + i]
    return out_ptr, out


@compiled
def grown(array: np.ndarray, need: int) -> np.ndarray:
    """Return the array, or a copy twice as long where it is shorter than needed."""
    if need <= array.shape[0]:
        return array
    larger = np.empty(max(need, 2 * array.shape[0]), np.int64)
    larger[: array.shape[0]] = array
    return larger


@compiled
def draw_all(
    ptr: np.ndarray, data: np.ndarray, bill_max: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw a curve for each row of offers (OFFER_NUMBERS numbers each).

    :returns: curve_ptr, run_from, steps_ptr (by run), steps (flat, 3 numbers each), and whether a curve was given up
    """
    sets, sizes = np.empty(SETS_MAX, np.int64), np.empty(SETS_MAX, np.int64)
    some_from, some_set = np.empty(4 * SETS_MAX, np.int64), np.empty(4 * SETS_MAX, np.int64)
    curves = ptr.shape[0] - 1
    curve_ptr, given_up = np.zeros(curves + 1, np.int64), np.zeros(curves, np.bool_)
    run_from, steps_ptr, steps = np.empty(1024, np.int64), np.zeros(1024, np.int64), np.empty(1024, np.int64)
    count = 0
    for c in range(curves):
        offers = data[ptr[c] : ptr[c + 1]].reshape(-1, OFFER_NUMBERS)
        runs = -1
        if offers.shape[0] <= 62:
            runs = draw(offers[:, :4], offers[:, 4], bill_max, sets, sizes, some_from, some_set)
        if runs < 0:
            given_up[c], runs, some_from[0], some_set[0] = True, 1, 0, 0
        run_from, steps_ptr = grown(run_from, count + runs), grown(steps_ptr, count + runs + 1)
        for r in range(runs):
            run_from[count] = some_from[r]
            end = steps_ptr[count]
            steps = grown(steps, end + 3 * offers.shape[0])
            for i in range(offers.shape[0]):
                if some_set[r] >> i & 1:
                    steps[end], steps[end + 1], steps[end + 2] = offers[i, 0], offers[i, 1], offers[i, 2]
                    end += 3
            count += 1
            steps_ptr[count] = end
        curve_ptr[c + 1] = count
    return curve_ptr, run_from[:count], steps_ptr[: count + 1], steps[: steps_ptr[count]], given_up
