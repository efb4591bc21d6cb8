"""Photographs from outside: judged before they are decoded, turned upright, made small, stripped of everything else.

Time and place are read from the camera's own record first; what is stored is a plain JPEG without any metadata.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
LONG_SIDE = 1600
WANTED_BYTES = 400 * 1024
QUALITIES = (82, 72, 60, 45)
FORMATS = ("JPEG", "PNG", "WEBP")
ZONE = ZoneInfo("Asia/Shanghai")
EXIF_IFD, GPS_IFD, TAKEN = 0x8769, 0x8825, 0x9003


class NotAPhoto(ValueError):
    """The bytes can't be used as a photo; `code` is TOO_LARGE, TOO_MANY_PIXELS or NO_IMAGE."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class CleanPhoto:
    """`jpeg` holds no metadata; `taken_at` is aware; longitude and latitude are degrees (WGS 84), to 6 decimals."""

    jpeg: bytes
    width: int
    height: int
    taken_at: datetime | None
    longitude: Decimal | None
    latitude: Decimal | None


def clean_photo(data: bytes, *, long_side: int = LONG_SIDE) -> CleanPhoto:
    """Check and re-encode a photo of at most 20 MB and 50 megapixels. Raises `NotAPhoto`."""
    image = open_picture(data)
    exif = image.getexif()
    taken_at, (longitude, latitude) = _taken_at(exif), _position(exif)
    small = shrink(image, long_side)
    return CleanPhoto(jpeg_of(small), small.width, small.height, taken_at, longitude, latitude)


def clean_drawing(data: bytes) -> bytes:
    """A signature pad's PNG, at most 1000 × 600, flattened on white, as a small PNG. Raises `NotAPhoto`."""
    image = open_picture(data, formats=("PNG",), max_pixels=1000 * 600)
    try:
        drawing = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        raise NotAPhoto("NO_IMAGE") from error
    sheet = Image.new("RGBA", drawing.size, "white")
    sheet.alpha_composite(drawing)
    grey = sheet.convert("L")
    if grey.getextrema()[0] > 200:
        raise NotAPhoto("EMPTY_DRAWING")
    out = io.BytesIO()
    grey.save(out, "PNG", optimize=True)
    return out.getvalue()


def open_picture(data: bytes, formats: tuple[str, ...] = FORMATS, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Only the head is read here; pixels are decoded after their number is known. Raises `NotAPhoto`."""
    if len(data) > MAX_BYTES:
        raise NotAPhoto("TOO_LARGE")
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise NotAPhoto("NO_IMAGE") from error
    except Image.DecompressionBombError as error:
        raise NotAPhoto("TOO_MANY_PIXELS") from error
    if image.width * image.height > max_pixels or min(image.size) < 1:
        raise NotAPhoto("TOO_MANY_PIXELS")
    return image


def shrink(image: Image.Image, long_side: int) -> Image.Image:
    """Decoded, upright, RGB, at most `long_side` pixels long. Raises `NotAPhoto` for damaged pixels."""
    try:
        image.draft("RGB", (long_side, long_side))  # lets the JPEG decoder skip most of the work
        image.thumbnail((long_side, long_side))
        return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise NotAPhoto("NO_IMAGE") from error


def jpeg_of(image: Image.Image, wanted_bytes: int = WANTED_BYTES) -> bytes:
    """A JPEG without metadata, as good as fits into `wanted_bytes` (400 KB)."""
    content = b""
    for quality in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True)
        content = out.getvalue()
        if len(content) <= wanted_bytes:
            break
    return content


def _taken_at(exif: Image.Exif) -> datetime | None:
    text = str(exif.get_ifd(EXIF_IFD).get(TAKEN, "")).strip("\x00 ")
    try:
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=ZONE)
    except ValueError:
        return None


def _position(exif: Image.Exif) -> tuple[Decimal | None, Decimal | None]:
    """Longitude and latitude, or neither."""
    gps: Mapping[int, Any] = exif.get_ifd(GPS_IFD)
    latitude, longitude = _degrees(gps.get(2), gps.get(1) == "S"), _degrees(gps.get(4), gps.get(3) == "W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None, None
    return longitude, latitude


def _degrees(parts: Any, negative: bool) -> Decimal | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
        value = Decimal(degrees + minutes / 60 + seconds / 3600).quantize(Decimal("0.000001"))
    except (TypeError, ValueError, ArithmeticError):
        return None
    return -value if negative else value
