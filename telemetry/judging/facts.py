"""What is known of one heater at one moment, and the numbers by which it is judged. No Django, no clock.

Temperatures are whole tenths of a degree, times epoch seconds; None is "not known" and is never taken for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Hour:
    """One closed hour of a heater. `wanted`: polls that were due; `flagged`: readings whose quality was not good."""

    at: float
    n: int
    wanted: int = 0
    flagged: int = 0
    minutes_on: int | None = None
    energy_dkwh: int | None = None
    room_dc: int | None = None
    outdoor_dc: int | None = None
    starts: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One heater. `answered` False: `misses` polls in a row brought nothing, for `reason`; the values are then None.

    `line_dead`: nothing on its line could be reached; `stands_for_line`: the one heater that carries such an alert.
    `foreign` is None where the line was not looked at; `duplicate_s`: seconds since the hub last turned a second
    gateway with the line's id away, None where it never did.
    `hours`: closed hours, oldest first, only where the hour is judged.
    """

    heater: int
    at: float
    answered: bool = True
    misses: int = 0
    reason: str = ""
    line: str = ""
    unit: int = 0
    line_dead: bool = False
    stands_for_line: bool = False
    medium: str = "water"
    supply_dc: int | None = None
    return_dc: int | None = None
    room_dc: int | None = None
    outdoor_dc: int | None = None
    set_room_dc: int | None = None
    running: bool | None = None
    defrosting: bool = False
    fault: int | None = None
    floor_dc: int = 160
    in_season: bool = True
    maintenance: bool = False
    vacant: bool = False
    foreign: int | None = None
    duplicate_s: float | None = None
    hours: tuple[Hour, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the rules; a programme may set others (`settings: {alerts: {room_hold_s: 1800}}`)."""

    silent_polls: int = 3
    supply_low_dc: int = 250
    supply_fine_dc: int = 280
    supply_hold_s: int = 1800
    freeze_dc: int = 50
    freeze_fine_dc: int = 70
    freeze_hold_s: int = 600
    comfort_dc: int = 180
    room_band_dc: int = 5
    room_hold_s: int = 3600
    starts: int = 4
    starts_fine: int = 2
    starts_hold_s: int = 3600
    bad_percent: int = 30
    bad_fine_percent: int = 10
    bad_hold_s: int = 3600
    foreign_hold_s: int = 600
    duplicate_s: int = 600
    duplicate_fine_s: int = 3600
    off_h: int = 6
    unmeasured_off_h: int = 24
    cold_dc: int = 0
    cold_band_dc: int = 20
    coal_room_dc: int = 140
    coal_excess_dc: int = 20
    coal_band_dc: int = 10
    fall_dc: int = 10
    gap_s: int = 1800

    def with_settings(self, wanted: Mapping[str, Any]) -> Limits:
        """These limits with a programme's own; what is no limit or no whole number is left."""
        known = {field.name for field in fields(self)}
        return replace(self, **{key: value for key, value in wanted.items() if key in known and type(value) is int})
