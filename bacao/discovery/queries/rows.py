"""Reading what the index is built from: one snapshot of the chapters below (DS8, DS9)."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

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
)
from bacao.discovery.index.fragments import joined_texts, texts_without
from bacao.discovery.index.offers import order_number
from bacao.discovery.queries.standing import list_usual_amounts
from bacao.kit.bulk import copy_rows
from bacao.kit.hours import expand_hours
from bacao.kit.queries import get_calendar_overlay
from bacao.offers.queries import NEVER_MINUTE, PACKAGE_ROW, LiveOffers, copy_live_offers, list_audience_keys
from bacao.offers.rules.steps import NO_CAP
from bacao.places.queries import (
    copy_open_places,
    copy_place_texts,
    get_middle,
    list_categories,
    list_opening_spans,
    list_place_tags,
)

DAYS = 8
TAGS_MAX = 62
NEVER: Spans = ((0, 0),)

_TRIAL = {
    "shop_id": ("i8", "trial.place_id"),
    "trial": ("i4", f"CASE WHEN posterior.owed THEN {OWED} ELSE {NEW} END"),
    "trial_arrivals": ("i4", "posterior.arrivals"),
    "trial_examined": ("i4", "posterior.examined_hundredths"),
}
_TRIALS = """discovery_trial AS trial JOIN LATERAL (
    SELECT * FROM discovery_posterior WHERE place_id = trial.place_id ORDER BY version DESC LIMIT 1
    ) AS posterior ON true WHERE trial.ended_at IS NULL"""
_STANDING = {
    "shop_id": ("i8", "standing.place_id"),
    "reviews": ("i4", "standing.review_count"),
    "stars": ("i4", "coalesce(standing.stars_hundredths, -1)"),
    "arrivals": ("i4", "standing.arrivals_30_days"),
}


def read_frame() -> Frame:
    """Return the frame of a new base: its origin in the middle of the open places."""
    latitude, longitude = get_middle() or (0.0, 0.0)
    tags = tuple(list_place_tags(TAGS_MAX))
    return Frame(round(latitude, 3), round(longitude, 3), *_categories(), tags, tuple(list_audience_keys()))


def is_framed(frame: Frame, place_ids: Collection[int]) -> bool:
    """Return whether a frame still has every name that some places use; otherwise a new base is due."""
    tags = set(list_place_tags(TAGS_MAX, place_ids))
    if not set(list_audience_keys(place_ids)) <= set(frame.keys):
        return False
    return (frame.categories, frame.medians) == _categories() and (
        len(frame.tags) == TAGS_MAX or tags <= set(frame.tags)
    )


def _categories() -> tuple[tuple[tuple[str, str], ...], tuple[int, ...]]:
    """Return the categories with their branches, and what is usual in each."""
    usual = list_usual_amounts()
    categories = tuple((category.code, category.parent_id or "") for category in list_categories())
    return categories, tuple(usual.get(code, 0) for code, _ in categories)


def horizon_of(at: datetime) -> tuple[int, int]:
    """Return the minutes an index built at `at` can answer for: from local midnight on, eight days."""
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return _minute(today), _minute(today + timedelta(days=DAYS))


def read_raw(frame: Frame, *, at: datetime, place_ids: Collection[int] | None = None) -> Raw:
    """Return the rows of some places or of all, with the opening hours and windows they need."""
    shops = _read_shops(frame, place_ids)
    live = copy_live_offers(place_ids)
    offers, windows = _read_offers(live, at)
    patterns = None if place_ids is None else np.unique(shops["hours"]).tolist()
    hours = {pattern: _in_minutes(spans) for pattern, spans in list_opening_spans(patterns).items()}
    texts = copy_place_texts(place_ids)
    stackings = (NO_STACKING, *live.stackings)
    audiences = tuple(live.audiences)
    return Raw(shops, offers, hours, windows, stackings, horizon_of(at), texts, audiences, frame.keys)


def _read_shops(frame: Frame, place_ids: Collection[int] | None) -> np.ndarray:
    codes = [code for code, _ in frame.categories]
    places = copy_open_places(categories=codes, tags=frame.tags, place_ids=place_ids)
    some = "" if place_ids is None else "WHERE standing.place_id = ANY(%(ids)s::int8[])"
    source = f"discovery_placestanding AS standing {some} ORDER BY 1"
    standings = copy_rows(_STANDING, source, {"ids": list(place_ids or ())})
    shops = np.zeros(len(places), SHOP)
    for name in places.dtype.names or ():
        shops[name] = places[name]
    at = np.minimum(np.searchsorted(standings["shop_id"], shops["shop_id"]), max(len(standings) - 1, 0))
    has = standings["shop_id"][at] == shops["shop_id"] if len(standings) else np.zeros(len(shops), bool)
    shops["stars"] = -1
    for name in ("reviews", "stars", "arrivals"):
        shops[name][has] = standings[name][at[has]]
    _put_trials(shops, place_ids)
    return shops


def _put_trials(shops: np.ndarray, place_ids: Collection[int] | None) -> None:
    """Write down which shops are new, and what their draws are made from."""
    some = "" if place_ids is None else "AND trial.place_id = ANY(%(ids)s::int8[])"
    trials = copy_rows(_TRIAL, f"{_TRIALS} {some}", {"ids": list(place_ids or ())})
    row = dict(zip(shops["shop_id"].tolist(), range(len(shops)), strict=True)) if len(trials) else {}
    for trial in trials[np.isin(trials["shop_id"], shops["shop_id"])]:
        for name in ("trial", "trial_arrivals", "trial_examined"):
            shops[name][row[int(trial["shop_id"])]] = trial[name]


def _read_offers(live: LiveOffers, at: datetime) -> tuple[np.ndarray, tuple[Spans, ...]]:
    """Return live offers in the index's own columns, and the windows that they number."""
    rows = live.rows
    offers = np.zeros(len(rows), OFFER)
    assert (NO_CAP, PACKAGE_ROW) == (-1, PACKAGE), "the statement writes them so"
    for name in (
        "offer_id", "shop_id", "op", "rate", "second", "threshold", "party", "audience", "stands_alone", "group",
        "doubtful",
    ):  # fmt: skip
        offers[name] = rows[name]
    offers["order"] = order_number(*(rows[name].astype(np.int64) for name in ("layer", "op_rank", "rank")))
    offers["units"] = np.where(rows["op"] == PACKAGE, rows["units"], UNITS_UNLIMITED)
    offers["stacking"] = rows["stacking"] + 1
    times = np.stack([rows["hours"], rows["sale_from"], rows["sale_until"]], axis=1)
    distinct, inverse = np.unique(times, axis=0, return_inverse=True)
    windows, numbers = _windows(distinct.tolist(), live.hours, at)
    offers["window"] = np.array(numbers, np.int32)[inverse.reshape(-1)] if len(rows) else 0
    return offers, windows


def _windows(times: Iterable[list[int]], hours: list[str], at: datetime) -> tuple[tuple[Spans, ...], list[int]]:
    """Return the windows in use (the first = always) and for each of `times` which one it is."""
    first, end = horizon_of(at)
    overlay, zone, day = get_calendar_overlay(), timezone.get_default_timezone(), timezone.localdate(at)
    weekly: dict[int, Spans] = {}
    for number, expression in enumerate(hours):
        if expression:
            days = expand_hours(expression, first=day - timedelta(days=1), days=DAYS + 2, overlay=overlay, zone=zone)
            weekly[number] = _in_minutes(days)
    windows: dict[Spans | None, int] = {None: 0}
    numbers = []
    for number, opens, closes in times:
        spans = weekly.get(number, ((min(first, opens), NEVER_MINUTE),))
        kept = tuple((max(a, opens), min(b, closes)) for a, b in spans if max(a, opens) < min(b, closes)) or NEVER
        always = any(a <= first and b >= end for a, b in kept)
        numbers.append(windows.setdefault(None if always else kept, len(windows)))
    return ((), *(spans for spans in windows if spans is not None)), numbers


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
