"""Pictures from strangers: what is refused, and what is left of what is kept."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

from bacao.notes.rules.pictures import BYTES_AT_MOST, PictureRefused, clean_picture

HTML = b"<script>alert(document.cookie)</script>"


def drawing(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Return a picture whose top left quarter is red and whose rest is not."""
    picture = Image.new(mode, (width, height), "blue" if mode != "L" else 40)
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2, height // 2), fill="red" if mode != "L" else 200)
    return picture


def as_bytes(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def exif_with_position(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model], exif[Base.Artist] = "Apple", "iPhone 17", "Lin at home"
    exif[Base.Orientation] = orientation
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (30.0, 15.0, 21.5),
            GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (120.0, 9.0, 32.9),
        }
    )  # fmt: skip
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:11:21 12:00:00"
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_common_kinds_become_webp(kind: str) -> None:
    clean = clean_picture(as_bytes(drawing(), kind))
    assert opened(clean.data).format == "WEBP"
    assert (clean.width, clean.height) == opened(clean.data).size == (640, 480)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_position_camera_and_name_are_gone(kind: str) -> None:
    exif = exif_with_position()
    data = as_bytes(drawing(), kind, exif=exif, **({"comment": b"Lin at home"} if kind == "JPEG" else {}))
    assert opened(data).getexif().get_ifd(IFD.GPSInfo), "the test's own picture has a position"
    clean = clean_picture(data).data
    assert dict(opened(clean).getexif()) == {}
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(opened(clean).info)
    for trace in (b"iPhone", b"Lin at home", b"EXIF", b"XMP ", b"ICCP", b"GPS"):
        assert trace not in clean


def test_xmp_and_text_chunks_are_gone_too() -> None:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Comment", "Lin at home")
    words.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>30.2560,120.1591</x:xmpmeta>")
    clean = clean_picture(as_bytes(drawing(), "PNG", pnginfo=words)).data
    assert b"Lin at home" not in clean
    assert b"xmp" not in clean.lower()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_the_camera_was_held(orientation: int) -> None:
    turns = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    turn = turns[orientation]
    as_stored = drawing().transpose(turn) if turn is not None else drawing()
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    clean = clean_picture(as_bytes(as_stored, quality=95, exif=exif))
    assert (clean.width, clean.height) == (640, 480)
    red, blue = (opened(clean.data).convert("RGB").getpixel(point) for point in ((100, 100), (500, 400)))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 200 > 60 > red[2]
    assert blue[2] > 200 > 60 > blue[0]


def test_a_large_picture_is_shrunk_and_a_small_one_is_not_blown_up() -> None:
    large = clean_picture(as_bytes(drawing(4000, 3000)))
    assert (large.width, large.height) == (1600, 1200)
    assert len(large.data) < 200_000
    small = clean_picture(as_bytes(drawing(200, 200)))
    assert (small.width, small.height) == (200, 200)


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"), ("I;16", "PNG")]
)
def test_rare_colour_modes_are_understood(mode: str, kind: str) -> None:
    picture = drawing().convert(mode) if mode != "I;16" else Image.new("I;16", (640, 480), 30000)
    assert opened(clean_picture(as_bytes(picture, kind)).data).mode == "RGB"


def test_what_was_transparent_becomes_paper() -> None:
    clean = clean_picture(as_bytes(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG"))
    assert opened(clean.data).getpixel((10, 10)) == (255, 255, 255)


def test_a_wide_gamut_is_moved_to_srgb_and_a_broken_profile_does_no_harm() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert clean_picture(as_bytes(drawing(), icc_profile=lab)).width == 640
    assert clean_picture(as_bytes(drawing(), icc_profile=b"not a profile")).width == 640


def test_of_an_animation_the_first_frame_is_kept() -> None:
    frames = [drawing(), Image.new("RGB", (640, 480), "green")]
    clean = clean_picture(as_bytes(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100))
    assert not getattr(opened(clean.data), "is_animated", False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        HTML,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + HTML,
        b"\xff\xd8\xff\xe0" + HTML,
        b"\x89PNG\r\n\x1a\n" + HTML,
        b"RIFF\x00\x00\x00\x00WEBPVP8 " + HTML,
        b"%PDF-1.7\n",
        b"PK\x03\x04",
    ],
)
def test_a_file_that_only_pretends_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused):
        clean_picture(data)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "EPS", "PDF"])
def test_kinds_nobody_needs_are_not_even_opened(kind: str) -> None:
    with pytest.raises(PictureRefused):
        clean_picture(as_bytes(drawing(), kind))


def test_of_a_picture_that_is_a_page_as_well_only_the_picture_is_kept() -> None:
    """A polyglot: a JPEG that any browser shows, with a script in a comment and after its end."""
    data = as_bytes(drawing(), comment=HTML) + HTML
    assert HTML in data
    assert opened(data).size == (640, 480)
    assert b"script" not in clean_picture(data).data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.98])
def test_a_file_that_ends_too_early_is_refused(kind: str, kept: float) -> None:
    data = as_bytes(Image.effect_noise((640, 480), 80).convert("RGB"), kind)
    with pytest.raises(PictureRefused):
        clean_picture(data[: int(len(data) * kept)])


def png_claiming(width: int, height: int) -> bytes:
    """Return a tiny PNG whose header claims a size; its pixels would unfold to that size in zeros."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_before_it_unfolds(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = png_claiming(10_000, 10_000)
    assert len(bomb) < 400_000, "300 MB of pixels in less than 400 kB"
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("a pixel was unpacked"))
    with pytest.raises(PictureRefused) as refused:
        clean_picture(bomb)
    assert "10000×10000" in refused.value.text.zh


def test_forty_megapixels_are_the_most_and_two_hundred_pixels_the_least() -> None:
    assert clean_picture(as_bytes(drawing(8000, 5000))).width == 1600
    for width, height in ((8001, 5000), (199, 4000), (4000, 199)):
        with pytest.raises(PictureRefused) as refused:
            clean_picture(as_bytes(drawing(width, height)))
        assert f"{width}×{height}" in refused.value.text.en


def test_twelve_megabytes_are_the_most() -> None:
    with pytest.raises(PictureRefused) as refused:
        clean_picture(as_bytes(drawing()) + bytes(BYTES_AT_MOST))
    assert "12 MB" in refused.value.text.zh
