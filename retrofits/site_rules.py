"""What a programme's settings say of works at a dwelling, beside its gates. Knows no table.

    boxes: {"140502": {west: 112.70, east: 113.05, south: 35.38, north: 35.65}}    # degrees; wide on purpose
    sizing: {watts_per_m2: 30}      # J-36 names no figure: the portal's proposal

    stable_season: {running_days_percent: 80}         # D-14 names no share: the portal's proposal
    tariffs: [{code: first_tier, clause: T-34}, {code: time_of_use, clause: T-35}]    # the first is everybody's
    contract_items: [duties, heating_mode, service_quality, entry_exit]               # L-44
    local_requirements: [低温启动-25℃]                                                 # J-44: beyond annex 2
    emission_standard: {name: DB14/1929－2019, clause: D-23}                          # of boilers' projects
    environment:                                                                      # L-82
      coal_t_per_home: {value: "2.5", source: …}
      factors: [{code: SO2, name: 二氧化硫, kg_per_t: "1.62", source: …}]

A place without a box is not checked; a programme without a figure for sizing has no such gate. A factor without a
number stays unknown.
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


def running_days_percent(settings: Mapping[str, Any]) -> Decimal | None:
    """On how many of a season's days a heater must have given heat for the season to count as proven, in percent."""
    value = (settings.get("stable_season") or {}).get("running_days_percent")
    return None if value is None else Decimal(str(value))


@dataclass(frozen=True)
class Tariff:
    """An electricity price a programme's households heat at, with the clause that promises it.

    `by_choice`: nobody has it without having chosen it.
    """

    code: str
    clause: str
    by_choice: bool = False


def tariffs_of(settings: Mapping[str, Any]) -> list[Tariff]:
    """The prices a programme offers, everybody's first; none where its document names none."""
    listed = settings.get("tariffs") or []
    return [Tariff(str(one["code"]), str(one.get("clause", "")), bool(one.get("by_choice"))) for one in listed]


def contract_items(settings: Mapping[str, Any]) -> frozenset[str]:
    """What a contract with a household must name (L-44), by code."""
    return frozenset(str(one) for one in settings.get("contract_items") or [])


def local_requirements(settings: Mapping[str, Any]) -> frozenset[str]:
    """What the place asks of a model beyond annex 2 (J-44), in its words."""
    return frozenset(str(one) for one in settings.get("local_requirements") or [])


@dataclass(frozen=True)
class EmissionStandard:
    """The standard a programme's boilers are measured by; its limits stand in the standard, not in the document."""

    name: str
    clause: str


def emission_standard(settings: Mapping[str, Any]) -> EmissionStandard | None:
    """None where the programme's document names no standard."""
    known = settings.get("emission_standard")
    return EmissionStandard(str(known["name"]), str(known.get("clause", ""))) if known else None
