"""How a picture looks, in 64 bits: brighter or darker than its neighbour. The same photo sent anew looks the same."""

from __future__ import annotations

import io
from itertools import pairwise

from PIL import Image

COLUMNS = ROWS = 8
FLAT = 16  # of 256 shades


def likeness(jpeg: bytes) -> str:
    """Difference hash of a picture as 16 hex digits; survives other sizes and compression, not another view.

    "" for a picture without anything on it (dark, blank): such pictures all look alike.
    """
    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft("L", (64, 64))
        small = image.convert("L").resize((COLUMNS + 1, ROWS))
    shades = list(small.tobytes())
    if max(shades) - min(shades) < FLAT:
        return ""
    bits = 0
    for row in range(ROWS):
        line = shades[row * (COLUMNS + 1) : (row + 1) * (COLUMNS + 1)]
        for left, right in pairwise(line):
            bits = bits << 1 | (left > right)
    return f"{bits:016x}"
