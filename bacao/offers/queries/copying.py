"""All live offers as numbers, for the index of here and now: one row for each way to use an offer on a bill."""

from collections.abc import Collection, Mapping
from secrets import randbits
from typing import TYPE_CHECKING, Any, NamedTuple

from bacao.kit.bulk import copy_rows

from ..models import OfferVersion
from ..rules import Audience
from ..rules.steps import CASH, DOWN_TO, FIXED, OP_RANK, PERCENT
from ..rules.terms import LAYERS

if TYPE_CHECKING:
    import numpy as np

NEVER_MINUTE = 2**31 - 1
UNITS_MOST = 65_535
PACKAGE_ROW = 4
"""The `op` of a package, which is no row of a bill: `rate` = its price, `second` = its list price."""

_SAID = ("weekly_hours", "stack_tags", "stack_accepts", "audience_any", "audience_none", "group")
_SAID_TEXT = f"""ROW({", ".join(f'version."{name}"' for name in _SAID)})::text"""
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


class Said(NamedTuple):
    """What an offer says in words: its own hours, how it stacks, whom it is for, its group ("" = none)."""

    hours: str
    stacking: tuple[frozenset[str], frozenset[str]]
    audience: Audience
    group: str


class LiveOffers(NamedTuple):
    """Live offers as numbers, and what they say in words, each text once."""

    rows: "np.ndarray"
    said: list[Said]


def copy_live_offers(place_ids: Collection[int] | None = None) -> LiveOffers:
    """Return the live, current versions that have units left, of some places or all, whatever their times.

    One row for each way to use an offer on a whole bill (`rules.steps.Row`: a tier, a number of steps, a number of
    vouchers), or for a package; rows of one offer never stand together. Cards, and what names items but is no
    package, have no row: they change no bill of which only the amount is known.

    `op`, `rate`, `second`, `threshold` as in rules.steps, PACKAGE_ROW for a package · `layer`, `op_rank`, `rank` = the
    place in the order of calculation, ties by offer id; of layer 1 a bill takes one · `said` = place in the list of
    what they say in words · `doubtful` = 1 where the row does not say everything (a party, a threshold on what is left,
    units by day, a budget, blackout dates): the exact search is needed · `units` = most that one can have, at most
    UNITS_MOST · sale and use window in whole minutes since 1970, UTC, 0 and NEVER_MINUTE where it is open.

    Words are told apart by a 64-bit hash, of a new seed each time, and read of one offer each.
    """
    import numpy as np

    some = "" if place_ids is None else "AND offer.place_id = ANY(%(ids)s::int8[])"
    values: dict[str, Any] = {"ids": list(place_ids or ()), "seed": randbits(62)}
    rows = copy_rows(_columns(_OFF), f"{_LIVE} {_WHERE} {some}", values)
    if not rows["is_simple"].all():
        values["ways"] = rows["offer_id"][rows["is_simple"] == 0].tolist()
        ways = copy_rows(_columns(_OFF_WAY), f"{_LIVE} {_WAYS} {_WHERE} AND offer.id = ANY(%(ways)s::int8[])", values)
        rows = np.concatenate([rows[rows["is_simple"] != 0], ways])
    _, first, rows["said"] = np.unique(rows["said"], return_index=True, return_inverse=True)
    return LiveOffers(rows, _read_said(rows["offer_id"][first].tolist()))


def _read_said(offer_ids: list[int]) -> list[Said]:
    """Return what the current versions of some offers say, in their order."""
    found = OfferVersion.objects.filter(is_current=True, offer__in=offer_ids).values_list("offer_id", *_SAID)
    said = {offer_id: _said(*words) for offer_id, *words in found}
    return [said[offer_id] for offer_id in offer_ids]


def _said(
    hours: str, tags: list[str], accepts: list[str], any_of: list[list[str]], none_of: list[str], group: str
) -> Said:
    audience = Audience(tuple(map(tuple, any_of)), tuple(none_of))
    return Said(hours, (frozenset(tags), frozenset(accepts)), audience, group)


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
        "sale_from": "coalesce(ceil(date_part('epoch', greatest(version.sale_from, version.use_from)) / 60), 0)",
        "sale_until": f"""coalesce(floor(date_part('epoch', least(version.sale_until, version.use_until)) / 60),
            {NEVER_MINUTE})""",
        "stands_alone": "version.stands_alone::int4",
        "doubtful": f"{_DOUBTFUL}::int4",
        "is_simple": f"({_SIMPLE})::int4",
    }
    ids = {
        "offer_id": ("i8", "offer.id"),
        "shop_id": ("i8", "offer.place_id"),
        "said": ("i8", f"hashtextextended({_SAID_TEXT}, %(seed)s)"),
    }
    return ids | {name: ("i4", expression) for name, expression in plain.items()}
