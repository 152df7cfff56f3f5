"""What every template may use: both languages, money, distance, times."""

from typing import Any

from django import template
from django.utils.translation import get_language

from bacao.kit.text import Text

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
