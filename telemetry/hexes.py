"""Villages as a comb of hexagons, one cell each in the order of codes, coloured by how many heaters have data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left

from accounts.models import Area
from core.together import Reading
from devices.models import Heater
from telemetry.states import fresh

WIDE, HIGH = 76, 88  # of a cell, in pixels, point upwards
MOST = 400
GOOD, SOME = 95, 70


@dataclass(frozen=True)
class Cell:
    """One village. `look` names a fill: good, late (some without data), lost (many), none (never heard)."""

    code: str
    name: str
    total: int
    online: int
    faults: int
    look: str
    x: float
    y: float

    @property
    def points(self) -> str:
        """The corners, from the top clockwise."""
        half, quarter = WIDE / 2, HIGH / 4
        corners = ((half, 0), (WIDE, quarter), (WIDE, 3 * quarter), (half, HIGH), (0, 3 * quarter), (0, quarter))
        return " ".join(f"{self.x + x:g},{self.y + y:g}" for x, y in corners)

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + WIDE / 2, self.y + HIGH / 2


@dataclass(frozen=True)
class Comb:
    cells: list[Cell]
    width: float
    height: float


def comb_of(heaters: QuerySet[Heater], now: dt.datetime, periods: dict[str, int]) -> Reading[Comb]:
    """The villages where these heaters stand. A reading of one turn."""
    online = fresh(now, periods)
    name = Area.objects.filter(code=OuterRef("place")).values("name")[:1]
    placed = heaters.order_by().select_related(None).annotate(place=Left("area_id", 12)).values("place")
    rows = placed.annotate(
        total=Count("pk"), online=Count("pk", filter=online),
        faults=Count("pk", filter=online & Q(latest__fault__gt=0)), heard=Count("latest__at"), name=Subquery(name),
    ).order_by("place")  # fmt: skip
    villages = rows[:MOST]
    yield [villages]
    return comb(villages)


def comb(villages: Iterable[Mapping[str, Any]]) -> Comb:
    """Cells side by side, every other row half a cell further right."""
    rows = list(villages)
    across = max(1, min(12, ceil(sqrt(len(rows)) * 1.8)))
    cells = [_cell(row, n % across, n // across) for n, row in enumerate(rows)]
    width = max((cell.x for cell in cells), default=0.0) + WIDE
    height = max((cell.y for cell in cells), default=0.0) + HIGH
    return Comb(cells, width, height)


def _cell(row: Mapping[str, Any], column: int, line: int) -> Cell:
    x = column * WIDE + (WIDE / 2 if line % 2 else 0)
    counts = {key: row[key] for key in ("total", "online", "faults")}
    return Cell(
        code=row["place"], name=row["name"] or row["place"], look=look_of(row), x=x, y=line * HIGH * 0.75, **counts
    )


def look_of(row: Mapping[str, Any]) -> str:
    """Never heard is not the same as having no data now."""
    if not row["heard"]:
        return "none"
    share = 100 * row["online"] / row["total"]
    return "good" if share >= GOOD else "late" if share >= SOME else "lost"
