"""What became different between a quote and the moment it is taken: one class each, never a silent new price (PR35)."""

from bacao.kit.text import Refused, Text
from bacao.offers.rules import say_amount
from bacao.orders.models import Quote


class Difference(Refused):
    """A quote cannot be booked as it stands; nothing was charged.

    `quote` = what was promised, `fresh` = what can be promised instead, None where nothing can. Both are set by the
    service that raises it.
    """

    quote: Quote
    fresh: Quote | None = None

    def __init__(self, text: Text | None = None) -> None:
        super().__init__(text)

    @property
    def prices(self) -> Text | None:
        """The old price beside the new one, None where there is no new one."""
        if self.fresh is None:
            return None
        old, new = say_amount(self.quote.unit_price_minor), say_amount(self.fresh.unit_price_minor)
        return Text(f"原来 {old}，现在 {new}", f"It was {old}, it is {new} now")


class VersionWithdrawn(Difference):
    """The shop paused, ended or withdrew the offer."""

    code = "version_withdrawn"
    text = Text("店家刚停了这个优惠，没有扣款。", "The shop has just stopped this offer. Nothing was charged.")


class WindowClosed(Difference):
    """The time in which these terms are sold is over, or has not begun."""

    code = "window_closed"
    text = Text("这个优惠的售卖时间刚过，没有扣款。", "The time of this offer is over. Nothing was charged.")


class QuotaGone(Difference):
    """Fewer units, or seats, are left than wanted."""

    code = "quota_gone"

    def __init__(self, text: Text | None = None, left: int = 0) -> None:
        self.left = left
        super().__init__(text or Text("刚刚售罄了，没有扣款。", "It just sold out. Nothing was charged."))


class PersonalLimit(Difference):
    """One person may not take that many, under whichever name."""

    code = "personal_limit"


class BudgetGone(Difference):
    """What was set aside for this discount is used up; by how much is nobody's business (section 9)."""

    code = "budget_gone"
    text = Text(
        "这笔补贴刚刚用完，没有扣款。",
        "The money set aside for this discount has just been used up. Nothing was charged.",
    )


class EntitlementLost(Difference):
    """A key that let the buyer in is no longer held."""

    code = "entitlement_lost"
    text = Text(
        "这个价格要的身份已经失效，没有扣款。",
        "You no longer hold what this price asks for. Nothing was charged.",
    )


class BillChanged(Difference):
    """The bill is another than was quoted."""

    code = "bill_changed"
    text = Text("账单变了，价格要重新算，没有扣款。", "The bill changed, so the price does. Nothing was charged.")

    def __init__(self, bill_minor: int) -> None:
        self.bill_minor = bill_minor
        super().__init__()


class NotForYou(Refused):
    """An offer is for others."""

    code = "not_for_you"


class QuoteExpired(Difference):
    """The promise ran out."""

    code = "quote_expired"
    text = Text("这个价格只保留到刚才，没有扣款。", "This price was kept until a moment ago. Nothing was charged.")


class HoldExpired(Difference):
    """What was held was given back meanwhile."""

    code = "hold_expired"
    text = Text("保留的名额已经放回，没有扣款。", "What was held for you was given back. Nothing was charged.")


class VoucherGone(Difference):
    """An own voucher that the bill counts on was used, or given back, meanwhile."""

    code = "voucher_gone"
    text = Text("你的券刚在别处用掉了，没有扣款。", "Your voucher was just used elsewhere. Nothing was charged.")


class CreditGone(Difference):
    """The buyer's credit was spent on something else meanwhile."""

    code = "credit_gone"
    text = Text("你的余额刚在别处用掉了，没有扣款。", "Your credit was just spent elsewhere. Nothing was charged.")


class Busy(Refused):
    """Somebody else works on the same rows, or two already wait for the same cart; try again in a moment (PR40)."""

    code = "busy"
    text = Text("现在抢的人很多，请过几秒再点一次。", "Many people are at it right now; press again in a few seconds.")
    retry_after_seconds = 2
