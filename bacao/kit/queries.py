"""Reads that every chapter needs."""

from datetime import date
from typing import cast

from bacao.kit.calendar import DayKind
from bacao.kit.models import CalendarDay


def get_calendar_overlay() -> dict[date, DayKind]:
    """Return the operator's words on single dates, to be passed to `kit.calendar` and `kit.hours`."""
    return {day: cast(DayKind, kind) for day, kind in CalendarDay.objects.values_list("date", "kind")}
