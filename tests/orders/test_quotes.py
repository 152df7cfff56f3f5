"""A quote is a promise: pinned, kept or answered with what became different; a hold is left once (PR34-PR37, PR41)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from bacao.accounts.models import User
from bacao.offers.models import OfferStock, OfferVersion
from bacao.offers.services import NotOnSale, SoldOut, revise_offer, set_offer_state
from bacao.orders.models import Hold, Order, Payment, Quote, Refund, Voucher
from bacao.orders.services import (
    Difference,
    HoldExpired,
    PersonalLimit,
    QuotaGone,
    QuoteExpired,
    VersionWithdrawn,
    WindowClosed,
    capture_hold,
    close_withdrawn,
    expire_holds,
    expire_orders,
    forget_quotes,
    place_order,
    refund_withdrawn,
    release_hold,
    request_refund,
    start_payment,
    take_quote,
)
from bacao.orders.services.pay import apply_payment_news
from tests.factories import make_user
from tests.orders.conftest import order_of, quote_of, sell
from tests.orders.machine import paid_news

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def used(version: OfferVersion) -> int:
    return OfferStock.objects.get(offer=version.offer_id).used


def revise(version: OfferVersion, at: datetime, **change: Any) -> OfferVersion:
    terms = {"title_zh": "手冲加可颂", "price_minor": 3800, "list_minor": 5000, "stock": 10} | change
    return revise_offer(offer=version.offer, terms=terms, funders=[("merchant", 10000)], by=None, at=at)


def test_pr34_a_quote_says_what_was_promised(buyer: User, version: OfferVersion, at: datetime) -> None:
    quote = quote_of(buyer, version, at)
    assert (quote.unit_price_minor, quote.unit_list_minor, quote.offer_version) == (3800, 5000, version)
    quote.refresh_from_db()
    assert quote.result["funders"] == [["platform", 480], ["merchant", 720]]
    assert (quote.ruleset, quote.expires_at) == ("pr-1", at + timedelta(minutes=10))
    assert quote_of(buyer, version, at + 5 * MINUTE) == quote, "looking again is the same promise"
    assert quote_of(buyer, version, at + 10 * MINUTE) != quote
    assert quote_of(make_user("阿良"), version, at) != quote
    for change in ({"unit_price_minor": 1}, {"expires_at": at + timedelta(days=9)}, {"user": make_user()}):
        with pytest.raises(IntegrityError, match="is a promise"), transaction.atomic():
            Quote.objects.filter(pk=quote.pk).update(**change)
    with pytest.raises(IntegrityError, match="is a promise"), transaction.atomic():
        quote_of(buyer, version, at + timedelta(days=36500)).delete()


def test_a_lower_price_needs_no_promise_and_a_higher_one_waits(
    buyer: User, version: OfferVersion, at: datetime
) -> None:
    first = quote_of(buyer, version, at)
    revise(version, at, price_minor=4000)
    assert quote_of(buyer, version, at) == first
    revise(version, at, price_minor=3500)
    assert quote_of(buyer, version, at).unit_price_minor == 3500


def test_nothing_is_promised_that_cannot_be_had(buyer: User, at: datetime) -> None:
    for fields in ({"state": "paused"}, {"sale_from": at + MINUTE}, {"sale_until": at}):
        with pytest.raises(NotOnSale):
            quote_of(buyer, sell(**fields), at)
    with pytest.raises(SoldOut):
        quote_of(buyer, sell(stock=0), at)


def test_quotes_nobody_took_are_forgotten(buyer: User, version: OfferVersion, at: datetime) -> None:
    taken, other = quote_of(buyer, version, at - timedelta(days=300)), sell()
    quote_of(buyer, other, at - timedelta(days=300))
    take_quote(quote_id=taken.pk, user=buyer, at=at - timedelta(days=300))
    assert forget_quotes(at=at - timedelta(days=290)) == 1
    assert Quote.objects.get() == taken


def test_pr36_a_superseded_version_is_honoured_until_the_promise_ends(
    buyer: User, version: OfferVersion, at: datetime
) -> None:
    quote = quote_of(buyer, version, at)
    revise(version, at, price_minor=4200)
    order = place_order(user=buyer, quote_id=quote.pk, quantity=2, at=at + 9 * MINUTE)
    assert (order.total_minor, order.offer_version) == (7600, version)


def refused(kind: type[Difference], quote: Quote, at: datetime, quantity: int = 1) -> Difference:
    """Take a quote, expect what became different, and see that nothing was taken."""
    before = used(quote.offer_version)
    with pytest.raises(kind) as difference:
        take_quote(quote_id=quote.pk, user=quote.user, quantity=quantity, at=at)
    assert used(quote.offer_version) == before
    assert not Hold.objects.filter(quote=quote).exists()
    assert difference.value.quote == quote
    return difference.value


def test_rc13_the_price_changed_and_the_promise_ran_out(buyer: User, version: OfferVersion, at: datetime) -> None:
    quote = quote_of(buyer, version, at)
    revise(version, at, price_minor=4200)
    difference = refused(QuoteExpired, quote, at + 10 * MINUTE)
    assert difference.code == "quote_expired"
    assert difference.fresh
    assert (difference.quote.unit_price_minor, difference.fresh.unit_price_minor) == (3800, 4200)
    assert difference.prices
    assert difference.prices.en == "It was ¥38, it is ¥42 now"
    with pytest.raises(QuoteExpired):
        place_order(user=buyer, quote_id=quote.pk, quantity=1, at=at + 10 * MINUTE)
    assert not Order.objects.exists()


def test_a_promise_that_ran_out_is_renewed_where_nothing_changed(
    buyer: User, version: OfferVersion, at: datetime
) -> None:
    quote = quote_of(buyer, version, at)
    order = place_order(user=buyer, quote_id=quote.pk, quantity=1, at=at + 20 * MINUTE)
    assert order.hold
    assert (order.total_minor, order.hold.quote == quote) == (3800, False)


@pytest.mark.parametrize("state", ["paused", "ended", "withdrawn"])
def test_rc13_paused_ended_withdrawn(buyer: User, version: OfferVersion, at: datetime, state: str) -> None:
    quote = quote_of(buyer, version, at)
    set_offer_state(offer=version.offer, state=state, by=None, at=at)
    difference = refused(VersionWithdrawn, quote, at)
    assert (difference.code, difference.fresh, difference.prices) == ("version_withdrawn", None, None)


def test_rc13_the_window_closes(buyer: User, at: datetime) -> None:
    version = sell(stock=10, sale_until=at + 5 * MINUTE)
    quote = quote_of(buyer, version, at)
    assert refused(WindowClosed, quote, at + 5 * MINUTE).code == "window_closed"
    revise(version, at, price_minor=4500)
    fresh = refused(WindowClosed, quote, at + 5 * MINUTE).fresh
    assert fresh
    assert fresh.unit_price_minor == 4500, "the new terms are still sold"


def test_rc13_the_stock_is_gone(buyer: User, at: datetime) -> None:
    version = sell(stock=2)
    quote = quote_of(buyer, version, at)
    order_of(make_user("阿良"), version, at)
    difference = refused(QuotaGone, quote, at, 2)
    assert isinstance(difference, QuotaGone)
    assert (difference.code, difference.left) == ("quota_gone", 1)
    take_quote(quote_id=quote.pk, user=buyer, at=at)


def test_rc13_a_limit_is_lowered_below_what_is_used(buyer: User, at: datetime) -> None:
    version = sell(stock=10, per_person=3)
    order_of(buyer, version, at, 2)
    quote = quote_of(buyer, revise(version, at, per_person=1), at)
    assert "you have 2" in refused(PersonalLimit, quote, at).text.en


def test_pr37_a_hold_is_left_once_and_by_one_way(buyer: User, version: OfferVersion, at: datetime) -> None:
    def held() -> Hold:
        return take_quote(quote_id=quote_of(buyer, version, at).pk, user=buyer, quantity=2, at=at)

    hold = held()
    assert (hold.state, hold.expires_at, used(version)) == ("held", at + timedelta(minutes=15), 2)
    assert take_quote(quote_id=hold.quote_id, user=buyer, quantity=2, at=at) == hold, "the same cart"
    with transaction.atomic():
        capture_hold(hold=hold, at=at + MINUTE)
    assert not release_hold(hold=hold, at=at + MINUTE)
    assert used(version) == 2
    second = held()
    assert release_hold(hold=second, at=at + MINUTE)
    assert not release_hold(hold=second, at=at + MINUTE)
    with pytest.raises(HoldExpired), transaction.atomic():
        capture_hold(hold=second, at=at + MINUTE)
    third = held()
    with pytest.raises(HoldExpired), transaction.atomic():
        capture_hold(hold=third, at=third.expires_at)
    assert expire_holds(at=third.expires_at - timedelta(microseconds=1)) == 0
    assert expire_holds(at=third.expires_at) == 1
    assert used(version) == 2
    assert sorted(Hold.objects.values_list("state", flat=True)) == ["captured", "expired", "released"]


def test_pr37_the_table_itself_keeps_holds(buyer: User, version: OfferVersion, at: datetime) -> None:
    quote = quote_of(buyer, version, at)
    hold = take_quote(quote_id=quote.pk, user=buyer, at=at)
    end = hold.expires_at
    rows, facts = Hold.objects.filter(pk=hold.pk), {"quote": quote, "quantity": 1, "claims": [], "taken_at": at}
    for change in (
        {"quantity": 2},
        {"claims": []},
        {"expires_at": end + MINUTE},
        {"state": "captured", "ended_at": end},
        {"state": "captured"},
        {"state": "expired", "ended_at": at},
        {"state": "released", "ended_at": at, "quantity": 2},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        hold.delete()
    with pytest.raises(IntegrityError, match="orders_one_hold_of_a_quote"), transaction.atomic():
        Hold.objects.create(**facts, expires_at=end)
    release_hold(hold=hold, at=at)
    for change in ({"state": "held", "ended_at": None}, {"state": "captured", "ended_at": at}, {"ended_at": end}):
        with pytest.raises(IntegrityError, match="left once"), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError, match="begins as held"), transaction.atomic():
        Hold.objects.create(**facts, expires_at=end, state="released", ended_at=at)
    with pytest.raises(IntegrityError, match="not_for_ever"), transaction.atomic():
        Hold.objects.create(**facts, expires_at=at + 31 * MINUTE)


def test_only_one_s_own_quote_can_be_taken(buyer: User, version: OfferVersion, at: datetime) -> None:
    quote = quote_of(buyer, version, at)
    with pytest.raises(Quote.DoesNotExist):
        take_quote(quote_id=quote.pk, user=make_user("阿良"), at=at)
    with pytest.raises(Quote.DoesNotExist):
        place_order(user=buyer, quote_id=UUID(int=1), quantity=1, at=at)


def paid(order: Order, at: datetime) -> str:
    return apply_payment_news(provider="sandbox", news=paid_news(order), at=at)


def test_payment_captures_and_a_paused_offer_honours_what_is_held(
    buyer: User, version: OfferVersion, at: datetime
) -> None:
    order = order_of(buyer, version, at)
    start_payment(order=order, at=at)
    set_offer_state(offer=version.offer, state="paused", by=None, at=at)
    assert paid(order, at + MINUTE) == "credited"
    assert Hold.objects.get().state == "captured"
    assert request_refund(voucher=Voucher.objects.get(), by=buyer, at=at).amount_minor == 3800
    assert used(version) == 0
    assert Hold.objects.get().state == "captured", "what was bought was bought; the unit is back all the same"


@pytest.mark.parametrize("is_swept", [True, False])
def test_pr41_late_money_is_booked_at_the_quoted_terms_or_sent_back(
    buyer: User, version: OfferVersion, at: datetime, is_swept: bool
) -> None:
    order, late = order_of(buyer, version, at), at + timedelta(minutes=40)
    start_payment(order=order, at=at)
    revise(version, at, price_minor=4200)
    if is_swept:
        assert expire_orders(at=late) == 1
    assert paid(order, late) == "late_credited"
    order.refresh_from_db()
    assert (order.state, order.total_minor, used(version)) == ("paid", 3800, 1)
    assert sorted(Hold.objects.values_list("state", flat=True)) == ["captured", "expired"]
    assert order.hold
    assert order.hold.state == "captured"


def test_rc18_late_money_with_nothing_left_goes_back_whole(buyer: User, version: OfferVersion, at: datetime) -> None:
    order, late = order_of(buyer, version, at), at + timedelta(minutes=40)
    start_payment(order=order, at=at)
    assert expire_orders(at=late) == 1
    OfferStock.objects.filter(offer=version.offer_id).update(used=10)
    assert paid(order, late) == "late_refunded"
    order.refresh_from_db()
    assert order.state == "expired"
    assert (Refund.objects.get().amount_minor, Payment.objects.get().refunded_minor) == (3800, 3800)
    assert not Voucher.objects.exists()
    assert used(version) == 10


def test_pr36_withdrawing_gives_back_what_is_held_and_what_is_sold(
    buyer: User, version: OfferVersion, at: datetime
) -> None:
    bought, waiting = order_of(buyer, version, at, 2), order_of(make_user("阿良"), version, at)
    for order in (bought, waiting):
        start_payment(order=order, at=at)
    paid(bought, at)
    set_offer_state(offer=version.offer, state="ended", by=None, at=at)
    assert (close_withdrawn(at=at), refund_withdrawn(at=at)) == (0, 0), "ended honours what is sold"
    set_offer_state(offer=version.offer, state="withdrawn", by=None, at=at)
    assert (close_withdrawn(at=at), refund_withdrawn(at=at)) == (1, 2)
    assert (close_withdrawn(at=at), refund_withdrawn(at=at)) == (0, 0)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.cancel_reason) == ("cancelled", "withdrawn")
    assert {refund.cause for refund in Refund.objects.all()} == {"withdrawn"}
    assert used(version) == 0
    assert paid(waiting, at) == "late_refunded"


def test_rc5_retrying_counts_once(buyer: User, version: OfferVersion, at: datetime) -> None:
    id, quote = uuid4(), quote_of(buyer, version, at)
    first = take_quote(quote_id=quote.pk, user=buyer, at=at, id=id)
    set_offer_state(offer=version.offer, state="paused", by=None, at=at)
    again = take_quote(quote_id=quote.pk, user=buyer, at=at + timedelta(hours=1), id=id)
    assert again == first, "the first answer is looked for before any reason against it is given"
    assert used(version) == 1
