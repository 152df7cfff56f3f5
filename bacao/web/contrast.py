"""The colours of `tokens.css`, and whether they can be read: contrast as WCAG 2.2 measures it (1.4.3, 1.4.11)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TEXT, LARGE = 4.5, 3.0
TOKENS_CSS = Path(__file__).parent / "static/css/tokens.css"
PAIRS: tuple[tuple[str, str, float], ...] = (
    *((ink, ground, TEXT) for ink in ("ink", "soft", "money", "go") for ground in ("paper", "raised", "slip")),
    ("ink", "sunken", TEXT),
    ("soft", "sunken", TEXT),
    ("on-go", "go", TEXT),
    ("on-go-wash", "go-wash", TEXT),
    ("on-money", "money", TEXT),
    ("on-money-wash", "money-wash", TEXT),
    ("on-saving-wash", "saving-wash", TEXT),
    ("on-wait-wash", "wait-wash", TEXT),
    ("on-ink-go", "ink", TEXT),
    ("paper", "ink", TEXT),
    ("wait", "paper", LARGE),
    ("wait", "raised", LARGE),
    ("edge", "paper", LARGE),
    ("edge", "raised", LARGE),
)
"""Which token is read on which ground, and the least contrast it needs: 3 for icons, marks and borders."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One pair by day and by night, as contrast ratios."""

    ink: str
    ground: str
    least: float
    day: float
    night: float

    @property
    def is_readable(self) -> bool:
        """Return whether both reach the least."""
        return min(self.day, self.night) >= self.least


@lru_cache(maxsize=1)
def read_tokens() -> dict[str, tuple[str, str]]:
    """Return every opaque colour token by name, as (day, night) in #rrggbb."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS_CSS.read_text("utf-8"))
    return {name: (day, night) for name, day, night in pairs}


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, 0 for black to 1 for white."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def read_pairs() -> list[Reading]:
    """Return the contrast of every pair that is used."""
    tokens = read_tokens()
    return [
        Reading(ink, ground, least, *(contrast(a, b) for a, b in zip(tokens[ink], tokens[ground], strict=True)))
        for ink, ground, least in PAIRS
    ]
