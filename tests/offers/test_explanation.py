"""The answer says what it did and why: golden bill, reasons, runner-up, next step (pricing.md, section 9)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from bacao.kit.calendar import is_working_day
from bacao.offers import rules
from bacao.offers.rules import Audience, Bill, BillLine, Item, Owned, Situation, Terms, price_bill
from bacao.offers.rules.answer import Answer
from bacao.offers.rules.windows import not_now
from tests.offers.random_terms import random_terms

NOON = datetime(2026, 5, 12, 4, tzinfo=UTC)
ALL = {"stack_tags": ("all",), "stack_accepts": ("all",)}


def terms(number: int, kind: str, **fields: Any) -> Terms:
    return Terms(number, number * 10, 1, kind, title_zh=f"优惠{number}", title_en=f"Offer {number}", **fields)


def asked(offers: list[Terms], bill: Bill | int, **more: Any) -> Answer:
    bill = Bill.of_amount(bill) if isinstance(bill, int) else bill
    return price_bill(offers, Situation(bill, NOON, **more))


def reason(answer: Answer, number: int) -> rules.Rejected:
    (found,) = [one for one in answer.rejected if one.terms.offer_id == number]
    return found


GOLDEN = [
    terms(1, "member", percent_basis_points=500, audience=Audience((("member:plan-a",),)), **ALL),
    terms(2, "threshold_off", tiers=((10000, 2000),), excluded_categories=("drinks",), **ALL),
    terms(3, "voucher", face_minor=5000, price_minor=4400, units_per_bill=2, **ALL),
    terms(
        4, "subsidy", percent_basis_points=1000, cap_minor=800, funders=(("platform", 6000), ("merchant", 4000)), **ALL
    ),
]
BILL = Bill((BillLine(0, 9900), BillLine(1, 4900), BillLine(2, 1200, category="drinks")))


def test_pr24_the_golden_bill_from_terms_to_funders() -> None:
    owned = (Owned(GOLDEN[2], units=2),)
    answer = asked(GOLDEN, BILL, keys=frozenset({"member:plan-a"}), owned=owned)
    steps = [
        (use.terms.offer_id, use.discount_minor, tuple(part.amount_minor for part in use.parts)) for use in answer.uses
    ]
    assert steps == [
        (1, 800, (495, 245, 60)),
        (2, 2000, (1338, 662)),
        (3, 1200, (733, 363, 104)),
        (4, 800, (489, 242, 69)),
    ]
    assert (answer.payable_minor, answer.counter_minor, answer.already_paid_minor) == (11200, 2400, 8800)
    assert (answer.pay_now_minor, answer.bought_minor) == (2400, 0)
    assert answer.uses[3].funders == (("platform", 479), ("merchant", 321))
    assert (answer.uses[2].units, answer.uses[2].owned_units) == (2, 2)
    assert answer.uses[0].admitted_by == ("member:plan-a",)
    assert answer.is_exact
    assert answer.runner_up
    assert (answer.runner_up.payable_minor, answer.runner_up.more_minor) == (11800, 600)  # one voucher only


def test_pr9_bought_now_costs_the_same_as_owned_and_both_are_shown() -> None:
    keys = frozenset({"member:plan-a"})
    bought = asked(GOLDEN, BILL, keys=keys)
    mixed = asked(GOLDEN, BILL, keys=keys, owned=(Owned(GOLDEN[2], units=1),))
    assert bought.payable_minor == mixed.payable_minor == 11200
    assert (bought.bought_minor, bought.already_paid_minor, bought.pay_now_minor) == (8800, 0, 11200)
    assert (mixed.bought_minor, mixed.already_paid_minor, mixed.pay_now_minor) == (4400, 4400, 6800)


def test_what_is_owned_is_good_when_nothing_is_on_sale_until_it_expires() -> None:
    old = Owned(GOLDEN[2], expires_at=NOON + timedelta(days=1))
    assert asked([], 12000, owned=(old,)).payable_minor == 11400
    assert asked([], 12000, owned=(replace(old, expires_at=NOON),)).payable_minor == 12000


def test_pr3_pr4_parts_and_shares_sum_exactly() -> None:
    random = Random("parts")
    for _ in range(300):
        offers = [random_terms(random, number) for number in range(1, random.randint(2, 7))]
        bill = Bill(tuple(BillLine(n, random.randint(1, 9000), random.randint(1, 3)) for n in range(3)))
        answer = asked(offers, bill)
        for use in answer.uses:
            assert sum(part.amount_minor for part in use.parts) == use.discount_minor
            assert all(sum(share for _, share in part.funders) == part.amount_minor for part in use.parts)
            assert sum(share for _, share in use.funders) == use.discount_minor
        assert answer.saving_minor == sum(use.discount_minor for use in answer.uses)
        assert answer.payable_minor == answer.counter_minor + answer.bought_minor + answer.already_paid_minor


def test_pr29_every_offer_appears_once_and_what_beats_it_is_true() -> None:
    """`amount_minor` of a set that was beaten is the price of the best set with the offer in it, less the best."""
    random = Random("once")
    for _ in range(150):
        offers = [random_terms(random, number) for number in range(1, random.randint(3, 8))]
        bill = random.randint(1000, 60_000)
        answer = asked(offers, bill)
        seen = [use.terms.offer_id for use in answer.uses] + [one.terms.offer_id for one in answer.rejected]
        assert sorted(seen) == [one.offer_id for one in offers]
        for one in answer.rejected:
            assert one.text.zh
            assert one.text.en
            if one.reason in ("beaten_by", "conflicts_with"):
                assert one.amount_minor is not None
                assert one.amount_minor >= 0
                assert set(one.against) <= {use.terms.version_id for use in answer.uses}
        if answer.runner_up:
            assert answer.runner_up.more_minor >= 0


def test_pr11_not_for_this_person_names_the_missing_key() -> None:
    student = terms(1, "percent_off", percent_basis_points=2000, audience=Audience((("student", "member:a"),)))
    not_staff = terms(2, "percent_off", percent_basis_points=1000, audience=Audience(none_of=("staff",)))
    answer = asked([student, not_staff], 10000, keys=frozenset({"student"}))
    assert (reason(answer, 1).reason, reason(answer, 1).missing) == ("not_in_audience", ("member:a",))
    assert [use.terms.offer_id for use in answer.uses] == [2]
    staff = asked([student, not_staff], 10000, keys=frozenset({"staff"}))
    assert reason(staff, 2).reason == "not_in_audience"
    assert staff.payable_minor == 10000


def test_pr17_limits_each_with_its_reason() -> None:
    base = terms(1, "percent_off", percent_basis_points=1000)
    offers = [
        replace(base, offer_id=1, stock_left=0),
        replace(base, offer_id=2, budget_left_minor=0),
        replace(base, offer_id=3, per_person=1),
        replace(base, offer_id=4, party_min=3),
        replace(base, offer_id=5, party_max=1),
        replace(base, offer_id=6, threshold_minor=10500),
    ]
    answer = asked(offers, 10000, party=2, used={3: 1})
    assert {one.terms.offer_id: one.reason for one in answer.rejected} == {
        1: "limit_total", 2: "budget_exhausted", 3: "limit_person", 4: "party_size", 5: "party_size",
        6: "threshold_short_by",
    }  # fmt: skip
    assert reason(answer, 6).amount_minor == 500
    assert "¥5" in reason(answer, 6).text.en


def test_what_is_missing_from_the_bill_is_named() -> None:
    latte, cake = Item("拿铁", "Latte", 2, 3000, "latte"), Item("蛋糕", "Cake", 1, 2800, "cake")
    package = terms(1, "package", items=(latte, cake), price_minor=6000, list_minor=8800)
    member = terms(2, "member", items=(cake,), target_minor=2000, audience=Audience((("student",),)))
    bill = Bill((BillLine(0, 3000, 2, "latte"), BillLine(1, 1000)))
    short = asked([package, member], bill, keys=frozenset({"student"}))
    assert (reason(short, 1).reason, reason(short, 1).missing) == ("items_missing", ("cake",))
    assert reason(short, 2).reason == "items_missing"
    whole = asked([package, member], Bill((*bill.lines, BillLine(2, 2800, 1, "cake"))), keys=frozenset({"student"}))
    assert (whole.list_minor, whole.payable_minor) == (9800, 7000)
    assert reason(whole, 2).reason == "conflicts_with"


def test_pr7_a_time_slot_prices_items_at_their_own_price() -> None:
    latte = Item("拿铁", "Latte", 1, 3000, "latte")
    slot = terms(1, "time_slot", items=(latte,), target_minor=1900)
    answer = asked([slot], Bill((BillLine(0, 3000, 3, "latte"), BillLine(1, 500))))
    assert (answer.list_minor, answer.payable_minor) == (9500, 6200)


def test_a_card_is_used_punch_by_punch_and_spread_exactly() -> None:
    """PR2, section 3: one punch = one unit; the card's price is spread by largest remainder."""
    cut = Item("理发", "Haircut", 1, 6800, "cut")
    card = terms(1, "card", items=(cut,), price_minor=20000, list_minor=40800, uses=6)
    bill = Bill((BillLine(0, 6800, 2, "cut"),))
    assert reason(asked([card], bill), 1).reason == "buy_before"
    held = asked([card], bill, owned=(Owned(card, units=5, first_use=1),))
    assert (held.payable_minor, held.counter_minor, held.already_paid_minor) == (6667, 0, 6667)
    assert held.uses[0].units == 2


def test_pr20_who_refuses_and_what_it_would_cost() -> None:
    one = terms(1, "percent_off", percent_basis_points=2000, **ALL)
    other = terms(2, "threshold_off", face_minor=1500, threshold_minor=5000, stack_accepts=("all",))
    answer = asked([one, other], 10000)
    found = reason(answer, 2)
    assert (found.reason, found.amount_minor, found.against, found.refused_by) == (
        "conflicts_with",
        500,
        (10,),
        "other",
    )
    assert found.text.en == "Not together with “Offer 1”; with it you would pay ¥5 more"


def test_pr21_at_most_one_of_a_group_and_one_that_stands_alone() -> None:
    pair = [terms(n, "threshold_off", face_minor=n * 100, threshold_minor=1000, group="lunch", **ALL) for n in (1, 2)]
    assert asked(pair, 10000).payable_minor == 9800
    assert reason(asked(pair, 10000), 1).refused_by == "rule"
    alone = replace(pair[0], offer_id=3, stands_alone=True, group="")
    assert asked([alone, pair[1]], 10000).payable_minor == 9800


def test_pr31_a_little_more_may_cost_less() -> None:
    offer = terms(1, "threshold_off", tiers=((10000, 2000), (20000, 5000)))
    step = asked([offer], 18800).next_step
    assert step
    assert (step.add_minor, step.payable_minor, step.less_minor, step.saves_minor) == (1200, 15000, 1800, 3000)
    assert step.text == ("再点 ¥12，反而少付 ¥18", "Add ¥12 and pay ¥18 less")
    more = asked([offer], 16000).next_step
    assert more
    assert more.text.en == "Add ¥40 and save ¥30 more"
    assert asked([offer], 15000).next_step is None  # 33 % more is too far
    assert asked([offer], 20000).next_step is None


def test_pr31_what_the_next_step_says_is_true() -> None:
    random = Random("next step")
    told = 0
    for _ in range(200):
        offers = [random_terms(random, number) for number in range(1, 6)]
        bill = random.randint(5000, 50_000)
        answer = asked(offers, bill)
        if answer.next_step:
            told += 1
            there = asked(offers, bill + answer.next_step.add_minor)
            assert there.payable_minor == answer.next_step.payable_minor
            assert answer.payable_minor - there.payable_minor == answer.next_step.less_minor
            assert there.saving_minor - answer.saving_minor == answer.next_step.saves_minor
    assert told > 10


def test_pr25_beyond_thirty_offers_the_answer_carries_a_bound() -> None:
    """No instance is refused: forty offers of which all agree."""
    random = Random("forty")
    offers = [replace(random_terms(random, n), stands_alone=False, group="", **ALL) for n in range(1, 41)]
    answer = price_bill(offers, Situation(Bill.of_amount(100_000), NOON), explain=False)
    best_of_twelve = price_bill(offers[:12], Situation(Bill.of_amount(100_000), NOON), explain=False)
    assert answer.payable_minor - answer.bound_minor <= best_of_twelve.payable_minor


def test_pr12_not_now_says_when_next() -> None:
    zone = NOON.astimezone().tzinfo or UTC
    offer = terms(1, "percent_off", percent_basis_points=1000, weekly_hours="Mo-Su 20:00-21:00")
    at = datetime(2026, 5, 12, 12, tzinfo=zone)
    found = not_now(offer, state="live", at=at, overlay={}, zone=zone)
    assert found
    assert (found.reason, found.text.en) == ("outside_window", "Not before 20:00")
    black = replace(offer, blackout_dates=(date(2026, 5, 12),))
    found = not_now(black, state="live", at=at.replace(hour=20, minute=30), overlay={}, zone=zone)
    assert found
    assert found.text.en == "Not before tomorrow 20:00"
    assert not_now(offer, state="live", at=at.replace(hour=20), overlay={}, zone=zone) is None
    states = {state: not_now(offer, state=state, at=at, overlay={}, zone=zone) for state in ("paused", "ended")}
    assert [one.reason for one in states.values() if one] == ["not_live", "not_live"]


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_pr14_golden_dates_are_weekend_days_that_are_worked(day: str) -> None:
    date_ = date.fromisoformat(day)
    assert date_.weekday() >= 5
    assert is_working_day(date_, {})


def test_pr14_the_fourth_of_october_is_no_working_day() -> None:
    assert not is_working_day(date(2026, 10, 4), {})
