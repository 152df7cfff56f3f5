"""A bill is quoted whole, with whatever the person holds, and what it needs is held in one step (PR34, PR39, RC10)."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from bacao.accounts.models import User
from bacao.accounts.services import end_entitlement, grant_entitlement
from bacao.ledger.models import Pending
from bacao.ledger.queries import Budget, get_budget, list_wrong_sums
from bacao.ledger.rules import CONTROL
from bacao.offers.models import Offer, OfferStock, OfferVersion, PersonalUse, Quota
from bacao.offers.queries import get_current_version, get_terms, list_live_terms
from bacao.offers.rules import TermsRefused, best_per_head
from bacao.offers.services import (
    NotOnSale,
    OfferRow,
    SpentMoreThanThat,
    load_offers,
    revise_offer,
    set_offer_state,
)
from bacao.orders.models import Hold, Quote
from bacao.orders.services import (
    BillChanged,
    BudgetGone,
    Difference,
    EntitlementLost,
    NotForYou,
    PersonalLimit,
    QuotaGone,
    VersionWithdrawn,
    WindowClosed,
    capture_hold,
    expire_holds,
    mark_used,
    quote_bill,
    quote_purchase,
    release_hold,
    request_refund,
    take_quote,
)
from bacao.places.models import Place
from tests.factories import make_merchant, make_place, make_user, make_voucher
from tests.orders.arena import ROUNDS, Arena
from tests.orders.conftest import order_of
from tests.orders.guests import offer

MINUTE = timedelta(minutes=1)


def subsidy(place: Place, at: datetime, budget_minor: int | None = 10000, **terms: Any) -> Offer:
    """Ten percent, at most ¥8, out of a budget."""
    facts = {"percent_basis_points": 1000, "cap_minor": 800, "budget_minor": budget_minor} | terms
    return offer(place, at, "subsidy", platform=6000, **facts)


def account(of: Offer) -> Budget:
    return get_budget(f"control.budget.{of.pk}")


def used(of: Offer) -> int:
    return OfferStock.objects.get(offer=of).used


def refused(kind: type[Difference], quote: Quote, at: datetime, **more: Any) -> Difference:
    """Take a quote, expect what became different, and see that nothing at all was taken."""
    before = (Hold.objects.count(), Pending.objects.count(), PersonalUse.objects.count(), Quota.objects.count())
    stock = list(OfferStock.objects.order_by("pk").values_list("used", flat=True))
    with pytest.raises(kind) as difference:
        take_quote(quote_id=quote.pk, user=quote.user, at=at, **more)
    assert before == (
        Hold.objects.count(),
        Pending.objects.count(),
        PersonalUse.objects.count(),
        Quota.objects.count(),
    )
    assert stock == list(OfferStock.objects.order_by("pk").values_list("used", flat=True))
    return difference.value


@pytest.mark.django_db
def test_a_bill_is_quoted_with_what_the_person_holds(buyer: User, place: Place, at: datetime) -> None:
    """¥160: members 5 %, ¥20 off from ¥100, an own voucher of ¥50 for ¥44, 10 % subsidy up to ¥8."""
    member = offer(place, at, "member", percent_basis_points=500, audience_any=[["member:plan-a"]])
    less = offer(place, at, "threshold_off", threshold_minor=10000, face_minor=2000)
    voucher = offer(place, at, "voucher", price_minor=4400, face_minor=5000, units_per_bill=1)
    help_ = subsidy(place, at)
    grant_entitlement(user=buyer, key="member:plan-a", valid_from=at, at=at)
    make_voucher(get_current_version(voucher.pk), buyer, at=at)
    quote = quote_bill(user=buyer, place=place, bill_minor=16000, party=2, at=at)
    assert [use["offer"] for use in quote.result["uses"]] == [member.pk, less.pk, voucher.pk, help_.pk]
    assert [use["discount"] for use in quote.result["uses"]] == [800, 2000, 600, 800]
    assert (quote.unit_list_minor, quote.result["payable"], quote.result["already_paid"]) == (16000, 11800, 4400)
    assert quote.unit_price_minor == 7400, "the voucher was paid before"
    assert (quote.keys, quote.party, quote.bill_minor) == (["member:plan-a"], 2, 16000)
    assert quote.calendar_version.startswith("holidays 0.")
    hold = take_quote(quote_id=quote.pk, user=buyer, bill_minor=16000, at=at)
    assert hold.expires_at == at + 5 * MINUTE
    assert [used(one) for one in (member, less, voucher, help_)] == [1, 1, 1, 1], "an own voucher takes no new unit"
    assert account(help_) == Budget(10000, 800, 0)
    with transaction.atomic():
        capture_hold(hold=hold, at=at + MINUTE)
    assert account(help_) == Budget(10000, 0, 800)


@pytest.mark.django_db
def test_releasing_and_expiring_give_everything_back(buyer: User, place: Place, at: datetime) -> None:
    help_ = subsidy(place, at, per_person=1, person_period="month", per_day=5)
    for leave in (
        lambda hold: release_hold(hold=hold, at=at),
        lambda hold: expire_holds(at=hold.expires_at),
    ):
        hold = take_quote(quote_id=quote_bill(user=buyer, place=place, bill_minor=5000, at=at).pk, user=buyer, at=at)
        assert account(help_) == Budget(10000, 500, 0)
        leave(hold)
        assert (account(help_), used(help_)) == (Budget(10000, 0, 0), 0)
    assert {row.used for row in PersonalUse.objects.all()} == {row.used for row in Quota.objects.all()} == {0}
    assert list_wrong_sums(CONTROL) == []


@pytest.mark.django_db
def test_rc13_a_bill_that_changed(buyer: User, place: Place, at: datetime) -> None:
    subsidy(place, at)
    quote = quote_bill(user=buyer, place=place, bill_minor=5000, at=at)
    difference = refused(BillChanged, quote, at, bill_minor=6000)
    assert difference.code == "bill_changed"
    assert difference.fresh
    assert (difference.quote.unit_price_minor, difference.fresh.unit_price_minor) == (4500, 5400)


@pytest.mark.django_db
def test_rc13_a_budget_that_is_used_up(buyer: User, place: Place, at: datetime) -> None:
    help_ = subsidy(place, at, 1200)
    quote = quote_bill(user=buyer, place=place, bill_minor=9000, at=at)
    other = make_user("阿良")
    take_quote(quote_id=quote_bill(user=other, place=place, bill_minor=9000, at=at).pk, user=other, at=at)
    difference = refused(BudgetGone, quote, at)
    assert difference.code == "budget_gone"
    assert difference.fresh
    assert difference.fresh.unit_price_minor == 9000 - 400, "what is left of it is offered openly"
    take_quote(quote_id=difference.fresh.pk, user=buyer, at=at)
    assert account(help_).left_minor == 0
    (terms,) = list_live_terms([place.pk], at)[place.pk]
    assert terms.budget_left_minor == 0
    assert quote_bill(user=buyer, place=place, bill_minor=9000, at=at).unit_price_minor == 9000


@pytest.mark.django_db
def test_a_budget_of_a_day_is_new_tomorrow(buyer: User, place: Place, at: datetime) -> None:
    help_ = subsidy(place, at, 5000, budget_day_minor=1000)

    def price(at: datetime) -> int:
        quote = quote_bill(user=buyer, place=place, bill_minor=9000, at=at)
        take_quote(quote_id=quote.pk, user=buyer, at=at)
        return quote.unit_price_minor

    assert [price(at), price(at), price(at)] == [8200, 8800, 9000]
    late = quote_bill(user=buyer, place=place, bill_minor=9000, at=at + timedelta(days=1))
    assert late.unit_price_minor == 8200
    assert account(help_) == Budget(5000, 1000, 0), "a promise is counted once, whatever the day's account says"
    assert list_wrong_sums(CONTROL) == []


@pytest.mark.django_db
def test_a_budget_of_a_week_is_new_on_monday(buyer: User, place: Place, at: datetime) -> None:
    """A shop's own discount, ¥8 at most on each bill, ¥16 in a week; `at` is a Saturday."""
    offer(
        place, at, "percent_off", percent_basis_points=1000, cap_minor=800, budget_week_minor=1600, budget_day_minor=900
    )

    def price(at: datetime) -> int:
        quote = quote_bill(user=buyer, place=place, bill_minor=9000, at=at)
        (terms,) = list_live_terms([place.pk], at)[place.pk]
        listed = best_per_head([terms], usual_minor=9000, party=1)
        assert (listed.payable_minor if listed else 9000) == quote.unit_price_minor, "lists say what the quote says"
        take_quote(quote_id=quote.pk, user=buyer, at=at)
        return quote.unit_price_minor

    days = [at, at, at, at + timedelta(days=1), at + timedelta(days=1), at + timedelta(days=2)]
    assert [price(day) for day in days] == [8200, 8900, 9000, 8300, 9000, 8200]
    with pytest.raises(TermsRefused, match="at most"):
        offer(place, at, "percent_off", percent_basis_points=1000, budget_week_minor=1600)


@pytest.mark.django_db
def test_a_limit_in_any_days_in_a_row(buyer: User, place: Place, at: datetime) -> None:
    mine = offer(
        place, at, "percent_off", percent_basis_points=1000, per_person=1, person_period="rolling", person_days=3
    )

    def quote(days: int, user: User = buyer) -> Quote:
        return quote_bill(user=user, place=place, bill_minor=9000, at=at + timedelta(days=days))

    hold = take_quote(quote_id=quote(0).pk, user=buyer, at=at)
    assert [quote(days).unit_price_minor for days in (0, 2, 3)] == [9000, 9000, 8100]
    rejected = quote(2).result["rejected"]
    assert [one["reason"] for one in rejected] == ["limit_person"]
    other = make_user()
    promised = [quote(0, other) for _ in range(2)]
    take_quote(quote_id=promised[0].pk, user=other, at=at)
    assert refused(PersonalLimit, promised[1], at).text.zh == "每人这段时间限购 1 份，你已有 1 份。"
    release_hold(hold=hold, at=at)
    assert quote(0).unit_price_minor == 8100, "what was given back can be had again"
    assert used(mine) == 1


@pytest.mark.django_db
def test_rc13_a_key_that_is_lost(buyer: User, place: Place, at: datetime) -> None:
    offer(place, at, "member", percent_basis_points=1000, audience_any=[["student"]])
    grant = grant_entitlement(user=buyer, key="student", valid_from=at, at=at)
    quote = quote_bill(user=buyer, place=place, bill_minor=5000, at=at)
    assert quote.unit_price_minor == 4500
    end_entitlement(grant=grant, at=at)
    difference = refused(EntitlementLost, quote, at + MINUTE)
    assert difference.code == "entitlement_lost"
    assert difference.fresh
    assert difference.fresh.unit_price_minor == 5000


@pytest.mark.django_db
def test_rc13_hours_that_end_and_offers_that_stop(buyer: User, place: Place, at: datetime) -> None:
    quiet = offer(place, at, "time_slot", percent_basis_points=2000, weekly_hours="Mo-Su 11:00-12:05", per_slot=2)
    quote = quote_bill(user=buyer, place=place, bill_minor=5000, at=at)
    assert quote.unit_price_minor == 4000
    assert refused(WindowClosed, quote, at + 5 * MINUTE).code == "window_closed"
    set_offer_state(offer=quiet, state="paused", by=None, at=at)
    assert refused(VersionWithdrawn, quote, at).code == "version_withdrawn"


@pytest.mark.django_db
def test_seats_of_a_time_slot_are_real(place: Place, at: datetime) -> None:
    offer(place, at, "time_slot", percent_basis_points=2000, weekly_hours="Mo-Su 11:00-13:00", per_slot=2)
    quotes = [quote_bill(user=make_user(), place=place, bill_minor=5000, at=at) for _ in range(3)]
    for quote in quotes[:2]:
        take_quote(quote_id=quote.pk, user=quote.user, at=at)
    difference = refused(QuotaGone, quotes[2], at)
    assert "座位" in difference.text.zh
    assert Quota.objects.get().period == "2026-11-21T11:00+08:00"
    tomorrow = at + timedelta(days=1)
    later = quote_bill(user=quotes[2].user, place=place, bill_minor=5000, at=tomorrow)
    take_quote(quote_id=later.pk, user=later.user, at=tomorrow)


@pytest.mark.django_db
def test_rc10_seats_are_free_but_the_budget_is_gone(buyer: User, place: Place, at: datetime) -> None:
    quiet = offer(place, at, "time_slot", percent_basis_points=2000, weekly_hours="Mo-Su 11:00-13:00", per_slot=9)
    help_ = subsidy(place, at, 500)
    quote = quote_bill(user=buyer, place=place, bill_minor=5000, at=at)
    assert [use["offer"] for use in quote.result["uses"]] == [quiet.pk, help_.pk]
    other = make_user("阿良")
    take_quote(quote_id=quote_bill(user=other, place=place, bill_minor=5000, at=at).pk, user=other, at=at)
    refused(BudgetGone, quote, at)
    assert Quota.objects.get().used == 1, "the seat of the second went back with the rest"


@pytest.mark.django_db
def test_a_personal_cap_counts_for_bills(buyer: User, place: Place, at: datetime) -> None:
    offer(place, at, "percent_off", percent_basis_points=1000, per_person=1, person_period="day")
    first, second = (quote_bill(user=buyer, place=place, bill_minor=5000, at=at) for _ in range(2))
    take_quote(quote_id=first.pk, user=buyer, at=at)
    difference = refused(PersonalLimit, second, at)
    assert difference.fresh
    assert difference.fresh.unit_price_minor == 5000


@pytest.mark.django_db
def test_only_whoever_may_have_it_is_quoted_a_purchase(buyer: User, place: Place, at: datetime) -> None:
    package = offer(place, at, "package", price_minor=3800, list_minor=5000, audience_any=[["new:store"]])
    version = get_current_version(package.pk)
    with pytest.raises(NotForYou, match="newcomers"):
        quote_purchase(user=buyer, version=version, at=at)
    grant_entitlement(user=buyer, key="new:store", valid_from=at, at=at)
    quote = quote_purchase(user=buyer, version=version, at=at)
    assert quote.keys == ["new:store"]
    assert quote.unit_price_minor == 3800


@pytest.mark.django_db
def test_a_subsidy_that_is_taken_before_the_bill_claims_the_most_it_can_take_off(
    buyer: User, place: Place, at: datetime
) -> None:
    help_, endless = subsidy(place, at, 2000), subsidy(place, at, 2000, cap_minor=None)
    with pytest.raises(NotOnSale, match="by itself when the bill"):
        quote_purchase(user=buyer, version=get_current_version(endless.pk), at=at)
    order = order_of(buyer, get_current_version(help_.pk), at, 2)
    assert (order.state, account(help_)) == ("paid", Budget(2000, 0, 1600))
    with pytest.raises(BudgetGone):
        order_of(make_user("阿良"), get_current_version(help_.pk), at)
    first, second = order.vouchers.order_by("unit")
    request_refund(voucher=first, by=buyer, at=at)
    request_refund(voucher=first, by=buyer, at=at)
    assert account(help_) == Budget(2000, 0, 800)
    mark_used(voucher=second, uses=1)
    assert list_wrong_sums(CONTROL) == []


@pytest.mark.django_db
def test_a_shop_that_closed_for_good_quotes_nothing(buyer: User, place: Place, at: datetime) -> None:
    place.closed_at = at
    with pytest.raises(NotOnSale):
        quote_bill(user=buyer, place=place, bill_minor=5000, at=at)


@pytest.mark.django_db
def test_new_terms_change_the_budget_by_the_difference(buyer: User, place: Place, at: datetime) -> None:
    help_ = subsidy(place, at, 2000)
    take_quote(quote_id=quote_bill(user=buyer, place=place, bill_minor=9000, at=at).pk, user=buyer, at=at)

    def revise(budget_minor: int | None) -> OfferVersion:
        facts = {"title_zh": "补贴", "percent_basis_points": 1000, "cap_minor": 800, "budget_minor": budget_minor}
        return revise_offer(offer=help_, terms=facts, funders=[("merchant", 4000), ("platform", 6000)], by=None, at=at)

    revise(5000)
    assert account(help_) == Budget(5000, 800, 0)
    with pytest.raises(SpentMoreThanThat, match="¥8 of it is promised"), transaction.atomic():
        revise(700)
    revise(800)
    assert account(help_) == Budget(800, 800, 0)
    assert get_terms(get_current_version(help_.pk)).budget_minor == 800


@pytest.mark.django_db
def test_offers_that_are_loaded_bring_their_budgets(buyer: User, place: Place, at: datetime) -> None:
    terms = {"title_zh": "补贴", "percent_basis_points": 1000, "cap_minor": 800, "budget_minor": 1000}
    row = OfferRow(place.pk, "subsidy", terms, [("platform", 10000)], at - timedelta(days=9))
    load_offers(rows=[row], at=at)
    assert quote_bill(user=buyer, place=place, bill_minor=9000, at=at).unit_price_minor == 8200


@pytest.mark.django_db(transaction=True)
def test_rc4_many_bills_of_one_budget(arena: Arena, at: datetime) -> None:
    """Twelve bills at once want ¥8 each of ¥40: five have it, and nobody pays a price that was not quoted."""
    place = make_place(make_merchant())
    for _ in range(ROUNDS):
        Offer.objects.update(state="paused")
        help_ = subsidy(place, at, 4000, per_person=1)
        quotes = [quote_bill(user=make_user(), place=place, bill_minor=9000, at=at) for _ in range(12)]
        assert {quote.unit_price_minor for quote in quotes} == {8200}
        said = arena.codes(
            [lambda quote=quote: take_quote(quote_id=quote.pk, user=quote.user, at=at) for quote in quotes]
        )
        assert Counter(said) == {"ok": 5, "budget_gone": 7}
        assert (account(help_), used(help_)) == (Budget(4000, 4000, 0), 5)
    assert list_wrong_sums(CONTROL) == []
