"""Pictures from strangers: looked at, straightened, shrunk, and written anew with nothing of the old file left."""

import struct
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from bacao.kit.text import Refused, Text

BYTES_AT_MOST = 12 * 1024 * 1024
SIDE_AT_LEAST = 200
PIXELS_AT_MOST = 40_000_000
SIDE_KEPT = 1600
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
SUFFIX = "webp"
_QUALITY = 82
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, struct.error, Image.DecompressionBombError)


class PictureRefused(Refused):
    """A picture is not one, or too big, or too small; the sentence says which and by how much."""

    code = "picture_refused"
    text = Text(
        "这个文件不是能打开的照片。请用 JPEG、PNG、WebP 或 AVIF。",
        "This file is no picture that can be opened. JPEG, PNG, WebP and AVIF can.",
    )
    status = 422


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A WebP of ours; sizes in pixels."""

    data: bytes
    width: int
    height: int


def clean_picture(data: bytes) -> CleanPicture:
    """Return a picture re-encoded: upright, sRGB, at most 1600 px, first frame only, without any metadata.

    The file's name and declared type are not asked. The size is read from the header before a pixel is unpacked,
    so that a small file that unfolds to gigabytes is refused while it is still small.

    :raises PictureRefused: not a picture, damaged, over 12 MB or 40 megapixels, under 200 px
    """
    if len(data) > BYTES_AT_MOST:
        raise PictureRefused(Text("照片不能超过 12 MB。", "A picture can have 12 MB at most."))
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            _check_size(*picture.size)
            picture.draft("RGB", (SIDE_KEPT, SIDE_KEPT))
            return _encode(_upright_rgb(picture))
    except _BROKEN:
        raise PictureRefused from None


def _check_size(width: int, height: int) -> None:
    """:raises PictureRefused: too many pixels to unpack, or too few to look at"""
    if width * height > PIXELS_AT_MOST:
        raise PictureRefused(
            Text(f"照片太大：{width}×{height}，最多 4000 万像素。",
                 f"The picture is too large: {width}×{height}; 40 megapixels at most.")
        )  # fmt: skip
    if min(width, height) < SIDE_AT_LEAST:
        raise PictureRefused(
            Text(f"照片太小：{width}×{height}，每边至少 {SIDE_AT_LEAST} 像素。",
                 f"The picture is too small: {width}×{height}; each side needs {SIDE_AT_LEAST} pixels.")
        )  # fmt: skip


def _upright_rgb(picture: Image.Image) -> Image.Image:
    """Return the first frame, turned as the camera was held, its colours as sRGB over white."""
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((SIDE_KEPT, SIDE_KEPT), Image.Resampling.LANCZOS)
    if profile and upright.mode in {"RGB", "CMYK", "L"}:
        upright = _as_srgb(upright, profile)
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    return upright.convert("RGB")


def _as_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Return the picture with its colours moved to sRGB; a profile that cannot be read is left out."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        moved = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return moved or picture


def _encode(picture: Image.Image) -> CleanPicture:
    """Return the pixels, and only the pixels, as WebP."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    out = BytesIO()
    bare.save(out, "WEBP", quality=_QUALITY, method=4)
    return CleanPicture(out.getvalue(), *bare.size)
