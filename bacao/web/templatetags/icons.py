"""Pictures without a download: Lucide's line icons inline, Fluent's emoji as static files."""

import json
from functools import lru_cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@lru_cache(maxsize=1)
def lucide() -> dict[str, str]:
    """Return the SVG body of every Lucide icon by name, aliases included."""
    path = settings.ROOT / "node_modules/@iconify-json/lucide/icons.json"
    pack = json.loads(path.read_text(encoding="utf-8"))
    bodies = {name: entry["body"] for name, entry in pack["icons"].items()}
    for name, alias in pack.get("aliases", {}).items():
        if alias["parent"] in bodies:
            bodies.setdefault(name, bodies[alias["parent"]])
    return bodies


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return an inline icon as tall as the text: `{% icon "map-pin" %}`; with `label` it is read aloud.

    :raises KeyError: Lucide has no icon of that name.
    """
    body = mark_safe(lucide()[name])  # noqa: S308  # our own locked file, not anybody's input
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" viewBox="0 0 24 24" {}>{}</svg>', spoken, body)


@register.simple_tag
def emoji_url(name: str) -> str:
    """Return the address of an emoji picture."""
    return static(f"emoji/{name}.svg")


@register.simple_tag
def emoji(name: str, label: str = "") -> SafeString:
    """Return an emoji picture as tall as the text: `{% emoji "steaming-bowl" %}`."""
    return format_html(
        '<img class="emoji" src="{}" alt="{}" width="32" height="32" loading="lazy" decoding="async">',
        emoji_url(name),
        label,
    )
