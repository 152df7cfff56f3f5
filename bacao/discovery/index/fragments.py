"""What an answer says of a shop whoever asks: encoded as JSON once, when the index is built (discovery.md, DS15).

A shop's own text is one slice of one long array of bytes. What many shops share (so many reviews with such a mean, so
many arrivals) stands in two small tables, each entry with its points and the sentence that explains them (DS13).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

import msgspec
import numpy as np

from bacao.discovery.index.columns import Raw
from bacao.discovery.rules.score import Facts, explain, score_terms
from bacao.kit.bulk import Texts
from bacao.kit.compiling import compiled

QUALITY, ARRIVALS = "quality", "arrivals"
CLOCK_HOURS_MORE = 72  # who is open at the end of the horizon closes after it


class Fragments(NamedTuple):
    """The texts of one part, row by row as in its columns.

    Text of row i: `text[text_ptr[i]:text_ptr[i + 1]]`, the inside of a JSON object. Entry q of a table has points and
    two texts: facts (inside of an object) `[ptr[2q]:ptr[2q + 1]]`, the reason (an object, or nothing) up to `[2q + 2]`.
    """

    text_ptr: np.ndarray  # int64[n + 1]
    text: np.ndarray  # uint8
    quality: np.ndarray  # int32, entry of the table of reviews
    arrivals: np.ndarray  # int32, entry of the table of arrivals
    quality_points: np.ndarray  # int32
    quality_ptr: np.ndarray  # int32
    quality_text: np.ndarray  # uint8
    arrivals_points: np.ndarray  # int32
    arrivals_ptr: np.ndarray  # int32
    arrivals_text: np.ndarray  # uint8
    clock: np.ndarray  # int32, first hour of the horizon since 1970, then how far local time is ahead in each, minutes

    @property
    def nbytes(self) -> int:
        """Return how many bytes all of it takes."""
        return sum(column.nbytes for column in self)


def build_fragments(shop_ids: np.ndarray, raw: Raw, zone: tzinfo) -> Fragments:
    """Return the texts of rows in the order of `shop_ids`, as they were read in any order; `zone` = the city's.

    A shop without a text (nobody read one) has nothing but its id.
    """
    shops = raw.shops
    row = _find(shop_ids, np.sort(shops["shop_id"]), np.argsort(shops["shop_id"], kind="stable"))
    reviews, stars, arrivals = (shops[name][row].astype(np.int64) for name in ("reviews", "stars", "arrivals"))
    codes, quality = np.unique(reviews << 32 | (stars + 1), return_inverse=True)
    counts, come = np.unique(arrivals, return_inverse=True)
    spoken = [_quality(code >> 32, (code & 0xFFFFFFFF) - 1) for code in codes.tolist()]
    rows = [*_texts(shop_ids, raw.texts), quality.astype(np.int32), come.astype(np.int32)]
    tables = [*_table(spoken), *_table([_arrivals(count) for count in counts.tolist()])]
    return _frozen([*rows, *tables, _clock(raw.horizon, zone)])


def _clock(horizon: tuple[int, int], zone: tzinfo) -> np.ndarray:
    """Return the first hour of the horizon, and how far local time is ahead of UTC in each and a little longer."""
    hours = range(horizon[0] // 60, horizon[1] // 60 + CLOCK_HOURS_MORE)
    ahead = [datetime.fromtimestamp(hour * 3600, UTC).astimezone(zone).utcoffset() for hour in hours]
    minutes = [round(offset.total_seconds()) // 60 if offset else 0 for offset in ahead]
    return np.array([hours[0], *minutes], np.int32)


def _texts(shop_ids: np.ndarray, texts: Texts) -> tuple[np.ndarray, np.ndarray]:
    """Return the texts of some shops, one after the other, and where each begins."""
    missing = shop_ids[~np.isin(shop_ids, texts.ids)]
    if len(missing):
        bare = [b'"id":%d' % shop_id for shop_id in np.sort(missing).tolist()]
        texts = joined_texts(texts, as_texts(np.sort(missing), bare))
    row = _find(shop_ids, texts.ids, np.arange(len(texts.ids)))
    ptr = np.concatenate([[0], np.cumsum(texts.end[row] - texts.start[row])]).astype(np.int64)
    out = np.empty(ptr[-1], np.uint8)
    put_in_order(texts.data, texts.start[row], ptr, out)
    return ptr, out


@compiled
def put_in_order(data: np.ndarray, start: np.ndarray, ptr: np.ndarray, out: np.ndarray) -> None:
    """Copy slices of `data` one after the other: slice i begins at start[i] and fills out[ptr[i]:ptr[i + 1]]."""
    for i in range(start.shape[0]):
        out[ptr[i] : ptr[i + 1]] = data[start[i] : start[i] + ptr[i + 1] - ptr[i]]


def _find(wanted: np.ndarray, rising: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows[np.searchsorted(rising, wanted)]) if len(wanted) else np.zeros(0, np.int64)


def as_texts(ids: np.ndarray, texts: Sequence[bytes]) -> Texts:
    """Return texts in the form in which they are read; ids rise."""
    end = np.cumsum([len(text) for text in texts], dtype=np.int64)
    lengths = np.diff(end, prepend=0)
    return Texts(np.asarray(ids, np.int64), end - lengths, end, np.frombuffer(b"".join(texts), np.uint8))


def joined_texts(old: Texts, new: Texts) -> Texts:
    """Return both, which have no id in common."""
    ids = np.concatenate([old.ids, new.ids])
    order = np.argsort(ids, kind="stable")
    start, end = (np.concatenate([a, b + len(old.data)])[order] for a, b in zip(old[1:3], new[1:3], strict=True))
    return Texts(ids[order], start, end, np.concatenate([old.data, new.data]))


def texts_without(texts: Texts, ids: np.ndarray) -> Texts:
    """Return texts less those of some ids."""
    kept = np.flatnonzero(~np.isin(texts.ids, ids))
    lengths = (texts.end - texts.start)[kept]
    ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    out = np.empty(ptr[-1], np.uint8)
    put_in_order(texts.data, texts.start[kept], ptr, out)
    return Texts(texts.ids[kept], ptr[:-1], ptr[1:], out)


def _quality(count: int, stars: int) -> tuple[int, bytes, bytes]:
    facts = Facts(0, review_count=count, stars_hundredths=stars if stars >= 0 else None)
    said = b'"reviews":%d,"stars_hundredths":%s' % (count, b"%d" % stars if stars >= 0 else b"null")
    return score_terms(facts)[QUALITY], said, _reason(QUALITY, facts)


def _arrivals(count: int) -> tuple[int, bytes, bytes]:
    facts = Facts(0, arrivals_30_days=count)
    return score_terms(facts)[ARRIVALS], b'"arrivals_30_days":%d' % count, _reason(ARRIVALS, facts)


def _reason(term: str, facts: Facts) -> bytes:
    """Return the sentence of one term as JSON, nothing where it has no points."""
    said = [reason.text for reason in explain(facts, score_terms(facts), walking_minutes=1) if reason.term == term]
    return encode_reason(term, *said[0]) if said else b""


def encode_reason(term: str, zh: str, en: str) -> bytes:
    """Return a reason as JSON."""
    return msgspec.json.encode({"term": term, "zh": zh, "en": en})


def _table(entries: Sequence[tuple[int, bytes, bytes]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pieces = [piece for _, facts, reason in entries for piece in (facts, reason)]
    ptr = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int32)
    points = np.array([points for points, _, _ in entries], np.int32)
    return points, ptr, np.frombuffer(b"".join(pieces), np.uint8)


def _frozen(given: Sequence[np.ndarray]) -> Fragments:
    columns = [np.ascontiguousarray(column) for column in given]
    for column in columns:
        column.flags.writeable = False
    return Fragments(*columns)
