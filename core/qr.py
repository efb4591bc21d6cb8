"""QR codes as one SVG path, black on white, to be drawn at any size."""

from __future__ import annotations

from dataclasses import dataclass

QUIET = 4
"""Modules of white around the code, as the standard asks."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """`side` modules with the quiet zone; `path` is the `d` of an SVG path in modules."""

    side: int
    path: str


def qr_drawing(text: str) -> Drawing:
    """A QR code of `text` that survives a quarter of its modules being lost (level Q): stamps and folds hit codes."""
    import qrcode  # few pages need it, every program would load it

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    dark = ((x, y) for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark)
    return Drawing(len(matrix), "".join(f"M{x} {y}h1v1h-1z" for x, y in dark))
