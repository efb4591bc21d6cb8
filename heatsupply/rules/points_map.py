"""Points on a small drawn map: no tiles, nothing fetched from anywhere. No Django, no clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, EDGE = 400, 400, 28
KM_PER_DEGREE = 111.32
LEAST_KM = 2.0


@dataclass(frozen=True)
class Dot:
    """A point's number at a place of the drawing, in its units from the left upper corner."""

    number: int
    x: int
    y: int


@dataclass(frozen=True)
class Sketch:
    """North is up. `bar` units of the drawing are `bar_km` kilometres."""

    dots: tuple[Dot, ...]
    bar: int
    bar_km: int


def sketch(points: Sequence[tuple[int, float, float]]) -> Sketch | None:
    """From (number, longitude, latitude); None without a point. Distances are true along both axes."""
    if not points:
        return None
    west, east = min(p[1] for p in points), max(p[1] for p in points)
    south, north = min(p[2] for p in points), max(p[2] for p in points)
    across = KM_PER_DEGREE * math.cos(math.radians((south + north) / 2))
    middle = ((west + east) / 2, (south + north) / 2)
    wide, high = max((east - west) * across, LEAST_KM), max((north - south) * KM_PER_DEGREE, LEAST_KM)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
    dots = tuple(
        Dot(number, round(WIDTH / 2 + (lng - middle[0]) * across * scale),
            round(HEIGHT / 2 - (lat - middle[1]) * KM_PER_DEGREE * scale))
        for number, lng, lat in points
    )  # fmt: skip
    bar_km = _round_km(WIDTH / 4 / scale)
    return Sketch(dots, round(bar_km * scale), bar_km)


def _round_km(most: float) -> int:
    """1, 2, 5, 10 … kilometres, at most `most` where that is one or more."""
    steps = [n * 10**power for power in range(5) for n in (1, 2, 5)]
    return max((step for step in steps if step <= most), default=1)
