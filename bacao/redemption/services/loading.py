"""Bringing a history in: many past redemptions at once, by the same arithmetic as one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection, transaction

from bacao.kit.services import announce_many
from bacao.ledger.rules import Posting
from bacao.ledger.services import post_many
from bacao.offers.queries import list_terms
from bacao.offers.rules import Terms
from bacao.orders.queries import list_vouchers_by_id
from bacao.orders.rules import parts_of_uses
from bacao.orders.services import mark_used_many
from bacao.redemption import rules
from bacao.redemption.models import Arrival, Redemption
from bacao.redemption.rules import Share

if TYPE_CHECKING:
    from bacao.orders.models import Voucher

REDEMPTION_COLUMNS = {
    "voucher_id": "uuid", "merchant_id": "bigint", "place_id": "bigint", "use_number": "smallint", "cycle": "smallint",
    "proof": "text", "key": "uuid", "clerk_id": "bigint", "bill_minor": "int", "charge_minor": "int",
    "discount_minor": "int", "paid_minor": "int", "ledger_id": "uuid", "redeemed_at": "timestamptz",
}  # fmt: skip
ARRIVAL_COLUMNS = {
    "place_id": "bigint", "user_id": "bigint", "note_id": "bigint", "redemption_id": "bigint", "kind": "text",
    "arrived_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RedemptionRow:
    """One past press at a counter. `bill_minor` is needed where the offer takes something off a bill."""

    voucher_id: UUID
    redeemed_at: datetime
    clerk_id: int | None = None
    uses: int = 1
    bill_minor: int | None = None
    proof: str = "chain"


@transaction.atomic
def load_redemptions(*, rows: Sequence[RedemptionRow], at: datetime) -> list[Arrival]:
    """Write past redemptions with their books, arrivals and news; return the arrivals (`.redemption` is loaded).

    The vouchers must exist unused, and nothing may lie after `at`. Several presses by one person at one place within
    four hours are one arrival, so there may be fewer of those than rows.
    """
    assert all(row.redeemed_at <= at for row in rows), "a history lies in the past"
    rows = sorted(rows, key=lambda row: row.redeemed_at)
    vouchers = list_vouchers_by_id({row.voucher_id for row in rows})
    terms = list_terms({voucher.order.version_id for voucher in vouchers.values()})
    used: dict[UUID, int] = defaultdict(int)
    redemptions, postings = [], []
    for row in rows:
        voucher = vouchers[row.voucher_id]
        made, posting = _press(row, voucher, terms[voucher.order.version_id], used[voucher.pk])
        used[voucher.pk] += row.uses
        redemptions += made
        postings += posting
    _insert(redemptions, REDEMPTION_COLUMNS)
    mark_used_many(uses=used)
    post_many(postings=postings)
    arrivals = list(_arrivals_of(redemptions, vouchers))
    _insert(arrivals, ARRIVAL_COLUMNS)
    announce_many(kind="redemption", ref_ids=[redemption.pk for redemption in redemptions])
    return arrivals


def _insert(rows: Sequence[Redemption] | Sequence[Arrival], columns: dict[str, str]) -> None:
    """Insert rows in one statement, column by column (four times as fast as one by one), and give them their ids."""
    if not rows:
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    statement = (
        f"INSERT INTO {rows[0]._meta.db_table} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) RETURNING id"  # noqa: S608  # names of this file
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [[getattr(row, column) for row in rows] for column in columns])
        for row, (row_id,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = row_id


def _press(row: RedemptionRow, voucher: "Voucher", terms: Terms, used: int) -> tuple[list[Redemption], list[Posting]]:
    """Return the rows of one press after `used` uses, and its posting where money moves."""
    key = uuid5(NAMESPACE_OID, f"history {voucher.pk} {used}")
    bill = row.bill_minor if terms.needs_bill else None
    parts = parts_of_uses(voucher.paid_minor, voucher.uses_total)[used : used + row.uses]
    shares = rules.shares_of(terms, paid_parts=parts, first_use=used, bill_minor=bill)
    moved = any(share.moves_money for share in shares)
    ledger_id = uuid5(NAMESPACE_OID, f"redemption {voucher.merchant_id} {key}")
    made = [
        Redemption(
            voucher=voucher,
            merchant_id=voucher.merchant_id,
            place_id=voucher.order.place_id,
            use_number=used + turn,
            proof=row.proof,
            key=key,
            clerk_id=row.clerk_id,
            bill_minor=bill,
            charge_minor=rules.charge_of(terms, bill),
            discount_minor=share.discount_minor,
            paid_minor=share.paid_minor,
            ledger_id=ledger_id if moved else None,
            redeemed_at=row.redeemed_at,
        )
        for turn, share in enumerate(shares, start=1)
    ]
    return made, [_posting(ledger_id, key, row, voucher, terms, shares)] if moved else []


def _posting(
    ledger_id: UUID, key: UUID, row: RedemptionRow, voucher: "Voucher", terms: Terms, consumed: list[Share]
) -> Posting:
    entries = rules.entries_of(
        consumed,
        order_id=str(voucher.order_id),
        offer_id=terms.offer_id,
        merchant_id=voucher.merchant_id,
        fee_basis_points=voucher.merchant.platform_fee_basis_points,
    )
    origin = {"voucher": str(voucher.pk), "order": str(voucher.order_id), "key": str(key)}
    return Posting(id=ledger_id, kind="redeemed", entries=entries, effective_at=row.redeemed_at, origin=origin)


def _arrivals_of(redemptions: Sequence[Redemption], vouchers: dict[UUID, "Voucher"]) -> Iterable[Arrival]:
    """Yield an arrival for each first press of a visit; the redemptions are in the order of time."""
    latest: dict[tuple[int, int], datetime] = {}
    for redemption in redemptions:
        voucher = vouchers[redemption.voucher_id]
        visit = (voucher.user_id, redemption.place_id)
        if visit in latest and redemption.redeemed_at < latest[visit] + rules.SAME_VISIT:
            continue
        latest[visit] = redemption.redeemed_at
        yield Arrival(
            place_id=redemption.place_id,
            user_id=voucher.user_id,
            note_id=voucher.order.note_id,
            redemption=redemption,
            arrived_at=redemption.redeemed_at,
        )
