"""How a drawn cover looks: from its few words in the database to pieces placed on a frame.

A cover is `{"layout": name or number, "tint": hue in degrees, "emoji": [names], "line": one sentence}`. Everything
else (tone, pattern, where the pieces lie) is drawn by lot from those words, so the same cover always looks the same.
Lengths are hundredths of the frame's width; `--x` and `--y` are percent of the frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

HEIGHTS = {"portrait": 133.3, "square": 100.0, "wide": 62.5}
PATTERNS = ("dots", "stripes", "checks", "waves", "grid", "plain", "gingham", "rain")
HUES_APART = (32, 150, 196, -38, 88)
# how much colour the ink of a hue carries, so that the wall looks printed and not like sweets: (up to hue, share)
INKS = ((30, 0.85), (100, 1.0), (150, 0.8), (200, 0.62), (270, 0.58), (340, 0.6), (360, 0.72))
MUD, MUD_AVOIDED = (35, 120), 0.75  # yellow goes brown in the dark; a little of it is enough
PALE, RICH, VIVID, DEEP, NIGHT = "pale", "rich", "vivid", "deep", "night"


@dataclass(frozen=True, slots=True)
class Piece:
    """One emoji: its centre in percent of the frame, its size in hundredths of the width, its turn in degrees."""

    emoji: str
    x: float
    y: float
    size: float
    turn: float = 0

    @property
    def style(self) -> str:
        """Return the piece's place as CSS custom properties."""
        return f"--x:{self.x:.1f};--y:{self.y:.1f};--s:{self.size:.1f};--r:{self.turn:.0f}"


@dataclass(slots=True)
class Cover:
    """A cover ready to be written as HTML. `line_size` is in hundredths of the frame's width."""

    layout: str
    shape: str
    tint: int
    second: int
    tone: str = PALE
    pattern: str = "plain"
    turn: float = 0
    line: str = ""
    line_size: float = 10
    side: str = "end"
    pieces: list[Piece] = field(default_factory=list)

    @property
    def is_chinese(self) -> bool:
        """Return whether the line can be set in columns."""
        return any("一" <= sign <= "鿿" for sign in self.line)

    @property
    def style(self) -> str:
        """Return what the style sheet needs to know, as CSS custom properties."""
        return (
            f"--tint:{self.tint};--second:{self.second};--c:{ink_of(self.tint)};--c2:{ink_of(self.second)};"
            f"--turn:{self.turn:.1f};--line:{self.line_size:.1f}"
        )


def ink_of(hue: int) -> float:
    """Return how much of its chroma a hue (0-359) is printed with."""
    return next(share for until, share in INKS if hue < until)


def units_of(line: str) -> float:
    """Return the width of a line in ems: a Chinese sign is one, a Latin letter about half."""
    return sum(1.0 if ord(sign) > 0x2E7F else 0.54 for sign in line)


def fit(line: str, *, width: float, height: float, largest: float, smallest: float = 6.5) -> float:
    """Return the largest type size at which a line, broken where it must be, fills at most `width` x `height`."""
    longest_word = max((units_of(word) for word in line.split()), default=0) if line.isascii() else 0
    if not line.isascii() and units_of(line) <= 3.5:  # too short to be broken well
        return max(smallest, min(largest, height, width / (units_of(line) * 1.04)))
    size = largest
    while size > smallest:
        rows = -(-units_of(line) * 1.06 // max(1, width // size))
        if rows * size * 1.28 <= height and longest_word * size <= width:
            break
        size -= 0.5
    return size


def _hero(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((PALE, RICH, VIVID, VIVID, DEEP))
    cover.pattern = lots.choice(("plain", "dots", "waves", "plain"))
    if cover.shape == "wide":
        cover.pieces = [Piece(emoji[0], lots.uniform(72, 80), lots.uniform(56, 68), 66, lots.uniform(-14, 14))]
        cover.line_size = fit(cover.line, width=46, height=40, largest=13)
        return
    cover.side = lots.choice(("start", "end", "middle"))
    x = {"start": 24, "end": 76, "middle": 50}[cover.side]
    cover.pieces = [Piece(emoji[0], x, 79, lots.uniform(108, 132), lots.uniform(-18, 18))]
    cover.line_size = fit(cover.line, width=84, height=44 if cover.shape == "portrait" else 24, largest=20)


def _scatter(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((PALE, RICH, VIVID, DEEP))
    columns, rows = (5, 3) if cover.shape == "wide" else (3, 4) if cover.shape == "portrait" else (3, 3)
    size = 92 / columns
    step = 100 / columns
    for row in range(rows):
        for column in range(columns + row % 2):
            x = (column + (0 if row % 2 else 0.5)) * step
            y = (row + 0.5) * 100 / rows
            name = emoji[(column + row * 2) % len(emoji)]
            cover.pieces.append(
                Piece(name, x + lots.uniform(-2, 2), y + lots.uniform(-2, 2), size, lots.uniform(-24, 24))
            )
    if units_of(cover.line) > 11:
        cover.line = ""
    cover.turn = lots.uniform(-5, 5)
    cover.line_size = max(6.5, min(13, 66 / max(1, units_of(cover.line))))  # one row: it sits on a label


def _table(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((PALE, RICH, VIVID))
    cover.pattern = lots.choice(("gingham", "stripes", "checks", "plain"))
    wide = cover.shape == "wide"
    sizes = [36, 27, 23, 20] if wide else [60, 42, 36, 30]
    shelf = 78 if wide else 74
    tall = HEIGHTS[cover.shape]
    count = min(len(emoji), 4 if wide else 3)
    spots = {1: [50], 2: [36, 70], 3: [50, 21, 80], 4: [44, 20, 66, 84]}[count]
    order = sorted(range(count), reverse=True)
    cover.pieces = [
        Piece(emoji[i], spots[i] + lots.uniform(-2, 2), shelf - sizes[i] * 46 / tall + (6 if i == 0 else 0), sizes[i],
              lots.uniform(-5, 5))
        for i in order
    ]  # fmt: skip
    cover.line_size = fit(cover.line, width=84, height=16 if wide else 34, largest=10 if wide else 15)


def _type(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((PALE, RICH, VIVID, DEEP, DEEP))
    cover.side = lots.choice(("top", "middle", "bottom"))
    wide = cover.shape == "wide"
    corner = 86 if cover.side != "bottom" else 16
    cover.pieces = [Piece(emoji[0], 84, corner if not wide else 76, 16 if wide else 23, lots.uniform(-12, 12))]
    cover.line_size = fit(cover.line, width=80, height=36 if wide else 78, largest=17 if wide else 38)


def _split(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((RICH, VIVID))
    cover.turn = lots.choice((18, -18, 90, 0, 34)) if cover.shape != "wide" else lots.choice((100, 80, 70))
    first, second = ((30, 42), (72, 60)) if cover.shape == "wide" else ((34, 30), (68, 66))
    size = 38 if cover.shape == "wide" else 54
    cover.pieces = [
        Piece(emoji[0], *first, size, lots.uniform(-16, 16)),
        Piece(emoji[1 % len(emoji)], *second, size, lots.uniform(-16, 16)),
    ]
    cover.line_size = fit(cover.line, width=80, height=14, largest=10)


def _stamp(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((RICH, DEEP, VIVID))
    cover.pattern = lots.choice(("stripes", "dots", "plain", "waves"))
    cover.turn = lots.uniform(-6, 6)
    wide = cover.shape == "wide"
    cover.pieces = [Piece(emoji[0], 50, 42, 28 if wide else 52, lots.uniform(-8, 8))]
    cover.line_size = fit(
        cover.line, width=50 if not wide else 34, height=18 if not wide else 12, largest=10, smallest=4
    )


def _vertical(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((PALE, PALE, RICH, DEEP))
    wide = cover.shape == "wide"
    cover.pieces = [Piece(emoji[0], 25 if wide else 32, 66 if wide else 76, 40 if wide else 54, lots.uniform(-10, 10))]
    length, column = units_of(cover.line), {"portrait": 92, "square": 60, "wide": 36}[cover.shape]
    if cover.is_chinese and length <= 6.5:  # one column, above the seal
        cover.line_size = min(12 if wide else 25, column / (length * 1.06))
    elif cover.is_chinese:
        cover.line_size = fit(cover.line, width=column, height=40 if wide else 52, largest=12 if wide else 17)
    else:
        cover.line_size = fit(cover.line, width=80, height=24 if wide else 52, largest=11 if wide else 19)


def _slip(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((RICH, VIVID, DEEP))
    cover.pattern = lots.choice(("dots", "checks", "grid", "plain"))
    cover.turn = lots.uniform(-5, 5)
    wide = cover.shape == "wide"
    rows = 2 if wide else 3
    cover.pieces = [Piece(name, 0, 0, 9 if wide else 15) for name in emoji[:rows]]
    cover.line_size = fit(
        cover.line, width=30 if wide else 56, height=12 if wide else 26, largest=8 if wide else 12, smallest=4
    )


def _night(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = NIGHT
    wide = cover.shape == "wide"
    cover.side = lots.choice(("start", "end"))
    x = 50 if not wide else 76
    cover.pieces = [Piece(emoji[0], x, 70 if not wide else 58, 62 if not wide else 42, lots.uniform(-6, 6))]
    room = {"portrait": 82, "square": 60, "wide": 50}[cover.shape]  # beside or below the moon
    cover.line_size = fit(cover.line, width=room, height=30, largest=12 if wide else 17)


def _polaroid(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((PALE, RICH, DEEP, VIVID))
    cover.pattern = lots.choice(("gingham", "dots", "rain", "plain", "grid"))
    cover.turn = lots.choice((-1, 1)) * lots.uniform(2.5, 8)
    wide = cover.shape == "wide"
    cover.pieces = [
        Piece(emoji[0], 46, 56, 26 if wide else 48, lots.uniform(-8, 8)),
        Piece(emoji[1 % len(emoji)], 78, 76, 14 if wide else 25, lots.uniform(-12, 12)),
    ]
    cover.line_size = fit(
        cover.line, width=44 if wide else 64, height=9 if wide else 13, largest=6 if wide else 9, smallest=4
    )


def _burst(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((RICH, VIVID))
    wide = cover.shape == "wide"
    cover.turn = lots.uniform(0, 20)
    cover.pieces = [Piece(emoji[0], 50 if not wide else 72, 60, 72 if not wide else 44, lots.uniform(-12, 12))]
    cover.line_size = fit(cover.line, width=84 if not wide else 44, height=26, largest=15 if not wide else 11)


def _tiles(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = lots.choice((PALE, RICH))
    count = {"portrait": 4, "square": 3, "wide": 4}[cover.shape]
    cover.pieces = [Piece(emoji[i % len(emoji)], 0, 0, 30, lots.uniform(-12, 12)) for i in range(count)]
    cover.side = lots.choice(("top", "middle", "bottom") if cover.shape == "portrait" else ("top", "bottom"))
    cover.line_size = fit(cover.line, width=84, height=36, largest=15)


def _map(cover: Cover, lots: Random, emoji: list[str]) -> None:
    cover.tone = PALE
    cover.turn = lots.uniform(-28, 28)
    wide = cover.shape == "wide"
    spots = [(62, 42), (24, 30), (30, 70)] if not wide else [(60, 44), (22, 40), (86, 66)]
    sizes = (34, 19, 19) if not wide else (24, 14, 14)
    cover.pieces = [
        Piece(name, spot[0] + lots.uniform(-4, 4), spot[1] + lots.uniform(-3, 3), size)
        for name, spot, size in zip(emoji, spots, sizes, strict=False)
    ]
    cover.line_size = fit(cover.line, width=74, height=26 if not wide else 12, largest=11 if not wide else 8)


LAYOUTS: dict[str, Callable[[Cover, Random, list[str]], None]] = {
    "hero": _hero,
    "scatter": _scatter,
    "table": _table,
    "type": _type,
    "split": _split,
    "stamp": _stamp,
    "vertical": _vertical,
    "slip": _slip,
    "night": _night,
    "polaroid": _polaroid,
    "burst": _burst,
    "tiles": _tiles,
    "map": _map,
}


def _name_of(layout: object, lots: Random) -> str:
    """Return a layout's name: the given one, the one with the given number, or one by lot."""
    names = list(LAYOUTS)
    if isinstance(layout, int):
        return names[layout % len(names)]
    return str(layout) if layout in LAYOUTS else lots.choice(names)


def draw(
    words: Mapping[str, Any], *, shape: str = "portrait", emoji: str = "sparkles", tint: int = 90, line: str = ""
) -> Cover:
    """Return the cover that `words` describe; `emoji`, `tint` and `line` stand in for what they leave out."""
    names = [str(name) for name in words.get("emoji") or [emoji]]
    hue = int(words.get("tint", tint)) % 360
    said = str(words.get("line", line))
    lots = Random(f"{words.get('layout')} {hue} {names} {said}")  # noqa: S311  # a picture, not a secret
    cover = Cover(_name_of(words.get("layout"), lots), shape, hue, (hue + lots.choice(HUES_APART)) % 360, line=said)
    LAYOUTS[cover.layout](cover, lots, names)
    if cover.tone == DEEP and MUD[0] <= hue <= MUD[1] and lots.random() < MUD_AVOIDED:
        cover.tone = VIVID
    return cover


def draw_thumbnail(words: Mapping[str, Any], *, emoji: str = "sparkles", tint: int = 90) -> Cover:
    """Return a cover for a frame too small for words: one emoji on its ground."""
    names = [str(name) for name in words.get("emoji") or [emoji]]
    hue = int(words.get("tint", tint)) % 360
    lots = Random(f"{names} {hue}")  # noqa: S311  # a picture, not a secret
    return Cover(
        "thumb", "square", hue, (hue + lots.choice(HUES_APART)) % 360, lots.choice((PALE, RICH, VIVID)),
        lots.choice(PATTERNS), pieces=[Piece(names[0], 50, 52, 64, lots.uniform(-10, 10))],
    )  # fmt: skip
