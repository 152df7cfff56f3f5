"""All live offers as numbers, for the index of here and now: one row for each way to use an offer on a bill."""

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

from bacao.kit.bulk import copy_rows

from ..rules import Audience
from ..rules.steps import CASH, DOWN_TO, FIXED, OP_RANK, PERCENT
from ..rules.terms import LAYERS

if TYPE_CHECKING:
    import numpy as np

NEVER_MINUTE = 2**31 - 1
UNITS_MOST = 65_535
PACKAGE_ROW = 4
"""The `op` of a package, which is no row of a bill: `rate` = its price, `second` = its list price."""

_TAGS = "array_to_string(version.stack_tags, chr(31)) || chr(30) || array_to_string(version.stack_accepts, chr(31))"
_AUDIENCE = "version.audience_any::text || chr(30) || array_to_string(version.audience_none, chr(31))"
_TEXTS = {"hours": "version.weekly_hours", "stackings": _TAGS, "audiences": _AUDIENCE, "groups": 'version."group"'}
_OPEN_TO_ALL = "[]" + chr(30)
_LIVE = """offers_offerversion AS version
    JOIN offers_offer AS offer ON offer.id = version.offer_id
    JOIN offers_offerstock AS stock ON stock.offer_id = offer.id"""
_WHERE = """WHERE version.is_current AND offer.state = 'live' AND (stock."limit" IS NULL OR stock.used < stock."limit")
    AND offer.kind <> 'card' AND (offer.kind = 'package' OR version.items = '[]')"""
_SIMPLE = "version.tiers = '[]' AND version.step_minor = 0 AND version.units_per_bill = 1"
_UNITS = f'least({UNITS_MOST}, version.per_order, version.per_person, stock."limit" - stock.used)'
_WAYS = f"""JOIN LATERAL (
    SELECT (tier->>0)::int AS least, (tier->>1)::int AS rate, 0 AS second
        FROM jsonb_array_elements(version.tiers) AS tier
    UNION ALL SELECT version.step_minor * n, version.face_minor * n, 0
        FROM generate_series(1, version.max_times) AS n WHERE version.step_minor > 0 AND version.tiers = '[]'
    UNION ALL SELECT version.threshold_minor * n, version.face_minor * n, version.price_minor * n
        FROM generate_series(1, least(version.units_per_bill, {_UNITS})) AS n WHERE offer.kind = 'voucher'
    ) AS way ON true"""  # noqa: S608  # made of constants
_OP = f"""CASE WHEN offer.kind = 'package' THEN {PACKAGE_ROW} WHEN offer.kind = 'voucher' THEN {CASH}
    WHEN version.percent_basis_points > 0 AND offer.kind <> 'threshold_off' THEN {PERCENT}
    WHEN version.target_minor IS NOT NULL THEN {DOWN_TO} ELSE {FIXED} END"""
_LAYER = " ".join(f"WHEN '{kind}' THEN {layer}" for kind, layer in LAYERS.items())
_OP_RANK = " ".join(f"WHEN {op} THEN {rank}" for op, rank in OP_RANK.items())
_DOUBTFUL = """(version.party_min > 1 OR version.party_max IS NOT NULL OR version.threshold_on_running
    OR version.per_day IS NOT NULL OR version.budget_minor IS NOT NULL
    OR version.budget_day_minor IS NOT NULL OR version.budget_week_minor IS NOT NULL
    OR version.blackout_dates <> '{}')"""


class LiveOffers(NamedTuple):
    """Live offers as numbers, and the texts that four of their columns number."""

    rows: "np.ndarray"
    hours: list[str]
    stackings: list[tuple[frozenset[str], frozenset[str]]]
    audiences: list[Audience]
    groups: list[str]


def copy_live_offers(place_ids: Collection[int] | None = None) -> LiveOffers:
    """Return the live, current versions that have units left, of some places or all, whatever their times.

    One row for each way to use an offer on a whole bill (`rules.steps.Row`: a tier, a number of steps, a number of
    vouchers), or for a package; rows of one offer never stand together. Cards, and what names items but is no
    package, have no row: they change no bill of which only the amount is known.

    `op`, `rate`, `second`, `threshold` as in rules.steps, PACKAGE_ROW for a package · `layer`, `op_rank`, `rank` = the
    place in the order of calculation, ties by offer id; of layer 1 a bill takes one · `audience`, `group`, `hours`,
    `stacking` = places in the lists of texts; the first audience is everyone, the first group none · `doubtful` = 1
    where the row does not say everything (a party, a threshold on what is left, units by day, a budget, blackout
    dates): the exact search is needed · `units` = most that one can have, at most UNITS_MOST · sale and use window in
    whole minutes since 1970, UTC, 0 and NEVER_MINUTE where it is open.
    """
    import numpy as np

    some = "" if place_ids is None else "AND offer.place_id = ANY(%(ids)s::int8[])"
    ids = list(place_ids or ())
    values: dict[str, Any] = {"ids": ids} | _texts(some, ids)
    simple = copy_rows(_columns(_OFF), f"{_LIVE} {_WHERE} AND {_SIMPLE} {some}", values)
    ways = copy_rows(_columns(_OFF_WAY), f"{_LIVE} {_WAYS} {_WHERE} AND NOT ({_SIMPLE}) {some}", values)
    pairs = [text.split(chr(30)) for text in values["stackings"]]
    stackings = [(_tag_set(tags), _tag_set(accepts)) for tags, accepts in pairs]
    rows = np.concatenate([simple, ways]) if len(ways) else simple
    audiences = [_audience(text) for text in values["audiences"]]
    return LiveOffers(rows, values["hours"], stackings, audiences, values["groups"])


def list_audience_keys(place_ids: Collection[int] | None = None) -> list[str]:
    """Return every entitlement key that a live offer names, of some places or all, in order."""
    some = "" if place_ids is None else "AND offer.place_id = ANY(%(ids)s::int8[])"
    named = f"""SELECT DISTINCT key FROM {_LIVE}, LATERAL (
        SELECT jsonb_array_elements_text(keys) FROM jsonb_array_elements(version.audience_any) AS keys
        UNION ALL SELECT unnest(version.audience_none)) AS named (key) {_WHERE}
        AND (version.audience_any <> '[]' OR version.audience_none <> '{{}}') {some} ORDER BY 1"""  # noqa: S608  # constants
    with connection.cursor() as cursor:
        cursor.execute(named, {"ids": list(place_ids or ())})
        return [key for (key,) in cursor.fetchall()]


def _audience(text: str) -> Audience:
    any_of, none_of = text.split(chr(30))
    return Audience(tuple(map(tuple, json.loads(any_of))), tuple(filter(None, none_of.split(chr(31)))))


def _texts(some: str, ids: list[int]) -> dict[str, list[str]]:
    """Return the texts that columns number; audiences begin with everyone and groups with none."""
    texts, first = {}, {"audiences": _OPEN_TO_ALL, "groups": ""}
    with connection.cursor() as cursor:
        for name, column in _TEXTS.items():
            statement = f"SELECT DISTINCT {column} FROM {_LIVE} {_WHERE} {some} ORDER BY 1"  # noqa: S608  # constants
            cursor.execute(statement, {"ids": ids})
            found = [text for (text,) in cursor.fetchall()]
            begin = [first[name]] if name in first else []
            texts[name] = [*begin, *(text for text in found if text not in begin)]
    return texts


_OFF = {
    "rate": f"""CASE ({_OP}) WHEN {PACKAGE_ROW} THEN version.price_minor
        WHEN {PERCENT} THEN version.percent_basis_points WHEN {DOWN_TO} THEN version.target_minor
        ELSE least(version.face_minor, version.cap_minor) END""",
    "second": f"""CASE ({_OP}) WHEN {PACKAGE_ROW} THEN version.list_minor WHEN {CASH} THEN version.price_minor
        WHEN {FIXED} THEN 0 ELSE coalesce(version.cap_minor, -1) END""",
    "threshold": "greatest(version.threshold_minor, 1)",
}
_OFF_WAY = {
    "rate": "way.rate",
    "second": "way.second",
    "threshold": f"greatest(way.least, CASE ({_OP}) WHEN {CASH} THEN 1 ELSE version.threshold_minor END, 1)",
}


def _columns(off: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    plain = {
        "op": _OP,
        **off,
        "layer": f"CASE offer.kind {_LAYER} END",
        "op_rank": f"CASE WHEN version.step_minor > 0 THEN 5 ELSE CASE ({_OP}) {_OP_RANK} ELSE 0 END END",
        "rank": "version.rank",
        "party": "version.party_size",
        "units": _UNITS,
        "sale_from": "coalesce(ceil(extract(epoch FROM greatest(version.sale_from, version.use_from)) / 60), 0)",
        "sale_until": f"""coalesce(floor(extract(epoch FROM least(version.sale_until, version.use_until)) / 60),
            {NEVER_MINUTE})""",
        "hours": "array_position(%(hours)s::text[], version.weekly_hours::text) - 1",
        "stands_alone": "version.stands_alone::int4",
        "stacking": f"array_position(%(stackings)s::text[], {_TAGS}) - 1",
        "audience": f"array_position(%(audiences)s::text[], {_AUDIENCE}) - 1",
        "group": 'array_position(%(groups)s::text[], version."group"::text) - 1',
        "doubtful": f"{_DOUBTFUL}::int4",
    }
    ids = {"offer_id": ("i8", "offer.id"), "shop_id": ("i8", "offer.place_id")}
    return ids | {name: ("i4", expression) for name, expression in plain.items()}


def _tag_set(joined: str) -> frozenset[str]:
    return frozenset(filter(None, joined.split(chr(31))))
