"""Holds: everything a quote needs, claimed in one step, then captured, released or expired, once (section 12)."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID, uuid4, uuid5

import psycopg
from django.db import IntegrityError, OperationalError, connection, transaction

from bacao.accounts.queries import list_entitlements
from bacao.kit.text import Refused
from bacao.ledger.rules import BUDGET_SPENT, CONTROL, Credit, Debit, Transfer
from bacao.ledger.services import LimitReached, expire_pendings, pend, post, post_pendings, void_pendings
from bacao.offers.queries import (
    audience_of,
    get_current_version,
    get_terms,
    is_time,
)
from bacao.offers.rules import EVERYONE
from bacao.offers.rules.limits import Claim, budget_of, make_claim
from bacao.offers.services import NotOnSale, PersonalLimitReached, SoldOut, return_claims, take_claims
from bacao.orders import rules
from bacao.orders.models import Bill, Hold, Order, Quote
from bacao.orders.queries import find_hold

from .bill_quotes import quote_bill
from .bill_uses import give_vouchers_back, take_vouchers
from .differences import (
    BillChanged,
    BudgetGone,
    Busy,
    CreditGone,
    Difference,
    EntitlementLost,
    HoldExpired,
    PersonalLimit,
    QuotaGone,
    QuoteExpired,
    VersionWithdrawn,
    VoucherGone,
    WindowClosed,
)
from .due import each_due, lock_next
from .needs import Pin, claim_of, credit_claim, credit_transfer, pins_of, transfers_of
from .quotes import is_sold, quote_purchase

if TYPE_CHECKING:
    from bacao.accounts.models import User

T = TypeVar("T")
LIVE = "live"

# One statement: how long to wait for rows, the number of the order, and a place in the queue of the cart. The places
# end with the transaction; whoever finds none is told at once that two are waiting already.
QUEUE = """
    SELECT set_config('lock_timeout', %(wait)s, true), nextval('orders_number'), CASE
        WHEN pg_try_advisory_xact_lock(%(cart)s, 1) THEN 1
        WHEN pg_try_advisory_xact_lock(%(cart)s, 2) THEN 2
        WHEN pg_try_advisory_xact_lock(%(cart)s, 3) THEN 3 END
"""


class Begun(NamedTuple):
    """A hold whose row is written and whose counters are not taken yet, with the number of its order to be."""

    hold: Hold
    quote: Quote
    number: int
    transfers: list[Transfer]
    credit_minor: int


def take_quote(
    *,
    quote_id: UUID,
    user: "User",
    quantity: int = 1,
    bill_minor: int | None = None,
    at: datetime,
    id: UUID | None = None,
) -> Hold:
    """Claim everything a quote needs, or nothing. The same `id`, or the same quote, gives the same hold again.

    `bill_minor` = the bill as it is now, where a bill was quoted.

    :raises Difference: the subclass says what became different; it carries the old quote and a new one
    :raises Busy: others were there first and are not done
    :raises Quote.DoesNotExist: this person has no such quote
    """
    id = id or uuid4()

    def work() -> Hold:
        begun = begin_hold(id=id, quote_id=quote_id, user=user, quantity=quantity, bill_minor=bill_minor, at=at)
        fill_hold(begun=begun, at=at)
        return begun.hold

    return once(find_earlier=lambda: find_hold(id, quote_id, user), work=work, user=user, at=at)


def once(*, find_earlier: Callable[[], T | None], work: Callable[[], T], user: "User", at: datetime) -> T:
    """Do work in a transaction, or return what an earlier press of the same button did.

    The earlier answer is looked for when something stands in the way, so that whoever is first pays nothing for it,
    and before any reason is given, so that whoever repeats hears the first answer whatever changed meanwhile.
    """
    try:
        with transaction.atomic():
            return work()
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise
        raise Busy from None
    except (IntegrityError, Refused) as reason:
        if earlier := find_earlier():
            return earlier
        if isinstance(reason, Difference):
            reason.fresh = _quote_again(reason, user, at)
        raise


def _quote_again(difference: Difference, user: "User", at: datetime) -> Quote | None:
    """Return what can be promised instead of what became different, None where nothing can."""
    quote = difference.quote
    try:
        if quote.bill_minor is None:
            fresh = quote_purchase(user=user, version=get_current_version(quote.version.offer_id), at=at)
        else:
            bill = difference.bill_minor if isinstance(difference, BillChanged) else quote.bill_minor
            fresh = quote_bill(
                user=user,
                place=quote.place,
                bill_minor=bill,
                undiscounted_minor=min(quote.undiscounted_minor, bill),
                party=quote.party,
                tender=quote.tender,
                at=at,
            )
    except Refused:
        return None
    return None if fresh.pk == quote.pk else fresh


def begin_hold(
    *,
    id: UUID,
    quote_id: UUID,
    user: "User",
    quantity: int,
    bill_minor: int | None = None,
    order_id: UUID | None = None,
    credit_most: int = 0,
    without: Collection[UUID] = (),
    at: datetime,
    is_late: bool = False,
) -> Begun:
    """Queue for the cart, see that the promise still stands, take own vouchers, write the hold; in the caller's
    transaction.

    `order_id` = what it is held for; up to `credit_most` of its price is claimed from the buyer's credit.
    `without` = own vouchers that cannot be used now.
    `is_late` = money arrived for it after its time: how long it was promised does not matter any more (PR41).
    """
    number = _queue(quote_id)
    quotes = Quote.objects.select_related("offer_version__offer", "place")
    quote = quotes.get(pk=quote_id, user=user)
    if bill_minor is not None and bill_minor != quote.bill_minor:
        raise differ(BillChanged(bill_minor), quote)
    pins = pins_of(quote, quantity)
    _check(quote, pins, user, at, is_late=is_late)
    transfers = transfers_of(id, [pin for pin in pins if pin.units], at)
    total = quantity * quote.unit_price_minor if quote.tender == Bill.Tender.ONLINE else 0
    credit = min(credit_most, total) if order_id else 0
    if order_id and credit:
        transfers.append(credit_transfer(id, user_id=user.pk, order_id=order_id, amount_minor=credit, at=at))
    waits = quote.tender == Bill.Tender.COUNTER or (quote.bill_minor is not None and order_id is None)
    is_captured = is_late or (total == credit and not waits)
    hold = Hold.objects.create(
        id=id,
        quote=quote,
        quantity=quantity,
        state=Hold.State.CAPTURED if is_captured else Hold.State.HELD,
        claims=[claim_of(pin, user, at).as_json() for pin in pins if pin.units],
        pendings=[transfer.id for transfer in transfers],
        taken_at=at,
        expires_at=at + (rules.HOLD if quote.bill_minor is None else rules.HOLD_AT_COUNTER),
        ended_at=at if is_captured else None,
    )
    if any(pin.owned for pin in pins) and not take_vouchers(
        hold=hold, user_id=user.pk, pins=pins, without=without, at=at
    ):
        raise differ(VoucherGone(), quote)
    return Begun(hold, quote, number, transfers, credit)


def _queue(cart: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"wait": f"{rules.LOCK_SECONDS}s", "cart": cart.int % 2**31})
        _, number, place = cursor.fetchone()
    if place is None:
        raise Busy
    return int(number)


def _check(quote: Quote, pins: Sequence[Pin], user: "User", at: datetime, *, is_late: bool) -> None:
    """See that the quoted terms can still be booked; a version that was superseded is honoured (PR36)."""
    versions = [pin.version for pin in pins if pin.units]
    if quote.place.closed_at or any(version.offer.state != LIVE for version in versions):
        raise differ(VersionWithdrawn(), quote)
    is_used_now = quote.bill_minor is not None
    if not all(is_sold(version, at) for version in versions):
        raise differ(WindowClosed(), quote)
    if is_used_now and not all(is_time(get_terms(pin.version), at) for pin in pins):
        raise differ(WindowClosed(), quote)
    audiences = [audience for version in versions if (audience := audience_of(version)) != EVERYONE]
    if audiences:
        held = list_entitlements(user, at)
        if not all(audience.admits(held) for audience in audiences):
            raise differ(EntitlementLost(), quote)
    if at >= quote.expires_at and not is_late:
        raise differ(QuoteExpired(), quote)


def differ(difference: Difference, quote: Quote) -> Difference:
    """Return a difference that knows what was promised."""
    difference.quote = quote
    return difference


def fill_hold(*, begun: Begun, at: datetime) -> None:
    """Take what a hold claims, counters first and budgets last, in the caller's transaction; all of it, or nothing."""
    hold, quote, transfers = begun.hold, begun.quote, begun.transfers
    try:
        if hold.claims:
            take_claims(claims=claims_of_hold(hold), at=at)
        if transfers:
            pend(transfers=transfers)
            if hold.state == Hold.State.CAPTURED:
                _post_pendings(hold, at)
    except SoldOut as gone:
        raise differ(QuotaGone(gone.text, gone.left), quote) from None
    except PersonalLimitReached as limit:
        raise differ(PersonalLimit(limit.text), quote) from None
    except NotOnSale:
        raise differ(VersionWithdrawn(), quote) from None
    except LimitReached as reached:
        is_credit = reached.code.startswith("liab.")
        raise differ(CreditGone() if is_credit else BudgetGone(), quote) from None


def claims_of_hold(hold: Hold) -> list[Claim]:
    """Return the counters that a hold moved."""
    return [Claim.from_json(stored) for stored in hold.claims]


def capture_hold(*, hold: Hold, at: datetime) -> None:
    """Keep what is held for good, in the caller's transaction: it was paid.

    :raises HoldExpired: its time is over, or it was left in another way; nothing was changed
    """
    rows = Hold.objects.filter(pk=hold.pk, state=Hold.State.HELD, expires_at__gt=at)
    if not rows.update(state=Hold.State.CAPTURED, ended_at=at):
        raise differ(HoldExpired(), hold.quote)
    _post_pendings(hold, at)


def _post_pendings(hold: Hold, at: datetime) -> None:
    """Book what a hold claimed: of budgets as promised, of credit as spent."""
    credit = credit_claim(hold.pk)
    post_pendings(amounts=dict.fromkeys(id for id in hold.pendings if id != credit), kind="promised", at=at)
    if credit in hold.pendings:
        post_pendings(amounts={credit: None}, kind="credit_spent", at=at)


@transaction.atomic
def release_hold(*, hold: Hold, at: datetime) -> bool:
    """Give everything back that is held, once; False if it was not held any more.

    One whose time is over has expired, whoever says so first.
    """
    is_over = at >= hold.expires_at
    state = Hold.State.EXPIRED if is_over else Hold.State.RELEASED
    if not Hold.objects.filter(pk=hold.pk, state=Hold.State.HELD).update(state=state, ended_at=at):
        return False
    give_vouchers_back(hold=hold)
    if hold.claims:
        return_claims(claims=claims_of_hold(hold), at=at)
    (expire_pendings if is_over else void_pendings)(ids=hold.pendings, at=at)
    return True


def release_order(*, order: Order, at: datetime) -> None:
    """Give back what an order holds, in the caller's transaction."""
    if order.hold:
        release_hold(hold=order.hold, at=at)
    else:
        return_claims(claims=claims_of_order(order=order, quantity=order.quantity), at=at)


def claims_of_order(*, order: Order, quantity: int) -> list[Claim]:
    """Return what so many units of an order took; one that was loaded from elsewhere counts for its buyer only."""
    if order.hold:
        return [claim.of(quantity) for claim in claims_of_hold(order.hold)]
    return [make_claim(offer_id=order.version.offer_id, quantity=quantity, user_id=order.user_id)]


def return_budget(*, order: Order, id: UUID, at: datetime) -> None:
    """Give back to its budget what one unit of an order might have taken off, in the caller's transaction (PR19).

    `id` = what it is given back for, once. The budget of a day that is over gets nothing back.
    """
    if order.hold is None or not order.hold.pendings or order.version.budget_minor is None:
        return
    amount, code = order.hold.quote.result["budget"], budget_of(order.version.offer_id)
    post(
        id=uuid5(id, "budget"),
        kind="returned",
        entries=[Debit(BUDGET_SPENT, amount), Credit(code, amount)],
        origin={"order": str(order.pk)},
        effective_at=at,
        book=CONTROL,
    )


def expire_holds(*, at: datetime) -> int:
    """Give back what is held for no order and whose time is over; return how many there were.

    Each in a transaction of its own; rows that another run holds are left to it (PR42). A hold with an order ends
    with it: `expire_orders`.
    """
    return each_due(lambda: _expire_next(at))


def _expire_next(at: datetime) -> bool:
    due = Hold.objects.filter(state=Hold.State.HELD, expires_at__lte=at, order=None).order_by("expires_at")
    hold = lock_next(due)
    return hold is not None and release_hold(hold=hold, at=at)
