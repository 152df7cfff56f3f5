"""The one statement that consumes: use, arrival, counters, step, answer and news, all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from bacao.kit.prepared import Prepared
from bacao.kit.services import ANNOUNCE
from bacao.orders.services import USE_ONE
from bacao.redemption import rules
from bacao.redemption.rules import Share

from .attempts import Answer
from .examining import Claim, Found
from .tenancy import ROLE

if TYPE_CHECKING:
    from bacao.accounts.models import User

# Free uses are chosen, consumed and answered in one statement; all of them or none. The caller holds the lock of the
# voucher, so nobody else is choosing; the unique constraint would refuse a second winner all the same. With the last
# voucher of a press the counter's part is over: the books are the house's.
STATEMENT = f"""
    WITH chosen AS (
        SELECT number, count(redemption.id) AS cycle, row_number() OVER (ORDER BY number) AS turn
        FROM generate_series(1, %(uses_total)s) AS number
        LEFT JOIN redemption_redemption redemption
            ON redemption.voucher_id = %(voucher)s AND redemption.use_number = number
        LEFT JOIN redemption_undo undo ON undo.redemption_id = redemption.id
        GROUP BY number
        HAVING count(redemption.id) = count(undo.redemption_id) AND count(redemption.id) < %(most_cycles)s
        ORDER BY number LIMIT %(uses)s
    ), redeemed AS (
        INSERT INTO redemption_redemption (voucher_id, merchant_id, place_id, use_number, cycle, proof, key, clerk_id,
            counter_id, served_by_id, bill_minor, charge_minor, discount_minor, paid_minor, ledger_id, redeemed_at)
        SELECT %(voucher)s, %(merchant)s, %(place)s, number, cycle, %(proof)s, %(key)s, %(clerk)s,
            %(counter)s, (SELECT id FROM redemption_clerk WHERE id = %(served_by)s), %(bill)s, %(charge)s,
            (%(discounts)s::int[])[turn], (%(paid)s::int[])[turn], %(ledger)s, %(at)s
        FROM chosen WHERE (SELECT count(*) FROM chosen) = %(uses)s
        RETURNING id
    ), arrived AS (
        INSERT INTO redemption_arrival (place_id, user_id, note_id, redemption_id, kind, arrived_at)
        SELECT %(place)s, %(user)s, %(note)s, min(id), 'redemption', %(at)s FROM redeemed
        HAVING count(*) > 0 AND NOT EXISTS (
            SELECT 1 FROM redemption_arrival
            WHERE user_id = %(user)s AND place_id = %(place)s AND void_at IS NULL AND arrived_at > %(same_visit_since)s)
    ), stepped AS (
        UPDATE redemption_vouchercode SET highest_step = %(step)s
        WHERE voucher_id = %(voucher)s AND highest_step <> %(step)s AND EXISTS (SELECT 1 FROM redeemed)
    ), used AS (
        {USE_ONE} AND EXISTS (SELECT 1 FROM redeemed)
    ), answered AS (
        UPDATE redemption_attempt SET status = %(status)s, answer = %(answer)s, voucher_id = %(voucher)s
        WHERE merchant_id = %(merchant)s AND key = %(key)s AND EXISTS (SELECT 1 FROM redeemed)
    ), told AS (
        {ANNOUNCE} SELECT 'redemption', min(id) FROM redeemed HAVING count(*) > 0
    )
    SELECT min(id), set_config('role', %(role)s, true) FROM redeemed HAVING count(*) > 0
"""  # noqa: S608  # made of constants
CONSUME = Prepared(
    "bacao_consume",
    STATEMENT,
    {
        "voucher": "uuid", "uses_total": "int4", "uses": "int4", "most_cycles": "int4", "merchant": "bigint",
        "place": "bigint", "proof": "text", "key": "uuid", "clerk": "bigint", "counter": "uuid", "served_by": "bigint",
        "bill": "int4", "charge": "int4", "discounts": "int4[]", "paid": "int4[]", "paid_minor": "int4",
        "ledger": "uuid", "at": "timestamptz", "user": "bigint", "note": "bigint", "same_visit_since": "timestamptz",
        "step": "int4", "status": "smallint", "answer": "bytea", "role": "text",
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Consumption:
    """So many uses of a voucher, with what each moves and what the clerk charges."""

    found: Found
    shares: Sequence[Share]
    charge_minor: int


def consume(
    claim: Claim,
    consumption: Consumption,
    key: UUID,
    clerk: "User | None",
    bill_minor: int | None,
    ledger_id: UUID | None,
    answer: Answer,
    *,
    last: bool,
    proof: str = "",
) -> int | None:
    """Run the one statement; return the id of the first use consumed, None where not enough uses are free.

    After the `last` voucher of a press the transaction is the house's again.
    """
    loaded, shares, row = consumption.found.loaded, consumption.shares, claim.row
    paid = [share.paid_minor for share in shares]
    rows = CONSUME.run(
        {
            "voucher": loaded.voucher_id,
            "uses_total": loaded.uses_total,
            "uses": len(shares),
            "most_cycles": rules.MOST_CYCLES,
            "merchant": claim.merchant_id,
            "place": loaded.place_id,
            "proof": proof or consumption.found.proof,
            "key": key,
            "clerk": clerk.pk if clerk else None,
            "counter": row.counter_id if row else None,
            "served_by": row.served_by_id if row else None,
            "bill": bill_minor,
            "charge": consumption.charge_minor,
            "discounts": [share.discount_minor for share in shares],
            "paid": paid,
            "paid_minor": sum(paid),
            "ledger": ledger_id,
            "at": claim.when,
            "user": loaded.user_id,
            "note": loaded.note_id,
            "same_visit_since": claim.when - rules.SAME_VISIT,
            "step": consumption.found.step,
            "status": answer.status,
            "answer": answer.body,
            "role": "none" if last else ROLE,
        }
    )
    return int(rows[0][0]) if rows else None
