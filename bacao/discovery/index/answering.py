"""A question answered as bytes: searched, and written as JSON, in one call of the kernel (discovery.md, DS15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import local

import numpy as np

from bacao.discovery.index import kernel as k
from bacao.discovery.index.asking import RADIUS_MAX_M, Query, read_query
from bacao.discovery.index.boxes import Box
from bacao.discovery.index.fragments import encode_reason
from bacao.discovery.index.kernel import hold
from bacao.discovery.index.view import NONE_GONE, View, make_tables_once
from bacao.discovery.index.writing import PRIVATE, PUBLIC, Said, search_and_write, write_found
from bacao.kit.text import Text

BUFFER_BYTES = 1 << 17
_own = local()


@dataclass(frozen=True, slots=True)
class Answer:
    """The shops found, as JSON objects with commas between; `found` = the same as numbers (kernel.COLUMNS)."""

    shops: bytes
    found: np.ndarray
    radius_m: int


def answer_public(view: View, query: Query) -> Answer:
    """Return the best shops of a circle, or of one twice as wide where there is none (U08), for whoever asks.

    :raises Unanswerable: a minute out of the horizon, or a name that the index does not know
    """
    return _answer(view, query, PUBLIC, NOTHING_SAID, NONE_GONE)


def answer_private(view: View, query: Query, why: Mapping[int, Text]) -> Answer:
    """Return the same for one person: with `query.keys` and `query.fit`, whose reasons `why` has by shop id.

    :raises Unanswerable: as above
    """
    return _answer(view, query, PRIVATE, _said(query, why), _holding_nothing(view))


def write_private(view: View, query: Query, found: np.ndarray, why: Mapping[int, Text]) -> Answer:
    """Return what was found already (kernel.COLUMNS), best first, in the words of `answer_private`."""
    shops = _write_rows(view, query, PRIVATE, _said(query, why), _holding_nothing(view), found)
    return Answer(shops, found, query.radius_m)


def _said(query: Query, why: Mapping[int, Text]) -> Said:
    return make_said([why[shop_id] for shop_id in sorted(query.fit)]) if query.fit else NOTHING_SAID


def _holding_nothing(view: View) -> np.ndarray:
    return _fixed(np.zeros(len(view.frame.keys) + 1, np.uint8))


def make_said(texts: Sequence[Text]) -> Said:
    """Return the reasons of shops in the order of their ids."""
    reasons = [encode_reason("fit", text.zh, text.en) for text in texts]
    ptr = np.concatenate([[0], np.cumsum([len(reason) for reason in reasons])]).astype(np.int32)
    return Said(_fixed(ptr), np.frombuffer(b"".join(reasons), np.uint8))


def _answer(view: View, query: Query, form: int, mine: Said, none_held: np.ndarray) -> Answer:
    found, shops = _write(view, query, form, mine, none_held)
    if len(found) or query.radius_m * 2 > RADIUS_MAX_M:
        return Answer(shops, found, query.radius_m)
    wider = replace(query, radius_m=query.radius_m * 2)
    found, shops = _write(view, wider, form, mine, none_held)
    return Answer(shops, found, wider.radius_m)


def _write(view: View, query: Query, form: int, mine: Said, none_held: np.ndarray) -> tuple[np.ndarray, bytes]:
    assert view.paper is not None, "the index was published without texts"
    if view.held is None:
        found = view.find_numpy(query)
        return found, _write_rows(view, query, form, mine, none_held, found)
    ask, minute = read_query(query, view.frame), query.minute
    now, delta_now = view.moments(minute)
    out = _buffer()
    while True:
        heap = np.empty((query.count + 1, k.COLUMNS), np.int64)
        size, end = search_and_write(
            view.held, view.paper, now, view.most[0], delta_now, view.most[1], ask, mine, none_held, minute, form,
            heap, out,
        )  # fmt: skip
        if end >= 0:
            return heap[:size], out[:end].tobytes()
        out = _larger(out)


def _write_rows(view: View, query: Query, form: int, mine: Said, none_held: np.ndarray, found: np.ndarray) -> bytes:
    """Write rows that were found already."""
    assert view.paper is not None, "the index was published without texts"
    ask, minute = read_query(query, view.frame), query.minute
    now, delta_now = view.moments(minute)
    box, out = view.held or _box(view), _buffer()
    while True:
        end = write_found(
            box, view.paper, now, delta_now, ask, mine, none_held, minute, form, found, len(found), out
        )  # fmt: skip
        if end >= 0:
            return out[:end].tobytes()
        out = _larger(out)


def _larger(out: np.ndarray) -> np.ndarray:
    _own.buffer = larger = np.empty(2 * len(out), np.uint8)
    return larger


def _buffer() -> np.ndarray:
    """Return this thread's own room to write in."""
    try:
        room: np.ndarray = _own.buffer
    except AttributeError:
        room = _own.buffer = np.empty(BUFFER_BYTES, np.uint8)
    return room


def _box(view: View) -> Box:
    return hold(view.base, view.gone, view.delta, NONE_GONE, make_tables_once())


def _fixed(array: np.ndarray) -> np.ndarray:
    """Return an array that cannot be written: another type would be compiled again."""
    array.flags.writeable = False
    return array


NOTHING_SAID = Said(_fixed(np.zeros(1, np.int32)), NONE_GONE)
