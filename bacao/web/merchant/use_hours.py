"""Hours in which an offer can be used, as an owner ticks them: days, a time from and a time to."""

import re
from collections.abc import Collection, Mapping
from datetime import time
from itertools import groupby
from typing import Any

from bacao.kit.text import Text

DAYS = {
    "Mo": Text("周一", "Mon"),
    "Tu": Text("周二", "Tue"),
    "We": Text("周三", "Wed"),
    "Th": Text("周四", "Thu"),
    "Fr": Text("周五", "Fri"),
    "Sa": Text("周六", "Sat"),
    "Su": Text("周日", "Sun"),
}
NAMES = tuple(DAYS)
TICKS = ("use_days", "use_start", "use_end", "not_on_holidays")
"""The fields that together are ticked hours."""
_SIMPLE = re.compile(r"(?:([A-Za-z,-]+) )?(\d\d:\d\d)-(\d\d:\d\d)(; PH off)?|([A-Za-z,-]+)(; PH off)?")


def hours_of_ticks(values: Mapping[str, Any]) -> str:
    """Return what was ticked in OSM's grammar; nothing where nothing was."""
    days, start, end = values.get("use_days") or [], values.get("use_start"), values.get("use_end")
    if not days and start is None and end is None and not values.get("not_on_holidays"):
        return ""
    parts = [_say_days(days)] if len(days) < len(NAMES) else []
    if start is not None or end is not None or not parts or not parts[0]:
        until = f"{end:%H:%M}" if end not in (None, time(0)) else "24:00"
        parts.append(f"{start or time(0):%H:%M}-{until}")
    return " ".join(filter(None, parts)) + ("; PH off" if values.get("not_on_holidays") else "")


def ticks_of_hours(expression: str) -> dict[str, Any] | None:
    """Return what an owner would have ticked for these hours, None where they say more than can be ticked."""
    match = _SIMPLE.fullmatch(expression)
    if not match:
        return None
    named, start, end, off, only, only_off = match.groups()
    days = _read_days(named or only or "")
    if days is None:
        return None
    if end == "24:00":
        end = "00:00"
    try:
        ticks = {
            "use_days": days,
            "use_start": time.fromisoformat(start) if start else None,
            "use_end": time.fromisoformat(end) if end else None,
            "not_on_holidays": bool(off or only_off),
        }
    except ValueError:  # 26:00 and the like
        return None
    return ticks if hours_of_ticks(ticks) == expression else None


def _say_days(days: Collection[str]) -> str:
    """Return days with runs joined: Mo-Fr, Mo,We."""
    numbers = sorted(NAMES.index(day) for day in days)
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return ",".join(NAMES[run[0]] if len(run) == 1 else f"{NAMES[run[0]]}-{NAMES[run[-1]]}" for run in runs)


def _read_days(said: str) -> list[str] | None:
    days: list[str] = []
    for part in filter(None, said.split(",")):
        first, _, last = part.partition("-")
        if first not in NAMES or (last and last not in NAMES):
            return None
        days += NAMES[NAMES.index(first) : NAMES.index(last or first) + 1]
    return days
