"""Opening hours: golden cases of DS4 and PR12 to PR15, the package's traps, and a second implementation to compare."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours, State

from bacao.kit.calendar import Overlay, day_kind
from bacao.kit.hours import BadHours, check_hours, expand_hours, hours_by_day, tidy_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")


def spans(expression: str, first: date, days: int = 1, overlay: Overlay | None = None) -> list[str]:
    """Return spans as `10-01 18:00/10-02 02:00`."""
    found = expand_hours(expression, first=first, days=days, overlay=overlay or {}, zone=SHANGHAI)
    return [f"{start:%m-%d %H:%M}/{end:%m-%d %H:%M}" for start, end in found]


def open_at(expression: str, text: str, overlay: Overlay | None = None) -> bool:
    at = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    found = expand_hours(expression, first=at.date(), days=1, overlay=overlay or {}, zone=SHANGHAI)
    return any(start <= at < end for start, end in found)


# Past midnight


def test_pr12_friday_night_covers_saturday_one_o_clock() -> None:
    assert open_at("Fr 18:00-02:00", "2026-11-21 00:30")
    assert open_at("Fr 18:00-02:00", "2026-11-21 01:59")
    assert not open_at("Fr 18:00-02:00", "2026-11-21 02:00")
    assert not open_at("Fr 18:00-02:00", "2026-11-20 01:00")


def test_pr12_also_when_saturday_has_hours_of_its_own() -> None:
    """The package closes on Friday midnight, because Saturday's rule replaces the whole of Saturday."""
    expression = "Mo-Fr 18:00-02:00; Sa-Su 20:00-04:00"
    assert not OpeningHours(expression, SHANGHAI).is_open(datetime(2026, 11, 21, 1, tzinfo=SHANGHAI)), (
        "the trap is gone; the halves can go"
    )
    assert open_at(expression, "2026-11-21 01:00")
    assert spans(expression, date(2026, 11, 20), 3) == [
        "11-19 18:00/11-20 02:00", "11-20 18:00/11-21 02:00", "11-21 20:00/11-22 04:00", "11-22 20:00/11-23 04:00",
    ]  # fmt: skip


def test_ds4_the_eve_of_a_holiday_runs_to_its_end_and_the_holiday_leaves_nothing() -> None:
    assert spans("Mo-Su 18:00-02:00; PH off", date(2026, 9, 30), 9) == [
        "09-29 18:00/09-30 02:00", "09-30 18:00/10-01 02:00", "10-08 18:00/10-09 02:00",
    ]  # fmt: skip


@pytest.mark.parametrize("expression", ["09:00-26:00", "09:00-02:00", "Mo-Su 9:00-2:00"])
def test_three_ways_to_write_two_in_the_morning(expression: str) -> None:
    assert spans(expression, date(2026, 11, 24))[-1] == "11-24 09:00/11-25 02:00"


def test_midnight_itself_belongs_to_nobody() -> None:
    assert spans("06:00-00:00", date(2026, 11, 24), 2) == ["11-24 06:00/11-25 00:00", "11-25 06:00/11-26 00:00"]


@pytest.mark.parametrize("expression", ["24/7", "Mo-Su 00:00-24:00", "open", "Mo-Su", "00:00-00:00"])
def test_a_place_that_never_closes_has_one_span(expression: str) -> None:
    assert spans(expression, date(2026, 11, 24), 8) == ["11-23 00:00/12-02 00:00"]


def test_by_day_the_night_stays_with_the_evening() -> None:
    week = hours_by_day("Fr 18:00-02:00; Sa 10:00-12:00", first=date(2026, 11, 20), days=2, overlay={}, zone=SHANGHAI)
    assert [len(day) for day in week] == [1, 1]
    assert week[0][0][1] == datetime(2026, 11, 21, 2, tzinfo=SHANGHAI)


# The calendar


def test_trap_1_make_up_saturday_is_worked_by_who_follows_the_calendar() -> None:
    assert open_at("Mo-Fr 09:00-18:00; PH off", "2026-02-14 10:00")
    assert not open_at("Mo-Fr 09:00-18:00; PH off", "2026-02-16 10:00")
    assert not open_at("Mo-Fr 09:00-18:00; PH off", "2026-02-23 10:00")
    assert not open_at("Mo-Fr 09:00-18:00; PH off", "2026-02-21 10:00")


def test_pr13_a_plain_monday_to_friday_ignores_make_up_days() -> None:
    assert not open_at("Mo-Fr 09:00-18:00", "2026-02-14 10:00")
    assert open_at("Mo-Fr 09:00-18:00", "2026-10-01 10:00")


def test_pr13_a_make_up_sunday_has_the_hours_of_monday() -> None:
    expression = "Mo 10:00-11:00; Tu-Fr 12:00-13:00; Sa,Su,PH 20:00-03:00"
    assert spans(expression, date(2026, 1, 4))[-1] == "01-04 10:00/01-04 11:00"
    assert spans(expression, date(2026, 2, 14))[-1] == "02-14 12:00/02-14 13:00"


def test_ds4_a_shop_s_own_dated_exception_counts_on_a_make_up_day_too() -> None:
    expression = "Mo-Fr 09:00-18:00; PH off; 2026 Feb 14 12:00-13:00; 2026 Feb 28 off"
    assert spans(expression, date(2026, 2, 14)) == ["02-14 12:00/02-14 13:00"]
    assert spans(expression, date(2026, 2, 28)) == []
    assert spans(expression, date(2026, 5, 9)) == ["05-09 09:00/05-09 18:00"]


@pytest.mark.parametrize(
    ("expression", "opens"),
    [
        ("We-Mo 10:00-12:00; PH off", True),
        ("Tu-Th 10:00-12:00; PH off", False),
        ("Sa-Su 10:00-12:00; PH off", False),
        ("Sa,Fr 10:00-12:00; PH off", True),
        ("Sa[2] 10:00-12:00; PH off", True),
        ("Mo-Fr 10:00-12:00; Sa off; PH off", True),
    ],
)
def test_weekdays_on_a_make_up_saturday(expression: str, opens: bool) -> None:
    assert open_at(expression, "2026-02-14 11:00") == opens


def test_every_day_of_2026_against_the_calendar() -> None:
    """Trap 1: the package with country CN closes on 1 October only, and on every make-up Saturday."""
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        works = day_kind(day, {}) in {"workday", "makeup_workday"}
        assert open_at("Mo-Fr 09:00-18:00; PH off", f"{day} 12:00") == works, day
        holiday = day_kind(day, {}) == "public_holiday"
        assert open_at("PH 10:00-16:00", f"{day} 12:00") == holiday, day
        assert open_at("10:00-16:00; PH off", f"{day} 12:00") != holiday, day


def test_golden_week_sunday() -> None:
    assert not open_at("10:00-20:00; PH off", "2026-10-04 12:00")


def test_24_hours_but_not_on_holidays() -> None:
    assert spans("24/7; PH off", date(2026, 9, 30), 9) == ["09-29 00:00/10-01 00:00", "10-08 00:00/10-09 00:00"]


@pytest.mark.parametrize(
    ("expression", "opens"),
    [
        ("PH Mo-Fr 10:00-12:00", ["10-01", "10-02", "10-05", "10-06", "10-07"]),
        ("PH,Sa 10:00-12:00", ["10-01", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07"]),
        ("PH -1 day 10:00-12:00", ["09-30", "10-01", "10-02", "10-03", "10-04", "10-05", "10-06"]),
        ("SH 10:00-12:00", ["10-01", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07"]),
        ("Oct PH off; Mo 10:00-12:00", ["10-05"]),
    ],
)
def test_ways_to_name_holidays(expression: str, opens: list[str]) -> None:
    assert [span[:5] for span in spans(expression, date(2026, 9, 30), 9)] == opens


def test_an_operator_s_day_counts_at_once() -> None:
    overlay: Overlay = {date(2026, 11, 25): "public_holiday", date(2026, 10, 1): "workday"}
    assert not open_at("10:00-20:00; PH off", "2026-11-25 12:00", overlay)
    assert open_at("10:00-20:00; PH off", "2026-10-01 12:00", overlay)


def test_pr15_an_unpublished_year_goes_by_weekdays() -> None:
    assert open_at("Mo-Fr 09:00-18:00; PH off", "2050-11-21 10:00")
    assert not open_at("Mo-Fr 09:00-18:00; PH off", "2050-11-20 10:00")
    assert not open_at("Mo-Fr 09:00-18:00; PH off", "2050-10-03 10:00") or day_kind(date(2050, 10, 3), {}) == "workday"


def test_the_word_ph_in_a_comment_is_no_holiday() -> None:
    assert open_at('Mo-Fr 10:00-22:00 open "not PH"', "2026-10-01 12:00")


# The grammar


def test_exceptions_of_a_date_and_additional_rules() -> None:
    assert spans("10:00-20:00; 2026 Nov 24 off", date(2026, 11, 24)) == []
    assert spans("10:00-20:00; 2026 Nov 24 12:00-14:00", date(2026, 11, 24)) == ["11-24 12:00/11-24 14:00"]
    assert spans("Mo-Su 10:00-12:00, Tu 18:00-01:00", date(2026, 11, 24)) == [
        "11-24 10:00/11-24 12:00", "11-24 18:00/11-25 01:00",
    ]  # fmt: skip
    assert spans("10:00-20:00; 12:00-13:00 off", date(2026, 11, 24)) == [
        "11-24 10:00/11-24 12:00", "11-24 13:00/11-24 20:00",
    ]  # fmt: skip


@pytest.mark.parametrize("expression", ['"by appointment"', "off", "closed", "Mo-Su unknown", 'Mo-Fr "call us"'])
def test_what_does_not_say_open_is_not_open(expression: str) -> None:
    assert spans(expression, date(2026, 11, 23), 7) == []


def test_sunset_stands_for_seven_in_the_evening() -> None:
    assert spans("sunset-02:00", date(2026, 11, 24))[-1] == "11-24 19:00/11-25 02:00"
    assert spans("(sunset-01:00)-24:00", date(2026, 11, 24))[-1] == "11-24 18:00/11-25 00:00"


@pytest.mark.parametrize(
    ("expression", "column"),
    [("每天下午", 1), ("Mo-Fr 10.00-22.00", 7), ("Mo-Fr 10:00-12:00; whenever", 20), ("", 1), ("Mo-Su 10:00", 12)],
)
def test_a_refusal_says_from_which_character_on(expression: str, column: int) -> None:
    with pytest.raises(BadHours) as refusal:
        check_hours(expression)
    assert refusal.value.column == column
    assert str(column) in refusal.value.text.en
    assert str(column) in refusal.value.text.zh


def test_an_expression_has_a_length() -> None:
    check_hours("Mo 10:00-12:00; " * 24 + "PH off")
    with pytest.raises(BadHours):
        check_hours("Mo 10:00-12:00; " * 25 + "PH off")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("PH off; 10:00-20:00", "10:00-20:00; PH off"),
        ("Su off; 10:00-20:00", "10:00-20:00; Su off"),
        ("11:30-14:00; 17:00-21:00", "11:30-14:00,17:00-21:00"),
        ("Mo-Fr 09：00–18：00；PH off", "Mo-Fr 09:00-18:00; PH off"),
        ("Mo-Fr,PH 10:00-12:00; Sa 09:00-12:00", "Mo-Fr,PH 10:00-12:00; Sa 09:00-12:00"),
        ("Mo-Su off; Sa 10:00-12:00", "Mo-Su off; Sa 10:00-12:00"),
        ("SH,PH off; Mo-Fr 08:00-12:00, Sa 09:00-10:00", "Mo-Fr 08:00-12:00, Sa 09:00-10:00; SH,PH off"),
        ('10:00-12:00 || "call"', '10:00-12:00 || "call"'),
        ("  24/7 ; ", "24/7"),
    ],
)
def test_trap_2_rules_are_put_in_the_order_people_mean(written: str, meant: str) -> None:
    assert tidy_hours(written) == meant
    assert tidy_hours(meant) == meant


def test_trap_2_as_the_package_sees_it() -> None:
    assert open_at("PH off; 10:00-20:00", "2026-10-01 12:00")
    assert not open_at(tidy_hours("PH off; 10:00-20:00"), "2026-10-01 12:00")


# A second implementation: rules as data, one minute at a time

DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
TIMES = st.tuples(st.integers(0, 95), st.integers(1, 95)).map(lambda t: (t[0] * 15, t[0] * 15 + t[1] * 15))
RULES = st.tuples(st.sets(st.integers(0, 6), min_size=1), st.lists(TIMES, max_size=2))


def written(rule: tuple[set[int], list[tuple[int, int]]]) -> str:
    """Write a rule in OSM's grammar; no times = off."""
    days, times = rule
    texts = [f"{a // 60:02d}:{a % 60:02d}-{b % 1440 // 60:02d}:{b % 60:02d}" for a, b in times]
    return f"{','.join(DAYS[day] for day in sorted(days))} {','.join(texts) or 'off'}"


@settings(max_examples=150, deadline=None)
@given(st.lists(RULES, min_size=1, max_size=4), st.booleans(), st.integers(0, 364))
def test_against_a_minute_by_minute_reading(
    rules: list[tuple[set[int], list[tuple[int, int]]]], holidays_off: bool, number: int
) -> None:
    first = date(2026, 1, 1) + timedelta(days=number)
    expression = "; ".join(map(written, rules)) + ("; PH off" if holidays_off else "")
    expected: set[datetime] = set()
    for offset in range(-1, 3):
        day = first + timedelta(days=offset)
        kind = day_kind(day, {}) if holidays_off else "workday"
        weekday = {5: 4, 6: 0}[day.weekday()] if kind == "makeup_workday" else day.weekday()
        times = next((times for days, times in reversed(rules) if weekday in days), [])
        for start, end in times if kind != "public_holiday" else []:
            midnight = datetime.combine(day, time())
            expected |= {midnight + timedelta(minutes=minute) for minute in range(start, end, 15)}
    found = expand_hours(expression, first=first, days=3, overlay={}, zone=SHANGHAI)
    for quarter in range(3 * 96):
        at = datetime.combine(first, time()) + timedelta(minutes=15 * quarter)
        assert (at in expected) == any(start <= at.replace(tzinfo=SHANGHAI) < end for start, end in found), at
    assert all(a[1] < b[0] for a, b in pairwise(found)), "spans touch or overlap"


@given(st.text(max_size=30))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        check_hours(tidy_hours(text))
    except BadHours:
        return
    expand_hours(tidy_hours(text), first=date(2026, 9, 30), days=3, overlay={}, zone=SHANGHAI)


def test_a_zone_with_summer_time_keeps_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    found = expand_hours("10:00-18:00", first=date(2026, 3, 28), days=2, overlay={}, zone=berlin)
    assert [(start.utcoffset(), f"{start:%H:%M}") for start, _ in found] == [
        (timedelta(hours=1), "10:00"), (timedelta(hours=2), "10:00"),
    ]  # fmt: skip


def test_the_package_s_holidays_are_still_wrong() -> None:
    """Trap 1: when this fails, the package has learnt the calendar and much of this room can go."""
    china = OpeningHours("10:00-20:00; PH off", SHANGHAI, country="CN")
    states = [china.state(datetime(2026, 10, day, 12, tzinfo=SHANGHAI))[0] for day in range(1, 8)]
    assert states.count(State.CLOSED) < 7
