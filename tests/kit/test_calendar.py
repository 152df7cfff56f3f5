"""Chinese holidays and make-up workdays (pricing.md, PR13 to PR15)."""

from datetime import date, timedelta

import holidays
import pytest

from bacao.kit.calendar import Overlay, day_kind, is_confirmed, is_working_day

# The State Council's notice for 2026: each holiday from - to, and the weekend days worked in exchange.
HOLIDAYS_2026 = [
    ((1, 1), (1, 3)), ((2, 15), (2, 23)), ((4, 4), (4, 6)), ((5, 1), (5, 5)), ((6, 19), (6, 21)),
    ((9, 25), (9, 27)), ((10, 1), (10, 7)),
]  # fmt: skip
MAKEUP_2026 = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]


def published_kind(day: date) -> str:
    """Read the notice as a person would."""
    when = day.month, day.day
    if when in MAKEUP_2026:
        return "makeup_workday"
    if any(first <= when <= last for first, last in HOLIDAYS_2026):
        return "public_holiday"
    return "restday" if day.weekday() >= 5 else "workday"


def test_pr14_every_day_of_2026() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert {day: day_kind(day, {}) for day in days} == {day: published_kind(day) for day in days}


@pytest.mark.parametrize("when", MAKEUP_2026)
def test_pr14_golden_weekends_that_are_worked(when: tuple[int, int]) -> None:
    day = date(2026, *when)
    assert day.weekday() >= 5
    assert is_working_day(day, {})


def test_pr14_a_sunday_inside_golden_week_is_a_holiday_though_the_package_does_not_list_it() -> None:
    day = date(2026, 10, 4)
    assert day not in holidays.country_holidays("CN", years=2026), "the trap is gone; look at the rule again"
    assert day_kind(day, {}) == "public_holiday"
    assert not is_working_day(day, {})


@pytest.mark.parametrize("year", [2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026])
def test_working_days_agree_with_the_package(year: int) -> None:
    table = holidays.country_holidays("CN", years=(year - 1, year, year + 1))
    day = date(year, 1, 1)
    while day.year == year:
        assert is_working_day(day, {}) == table.is_working_day(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2025, 10, 8), "public_holiday"),
        (date(2025, 9, 28), "makeup_workday"),
        (date(2025, 1, 26), "makeup_workday"),
        (date(2024, 10, 12), "makeup_workday"),
        (date(2024, 2, 9), "workday"),  # New Year's Eve 2024 was left to employers
        (date(2025, 11, 22), "restday"),
    ],
)
def test_golden_days_of_other_years(day: date, kind: str) -> None:
    assert day_kind(day, {}) == kind


def test_pr14_the_operator_s_word_wins() -> None:
    overlay: Overlay = {date(2026, 10, 1): "workday", date(2026, 11, 25): "public_holiday"}
    assert is_working_day(date(2026, 10, 1), overlay)
    assert not is_working_day(date(2026, 11, 25), overlay)


def test_pr15_a_year_without_make_up_days_is_unconfirmed() -> None:
    far = date.today().year + 20  # noqa: DTZ011  # a year nobody has published, whenever this runs
    assert is_confirmed(2026, {})
    assert not is_confirmed(far, {})
    assert is_confirmed(far, {date(far, 2, 1): "makeup_workday"})


def test_pr15_in_an_unconfirmed_year_weekday_rules_apply() -> None:
    """2050-10-01 is a Saturday by law a holiday; the Sunday after it goes by its weekday, no Sunday is worked."""
    assert not is_confirmed(2050, {})
    kinds = {day_kind(date(2050, 1, 1) + timedelta(days=number), {}) for number in range(365)}
    assert kinds == {"workday", "restday", "public_holiday"}
    assert day_kind(date(2050, 10, 1), {}) == "public_holiday"
    assert day_kind(date(2050, 11, 20), {}) == "restday"
