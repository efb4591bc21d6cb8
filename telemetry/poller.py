"""What to ask, and what the answers mean. No database, no clock, no Celery: both are passed in.

Times are epoch seconds. A unit that misses is asked again each cycle up to three times, then at 1, 2, 4 … 30 minutes,
so that dead units don't eat the time of living ones; one good answer restores full polling (DEVICES §3.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from devices.hub.client import BlockResult, SweepRequest
from devices.protocol.decoder import decode
from devices.protocol.planner import merge_results, plan
from devices.protocol.profiles import Profile

SUSPECT_AFTER = 3
BACK_OFF_S = (60, 120, 240, 480, 960, 1800)
MEASURED = {
    "supply_dc": "supply_t",
    "return_dc": "return_t",
    "outdoor_dc": "outdoor_t",
    "room_dc": "room_t",
    "set_room_dc": "set_room_t",
    "mode": "mode",
    "fault": "fault",
    "energy_dkwh": "energy_kwh",
}
SMALLEST, LARGEST = -32768, 32767


@dataclass(frozen=True)
class Unit:
    """One heater as the poller sees it. `misses` in a row, `asked_at` the last time it was asked."""

    heater_id: int
    line: str
    unit: int
    profile: Profile
    misses: int = 0
    asked_at: float = 0.0


@dataclass(frozen=True)
class Sample:
    """One stored poll: columns of `telemetry.Reading`; None where the heater gave no trustworthy value."""

    heater_id: int
    at: float
    values: dict[str, int | bool | None]
    flags: int


@dataclass
class Outcome:
    """What a cycle brought: samples, and why the other heaters have none (timeout, offline, refused …)."""

    samples: list[Sample] = field(default_factory=list)
    missed: dict[int, str] = field(default_factory=dict)


def due(units: Iterable[Unit], now: float) -> list[Unit]:
    """The units whose turn it is, those of one line next to each other."""
    return sorted((unit for unit in units if _is_due(unit, now)), key=lambda unit: (unit.line, unit.unit))


def requests(units: Iterable[Unit]) -> list[SweepRequest]:
    """Block reads for each unit, planned from its profile."""
    return [SweepRequest(unit.line, unit.unit, plan(unit.profile)) for unit in units]


def understand(units: Iterable[Unit], results: Iterable[BlockResult]) -> Outcome:
    """Samples of the units that answered all they were asked or part of it, reasons for the others."""
    by_place: dict[tuple[str, int], list[BlockResult]] = defaultdict(list)
    for result in results:
        by_place[result.line, result.unit].append(result)
    outcome = Outcome()
    for unit in units:
        blocks = by_place.get((unit.line, unit.unit), [])
        answered = [block for block in blocks if block.registers is not None]
        if answered:
            outcome.samples.append(_sample(unit, answered))
        else:
            outcome.missed[unit.heater_id] = blocks[0].error if blocks else "unasked"
    return outcome


def silent_lines(units: Iterable[Unit], outcome: Outcome) -> set[str]:
    """Lines on which no unit could be reached because the line itself is away."""
    reasons: dict[str, set[str]] = defaultdict(set)
    for unit in units:
        reasons[unit.line].add(outcome.missed.get(unit.heater_id, "answered"))
    return {line for line, found in reasons.items() if found <= {"offline"}}


def _is_due(unit: Unit, now: float) -> bool:
    if unit.misses < SUSPECT_AFTER:
        return True
    step = BACK_OFF_S[min(unit.misses - SUSPECT_AFTER, len(BACK_OFF_S) - 1)]
    # A fifth of jitter by heater keeps a hundred dead units from being asked in the same cycle.
    return now - unit.asked_at >= step * (0.9 + 0.2 * (unit.heater_id * 7919 % 100) / 100)


def _sample(unit: Unit, blocks: list[BlockResult]) -> Sample:
    registers = merge_results((block.block, block.registers or ()) for block in blocks)
    decoded = decode(unit.profile, registers)
    values: dict[str, int | bool | None] = {column: decoded.values.get(point) for column, point in MEASURED.items()}
    running, power = decoded.values.get("running"), decoded.values.get("power")
    values["running"] = None if running is None else bool(running)
    values["power_w"] = None if power is None else power * 100  # tenths of a kilowatt
    for column, value in values.items():
        if column.endswith("_dc") and value is not None and not SMALLEST <= value <= LARGEST:
            values[column] = None
    return Sample(unit.heater_id, max(block.at for block in blocks), values, int(decoded.quality))


def columns() -> Iterator[str]:
    """Value columns in the order in which they are stored."""
    yield from (*MEASURED, "running", "power_w")
