"""Films of a symbol under damage that a counter meets, from fixed seeds: the corpus that the scanner is judged on.

Every scene is a few gray frames, 640 × 480, of one token: a hand that trembles, fresh noise in each frame, and one
kind of damage. Levels go on up to destruction, so rates compare scanners and say nothing of a real counter.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bacao.redemption.rules import BC2, Token, encode_token

WIDTH, HEIGHT = 640, 480
FRAMES = 10
SIDE = 220
"""Width of the symbol with its white border, in pixels, where a scene does not say otherwise."""

FINE = 3
"""Scenes are drawn that many times larger than a frame, so that a hand trembles by thirds of a pixel."""

Gray = NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """A film of one token: what is wrong with it, and its frames."""

    kind: str
    level: float
    text: str
    frames: list[Gray]


@dataclass(frozen=True)
class Take:
    """One frame's random numbers, and what the damage needs to know of the picture."""

    draw: np.random.Generator
    level: float
    centre: tuple[float, float]
    angle: float


Damage = Callable[[Image.Image, Take], Image.Image]
"""Takes the picture of a scene (mode L) and spoils it."""


def _noisy(picture: Image.Image, sigma: float, take: Take) -> Image.Image:
    grains = take.draw.normal(0, sigma, (picture.height, picture.width))
    return Image.fromarray((np.asarray(picture, float) + grains).clip(0, 255).astype(np.uint8))


def _dark(contrast: float, noise: float) -> Damage:
    def darken(picture: Image.Image, take: Take) -> Image.Image:
        return _noisy(picture.point(lambda value: 20 + value * contrast / 255), noise, take)

    return darken


def blurred(picture: Image.Image, take: Take) -> Image.Image:
    """Out of focus: sigma in pixels."""
    return _noisy(picture.filter(ImageFilter.GaussianBlur(take.level)), 4, take)


def shaken(picture: Image.Image, take: Take) -> Image.Image:
    """Moved while the shutter was open: that many pixels along a line."""
    total = np.zeros((HEIGHT, WIDTH))
    steps = max(2, round(take.level))
    source = np.asarray(picture, float)
    for step in range(steps):
        along = (step / (steps - 1) - 0.5) * take.level
        shift = round(along * math.sin(take.angle)), round(along * math.cos(take.angle))
        total += np.roll(source, shift, (0, 1))
    return _noisy(Image.fromarray((total / steps).astype(np.uint8)), 4, take)


def glared(picture: Image.Image, take: Take) -> Image.Image:
    """A lamp mirrored in the glass: a spot as wide as that share of the symbol."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = (x - take.centre[0]) ** 2 + (y - take.centre[1]) ** 2
    spot = 420 * np.exp(-away / (2 * (take.level * SIDE / 1.5) ** 2))
    return _noisy(Image.fromarray((np.asarray(picture, float) + spot).clip(0, 255).astype(np.uint8)), 4, take)


def banded(picture: Image.Image, take: Take) -> Image.Image:
    """The screen's own lines beat with the sensor's."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    a, period = take.angle, 2.8
    grid = np.sin(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / period) * np.sin(2 * np.pi * y / (period * 1.07))
    band = np.sin(2 * np.pi * y / 70 + take.draw.uniform(0, 6))
    lit = np.asarray(picture, float) * (1 + take.level * (0.5 * grid + 0.35 * band))
    return _noisy(Image.fromarray(lit.clip(0, 255).astype(np.uint8)), 4, take)


def squeezed(picture: Image.Image, take: Take) -> Image.Image:
    """Compressed by the camera's driver: JPEG of that quality."""
    file = BytesIO()
    picture.save(file, "JPEG", quality=round(take.level))
    return Image.open(file).convert("L")


def shaded(picture: Image.Image, take: Take) -> Image.Image:
    """Half in the shadow of a hand: light falls off across the picture, to that share."""
    fall = np.linspace(1, take.level, WIDTH)
    return _noisy(Image.fromarray((np.asarray(picture, float) * fall).astype(np.uint8)), 5, take)


def plain(picture: Image.Image, take: Take) -> Image.Image:
    """Nothing wrong but the noise of a sensor."""
    return _noisy(picture, 3, take)


LOW_LIGHT = "low light"
KINDS: dict[str, tuple[tuple[float, ...], Damage]] = {
    "clean": ((0,), plain),
    LOW_LIGHT: ((30, 20, 14, 11, 8), plain),
    "small": ((110, 80, 66, 56), plain),
    "blur": ((1.0, 2.0, 2.8, 3.4), blurred),
    "shake": ((6, 10, 13, 16), shaken),
    "perspective": ((0.2, 0.4, 0.55, 0.7), plain),
    "glare": ((0.08, 0.14, 0.2, 0.26), glared),
    "moire": ((0.3, 0.6, 0.9, 1.2), banded),
    "jpeg": ((30, 12, 6, 3), squeezed),
    "shadow": ((0.5, 0.3, 0.15, 0.07), shaded),
}
"""Each kind with its levels, mild to destructive, and what it does to a picture."""


def make_text(draw: np.random.Generator) -> str:
    """Return the 47 digits of a made-up token."""
    return encode_token(Token(BC2, draw.bytes(5), draw.bytes(14)))


def make_scenes(each: int, frames: int = FRAMES) -> Iterator[Scene]:
    """Yield `each` films of every kind at every level, round after round; the same ones in every run."""
    for seed in range(each):
        for kind, (levels, damage) in KINDS.items():
            for number, level in enumerate(levels):
                yield _film(kind, level, damage, np.random.default_rng([len(kind), number, seed, 7]), frames)


def _film(kind: str, level: float, damage: Damage, draw: np.random.Generator, frames: int) -> Scene:
    text = make_text(draw)
    side = level if kind == "small" else SIDE
    lean = level if kind == "perspective" else draw.uniform(0, 0.06)
    turn, angle = draw.uniform(-12, 12), draw.uniform(0, math.pi)
    centre = WIDTH / 2 + draw.uniform(-40, 40), HEIGHT / 2 + draw.uniform(-25, 25)
    spot = centre[0] + draw.uniform(-0.3, 0.3) * side, centre[1] + draw.uniform(-0.3, 0.3) * side
    spoil = _dark(level, 12) if kind == LOW_LIGHT else damage
    large = _draw(_counter(draw), text, side, centre, turn, lean)
    taken = []
    for _ in range(frames):
        right, down = (int(step) for step in draw.integers(-2, 3, 2))
        picture = ImageChops.offset(large, right, down).resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        soft = picture if kind == "small" else picture.filter(ImageFilter.GaussianBlur(0.6))
        taken.append(np.asarray(spoil(soft, Take(draw, level, spot, angle)), np.uint8))
    return Scene(kind, level, text, taken)


def _counter(draw: np.random.Generator) -> Image.Image:
    """Return a cluttered table."""
    picture = Image.new("L", (WIDTH, HEIGHT), int(draw.integers(60, 200)))
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = int(draw.integers(0, WIDTH)), int(draw.integers(0, HEIGHT))
        w, h = (int(size) for size in draw.integers(10, 120, 2))
        pen.rectangle((x, y, x + w, y + h), fill=int(draw.integers(30, 230)))
    return picture


def _draw(
    counter: Image.Image, text: str, side: float, centre: tuple[float, float], turn: float, lean: float
) -> Image.Image:
    """Return the counter with the symbol on it, three times as large as a frame."""
    file = BytesIO()
    segno.make(text, error="q", boost_error=False, micro=False).save(file, kind="png", scale=24, border=4)
    symbol = Image.open(file).convert("L")
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * side * FINE
    corners[0] *= 1 - lean
    corners[3] *= 1 - lean * 0.9
    radians = math.radians(turn)
    turned = corners @ np.array([[math.cos(radians), math.sin(radians)], [-math.sin(radians), math.cos(radians)]])
    target = turned + np.array(centre) * FINE
    n = symbol.width
    source = np.array([[0, 0], [n, 0], [n, n], [0, n]], float)
    size = (WIDTH * FINE, HEIGHT * FINE)
    shape = _perspective(target, source)
    warped = symbol.transform(size, Image.Transform.PERSPECTIVE, shape, Image.Resampling.BILINEAR)
    mask = Image.new("L", symbol.size, 255).transform(size, Image.Transform.PERSPECTIVE, shape)
    large = counter.resize(size, Image.Resampling.NEAREST)
    large.paste(warped, mask=mask)
    return large


def _perspective(target: NDArray[np.float64], source: NDArray[np.float64]) -> list[float]:
    """Return the eight numbers that carry four points of a picture back to where they come from."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return [float(number) for number in np.linalg.solve(np.array(rows), source.reshape(8))]
