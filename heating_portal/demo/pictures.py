"""Photos of works that never were: small drawings, each different, so that no two dwellings share one."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageDraw

SIZE = (320, 240)
WALLS = {"before": (205, 191, 169), "during": (220, 214, 202), "after": (227, 235, 230),
         "defect": (233, 214, 207), "repaired": (223, 233, 220)}  # fmt: skip
TILE, ACROSS, DOWN = 36, 9, 5


def photo(stage: str, number: int) -> bytes:
    """A JPEG of one stage with a number on the wall."""
    image = Image.new("RGB", SIZE, "#a08d75")
    draw = ImageDraw.Draw(image)
    _wall(draw, stage, number)
    if stage == "before":
        _stove(draw)
    elif stage == "during":
        _ladder(draw)
    else:
        _heater(draw, leaking=stage == "defect")
    draw.text((14, 12), f"DEMO {stage} No. {number:05d}", fill="#33413d")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def _wall(draw: ImageDraw.ImageDraw, stage: str, number: int) -> None:
    """Tiles whose shades follow from the number: two homes must not look alike to whoever compares their pictures."""
    shades = hashlib.sha512(f"{stage} {number}".encode()).digest()
    for tile in range(ACROSS * DOWN):
        shift = shades[tile] % 31 - 15
        left, top = tile % ACROSS * TILE, tile // ACROSS * TILE
        colour = tuple(max(0, min(255, part + shift)) for part in WALLS[stage])
        draw.rectangle((left, top, left + TILE - 1, top + TILE - 3), fill=colour)


def _stove(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((146, 0, 164, 80), fill="#5b5550")
    draw.rounded_rectangle((106, 76, 206, 190), 10, fill="#3d3936")
    draw.rectangle((126, 110, 186, 160), fill="#221f1d")
    draw.polygon([(134, 158), (156, 116), (178, 158)], fill="#e06c2b")


def _ladder(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((36, 40, 108, 110), fill="#b7cdd6", outline="#f4f1ea", width=5)
    draw.line((150, 0, 150, 110, 320, 110), fill="#c2703a", width=8)
    draw.line((200, 186, 228, 60), fill="#d9a441", width=7)
    draw.line((262, 186, 234, 60), fill="#d9a441", width=7)


def _heater(draw: ImageDraw.ImageDraw, *, leaking: bool) -> None:
    draw.rounded_rectangle((70, 90, 250, 190), 8, fill="#f4f6f5", outline="#8c9a9e", width=3)
    draw.ellipse((150, 104, 230, 184), outline="#5d6568", width=5)
    draw.ellipse((180, 134, 200, 154), fill="#5d6568")
    draw.rectangle((86, 108, 134, 122), fill="#0d5c5c")
    if leaking:
        draw.polygon([(96, 192), (76, 224), (120, 224)], fill="#6fa4c9")
