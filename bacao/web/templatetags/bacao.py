"""What every template may use: both languages, money, distance, times."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils.timezone import localtime
from django.utils.translation import get_language

from bacao.kit.text import Text
from bacao.places.rules.sources import SOURCES, Source

register = template.Library()


def is_chinese() -> bool:
    """Return whether the page is being made in Chinese."""
    return (get_language() or "zh-hans").startswith("zh")


@register.simple_tag
def t(zh: str, en: str) -> str:
    """Return the wording in the page's language: `{% t "发现" "Discover" %}`."""
    return zh if is_chinese() else en


@register.filter
def say(text: Text | None) -> str:
    """Return a `Text` in the page's language."""
    return text.say(get_language() or "zh-hans") if text else ""


@register.filter
def local(row: Any, field: str) -> str:
    """Return `row.<field>_zh` or `row.<field>_en` in the page's language, the other where one is empty."""
    first, second = ("zh", "en") if is_chinese() else ("en", "zh")
    return getattr(row, f"{field}_{first}", "") or getattr(row, f"{field}_{second}", "")


@register.filter
def money(minor: int | None) -> str:
    """Return minor units as people write them: 1800 -> ¥18, 1850 -> ¥18.5, 1855 -> ¥18.55."""
    if minor is None:
        return ""
    sign, minor = ("-" if minor < 0 else ""), abs(minor)
    whole, cents = divmod(minor, 100)
    tail = f".{cents:02d}".rstrip("0") if cents else ""
    return f"{sign}¥{whole:,}{tail}"


@register.filter
def distance(metres: float | None) -> str:
    """Return a distance as people say it: 347 -> 350 m, 1234 -> 1.2 km, 12345 -> 12 km."""
    if metres is None:
        return ""
    if metres < 995:
        return f"{max(10, round(metres, -1)):.0f} m"
    return f"{metres / 1000:.1f} km" if metres < 9950 else f"{metres / 1000:.0f} km"


@register.filter
def ago(then: datetime | None, at: datetime) -> str:
    """Return how long ago something was, in the page's language; a date where that is over a week."""
    if then is None:
        return ""
    minutes = int((at - then).total_seconds() // 60)
    days = (localtime(at).date() - localtime(then).date()).days
    if minutes < 1:
        return t("刚刚", "just now")
    if minutes < 60:
        return t(f"{minutes} 分钟前", f"{minutes} min ago")
    if days < 1 or minutes < 6 * 60:
        return t(f"{minutes // 60} 小时前", f"{minutes // 60} h ago")
    if days < 2:
        return t("昨天", "yesterday")
    if days < 8:
        return t(f"{days} 天前", f"{days} days ago")
    return day(then, at)


@register.filter
def day(then: datetime, at: datetime) -> str:
    """Return a date as short as it is clear: 11月21日 / 21 Nov, with the year where it is another one."""
    local_then = localtime(then)
    year = local_then.year != localtime(at).year
    if is_chinese():
        return (f"{local_then.year}年" if year else "") + f"{local_then.month}月{local_then.day}日"
    return f"{local_then.day} {local_then:%b}" + (f" {local_then.year}" if year else "")


@register.filter
def clock(then: datetime) -> str:
    """Return the time of day on the shop's clock: 22:00."""
    return f"{localtime(then):%H:%M}"


@register.filter
def weekday(then: datetime) -> str:
    """Return the day of the week, short: 周六 / Sat."""
    local_then = localtime(then)
    return f"周{'一二三四五六日'[local_then.weekday()]}" if is_chinese() else f"{local_then:%a}"


@register.filter
def until_clock(then: datetime | None, at: datetime) -> str:
    """Return when something ends, with the day where it is not today or tonight; nothing where it is days ahead."""
    if then is None or (then - at).total_seconds() > 36 * 3600:
        return ""
    ends = localtime(then)
    if ends.date() == localtime(at).date() or (then - at).total_seconds() < 18 * 3600:
        return f"{ends:%H:%M}"
    return t(f"明天 {ends:%H:%M}", f"{ends:%H:%M} tomorrow")


@register.simple_tag
def sources_of(*places: Any) -> list[Source]:
    """Return whose data these places are made of, each source once; only sources whose licence asks for attribution."""
    return [SOURCES[code] for code in sorted({place.source for place in places}) if code in SOURCES]


@register.simple_tag
def sources_of_items(items: Iterable[Any]) -> list[Source]:
    """Return the same for the rows of a list, each of which has a `place`."""
    return sources_of(*(item.place for item in items))
