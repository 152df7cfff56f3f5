"""The wording of an answer: forms with slots, filled by `writing` (discovery.md, DS15).

A form is JSON with slots `<name>` or `<name!kind>`. It is cut into pieces once: bytes to copy, then a value to write.
The sentences are those of `rules.score.explain`: each is asked for once, with numbers that are then cut out again.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bacao.discovery.index.fragments import encode_reason
from bacao.discovery.rules.score import Facts, Hours, explain, score_terms
from bacao.kit.text import Text

NONE = -(2**62)
"""A value that is written as `null`."""


SLOTS = (
    "usual", "distance", "walk", "closes", "payable", "nobody", "per_head", "saving", "how", "exact", "stock", "few",
    "score", "near", "fit", "quality", "arrivals", "value", "time", "tried", "percent", "left", "held",
    "listed", "heads", "paid",
)  # fmt: skip
"""The values of one shop's entry, in the row that is filled in before it is written: amounts in minor units, distance
in metres, `walk` and `left` in minutes, `closes` a minute since 1970 (UTC), from `near` to `tried` points; `nobody` =
payable of who holds nothing, `held` = what holding something takes off, `listed` = what `heads` pay without offers,
`paid` = what of it the viewer paid before."""

KINDS = ("number", "instant", "clock", "money", "word", "flag")
"""How a value is written: 18, "2026-11-22T14:00Z", 22:00 (local), 18.5, as the form of that number, true."""

FORMS = (
    "usual", "bill", "package", "public", "private", "near", "below", "same", "above", "soon", "shut", "until",
    "saving", "held", "tried", "paid",
)  # fmt: skip
"""The forms. The first three are the words for `how` (prices.USUAL, BILL, BASKET); `public` and `private` are what
follows a shop's own text; the others are reasons."""


class Forms(NamedTuple):
    """All forms: pieces `ptr[f]:ptr[f + 1]` of form f, each (start, end, slot or -1, kind), and the bytes to copy."""

    ptr: np.ndarray  # int32
    pieces: np.ndarray  # int32[n, 4]
    text: np.ndarray  # uint8


_PRICE = (
    '"payable_minor":<payable>,"list_minor":<listed>,"heads":<heads>,"per_head_minor":<per_head>,"saving_minor":<saving>,"price":<how!word>,'
    '"is_exact":<exact!flag>,"stock":<stock>,"few_left":<few!flag>'
)
_OWN = ',"payable_holding_nothing_minor":<nobody>,"already_paid_minor":<paid>'
_ENTRY = (
    ',"usual_minor":<usual>,"distance_m":<distance>,"walking_minutes":<walk>,"closes_at":<closes!instant>,{price},'
    '"score":<score>,"terms":{{"distance":<near>,"fit":<fit>,"quality":<quality>,"arrivals":<arrivals>,'
    '"value":<value>,"time_left":<time>,"exploration":<tried>}},"reasons":['
)


def make_forms() -> Forms:
    """Return every form, cut into pieces."""
    wording = {
        "usual": b'"usual"',
        "bill": b'"bill"',
        "package": b'"package"',
        "public": _ENTRY.format(price=_PRICE).encode(),
        "private": _ENTRY.format(price=_PRICE + _OWN).encode(),
        "near": _sentence("distance", Facts(500), {"777": "<walk>"}, walking_minutes=777),
        "below": _sentence("value", Facts(0, 63, 100), {"37": "<percent>"}),
        "same": _sentence("value", Facts(0, 996, 1000), {}),
        "above": _sentence("value", Facts(0, 137, 100), {"37": "<percent>"}),
        "soon": _sentence("time_left", Facts(0, minutes_left=37), {"37": "<left>"}),
        "shut": _sentence("time_left", Facts(0, hours=Hours.CLOSED), {}),
        "until": _reason("hours", Text("营业到 <closes!clock>", "Open until <closes!clock>")),
        "saving": _reason("saving", Text("省 ¥<saving!money>", "¥<saving!money> less")),
        "tried": _sentence("exploration", Facts(0, tried_points=1), {}),
        "paid": _reason("paid", Text("已付 ¥<paid!money>", "¥<paid!money> of it paid already")),
        "held": _reason("held", Text("凭你的权益省 ¥<held!money>", "¥<held!money> less with what you hold")),
    }
    return _cut([wording[form] for form in FORMS])


def _sentence(term: str, facts: Facts, slots: dict[str, str], *, walking_minutes: int = 1) -> bytes:
    """Return the sentence that explains a term, its numbers replaced by slots."""
    terms = score_terms(facts) | {"value": 1} if term == "value" else score_terms(facts)
    [said] = [r.text for r in explain(facts, terms, walking_minutes=walking_minutes) if r.term == term]
    change: Callable[[str], str] = lambda words: re.sub(r"\d+", lambda number: slots[number[0]], words)  # noqa: E731  # twice
    return _reason(term, Text(change(said.zh), change(said.en)))


def _reason(term: str, text: Text) -> bytes:
    return encode_reason(term, text.zh, text.en)


def _cut(wordings: list[bytes]) -> Forms:
    text, ptr, pieces = b"", [0], []
    for wording in wordings:
        literal = re.split(rb"<(\w+)(?:!(\w+))?>", wording)
        for words, slot, kind in zip(literal[0::3], [*literal[1::3], None], [*literal[2::3], None], strict=True):
            number = SLOTS.index(slot.decode()) if slot else -1
            pieces.append((len(text), len(text) + len(words), number, KINDS.index(kind.decode()) if kind else 0))
            text += words
        ptr.append(len(pieces))
    return Forms(*(_fixed(*given) for given in ((ptr, np.int32), (pieces, np.int32), (list(text), np.uint8))))


def _fixed(values: list[Any], dtype: type) -> np.ndarray:
    array: np.ndarray = np.array(values, dtype)
    array.flags.writeable = False
    return array
