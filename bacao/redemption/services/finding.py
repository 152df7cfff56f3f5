"""One statement from a code to all that the counter must know of its voucher, the key claimed and the rows locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bacao.kit.prepared import Prepared
from bacao.kit.text import Text
from bacao.offers.queries import list_terms
from bacao.offers.rules import Terms
from bacao.redemption import rules

from .attempts import CLAIM, Answer, get_earlier
from .tenancy import as_house

COLUMNS = """
    code.voucher_id, code.handle, code.epoch, code.highest_step, code.anchor_day, code.anchors,
    voucher.user_id, voucher.order_id, voucher.uses_total, voucher.uses_redeemed, voucher.uses_refunded,
    voucher.paid_minor, voucher.redeemed_minor, voucher.refunded_minor, voucher.valid_until,
    purchase.offer_version_id, purchase.note_id, purchase.place_id, place.name_zh, place.name_en,
    merchant.platform_fee_basis_points,
    (SELECT lease.counter_id FROM redemption_lease lease JOIN redemption_counter holder ON holder.id = lease.counter_id
     WHERE lease.voucher_id = code.voucher_id AND lease.returned_at IS NULL
        AND holder.manifest_at > %(manifests_since)s),
    (SELECT policy.asks_member AND NOT EXISTS (
        SELECT FROM redemption_agreement agreed
        WHERE agreed.voucher_id = code.voucher_id AND agreed.agreed_at > %(agreed_since)s)
     FROM redemption_offerpolicy policy JOIN offers_offerversion version ON version.offer_id = policy.offer_id
     WHERE version.id = purchase.offer_version_id)
"""
TABLES = """
    FROM redemption_vouchercode code
    JOIN orders_voucher voucher ON voucher.id = code.voucher_id
    JOIN orders_order purchase ON purchase.id = voucher.order_id
    JOIN places_place place ON place.id = purchase.place_id
    JOIN places_merchant merchant ON merchant.id = code.merchant_id
    WHERE code.merchant_id = %(merchant)s
"""
BY = {
    "handle": "AND code.handle = %(code)s",
    "typed": "AND code.typed_hash = %(code)s",
    "voucher": "AND code.voucher_id = %(code)s",
}
LOCK = "FOR NO KEY UPDATE OF code, voucher"
TYPES = {
    "merchant": "bigint", "code": "bytea", "manifests_since": "timestamptz", "agreed_since": "timestamptz",
    "key": "uuid", "hash": "bytea", "counter": "uuid", "number": "int4", "pressed_at": "timestamptz",
    "signature": "bytea", "place": "bigint",
}  # fmt: skip


def claiming(by: str, lock: str = LOCK) -> Prepared:
    """Return the statement that claims a key and locks the voucher of a code."""
    find = f"SELECT {COLUMNS} {TABLES} {BY[by]} AND EXISTS (SELECT FROM claimed) {lock}"  # noqa: S608  # constants
    text = f"""
        WITH claimed AS ({CLAIM} RETURNING 1)
        SELECT EXISTS (SELECT FROM claimed), found.* FROM (SELECT) one LEFT JOIN LATERAL ({find}) found ON true
    """  # noqa: S608  # as above
    name = f"bacao_claim_{by}" + ("" if lock else "_unlocked")
    return Prepared(name, text, TYPES | ({"code": "uuid"} if by == "voucher" else {}))


CLAIM_AND_LOCK = {by: claiming(by) for by in BY}


@dataclass(slots=True)
class Loaded:
    """A voucher as its row stands, with its code, its shop and who may use it without network."""

    voucher_id: UUID
    handle: bytes
    epoch: int
    highest_step: int
    anchor_day: int
    kept_anchors: bytes
    user_id: int
    order_id: UUID
    uses_total: int
    uses_redeemed: int
    uses_refunded: int
    paid_minor: int
    redeemed_minor: int
    refunded_minor: int
    valid_until: datetime
    version_id: int
    note_id: int | None
    place_id: int
    place_zh: str
    place_en: str
    fee_basis_points: int
    leased_to: UUID | None
    waits_for_member: bool | None

    @property
    def uses_left(self) -> int:
        """How often it can still be used."""
        return self.uses_total - self.uses_redeemed - self.uses_refunded

    @property
    def left_minor(self) -> int:
        """What of its price no use has carried yet."""
        return self.paid_minor - self.redeemed_minor - self.refunded_minor

    @property
    def anchors(self) -> dict[int, bytes]:
        """The ends of its chains that are kept, by UTC day."""
        return rules.anchors_by_day(self.anchor_day, self.kept_anchors)

    @property
    def place_name(self) -> Text:
        """The shop's name."""
        return Text(self.place_zh or self.place_en, self.place_en or self.place_zh)


def find_voucher(by: str, values: dict[str, Any]) -> Loaded | None:
    """Return the voucher of a code without touching anything; `by` = handle, typed or voucher."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} {TABLES} {BY[by]}", values)  # constants of this file
        row = cursor.fetchone()
    return _loaded(row) if row else None


def claim_and_lock(by: str, values: dict[str, Any]) -> Answer | Loaded | None:
    """Claim the key, then lock and return the voucher of a code (None: there is none); or the answer of before.

    The lock waits for the claim: the subquery runs only where the insert returned a row.
    :raises KeyMismatch, DeviceCopied:
    """
    claimed, *row = CLAIM_AND_LOCK[by].run(values)[0]
    if not claimed:
        return get_earlier(values)
    return _loaded(row) if row[0] is not None else None


def lock_siblings(order_id: UUID) -> dict[UUID, tuple[int, int, int, int]]:
    """Lock all vouchers of an order in one order of ids; return their counters: uses and money, used and refunded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, uses_redeemed, uses_refunded, redeemed_minor, refunded_minor FROM orders_voucher"
            " WHERE order_id = %s ORDER BY id FOR NO KEY UPDATE",
            [order_id],
        )
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


def lock_vouchers(voucher_ids: Sequence[UUID]) -> int:
    """Lock vouchers in the order of their ids; return how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM orders_voucher WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(voucher_ids)]
        )
        return len(cursor.fetchall())


def get_terms_of(version_id: int, merchant_id: int) -> Terms:
    """Return what a voucher promises, remembered by its version, which never changes.

    `stock` and what is left of it are of the moment when it was first asked for; the counter has no use for them.
    """
    remembered = _TERMS.get(version_id)
    if remembered is None:
        with as_house(merchant_id):
            remembered = list_terms([version_id])[version_id]
        if len(_TERMS) >= MOST_REMEMBERED:
            _TERMS.clear()
        _TERMS[version_id] = remembered
    return remembered


MOST_REMEMBERED = 20_000
_TERMS: dict[int, Terms] = {}


def _loaded(row: Any) -> Loaded:
    loaded = Loaded(*row)
    loaded.handle, loaded.kept_anchors = bytes(loaded.handle), bytes(loaded.kept_anchors)
    return loaded
