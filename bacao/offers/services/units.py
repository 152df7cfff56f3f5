"""Units of an offer, taken and given back by guarded updates whose row count is checked (PR38)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bacao.kit.services import announce
from bacao.kit.text import Refused, Text

from ..models import OfferStock, PersonalUse, Quota, RollingUse
from ..rules.limits import EVER, ROLLING, Claim, make_claim

# Rows are taken in the order given: by offer, then by name, so that two who want the same wait and never deadlock.
TAKE_PERSONAL = """
    INSERT INTO offers_personaluse AS mine (offer_id, identity, period, used, "limit")
    SELECT offer, identity, period, quantity, most
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::int[])
        WITH ORDINALITY AS wanted (offer, identity, period, quantity, most, position)
    WHERE most IS NULL OR quantity <= most ORDER BY position
    ON CONFLICT (offer_id, identity, period) DO UPDATE SET used = mine.used + excluded.used, "limit" = excluded."limit"
    WHERE excluded."limit" IS NULL OR mine.used + excluded.used <= excluded."limit"
    RETURNING offer_id, identity, period
"""
# The clock of another process may have passed midnight already: a unit never counts for a day before the last one.
_TODAY = "greatest(excluded.taken_on[1], mine.taken_on[cardinality(mine.taken_on)])"
_COUNTED = f"ARRAY(SELECT day FROM unnest(mine.taken_on) AS day WHERE day > {_TODAY} - excluded.days)"  # noqa: S608  # made of constants
TAKE_ROLLING = f"""
    INSERT INTO offers_rollinguse AS mine (offer_id, identity, taken_on, days, "limit")
    SELECT offer, identity, array_fill(day, ARRAY[quantity]), days, most
    FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::int[], %s::int[], %s::int[])
        WITH ORDINALITY AS wanted (offer, identity, day, quantity, days, most, position)
    WHERE quantity <= most ORDER BY position
    ON CONFLICT (offer_id, identity) DO UPDATE SET days = excluded.days, "limit" = excluded."limit",
        taken_on = {_COUNTED} || array_fill({_TODAY}, ARRAY[cardinality(excluded.taken_on)])
    WHERE cardinality({_COUNTED}) + cardinality(excluded.taken_on) <= excluded."limit"
    RETURNING offer_id, identity
"""  # noqa: S608  # made of constants
TAKE_QUOTAS = """
    INSERT INTO offers_quota AS mine (offer_id, period, used, "limit")
    SELECT offer, period, quantity, most
    FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[])
        WITH ORDINALITY AS wanted (offer, period, quantity, most, position)
    WHERE most IS NULL OR quantity <= most ORDER BY position
    ON CONFLICT (offer_id, period) DO UPDATE SET used = mine.used + excluded.used, "limit" = excluded."limit"
    WHERE excluded."limit" IS NULL OR mine.used + excluded.used <= excluded."limit"
    RETURNING offer_id, period
"""
TAKE_STOCK = """
    WITH wanted AS (
        SELECT * FROM unnest(%(offers)s::bigint[], %(versions)s::bigint[], %(quantities)s::int[])
            AS wanted (offer, version, quantity)
    ), locked AS MATERIALIZED (
        SELECT offer_id FROM offers_offerstock WHERE offer_id = ANY(%(offers)s) ORDER BY offer_id FOR NO KEY UPDATE
    )
    UPDATE offers_offerstock AS stock SET used = used + wanted.quantity
    FROM wanted, locked, offers_offer AS offer, offers_offerversion AS version
    WHERE stock.offer_id = wanted.offer AND locked.offer_id = stock.offer_id
      AND offer.id = stock.offer_id AND offer.state = 'live' AND version.offer_id = offer.id
      AND (version.id = wanted.version OR (wanted.version IS NULL AND version.is_current))
      AND (version.sale_from IS NULL OR version.sale_from <= %(at)s)
      AND (version.sale_until IS NULL OR version.sale_until > %(at)s)
      AND (stock."limit" IS NULL OR stock.used + wanted.quantity <= stock."limit")
    RETURNING stock.offer_id, stock.used, stock."limit"
"""
GIVE_PERSONAL_BACK = """
    UPDATE offers_personaluse AS mine SET used = used - given.quantity
    FROM (SELECT mine.id, quantity FROM offers_personaluse mine
        JOIN unnest(%s::bigint[], %s::text[], %s::text[], %s::int[]) AS given (offer, identity, period, quantity)
            ON mine.offer_id = offer AND mine.identity = given.identity AND mine.period = given.period
        ORDER BY mine.offer_id, mine.identity, mine.period FOR NO KEY UPDATE OF mine) given
    WHERE mine.id = given.id AND used >= given.quantity
"""
# What counts no longer has been dropped, and is not missed.
GIVE_ROLLING_BACK = """
    UPDATE offers_rollinguse AS mine SET taken_on = (
        SELECT coalesce(array_agg(day ORDER BY day), '{}') FROM (
            SELECT day, row_number() OVER (PARTITION BY day) AS number FROM unnest(mine.taken_on) AS day) AS taken
        WHERE day <> given.day OR number > given.quantity)
    FROM (SELECT mine.id, day, quantity FROM offers_rollinguse mine
        JOIN unnest(%s::bigint[], %s::text[], %s::date[], %s::int[]) AS given (offer, identity, day, quantity)
            ON mine.offer_id = offer AND mine.identity = given.identity
        ORDER BY mine.offer_id, mine.identity FOR NO KEY UPDATE OF mine) given
    WHERE mine.id = given.id
"""
GIVE_QUOTAS_BACK = """
    UPDATE offers_quota AS mine SET used = used - given.quantity
    FROM (SELECT mine.id, quantity FROM offers_quota mine
        JOIN unnest(%s::bigint[], %s::text[], %s::int[]) AS given (offer, period, quantity)
            ON mine.offer_id = offer AND mine.period = given.period
        ORDER BY mine.offer_id, mine.period FOR NO KEY UPDATE OF mine) given
    WHERE mine.id = given.id AND used >= given.quantity
"""
GIVE_STOCK_BACK = """
    UPDATE offers_offerstock AS mine SET used = used - given.quantity
    FROM (SELECT mine.offer_id, quantity FROM offers_offerstock mine
        JOIN unnest(%s::bigint[], %s::int[]) AS given (offer, quantity) ON mine.offer_id = offer
        ORDER BY mine.offer_id FOR NO KEY UPDATE OF mine) given
    WHERE mine.offer_id = given.offer_id AND used >= given.quantity
    RETURNING mine.offer_id, used + given.quantity, "limit"
"""
LOAD_PERSONAL = """
    INSERT INTO offers_personaluse AS mine (offer_id, identity, period, used)
    SELECT offer, 'user-' || person, 'ever', used FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
        AS past (offer, person, used)
    ON CONFLICT (offer_id, identity, period) DO UPDATE SET used = mine.used + excluded.used, "limit" = NULL
"""


class SoldOut(Refused):
    """Fewer units are left than wanted: of all, of today's, or of the seats of that time."""

    code = "sold_out"

    def __init__(self, left: int, text: Text | None = None) -> None:
        self.left = left
        fewer = Text(f"只剩 {left} 份，请减少数量。", f"Only {left} left; take fewer.") if left else None
        super().__init__(fewer or text or Text("刚刚售罄了，没有扣款。", "It just sold out. Nothing was charged."))


class PersonalLimitReached(Refused):
    """One person may not take that many."""

    code = "personal_limit"

    def __init__(self, limit: int, used: int, period: str = EVER) -> None:
        zh, en = ("", "") if period == EVER else ("这段时间", " for this period")
        super().__init__(
            Text(
                f"每人{zh}限购 {limit} 份，你已有 {used} 份。",
                f"The limit is {limit} a person{en} and you have {used} already.",
            )
        )


class NotOnSale(Refused):
    """The offer is paused, ended, or outside its sale window."""

    code = "not_on_sale"
    text = Text("这个优惠现在不在售卖。", "This offer is not on sale at the moment.")


def take_units(*, offer_id: int, user_id: int, quantity: int, per_person: int | None, at: datetime) -> None:
    """Take units of what an offer sells now for a person known by nothing but the id; as `take_claims`."""
    claim = make_claim(offer_id=offer_id, quantity=quantity, user_id=user_id, per_person=per_person)
    take_claims(claims=[claim], at=at)


def return_units(*, offer_id: int, user_id: int, quantity: int, at: datetime) -> None:
    """Give back what `take_units` took."""
    return_claims(claims=[make_claim(offer_id=offer_id, quantity=quantity, user_id=user_id)], at=at)


@transaction.atomic
def take_claims(*, claims: Sequence[Claim], at: datetime) -> None:
    """Take everything that is claimed, or nothing: personal counters first, quotas next, stock last (PR40).

    Two statements, and one more for each kind of counter that is seldom needed (rolling caps, quotas); one claim an
    offer. A limit that was lowered below what is used refuses until enough came back.

    :raises SoldOut: of the stock, of the day, or of the slot
    :raises PersonalLimitReached:
    :raises NotOnSale: not live, or outside the sale window at `at`
    """
    claims = sorted(claims, key=lambda claim: claim.offer_id)
    _take_personal(claims)
    _take_rolling(claims)
    _take_quotas(claims)
    asked: dict[str, Any] = {
        "offers": [claim.offer_id for claim in claims],
        "versions": [claim.version_id for claim in claims],
        "quantities": [claim.quantity for claim in claims],
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_STOCK, asked)
        taken = {offer: used == limit for offer, used, limit in cursor.fetchall()}
    for claim in claims:
        if claim.offer_id not in taken:
            _refuse_stock(claim)
        if taken[claim.offer_id]:
            announce(kind="offer", ref_id=claim.offer_id)  # lists drop what is sold out


def _take_personal(claims: Sequence[Claim]) -> None:
    wanted = [(claim.offer_id, who, period, claim.quantity, most) for claim in claims
              for who, period, most in sorted(claim.personal, key=lambda row: row[:2])]  # fmt: skip
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(TAKE_PERSONAL, _columns(wanted, 5))
        taken = set(cursor.fetchall())
    for offer, who, period, _, most in wanted:
        if (offer, who, period) not in taken:
            assert most is not None, "only a limit refuses"
            row = PersonalUse.objects.filter(offer=offer, identity=who, period=period).first()
            raise PersonalLimitReached(most, row.used if row else 0, period)


def _take_rolling(claims: Sequence[Claim]) -> None:
    wanted = [(claim.offer_id, *cap[:2], claim.quantity, *cap[2:]) for claim in claims for cap in sorted(claim.rolling)]
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(TAKE_ROLLING, _columns(wanted, 6))
        taken = set(cursor.fetchall())
    for offer, who, day, _, days, most in wanted:
        if (offer, who) not in taken:
            row = RollingUse.objects.filter(offer=offer, identity=who).first()
            counted = sum(one > day - timedelta(days=days) for one in row.taken_on) if row else 0
            raise PersonalLimitReached(most, counted, ROLLING)


def _take_quotas(claims: Sequence[Claim]) -> None:
    wanted = [(claim.offer_id, period, claim.quantity, most) for claim in claims
              for period, most in sorted(claim.quotas, key=lambda row: row[0])]  # fmt: skip
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(TAKE_QUOTAS, _columns(wanted, 4))
        taken = set(cursor.fetchall())
    for offer, period, _, most in wanted:
        if (offer, period) not in taken:
            row = Quota.objects.filter(offer=offer, period=period).first()
            seats = "T" in period
            gone = Text("这个时段的座位刚刚订满。", "The seats of that time are all taken.") if seats else None
            today = Text("今天的份数已经领完，明天再来。", "Today's are all gone; there are more tomorrow.")
            raise SoldOut(max(0, (most or 0) - (row.used if row else 0)), gone or today)


@transaction.atomic
def return_claims(*, claims: Sequence[Claim], at: datetime) -> None:
    """Give back what `take_claims` took, in the same order of locks: it ran out unpaid, or was refunded."""
    claims = sorted(claims, key=lambda claim: claim.offer_id)
    personal = [(claim.offer_id, who, period, claim.quantity) for claim in claims for who, period, _ in claim.personal]
    rolling = [(claim.offer_id, cap.identity, cap.day, claim.quantity) for claim in claims for cap in claim.rolling]
    quotas = [(claim.offer_id, period, claim.quantity) for claim in claims for period, _ in claim.quotas]
    with connection.cursor() as cursor:
        if personal:
            cursor.execute(GIVE_PERSONAL_BACK, _columns(personal, 4))
            assert cursor.rowcount == len(personal), f"more given back than taken: {claims}"
        if rolling:
            cursor.execute(GIVE_ROLLING_BACK, _columns(rolling, 4))
            assert cursor.rowcount == len(rolling), f"given back what nobody took: {claims}"
        if quotas:
            cursor.execute(GIVE_QUOTAS_BACK, _columns(quotas, 3))
            assert cursor.rowcount == len(quotas), f"more given back than taken: {claims}"
        cursor.execute(GIVE_STOCK_BACK, _columns([(claim.offer_id, claim.quantity) for claim in claims], 2))
        returned = cursor.fetchall()
    assert len(returned) == len(claims), f"more given back than taken: {claims}"
    for offer_id, before, limit in returned:
        if before == limit:
            announce(kind="offer", ref_id=offer_id)  # it can be had again


def load_personal_uses(*, uses: Mapping[tuple[int, int], int]) -> None:
    """Write what people took in the past, by (offer id, user id); a history may hold more than today's limit."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD_PERSONAL, _columns([(*key, used) for key, used in uses.items()], 3))


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(width)]


def _refuse_stock(claim: Claim) -> None:
    """Say why the stock was not touched. :raises SoldOut: :raises NotOnSale:"""
    stock = OfferStock.objects.get(offer=claim.offer_id)
    if stock.limit is not None and stock.used + claim.quantity > stock.limit:
        raise SoldOut(stock.limit - stock.used)
    raise NotOnSale
