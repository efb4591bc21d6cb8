"""Pictures of stamped pages as a phone or a scanner would make them."""

from __future__ import annotations

import io
import random
from functools import cache

import qrcode
from PIL import Image, ImageDraw, ImageFilter

from households.sheets import QR_PREFIX


def sheet(code: str, *, side: int = 2200) -> Image.Image:
    """An A4 page with lines of text, a red stamp over it, and the code in its lower left corner at its printed size."""
    page = Image.new("RGB", (side * 210 // 297, side), "white")
    draw = ImageDraw.Draw(page)
    for row in range(30):
        draw.rectangle((150, 200 + row * 40, page.width - 150, 203 + row * 40), fill="black")
    draw.ellipse((300, 1300, 600, 1600), outline="red", width=10)
    if code:
        made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4)
        made.add_data(QR_PREFIX + code)
        square = made.make_image().get_image().convert("RGB").resize((side * 26 // 297, side * 26 // 297))
        page.paste(square, (170, side - 420))
    return page


@cache
def photo(code: str, *, tilt: float = 4, blur: float = 1.2, seed: int = 1) -> bytes:
    """Tilted, a little out of focus, on a grey desk, with the noise of a cheap camera."""
    page = sheet(code).rotate(tilt, expand=True, fillcolor=(120, 118, 110), resample=Image.Resampling.BICUBIC)
    page = page.filter(ImageFilter.GaussianBlur(blur))
    random.seed(seed)
    noise = Image.effect_noise(page.size, 30).convert("RGB")
    out = io.BytesIO()
    Image.blend(page, noise, 0.12).save(out, "JPEG", quality=80)
    return out.getvalue()


@cache
def scan(*codes: str) -> bytes:
    """All pages in one PDF, as an office scanner makes it."""
    pages = [sheet(code) for code in codes]
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    return out.getvalue()
