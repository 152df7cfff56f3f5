"""Holds: everything a quote needs, claimed in one step, then captured, released or expired, once (section 12)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID, uuid4, uuid5

import psycopg
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from bacao.accounts.queries import list_entitlements, list_identities
from bacao.kit.text import Refused, Text
from bacao.ledger.rules import BUDGET_SPENT, CONTROL, DAY_SPENT, Credit, Debit, Transfer
from bacao.ledger.services import LimitReached, expire_pendings, open_day, pend, post, post_pendings, void_pendings
from bacao.offers.queries import (
    audience_of,
    find_slot,
    get_current_version,
    get_terms,
    is_time,
    list_versions_by_id,
)
from bacao.offers.rules import EVERYONE
from bacao.offers.rules.limits import Claim, budget_of, day_budget_of, make_claim
from bacao.offers.services import NotOnSale, PersonalLimitReached, SoldOut, return_claims, take_claims
from bacao.orders import rules
from bacao.orders.models import Hold, Order, Quote
from bacao.orders.queries import find_hold

from .differences import (
    BillChanged,
    BudgetGone,
    Busy,
    Difference,
    EntitlementLost,
    HoldExpired,
    PersonalLimit,
    QuotaGone,
    QuoteExpired,
    VersionWithdrawn,
    WindowClosed,
)
from .quotes import is_sold, quote_bill, quote_purchase

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.offers.models import OfferVersion

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


class WrongQuantity(Refused):
    """An order holds at least one unit and at most what the offer allows (X24)."""

    code = "wrong_quantity"
    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(Text(f"一单可买 1 到 {most} 份。", f"One order can hold 1 to {most}."))


class Begun(NamedTuple):
    """A hold whose row is written and whose counters are not taken yet, with the number of its order to be."""

    hold: Hold
    quote: Quote
    number: int
    transfers: list[Transfer]


class Pin(NamedTuple):
    """Units of a pinned version that are to be taken, and what they take off under a budget."""

    version: "OfferVersion"
    units: int
    discount_minor: int = 0


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
            fresh = quote_bill(user=user, place=quote.place, bill_minor=bill, party=quote.party, at=at)
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
    at: datetime,
    is_late: bool = False,
) -> Begun:
    """Queue for the cart, see that the promise still stands, and write the hold, in the caller's transaction.

    `is_late` = money arrived for it after its time: how long it was promised does not matter any more (PR41).
    """
    number = _queue(quote_id)
    quotes = Quote.objects.select_related("offer_version__offer", "place")
    quote = quotes.get(pk=quote_id, user=user)
    if bill_minor is not None and bill_minor != quote.bill_minor:
        raise _differ(BillChanged(bill_minor), quote)
    pins = _pins(quote, quantity)
    _check(quote, pins, user, at, is_late=is_late)
    transfers = _transfers(id, pins, at)
    is_captured = is_late or (quote.bill_minor is None and not quote.unit_price_minor)
    hold = Hold.objects.create(
        id=id,
        quote=quote,
        quantity=quantity,
        state=Hold.State.CAPTURED if is_captured else Hold.State.HELD,
        claims=[_claim(pin, user, at).as_json() for pin in pins],
        pendings=[transfer.id for transfer in transfers],
        taken_at=at,
        expires_at=at + (rules.HOLD if quote.bill_minor is None else rules.HOLD_AT_COUNTER),
        ended_at=at if is_captured else None,
    )
    return Begun(hold, quote, number, transfers)


def _queue(cart: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"wait": f"{rules.LOCK_SECONDS}s", "cart": cart.int % 2**31})
        _, number, place = cursor.fetchone()
    if place is None:
        raise Busy
    return int(number)


def _pins(quote: Quote, quantity: int) -> list[Pin]:
    """Return what is taken: so many units of what is bought, or what a bill uses that nobody owned before."""
    if quote.bill_minor is None:
        most = min(quote.version.per_order, rules.MOST_PER_ORDER)
        if not 1 <= quantity <= most:
            raise WrongQuantity(most)
        return [Pin(quote.version, quantity, quote.result.get("budget", 0) * quantity)]
    if quantity != 1:
        raise WrongQuantity(1)
    uses = [use for use in quote.result["uses"] if use["units"] > use["owned"]]
    versions = list_versions_by_id(use["version"] for use in uses) if uses else {}
    return [Pin(versions[use["version"]], use["units"] - use["owned"], use["discount"]) for use in uses]


def _check(quote: Quote, pins: Sequence[Pin], user: "User", at: datetime, *, is_late: bool) -> None:
    """See that the quoted terms can still be booked; a version that was superseded is honoured (PR36)."""
    versions = [pin.version for pin in pins]
    if quote.place.closed_at or any(version.offer.state != LIVE for version in versions):
        raise _differ(VersionWithdrawn(), quote)
    is_used_now = quote.bill_minor is not None
    if not all(is_sold(version, at) and (not is_used_now or is_time(get_terms(version), at)) for version in versions):
        raise _differ(WindowClosed(), quote)
    audiences = [audience for version in versions if (audience := audience_of(version)) != EVERYONE]
    if audiences:
        held = list_entitlements(user, at)
        if not all(audience.admits(held) for audience in audiences):
            raise _differ(EntitlementLost(), quote)
    if at >= quote.expires_at and not is_late:
        raise _differ(QuoteExpired(), quote)


def _differ(difference: Difference, quote: Quote) -> Difference:
    difference.quote = quote
    return difference


def _claim(pin: Pin, user: "User", at: datetime) -> Claim:
    version = pin.version
    return make_claim(
        offer_id=version.offer_id,
        version_id=version.pk,
        quantity=pin.units,
        user_id=user.pk,
        identities=list_identities(user) if version.per_person is not None else (),
        per_person=version.per_person,
        person_period=version.person_period,
        per_day=version.per_day,
        per_slot=version.per_slot,
        slot=find_slot(get_terms(version), at) if version.per_slot is not None else None,
        day=timezone.localdate(at),
    )


def _transfers(hold_id: UUID, pins: Sequence[Pin], at: datetime) -> list[Transfer]:
    """Return what is claimed of budgets, of all and of today: what an offer takes off, whoever funds it."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    claimed: list[tuple[str, str, Pin]] = []
    for pin in pins:
        version = pin.version
        if version.budget_minor is not None:
            claimed.append((budget_of(version.offer_id), BUDGET_SPENT, pin))
        if version.budget_day_minor is not None:
            code = day_budget_of(version.offer_id, midnight.date())
            open_day(code=code, begins_at=midnight, limit_minor=version.budget_day_minor)
            claimed.append((code, DAY_SPENT, pin))
    return [
        Transfer(
            id=uuid5(hold_id, code),
            kind="held",
            debit=code,
            credit=leg,
            amount_minor=pin.discount_minor,
            effective_at=at,
            origin={"hold": str(hold_id), "version": pin.version.pk},
        )
        for code, leg, pin in claimed
        if pin.discount_minor
    ]


def fill_hold(*, begun: Begun, at: datetime) -> None:
    """Take what a hold claims, counters first and budgets last, in the caller's transaction; all of it, or nothing."""
    hold, quote, _, transfers = begun
    try:
        if hold.claims:
            take_claims(claims=_claims_of(hold), at=at)
        if transfers:
            pend(transfers=transfers)
            if hold.state == Hold.State.CAPTURED:
                post_pendings(amounts=dict.fromkeys(hold.pendings), kind="promised", at=at)
    except SoldOut as gone:
        raise _differ(QuotaGone(gone.text, gone.left), quote) from None
    except PersonalLimitReached as limit:
        raise _differ(PersonalLimit(limit.text), quote) from None
    except NotOnSale:
        raise _differ(VersionWithdrawn(), quote) from None
    except LimitReached:
        raise _differ(BudgetGone(), quote) from None


def _claims_of(hold: Hold) -> list[Claim]:
    return [Claim.from_json(stored) for stored in hold.claims]


def capture_hold(*, hold: Hold, at: datetime) -> None:
    """Keep what is held for good, in the caller's transaction: it was paid.

    :raises HoldExpired: its time is over, or it was left in another way; nothing was changed
    """
    rows = Hold.objects.filter(pk=hold.pk, state=Hold.State.HELD, expires_at__gt=at)
    if not rows.update(state=Hold.State.CAPTURED, ended_at=at):
        raise _differ(HoldExpired(), hold.quote)
    post_pendings(amounts=dict.fromkeys(hold.pendings), kind="promised", at=at)


@transaction.atomic
def release_hold(*, hold: Hold, at: datetime) -> bool:
    """Give everything back that is held, once; False if it was not held any more.

    One whose time is over has expired, whoever says so first.
    """
    is_over = at >= hold.expires_at
    state = Hold.State.EXPIRED if is_over else Hold.State.RELEASED
    if not Hold.objects.filter(pk=hold.pk, state=Hold.State.HELD).update(state=state, ended_at=at):
        return False
    if hold.claims:
        return_claims(claims=_claims_of(hold), at=at)
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
        return [claim.of(quantity) for claim in _claims_of(order.hold)]
    return [make_claim(offer_id=order.offer_version.offer_id, quantity=quantity, user_id=order.user_id)]


def return_budget(*, order: Order, id: UUID, at: datetime) -> None:
    """Give back to its budget what one unit of an order might have taken off, in the caller's transaction (PR19).

    `id` = what it is given back for, once. The budget of a day that is over gets nothing back.
    """
    if order.hold is None or not order.hold.pendings or order.offer_version.budget_minor is None:
        return
    amount, code = order.hold.quote.result["budget"], budget_of(order.offer_version.offer_id)
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
    expired = 0
    while _expire_next(at):
        expired += 1
    return expired


@transaction.atomic
def _expire_next(at: datetime) -> bool:
    due = Hold.objects.filter(state=Hold.State.HELD, expires_at__lte=at, order=None).order_by("expires_at")
    hold = due.select_for_update(skip_locked=True, of=("self",)).first()
    return hold is not None and release_hold(hold=hold, at=at)
