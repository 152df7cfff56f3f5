"""QR codes as a phone must show them: pure black squares on pure white, nothing else (RD20)."""

from itertools import groupby

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString

QUIET_ZONE = 3
"""White modules on each side."""


def draw_qr(text: str) -> SafeString:
    """Return digits as an SVG of level Q; 47 of them are 25 × 25 modules. bacao/web/static/js/qr.js draws the same."""
    return draw_symbol(text, "q")


def draw_symbol(text: str, error: str = "m") -> SafeString:
    """Return a text as an SVG."""
    matrix = segno.make(text, error=error, boost_error=False, micro=False).matrix
    size = len(matrix) + 2 * QUIET_ZONE
    runs = []
    for y, row in enumerate(matrix, start=QUIET_ZONE):
        x = QUIET_ZONE
        for dark, modules in groupby(row):
            length = len(list(modules))
            if dark:
                runs.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return format_html(
        '<svg viewBox="0 0 {size} {size}" shape-rendering="crispEdges" aria-hidden="true">'
        '<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path fill="#000" d="{runs}"/></svg>',
        size=size,
        runs="".join(runs),
    )
