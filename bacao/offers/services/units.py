"""Units of an offer, taken and given back by guarded updates whose row count is checked (PR38)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from bacao.kit.services import announce
from bacao.kit.text import Refused, Text

from ..models import OfferStock, PersonalUse

TAKE_PERSONAL = """
    INSERT INTO offers_personaluse AS mine (offer_id, user_id, used, "limit")
    SELECT %(offer)s, %(user)s, %(quantity)s, %(limit)s::int
    WHERE %(limit)s::int IS NULL OR %(quantity)s <= %(limit)s::int
    ON CONFLICT (offer_id, user_id) DO UPDATE SET used = mine.used + excluded.used, "limit" = excluded."limit"
    WHERE excluded."limit" IS NULL OR mine.used + excluded.used <= excluded."limit"
"""
LOAD_PERSONAL = """
    INSERT INTO offers_personaluse AS mine (offer_id, user_id, used)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
    ON CONFLICT (offer_id, user_id) DO UPDATE SET used = mine.used + excluded.used, "limit" = NULL
"""
TAKE_STOCK = """
    UPDATE offers_offerstock AS stock SET used = used + %(quantity)s
    FROM offers_offer AS offer, offers_offerversion AS version
    WHERE stock.offer_id = %(offer)s AND offer.id = stock.offer_id AND offer.state = 'live'
      AND version.offer_id = offer.id AND version.is_current
      AND (version.sale_from IS NULL OR version.sale_from <= %(at)s)
      AND (version.sale_until IS NULL OR version.sale_until > %(at)s)
      AND (stock."limit" IS NULL OR stock.used + %(quantity)s <= stock."limit")
    RETURNING stock.used, stock."limit"
"""
GIVE_STOCK_BACK = """
    UPDATE offers_offerstock SET used = used - %(quantity)s
    WHERE offer_id = %(offer)s AND used >= %(quantity)s
    RETURNING used + %(quantity)s, "limit"
"""


class SoldOut(Refused):
    """Fewer units are left than wanted."""

    code = "sold_out"

    def __init__(self, left: int) -> None:
        text = Text(f"只剩 {left} 份，请减少数量。", f"Only {left} left; take fewer.") if left else None
        super().__init__(text or Text("刚刚售罄了，没有扣款。", "It just sold out. Nothing was charged."))


class PersonalLimitReached(Refused):
    """One person may not take that many."""

    code = "personal_limit"

    def __init__(self, limit: int, used: int) -> None:
        super().__init__(
            Text(
                f"每人限购 {limit} 份，你已有 {used} 份。",
                f"The limit is {limit} a person and you have {used} already.",
            )
        )


class NotOnSale(Refused):
    """The offer is paused, ended, or outside its sale window."""

    code = "not_on_sale"
    text = Text("这个优惠现在不在售卖。", "This offer is not on sale at the moment.")


@transaction.atomic
def take_units(*, offer_id: int, user_id: int, quantity: int, per_person: int | None, at: datetime) -> None:
    """Take units for a person, all or none; the personal counter is locked before the stock (PR40).

    :raises SoldOut:
    :raises PersonalLimitReached:
    :raises NotOnSale: not live, or outside the sale window at `at`
    """
    asked = {"offer": offer_id, "user": user_id, "quantity": quantity, "limit": per_person, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(TAKE_PERSONAL, asked)
        if cursor.rowcount != 1:
            assert per_person is not None, "only a limit refuses"
            mine = PersonalUse.objects.filter(offer=offer_id, user=user_id).first()
            raise PersonalLimitReached(per_person, mine.used if mine else 0)
        cursor.execute(TAKE_STOCK, asked)
        taken = cursor.fetchone()
    if taken is None:
        _refuse_stock(offer_id, quantity)
    elif taken[0] == taken[1]:
        announce(kind="offer", ref_id=offer_id)  # lists drop what is sold out


@transaction.atomic
def return_units(*, offer_id: int, user_id: int, quantity: int, at: datetime) -> None:
    """Give units back that were taken before: an order ran out unpaid, or was refunded."""
    asked = {"offer": offer_id, "quantity": quantity}
    mine = PersonalUse.objects.filter(offer=offer_id, user=user_id, used__gte=quantity)
    assert mine.update(used=F("used") - quantity) == 1, f"offer {offer_id}: {quantity} more given back than taken"
    with connection.cursor() as cursor:
        cursor.execute(GIVE_STOCK_BACK, asked)
        before = cursor.fetchone()
    assert before is not None, f"offer {offer_id}: {quantity} more given back than taken"
    if before[0] == before[1]:
        announce(kind="offer", ref_id=offer_id)  # it can be had again


def load_personal_uses(*, uses: Mapping[tuple[int, int], int]) -> None:
    """Write what people took in the past, by (offer id, user id); a history may hold more than today's limit."""
    rows = [(offer_id, user_id, used) for (offer_id, user_id), used in uses.items()]
    with connection.cursor() as cursor:
        cursor.execute(LOAD_PERSONAL, [list(column) for column in zip(*rows, strict=True)] or [[], [], []])


def _refuse_stock(offer_id: int, quantity: int) -> None:
    """Say why the stock was not touched. :raises SoldOut: :raises NotOnSale:"""
    stock = OfferStock.objects.get(offer=offer_id)
    if stock.limit is not None and stock.used + quantity > stock.limit:
        raise SoldOut(stock.limit - stock.used)
    raise NotOnSale
