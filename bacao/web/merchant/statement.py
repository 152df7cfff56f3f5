"""A shop's account between two days: opening + lines = closing, each line with where it comes from (money.md, ST)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bacao.kit.text import Text
from bacao.ledger.queries import get_balance_before, list_entries, list_legs
from bacao.orders.queries import list_bills_by_ledger, list_bills_without_booking
from bacao.redemption.queries import list_redemptions, list_redemptions_by_ledger

if TYPE_CHECKING:
    from bacao.ledger.models import Entry
    from bacao.orders.models import Bill
    from bacao.redemption.models import Redemption

KINDS = {
    "redeemed": Text("核销", "Redeemed"),
    "billed": Text("买单", "Bill paid"),
    "unbilled": Text("买单撤回", "Bill taken back"),
    "honoured": Text("没用上，平台补差", "Honoured; we pay the difference"),
    "undone": Text("核销撤回", "Redemption taken back"),
    "paid_out": Text("打款给你", "Paid out to you"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One movement. `guest_minor` + `platform_minor` + `partner_minor` - `fee_minor` + `other_minor` = `amount_minor`.

    `guest_minor` = what the guest had paid, `other_minor` = what is no sale (a payout). `given_minor` = the part of the
    discount the shop bears itself; it moves no money. Neither `redemption` nor `bill` = it does not come
    from the counter.
    """

    id: str
    at: datetime
    kind: str
    redemption: "Redemption | None"
    bill: "Bill | None"
    uses: int
    guest_minor: int
    platform_minor: int
    partner_minor: int
    given_minor: int
    fee_minor: int
    other_minor: int
    amount_minor: int
    balance_minor: int

    @property
    def says(self) -> Text:
        """What kind of movement it is, in words."""
        return KINDS.get(self.kind, Text(self.kind, self.kind))


@dataclass(frozen=True, slots=True)
class Statement:
    """`opening_minor` + the lines = `closing_minor`; `adds_up` compares with the books' own sum.

    `at_counter_minor` = discounts that moved no money here: given by the shop on bills paid at the counter,
    in `at_counter_count` redemptions.
    """

    opening_minor: int
    closing_minor: int
    lines: Sequence[Line]
    adds_up: bool
    at_counter_minor: int
    at_counter_count: int

    def total(self, part: str) -> int:
        """Return the sum of one part over all lines."""
        return sum(getattr(line, part) for line in self.lines)

    @property
    def totals(self) -> dict[str, int]:
        """Sums of every part, and of the discount as a whole."""
        parts = ("guest", "platform", "partner", "given", "fee", "other", "amount")
        sums = {part: self.total(f"{part}_minor") for part in parts}
        return sums | {"discount": sums["platform"] + sums["partner"] + sums["given"]}


def make_statement(merchant_id: int, since: datetime, until: datetime) -> Statement:
    """Return the account of a merchant in [since, until), oldest line first; eight statements of SQL."""
    code = f"liab.payable.merchant.{merchant_id}"
    opening = get_balance_before(code, since)
    closing = get_balance_before(code, until)
    entries = list_entries(code, since, until)
    ids = [entry.transaction_id for entry in entries]
    legs, sources, bills = list_legs(ids), list_redemptions_by_ledger(ids), list_bills_by_ledger(ids)
    lines: list[Line] = []
    balance = opening
    for entry in entries:
        key = entry.transaction_id
        line = _line(entry, legs[key], sources.get(key, []), bills.get(key), balance)
        balance = line.balance_minor
        lines.append(line)
    moved_nothing = [
        row for row in list_redemptions(merchant_id, since, until) if row.ledger_id is None and not hasattr(row, "undo")
    ]
    at_counter = list_bills_without_booking(merchant_id, since, until)
    return Statement(
        opening_minor=opening,
        closing_minor=closing,
        lines=lines,
        adds_up=balance == closing,
        at_counter_minor=sum(row.discount_minor for row in moved_nothing)
        + sum(bill.discount_minor for bill in at_counter),
        at_counter_count=len(moved_nothing) + len(at_counter),
    )


def _line(
    entry: "Entry", legs: dict[str, int], uses: "list[Redemption]", bill: "Bill | None", before_minor: int
) -> Line:
    """Return one movement from all legs of its transaction: credits positive, debits negative."""
    amount = entry.amount_minor if entry.side == "C" else -entry.amount_minor
    guest = -_leg(legs, "liab.unredeemed.")
    platform = -_leg(legs, "expense.subsidy.")
    partner = -_leg(legs, "asset.receivable.partner.")
    fee = _leg(legs, "income.commission")
    direction = -1 if entry.transaction.reverses_id else 1
    discount = direction * (bill.discount_minor if bill else sum(row.discount_minor for row in uses))
    return Line(
        id=str(entry.transaction_id),
        at=entry.transaction.effective_at,
        kind=entry.transaction.kind,
        redemption=uses[0] if uses else None,
        bill=bill,
        uses=len(uses),
        guest_minor=guest,
        platform_minor=platform,
        partner_minor=partner,
        given_minor=discount - platform - partner if uses or bill else 0,
        fee_minor=fee,
        other_minor=amount - (guest + platform + partner - fee),
        amount_minor=amount,
        balance_minor=before_minor + amount,
    )


def _leg(legs: dict[str, int], prefix: str) -> int:
    return sum(amount for code, amount in legs.items() if code.startswith(prefix))
