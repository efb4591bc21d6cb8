"""What a programme's settings say of works at a dwelling, beside its gates. Knows no table.

    boxes: {"140502": {west: 112.70, east: 113.05, south: 35.38, north: 35.65}}    # degrees; wide on purpose
    sizing: {watts_per_m2: 30}      # J-36 names no figure: the portal's proposal

A place without a box is not checked; a programme without a figure for sizing has no such gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.areas import ancestors


@dataclass(frozen=True)
class Box:
    """A rectangle of degrees around a place, its rim included."""

    area: str
    west: Decimal
    east: Decimal
    south: Decimal
    north: Decimal

    def holds(self, longitude: Decimal, latitude: Decimal) -> bool:
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north

    def __str__(self) -> str:
        return f"{self.west}–{self.east}, {self.south}–{self.north}"


def box_of(settings: Mapping[str, Any], area: str) -> Box | None:
    """The box of the place or of the nearest place above it that has one."""
    boxes = settings.get("boxes") or {}
    nearest = next((code for code in (area, *sorted(ancestors(area), key=len, reverse=True)) if code in boxes), "")
    if not nearest:
        return None
    rim = (Decimal(str(boxes[nearest][side])) for side in ("west", "east", "south", "north"))
    return Box(nearest, *rim)


def watts_per_m2(settings: Mapping[str, Any]) -> Decimal | None:
    """The least heating power per square metre of heated area, None where the programme names none."""
    value = (settings.get("sizing") or {}).get("watts_per_m2")
    return None if value is None else Decimal(str(value))
