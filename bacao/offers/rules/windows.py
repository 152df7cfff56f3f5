"""Whether an offer can be used at an instant, and if not, when next (pricing.md, PR12 to PR14)."""

from datetime import date, datetime, timedelta, tzinfo

from bacao.kit.calendar import Overlay
from bacao.kit.hours import expand_hours
from bacao.kit.text import Text

from .answer import Rejected
from .terms import Terms

LOOK_AHEAD_DAYS = 8
WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def not_now(terms: Terms, *, state: str, at: datetime, overlay: Overlay, zone: tzinfo) -> Rejected | None:
    """Return why an offer of a shop is no offer at an instant, or None where it is: the same as being live."""
    if state != "live":
        text = Text("店家暂停了", "The shop has paused it") if state == "paused" else Text("不在售", "Not on sale")
        return Rejected(terms, "not_live", text)
    for until in (terms.sale_until, terms.use_until):
        if until and until <= at:
            return Rejected(terms, "not_live", Text("已经结束", "It is over"))
    if terms.stock_left == 0:
        return Rejected(terms, "limit_total", Text("售罄", "Sold out"))
    start = max((begins for begins in (terms.sale_from, terms.use_from) if begins), default=at)
    if start > at:
        is_sale = terms.sale_from == start
        moment = say_moment(start, at, zone)
        text = Text(f"{moment.zh}开卖", f"On sale from {moment.en}")
        return Rejected(terms, "outside_window", text if is_sale else _not_before(moment))
    return _outside_hours(terms, at, overlay, zone)


def _outside_hours(terms: Terms, at: datetime, overlay: Overlay, zone: tzinfo) -> Rejected | None:
    today = at.astimezone(zone).date()
    if not terms.weekly_hours:
        if today not in terms.blackout_dates:
            return None
        free = next(day for day in _days_after(today) if day not in terms.blackout_dates)
        following: datetime | None = datetime(free.year, free.month, free.day, tzinfo=zone)
    else:
        before = today - timedelta(days=1)  # hours past midnight belong to the day on which they begin
        spans = [
            (start, end)
            for start, end in expand_hours(
                terms.weekly_hours, first=before, days=LOOK_AHEAD_DAYS + 1, overlay=overlay, zone=zone
            )
            if start.date() not in terms.blackout_dates
        ]
        if any(start <= at < end for start, end in spans):
            return None
        following = next((start for start, _ in spans if start > at), None)
    if following is None:
        return Rejected(terms, "outside_window", Text("最近一周用不了", "Not in the coming week"))
    return Rejected(terms, "outside_window", _not_before(say_moment(following, at, zone)))


def _days_after(day: date) -> "list[date]":
    return [day + timedelta(days=number) for number in range(1, 400)]


def _not_before(moment: Text) -> Text:
    return Text(f"{moment.zh}起可用", f"Not before {moment.en}")


def say_moment(then: datetime, at: datetime, zone: tzinfo) -> Text:
    """Return a coming time as people say it: 17:30, tomorrow 11:00, Sat 11:00, 3 Dec."""
    local = then.astimezone(zone)
    days = (local.date() - at.astimezone(zone).date()).days
    clock = f"{local:%H:%M}"
    if days == 0:
        return Text(f"今天 {clock} ", clock)
    if days == 1:
        return Text(f"明天 {clock} ", f"tomorrow {clock}")
    if days < 7:
        return Text(f"周{WEEKDAYS_ZH[local.weekday()]} {clock} ", f"{WEEKDAYS_EN[local.weekday()]} {clock}")
    return Text(f"{local.month} 月 {local.day} 日", f"{local.day} {local:%b}")
