"""Photos of works that never were: small drawings, each different, so that no two dwellings share one."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageDraw

SIZE = (320, 240)
WALLS = {"before": "#cdbfa9", "during": "#dcd6ca", "after": "#e3ebe6", "defect": "#e9d6cf", "repaired": "#dfe9dc"}


def photo(stage: str, number: int) -> bytes:
    """A JPEG of one stage with a number on the wall."""
    image = _scene(stage).copy()
    ImageDraw.Draw(image).text((14, 12), f"DEMO {stage} No. {number:05d}", fill="#33413d")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


@lru_cache(maxsize=8)
def _scene(stage: str) -> Image.Image:
    image = Image.new("RGB", SIZE, WALLS[stage])
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 178, 320, 240), fill="#a08d75")
    if stage == "before":
        _stove(draw)
    elif stage == "during":
        _ladder(draw)
    else:
        _heater(draw, leaking=stage == "defect")
    return image


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
