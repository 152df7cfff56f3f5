"""Films for a fake camera: Chromium plays an uncompressed file (.y4m) in a loop as if a camera saw it."""

import random
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

WIDTH, HEIGHT, RATE = 640, 480, 10


def camera_flags(film: Path) -> list[str]:
    """Return what a browser is started with so that its camera shows a film and asks nobody."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film.resolve()}",
    ]


def write_film(path: Path, pictures: Sequence[Image.Image]) -> Path:
    """Write gray pictures of 640 × 480 as raw video, ten a second."""
    no_colour = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            assert picture.size == (WIDTH, HEIGHT)
            file.write(b"FRAME\n" + picture.convert("L").tobytes() + no_colour)
    return path


def table(seed: int = 0) -> Image.Image:
    """Return a counter top: gray, with the noise of a cheap sensor."""
    noise = np.random.default_rng(seed).normal(110, 10, (HEIGHT, WIDTH))
    return Image.fromarray(noise.clip(0, 255).astype(np.uint8))


def held(screen: bytes, seed: int) -> Image.Image:
    """Return a phone's screen (PNG) held over the counter: smaller, turned a little, slightly out of focus."""
    draw = random.Random(seed)
    phone = Image.open(BytesIO(screen)).convert("L")
    scale = HEIGHT * 0.94 / max(phone.size)
    phone = phone.resize((round(phone.width * scale), round(phone.height * scale)), Image.Resampling.LANCZOS)
    picture = table(seed)
    turned = phone.rotate(draw.uniform(-6, 6), expand=True, fillcolor=90)
    spot = ((WIDTH - turned.width) // 2 + draw.randrange(-40, 40), (HEIGHT - turned.height) // 2)
    picture.paste(turned, spot)
    blurred = picture.filter(ImageFilter.GaussianBlur(0.6))
    return _noisy(blurred, 6, seed)


def dim(symbol: Image.Image, *, contrast: int, noise: float, count: int, seed: int = 3) -> list[Image.Image]:
    """Return a symbol held still in poor light: `contrast` gray levels between black and white, and sensor noise."""
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    side = 220
    picture.paste(symbol.convert("L").resize((side, side), Image.Resampling.NEAREST), ((WIDTH - side) // 2, 130))
    low = picture.point(lambda value: 30 + value * contrast // 255)
    return [_noisy(low, noise, seed + number) for number in range(count)]


def _noisy(picture: Image.Image, noise: float, seed: int) -> Image.Image:
    grains = np.random.default_rng(seed).normal(0, noise, (HEIGHT, WIDTH))
    return Image.fromarray((np.asarray(picture, dtype=float) + grains).clip(0, 255).astype(np.uint8))


def shots(make: Callable[[int], Image.Image], count: int = 6) -> list[Image.Image]:
    """Return an empty counter for a moment, then some pictures."""
    return [*(table(number) for number in range(4)), *(make(number) for number in range(count))]
