"""What only the shop's console says: shares, days, the end of a day."""

from datetime import date, datetime

from django import template
from django.utils.timezone import localtime

from bacao.web.templatetags.bacao import is_chinese

register = template.Library()


@register.filter
def percent(basis_points: int) -> str:
    """Return a share as people write it: 250 -> 2.5 %."""
    return f"{basis_points / 100:g} %"


@register.filter
def exact(minor: int | None) -> str:
    """Return minor units with both decimals, for columns: 12480 -> ¥124.80."""
    if minor is None:
        return ""
    whole, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}¥{whole:,}.{cents:02d}"


@register.filter
def weekday_of(day: date) -> str:
    """Return the day of the week of a date, short: 周六 / Sat."""
    return f"周{'一二三四五六日'[day.weekday()]}" if is_chinese() else f"{day:%a}"


@register.filter
def clock_end(then: datetime) -> str:
    """Return the time a span ends: midnight is 24:00, later times of the night stand as they are."""
    return f"{localtime(then):%H:%M}".replace("00:00", "24:00")
