"""Opening hours in OSM's grammar, expanded into instants; pure (discovery.md, DS4; pricing.md, PR12 to PR15).

The package `opening_hours` knows the grammar; three things it gets wrong are done here:

* Chinese holidays. It is never told the country. On a public holiday `PH` is read as "every weekday", on any other
  day it matches nothing. Expressions that name `PH` or `SH` follow the calendar, so on a make-up workday they keep
  the hours of the nearest weekday; all others go by the weekday alone (PR13).
* Past midnight. With `Mo-Fr 18:00-02:00; Sa off` it closes on Saturday 00:00, because Saturday's rule replaces the
  whole calendar day. A span belongs to the day on which it begins (PR12), so each expression is expanded twice: what
  happens before midnight, and what is left after it, the latter shifted by a day.
* Appointments. A rule that is nothing but a comment ("by appointment") does not say open.

`SH` (school holidays) means public holidays: no other school holidays are published.
Sunrise and sunset stand for 07:00 and 19:00.
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stub forgets one

from bacao.kit.calendar import Overlay, day_kind
from bacao.kit.text import Refused, Text

Span = tuple[datetime, datetime]
_DAY = timedelta(days=1)
LONGEST = 400  # characters; the width of the column


class BadHours(Refused):
    """The expression is not in OSM's grammar."""

    code = "bad_hours"
    status = 422

    def __init__(self, expression: str, column: int) -> None:
        self.expression, self.column = expression, column
        super().__init__(
            Text(
                f"看不懂营业时间「{expression}」，从第 {column} 个字符起。"
                "请写成「Mo-Fr 10:00-22:00; Sa,Su 09:00-23:00; PH off」这样。",
                f"Opening hours “{expression}” cannot be read from character {column} on. "
                "Write for example “Mo-Fr 10:00-22:00; Sa,Su 09:00-23:00; PH off”.",
            )
        )


def check_hours(expression: str) -> None:
    """Check an expression; the empty string is not one. :raises BadHours: saying from which character on."""
    if len(expression) > LONGEST:
        raise BadHours(expression[:40] + "…", LONGEST + 1)
    try:
        _parse(expression)
        for half in _halves(expression):
            _parse(half)
            _parse(_HOLIDAY.sub("Mo-Su", half))
    except ParserError as error:
        where = re.search(r"--> \d+:(\d+)", str(error))
        raise BadHours(expression, int(where[1]) if where else 1) from None


@lru_cache(maxsize=4096)
def _parse(expression: str) -> OpeningHours:
    return OpeningHours(expression, auto_country=False, auto_timezone=False)


# Rules of an expression: `;` replaces, `,` adds, `||` falls back. Texts in quotes are comments.

_COMMENT = r'"[^"]*"'
_POINT = r"(?:\d{1,2}:\d{2}|\((?:sunrise|sunset|dawn|dusk)\s*[+-]\s*\d{1,2}:\d{2}\)|sunrise|sunset|dawn|dusk)"
_TIME = rf"{_POINT}\s*(?:-\s*{_POINT}\+?(?:/\d+(?::\d+)?)?|\+)"
_TIMES = re.compile(rf"{_TIME}(?:\s*,\s*{_TIME})*")
_CLOSED = re.compile(r"\b(?:off|closed)\b")
_SEPARATOR = re.compile(rf"{_COMMENT}|(?P<separator>;|\|\||,)")
_EVENTS = {"dawn": 6 * 60, "sunrise": 7 * 60, "sunset": 19 * 60, "dusk": 20 * 60}
_NOTHING = "23:59-24:00"  # stands for "no time" in the half after midnight, and is cut off again


def _bare(rule: str) -> str:
    """Return a rule without its comments."""
    return " ".join(re.sub(_COMMENT, "", rule).split())


def _rules(expression: str) -> list[tuple[str, str]]:
    """Return the rules as (separator before it, rule); a comma between days or times separates nothing."""
    rules, start, before = [], 0, ""
    for match in _SEPARATOR.finditer(expression):
        separator = match["separator"]
        if separator is None:
            continue
        said = _bare(expression[start : match.start()])
        if separator == "," and (not _TIMES.search(said) or re.match(rf"\s*{_TIME}", expression[match.end() :])):
            continue
        rules.append((before, expression[start : match.start()].strip()))
        start, before = match.end(), separator
    return [*rules, (before, expression[start:].strip())]


def tidy_hours(expression: str) -> str:
    """Return an expression with its rules in the order people mean: the rule without days first, holidays last.

    A later rule replaces an earlier one, so `PH off; 10:00-20:00` would stay open on a holiday, and of
    `11:30-14:00; 17:00-21:00` only the evening would be left. Full-width punctuation becomes ASCII.
    """
    expression = " ".join(expression.split()).rstrip("; ").translate(str.maketrans("：；，～–—", ":;,---"))
    rules = _rules(expression)
    if any(separator == "||" for separator, _ in rules):
        return expression
    groups: list[str] = []
    for separator, rule in rules:
        if separator == ",":
            groups[-1] += f", {rule}"
        else:
            groups.append(rule)
    daily = [rule for rule in groups if _TIMES.fullmatch(rule)]
    holidays = [rule for rule in groups if re.match(r"[PS]H\b(?!\s*,\s*(?![PS]H))", rule)]
    rest = [rule for rule in groups if rule not in daily and rule not in holidays]
    return "; ".join(part for part in (",".join(daily), *rest, *holidays) if part)


def _minutes(point: str) -> int:
    """Return minutes after midnight of a point such as 18:30, sunset or (sunset-01:00)."""
    clock = re.search(r"(\d+):(\d+)", point)
    minutes = int(clock[1]) * 60 + int(clock[2]) if clock else 0
    event = next((at for name, at in _EVENTS.items() if name in point), 0)
    return event - minutes if event and "-" in point else event + minutes


def _half_of_time(text: str) -> tuple[str, str]:
    """Return the parts of one time before and after midnight, empty where there is none."""
    start, *ends = re.findall(_POINT, text.split("/")[0])
    if not ends:
        return text, ""
    begin, end = _minutes(start), _minutes(ends[0])
    if end <= begin:
        end += 24 * 60
    if end < 24 * 60:
        return f"{start}-{ends[0]}", ""
    late = end - 24 * 60
    return f"{start}-24:00", f"00:00-{late // 60:02d}:{late % 60:02d}" if late else ""


def _half_of_rule(rule: str, *, late: bool) -> str:
    """Return what a rule says of the time before midnight, or of the time after it."""
    bare = _bare(rule)
    if times := _TIMES.search(bare):
        halves = [_half_of_time(match[0])[late] for match in re.finditer(_TIME, times[0])]
        return bare[: times.start()] + (",".join(filter(None, halves)) or _NOTHING) + bare[times.end() :]
    if _CLOSED.search(bare):
        return bare
    if '"' in rule and "open" not in bare:  # a comment and no times: by appointment
        return f"{bare} off".strip()
    return " ".join([*re.sub("24/7|open|unknown", "", bare).split(), _NOTHING]) if late else bare


@lru_cache(maxsize=4096)
def _halves(expression: str) -> tuple[str, str]:
    """Return the expression for the time before midnight and the one for the time after it."""
    rules = _rules(expression)
    before, after = (
        "".join(f"{separator} {_half_of_rule(rule, late=late)}" for separator, rule in rules).strip()
        for late in (False, True)
    )
    return before, after


_WEEKDAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_WEEKDAYS = re.compile(rf"\b{_WEEKDAY}(?:-{_WEEKDAY})?(?:\s*,\s*{_WEEKDAY}(?:-{_WEEKDAY})?)*\b(?!\s*\[)")
_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_ONE_HOLIDAY = r"\b(?:PH|SH)\b(?:\s*[+-]\s*\d+\s*days?)?"
_HOLIDAY = re.compile(
    rf"(?P<holidays>{_ONE_HOLIDAY}(?:\s*,\s*{_ONE_HOLIDAY})*)(?:\s+(?P<weekdays>{_WEEKDAYS.pattern}))?"
)
_NEVER = "PH"  # without a country it matches no day


def _on_date(expression: str, day: date, overlay: Overlay) -> str:
    """Return the expression as it reads on one date: `PH` as every day or as no day."""

    def holds(match: re.Match[str]) -> str:
        offsets = (re.search(r"[+-]\s*\d+", holiday) for holiday in match["holidays"].split(","))
        days = (day - timedelta(days=int(offset[0].replace(" ", "")) if offset else 0) for offset in offsets)
        if any(day_kind(other, overlay) == "public_holiday" for other in days):
            return match["weekdays"] or "Mo-Su"
        return _NEVER

    read = _HOLIDAY.sub(holds, expression)
    if day_kind(day, overlay) == "makeup_workday" and day.weekday() >= 5:
        read = _WEEKDAYS.sub(lambda match: _worked(match[0], day.weekday()), read)
    return read


def _worked(weekdays: str, weekend_day: int) -> str:
    """Return weekdays such as `Mo-Fr,Su` as they hold when a Saturday is worked like Friday, a Sunday like Monday."""
    days: set[int] = set()
    for part in weekdays.split(","):
        first, last = (_NAMES.index(name) for name in (part.strip()[:2], part.strip()[-2:]))
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    model = {5: 4, 6: 0}[weekend_day]
    days = days | {weekend_day} if model in days else days - {weekend_day}
    return ",".join(_NAMES[number] for number in sorted(days)) or _NEVER


def _spans_of_day(expression: str, day: date) -> list[Span]:
    """Return when an expression is open on one date, as naive local times."""
    midnight = datetime.combine(day, time())
    parts = _parse(expression).intervals(midnight, midnight + _DAY)
    return [(start, end) for start, end, state, _ in parts if state == State.OPEN]


def _spans_beginning(expression: str, day: date, overlay: Overlay) -> list[Span]:
    """Return the spans that begin on a date, past midnight included, as naive local times, merged and in order."""
    before, after = _halves(expression)
    if _HOLIDAY.search(before):
        before, after = _on_date(before, day, overlay), _on_date(after, day, overlay)
    cut = datetime.combine(day, time(23, 59))
    late = [(start + _DAY, min(end, cut) + _DAY) for start, end in _spans_of_day(after, day) if start < cut]
    return _merged(_spans_of_day(before, day) + late)


def _merged(spans: list[Span]) -> list[Span]:
    """Return spans in order, those that touch or overlap made one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _in_zone(spans: list[Span], zone: tzinfo) -> list[Span]:
    return [(start.replace(tzinfo=zone), end.replace(tzinfo=zone)) for start, end in spans]


def hours_by_day(expression: str, *, first: date, days: int, overlay: Overlay, zone: tzinfo) -> list[list[Span]]:
    """Return for each of `days` days the half-open spans that begin on it, as people read a week."""
    dates = (first + timedelta(days=offset) for offset in range(days))
    return [_in_zone(_spans_beginning(expression, day, overlay), zone) for day in dates]


def expand_hours(expression: str, *, first: date, days: int, overlay: Overlay, zone: tzinfo) -> list[Span]:
    """Return the half-open spans of `days` days from `first` on, merged and in order, as instants in `zone`.

    Spans that began the day before and reach into `first` are included whole; spans of the last day run on past its
    midnight. A place that never closes has one span.
    """
    midnight = datetime.combine(first, time())
    dates = (first + timedelta(days=offset) for offset in range(-1, days))
    spans = _merged([span for day in dates for span in _spans_beginning(expression, day, overlay)])
    return _in_zone([span for span in spans if span[1] > midnight], zone)
