"""What one bill costs under an offer that is being written: worked out as for a guest, said in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from bacao.kit.hours import check_hours, expand_hours
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.text import Refused, Text
from bacao.offers.rules import CARD, PACKAGE, Answer, Bill, Situation, Terms, price_bill, say_amount
from bacao.offers.rules.situation import BillLine
from bacao.offers.rules.windows import WEEKDAYS_EN, WEEKDAYS_ZH, not_now

EXAMPLE_PARTY = 2
LOOK_AHEAD_DAYS, EVENING = 8, 19


@dataclass(frozen=True, slots=True)
class Example:
    """A bill and what it costs. `says` = the sentence, `takes` = (name, minor units) of what comes off, in order.

    `why` = why this offer takes nothing off. `together` = what changes with the shop's other offers beside it.
    """

    says: Text
    takes: tuple[tuple[Text, int], ...]
    why: Text | None
    together: Text | None
    bill_minor: int
    party: int
    when: datetime


def first_moment(terms: Terms, at: datetime) -> datetime:
    """Return the next evening, or the first time at which an offer can be used."""
    soon = timezone.localtime(max(at, terms.sale_from or at, terms.use_from or at))
    if not terms.weekly_hours:
        evening = soon.replace(hour=EVENING, minute=0, second=0, microsecond=0)
        return evening if evening >= soon else evening + timedelta(days=1)
    if not _can_be_read(terms.weekly_hours):
        return soon
    spans = expand_hours(
        terms.weekly_hours, first=soon.date(), days=LOOK_AHEAD_DAYS, overlay=get_calendar_overlay(),
        zone=timezone.get_default_timezone(),
    )  # fmt: skip
    return next((max(start, soon) for start, end in spans if end > soon), soon)


def example_of(terms: Terms, others: Sequence[Terms], *, bill_minor: int, party: int, when: datetime) -> Example | None:
    """Return what a bill costs under an offer alone, and with a shop's others; None where there is no bill to speak of.

    A card asks for several visits, a set that does not say what is in it covers no bill, an empty form takes nothing
    off. Whoever it is for holds what it asks for.
    """
    bill = _bill_of(terms, bill_minor)
    if terms.kind == CARD or bill is None or not _says_enough(terms):
        return None
    keys = frozenset(terms.audience.any_of[0]) if terms.audience.any_of else frozenset[str]()
    situation = Situation(bill, at=when, party=party, keys=keys)
    late = not_now(terms, state="live", at=when, overlay=get_calendar_overlay(), zone=timezone.get_default_timezone())
    alone = price_bill([] if late else [terms], situation)
    why = late.text if late else next((one.text for one in alone.rejected), None)
    return Example(
        _say(alone, party, when), tuple((use.terms.title, use.discount_minor) for use in alone.uses), why,
        None if late else _say_together(terms, others, alone, situation), bill.list_minor, party, when,
    )  # fmt: skip


def _says_enough(terms: Terms) -> bool:
    amounts = (terms.percent_basis_points, terms.face_minor, terms.tiers, terms.target_minor, terms.price_minor)
    return any(amounts) and (not terms.weekly_hours or _can_be_read(terms.weekly_hours))


def _can_be_read(hours: str) -> bool:
    try:
        check_hours(hours)
    except Refused:
        return False
    return True


def _bill_of(terms: Terms, bill_minor: int) -> Bill | None:
    if not terms.items:
        return None if terms.kind == PACKAGE else Bill.of_amount(bill_minor)
    lines = [BillLine(n, item.unit_minor, item.quantity, item.ref) for n, item in enumerate(terms.items)]
    named = sum(line.list_minor for line in lines)
    return Bill((*lines, BillLine(len(lines), bill_minor - named)) if bill_minor > named else tuple(lines))


def _say(answer: Answer, party: int, when: datetime) -> Text:
    local = timezone.localtime(when)
    bill, pays = say_amount(answer.list_minor), say_amount(answer.payable_minor)
    zh = f"周{WEEKDAYS_ZH[local.weekday()]} {local:%H:%M}，{party} 个人，账单 {bill}：付 {pays}"
    people = "one" if party == 1 else str(party)
    en = f"A bill of {bill} for {people} on {WEEKDAYS_EN[local.weekday()]} {local:%H:%M} pays {pays}"
    if answer.bought_minor:
        now, there = say_amount(answer.bought_minor), say_amount(answer.counter_minor)
        return Text(f"{zh}（先买 {now}，到店付 {there}）", f"{en}: {now} before, {there} there")
    return Text(zh, en)


def _say_together(terms: Terms, others: Sequence[Terms], alone: Answer, situation: Situation) -> Text | None:
    """Return what a guest does who may choose among all of the shop's offers, None where that is this one alone."""
    beside = [other for other in others if other.offer_id != terms.offer_id]
    answer = price_bill([terms, *beside], situation) if beside else alone
    if answer.payable_minor == alone.payable_minor:
        return None
    with_it = [use.terms.title for use in answer.uses if use.terms is not terms]
    zh, en = "」「".join(title.zh for title in with_it), "”, “".join(title.en for title in with_it)
    pays = say_amount(answer.payable_minor)
    if any(use.terms is terms for use in answer.uses):
        return Text(f"和「{zh}」一起用：付 {pays}", f"Together with “{en}” it pays {pays}")
    return Text(f"客人会改用「{zh}」：付 {pays}", f"Guests will use “{en}” instead and pay {pays}")
