"""Reading what the index is built from: one snapshot of the chapters below (DS8, DS9)."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np
from django.utils import timezone

from bacao.discovery.index.columns import (
    NEW,
    NO_STACKING,
    OFFER,
    OWED,
    PACKAGE,
    SHOP,
    UNITS_UNLIMITED,
    Frame,
    Raw,
    Spans,
    Stacking,
)
from bacao.discovery.index.fragments import joined_texts, texts_without
from bacao.discovery.index.offers import order_number
from bacao.discovery.queries.standing import list_usual_amounts
from bacao.kit.bulk import Texts, copy_rows
from bacao.kit.hours import expand_hours
from bacao.kit.queries import get_calendar_overlay
from bacao.offers.queries import PACKAGE_ROW, LiveOffers, copy_live_offers
from bacao.offers.rules import EVERYONE, Audience
from bacao.offers.rules.steps import NO_CAP
from bacao.places.queries import OpenPlaces, copy_open_places, copy_place_texts, list_categories, list_opening_spans

DAYS = 8
TAGS_MAX = 62
NEVER: Spans = ((0, 0),)
T = TypeVar("T", bound=Hashable)

_TRIAL = {
    "shop_id": ("i8", "trial.place_id"),
    "trial": ("i4", f"CASE WHEN posterior.owed THEN {OWED} ELSE {NEW} END"),
    "trial_arrivals": ("i4", "posterior.arrivals"),
    "trial_examined": ("i4", "posterior.examined_hundredths"),
}
_TRIALS = """discovery_trial AS trial JOIN LATERAL (
    SELECT version, owed, arrivals, examined_hundredths FROM discovery_posterior
    WHERE place_id = trial.place_id ORDER BY version DESC LIMIT 1) AS posterior ON true WHERE trial.ended_at IS NULL"""
_STANDING = {
    "shop_id": ("i8", "standing.place_id"),
    "reviews": ("i4", "standing.review_count"),
    "stars": ("i4", "coalesce(standing.stars_hundredths, -1)"),
    "arrivals": ("i4", "standing.arrivals_30_days"),
}


@dataclass(frozen=True, slots=True)
class Rows:
    """What was read of some places or of all at one instant. Names become numbers only in a frame, by `raw`."""

    at: datetime
    places: OpenPlaces
    standings: np.ndarray
    trials: np.ndarray
    live: LiveOffers
    hours: dict[int, Spans]
    texts: Texts
    categories: tuple[tuple[str, str], ...]
    medians: tuple[int, ...]

    def frame(self) -> Frame:
        """Return the frame of a new base: its origin in the middle of the places, its tags the most frequent ones."""
        rows = self.places.rows
        counts = Counter[str]()
        for tags, places in zip(self.places.tags, np.bincount(rows["tags"]).tolist(), strict=True):
            counts.update(dict.fromkeys(tags, places))
        tags = sorted(counts, key=lambda tag: (-counts[tag], tag))[:TAGS_MAX]
        latitude, longitude = (round(_middle(rows[name]), 3) for name in ("latitude", "longitude"))
        return Frame(latitude, longitude, self.categories, self.medians, tuple(tags), tuple(sorted(self._keys())))

    def fits(self, frame: Frame) -> bool:
        """Return whether a frame has every name that these places use; otherwise a new base is due."""
        tags = {tag for tags in self.places.tags for tag in tags}
        if not self._keys() <= set(frame.keys):
            return False
        return (frame.categories, frame.medians) == (self.categories, self.medians) and (
            len(frame.tags) == TAGS_MAX or tags <= set(frame.tags)
        )

    def raw(self, frame: Frame) -> Raw:
        """Return the rows in the numbers of a frame."""
        offers, windows, stackings, audiences = _offers(self.live, self.at)
        return Raw(
            self._shops(frame), offers, self.hours, windows, stackings, horizon_of(self.at), self.texts, audiences,
            frame.keys,
        )  # fmt: skip

    def _keys(self) -> set[str]:
        return {key for said in self.live.said for key in said.audience.keys}

    def _shops(self, frame: Frame) -> np.ndarray:
        places = self.places.rows
        shops = np.zeros(len(places), SHOP)
        for name in places.dtype.names or ():
            shops[name] = places[name]
        bit = {tag: 1 << number for number, tag in enumerate(frame.tags)}
        bits = [sum(bit.get(tag, 0) for tag in set(tags)) for tags in self.places.tags]
        shops["tags"] = np.array(bits, np.int64)[places["tags"]]
        shops["stars"] = -1
        for found in (self.standings, self.trials):
            _put(shops, found)
        return shops


def _middle(degrees: np.ndarray) -> float:
    """Return the lower median, 0 of nothing."""
    half = (len(degrees) - 1) // 2
    return float(np.partition(degrees, half)[half]) if len(degrees) else 0.0


def _put(shops: np.ndarray, found: np.ndarray) -> None:
    """Write down what is known of some shops, in any order."""
    if not len(found):
        return
    order = np.argsort(found["shop_id"], kind="stable")
    at = order[np.minimum(np.searchsorted(found["shop_id"], shops["shop_id"], sorter=order), len(order) - 1)]
    has = found["shop_id"][at] == shops["shop_id"]
    for name in found.dtype.names or ():
        shops[name][has] = found[name][at[has]]


def read_rows(*, at: datetime, place_ids: Collection[int] | None = None) -> Rows:
    """Return the rows of some places or of all, with the opening hours they need. Read in one snapshot."""
    categories = tuple((category.code, category.parent_id or "") for category in list_categories())
    usual = list_usual_amounts()
    values = {"ids": list(place_ids or ())}
    those = "true" if place_ids is None else "place_id = ANY(%(ids)s::int8[])"
    places = copy_open_places(categories=[code for code, _ in categories], place_ids=place_ids)
    standings = copy_rows(_STANDING, f"discovery_placestanding AS standing WHERE {those}", values)
    trials = copy_rows(_TRIAL, f"{_TRIALS} AND {those}", values)
    patterns = None if place_ids is None else np.unique(places.rows["hours"]).tolist()
    return Rows(
        at, places, standings, trials, copy_live_offers(place_ids),
        {pattern: _in_minutes(spans) for pattern, spans in list_opening_spans(patterns).items()},
        copy_place_texts(place_ids), categories, tuple(usual.get(code, 0) for code, _ in categories),
    )  # fmt: skip


def horizon_of(at: datetime) -> tuple[int, int]:
    """Return the minutes an index built at `at` can answer for: from local midnight on, eight days."""
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return _minute(today), _minute(today + timedelta(days=DAYS))


def _offers(
    live: LiveOffers, at: datetime
) -> tuple[np.ndarray, tuple[Spans, ...], tuple[Stacking, ...], tuple[Audience, ...]]:
    """Return live offers in the index's own columns, and the windows, stackings and audiences that they number."""
    rows = live.rows
    offers = np.zeros(len(rows), OFFER)
    assert (NO_CAP, PACKAGE_ROW) == (-1, PACKAGE), "the statement writes them so"
    for name in (
        "offer_id", "shop_id", "op", "rate", "second", "threshold", "party", "stands_alone", "doubtful"
    ):  # fmt: skip
        offers[name] = rows[name]
    offers["order"] = order_number(*(rows[name].astype(np.int64) for name in ("layer", "op_rank", "rank")))
    offers["units"] = np.where(rows["op"] == PACKAGE, rows["units"], UNITS_UNLIMITED)
    stackings, stacking = _numbered(NO_STACKING, [said.stacking for said in live.said])
    audiences, audience = _numbered(EVERYONE, [said.audience for said in live.said])
    _, group = _numbered("", [said.group for said in live.said])
    for name, numbers in (("stacking", stacking), ("audience", audience), ("group", group)):
        offers[name] = numbers[rows["said"]]
    windows, offers["window"] = _windows(live, at)
    return offers, windows, stackings, audiences


def _numbered(first: T, values: Sequence[T]) -> tuple[tuple[T, ...], np.ndarray]:
    """Return what there is, `first` before all others, and which of them each value is."""
    numbers = {first: 0}
    number = [numbers.setdefault(value, len(numbers)) for value in values]
    return tuple(numbers), np.array(number, np.int32)


def _windows(live: LiveOffers, at: datetime) -> tuple[tuple[Spans, ...], np.ndarray]:
    """Return the windows in use (the first = always), and for each offer which one it is."""
    first, end = horizon_of(at)
    hours, number = _numbered("", [said.hours for said in live.said])
    opens, closes = (np.clip(live.rows[name].astype(np.int64), first, end) for name in ("sale_from", "sale_until"))
    code = (number[live.rows["said"]].astype(np.int64) << 32) | (opens - first) << 16 | (closes - first)
    codes, inverse = np.unique(code, return_inverse=True)
    weekly = [((first, end),), *_weekly(hours[1:], at)]
    windows: dict[Spans, int] = {((first, end),): 0}
    numbers = []
    for one in codes.tolist():
        since, until = first + (one >> 16 & 0xFFFF), first + (one & 0xFFFF)
        spans = weekly[one >> 32]
        kept = tuple((max(a, since), min(b, until)) for a, b in spans if max(a, since) < min(b, until)) or NEVER
        numbers.append(windows.setdefault(kept, len(windows)))
    return ((), *tuple(windows)[1:]), np.array(numbers, np.int32)[inverse]


def _weekly(expressions: Iterable[str], at: datetime) -> Iterable[Spans]:
    """Return when each expression is open during the horizon."""
    overlay, zone, day = get_calendar_overlay(), timezone.get_default_timezone(), timezone.localdate(at)
    for expression in expressions:
        days = expand_hours(expression, first=day - timedelta(days=1), days=DAYS + 2, overlay=overlay, zone=zone)
        yield _in_minutes(days)


def _in_minutes(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    return tuple((_minute(start), _minute(end)) for start, end in spans)


def _minute(instant: datetime) -> int:
    return int(instant.timestamp() // 60)


def without(raw: Raw, place_ids: Collection[int]) -> Raw:
    """Return rows less those of some places."""
    gone = np.array(sorted(place_ids), np.int64)
    shops, offers = (rows[~np.isin(rows["shop_id"], gone)] for rows in (raw.shops, raw.offers))
    return replace(raw, shops=shops, offers=offers, texts=texts_without(raw.texts, gone))


def joined(old: Raw, new: Raw) -> Raw:
    """Return the rows of both, none of which share a place; the numbers of windows and stackings are made one."""
    windows = {spans: number for number, spans in enumerate(old.windows)}
    window = [windows.setdefault(spans, len(windows)) if i else 0 for i, spans in enumerate(new.windows)]
    stackings = {stacking: number for number, stacking in enumerate(old.stackings)}
    audiences = {audience: number for number, audience in enumerate(old.audiences)}
    added = new.offers.copy()
    added["window"] = np.array(window)[new.offers["window"]]
    stacking = [stackings.setdefault(one, len(stackings)) for one in new.stackings]
    audience = [audiences.setdefault(one, len(audiences)) for one in new.audiences]
    added["stacking"] = np.array(stacking)[new.offers["stacking"]]
    added["audience"] = np.array(audience)[new.offers["audience"]]
    return Raw(
        np.concatenate([old.shops, new.shops]), np.concatenate([old.offers, added]), old.hours | new.hours,
        tuple(windows), tuple(stackings), new.horizon, joined_texts(old.texts, new.texts), tuple(audiences), new.keys,
    )  # fmt: skip


def empty_raw(at: datetime) -> Raw:
    """Return no rows at all."""
    return Raw(np.zeros(0, SHOP), np.zeros(0, OFFER), {}, ((),), (NO_STACKING,), horizon_of(at))
