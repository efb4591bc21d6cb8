"""What to ask, and what the answers mean. No database, no clock, no Celery: both are passed in.

Times are epoch seconds. A unit that misses for the first time is asked once more in the same turn. After three turns
without an answer it is suspect: then one register is asked for at 1, 2, 4 … 30 minutes, and the hub gives such probes a
tenth of a line's time at most. One good answer restores full polling at once. Blocks refused as an illegal address are
asked again by their parts (DEVICES §3.4, `telemetry.holes`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from zlib import crc32

from devices.hub.client import BlockResult, SweepRequest
from devices.protocol.compiled import compile_decoder
from devices.protocol.frames import Block
from devices.protocol.planner import plan
from devices.protocol.profiles import Profile
from telemetry.holes import Hole, as_read, is_illegal_address, learnt, parts

SUSPECT_AFTER = 3
BACK_OFF_S = (60, 120, 240, 480, 960, 1800)
OUTAGE_LINES = 100
SPREAD_S, SPREAD_SHARE = 60.0, 0.2
"""After an outage the first polls are spread over a minute, but over no more than a fifth of the period."""
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
_POINTS = (*MEASURED.values(), "running", "power")
_SMALL = tuple(column for column in MEASURED if column.endswith("_dc"))
WORTH_ASKING_AGAIN = ("timeout", "out_of_step")
SPARED, REFUSED = "spared", "refused"
NOBODY_BEHIND_GATEWAY = (10, 11)
"""Exceptions of a gateway that got no answer itself: its unit is silent, it refuses nothing."""


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
    """What a cycle brought: samples, and why the other heaters have none (timeout, offline, refused …).

    `spared`: suspects that were not asked after all; nothing is known of them, not even that they are silent.
    `holes`: by heater, what its board turned out not to have.
    """

    samples: list[Sample] = field(default_factory=list)
    missed: dict[int, str] = field(default_factory=dict)
    spared: set[int] = field(default_factory=set)
    holes: dict[int, set[Hole]] = field(default_factory=dict)


def due(units: Iterable[Unit], now: float) -> list[Unit]:
    """The units whose turn it is, those of one line next to each other."""
    return sorted((unit for unit in units if _is_due(unit, now)), key=lambda unit: (unit.line, unit.unit))


def resting(units: Iterable[Unit], now: float) -> list[Unit]:
    """The units whose turn it is not yet."""
    return [unit for unit in units if not _is_due(unit, now)]


def returned(units: Iterable[Unit], since: Mapping[str, float]) -> list[Unit]:
    """Of resting units those whose line has come back since they were last asked (`since`: line → its connect): an
    outage was over sooner than their pause."""
    return [unit for unit in units if since.get(unit.line, 0.0) > unit.asked_at]


def blocks_of(unit: Unit, turn: int) -> tuple[Block, ...]:
    """What is read of a unit in this turn: its slow points only in each n-th."""
    return _plan(unit.profile, turn)


@lru_cache(maxsize=4096)
def _plan(profile: Profile, turn: int) -> tuple[Block, ...]:
    return plan(profile, profile.due(turn))


def probe_of(unit: Unit) -> Block:
    """The cheapest question that tells whether a unit lives: its first register."""
    first = blocks_of(unit, 0)[0]
    return Block(first.table, first.addr, 1)


def requests(units: Iterable[Unit], turn: int = 0, spread_s: float = 0.0) -> list[SweepRequest]:
    """The first round of a turn: block reads for each unit, one register for those that have been silent for long.

    After an outage of many lines theirs are asked one after another over `spread_s` instead of all at once.
    """
    units = list(units)
    asked = [_probe(unit) if _is_suspect(unit) else _ask(unit, blocks_of(unit, turn)) for unit in units]
    away = lines_away(units) if spread_s else set()
    return [replace(one, after_s=spread_s * _place(one.line)) if one.line in away else one for one in asked]


def lines_away(units: Iterable[Unit]) -> set[str]:
    """Lines of which nobody answered in the turn before, where that was an outage: many of them, and most of all."""
    missing: dict[str, bool] = {}
    for unit in units:
        missing[unit.line] = missing.get(unit.line, True) and unit.misses > 0
    away = {line for line, is_missing in missing.items() if is_missing}
    return away if len(away) >= OUTAGE_LINES and 2 * len(away) >= len(missing) else set()


def _place(line: str) -> float:
    """Where between 0 and 1 a line stands; the same each time, and neighbours far from each other."""
    return crc32(line.encode()) / 2**32


def again(units: Iterable[Unit], results: Iterable[BlockResult], turn: int = 0) -> list[SweepRequest]:
    """The second round: what got lost of units that answered in the turn before, suspects that have answered, and the
    parts of what was refused as an illegal address."""
    units, results = list(units), list(results)
    if not any(one.error for one in results) and not any(map(_is_suspect, units)):
        return []  # the usual turn
    by_place = _by_place(results)
    asked = []
    for unit in units:
        found = by_place.get((unit.line, unit.unit), {})
        if _is_suspect(unit):
            if any(one.registers is not None for one in found.values()):
                asked.append(_ask(unit, blocks_of(unit, turn)))
        elif more := (*_lost(unit, found), *_parts_of_refused(unit, found, turn)):
            asked.append(_ask(unit, more))
    return asked


def _lost(unit: Unit, found: dict[Block, BlockResult]) -> tuple[Block, ...]:
    """What a unit that has not missed before is asked once more."""
    return () if unit.misses else tuple(block for block, one in found.items() if one.error in WORTH_ASKING_AGAIN)


def _parts_of_refused(unit: Unit, found: dict[Block, BlockResult], turn: int) -> tuple[Block, ...]:
    refused = (block for block, one in found.items() if is_illegal_address(one))
    return tuple(part for block in refused for part in parts(unit.profile, block, unit.profile.due(turn)))


def understand(units: Iterable[Unit], results: Iterable[BlockResult], turn: int = 0) -> Outcome:
    """Samples of the units that answered all they were asked or part of it, reasons for the others."""
    by_place, outcome = _by_place(results), Outcome()
    for unit in units:
        found = by_place.get((unit.line, unit.unit), {})
        blocks = blocks_of(unit, turn)
        if any(is_illegal_address(one) for one in found.values()):
            planned, due = blocks, unit.profile.due(turn)
            blocks, holes = as_read(unit.profile, planned, due, found), learnt(unit.profile, planned, due, found)
            outcome.holes |= {unit.heater_id: holes} if holes else {}
        if any((one := found.get(block)) and one.registers is not None for block in blocks):
            outcome.samples.append(_sample(unit, blocks, found))
            continue
        reasons = [_reason(one) for one in found.values() if one.error]
        if reasons and all(reason == SPARED for reason in reasons):
            outcome.spared.add(unit.heater_id)
        else:
            outcome.missed[unit.heater_id] = _gravest(reasons)
    return outcome


def _reason(result: BlockResult) -> str:
    """Why a block has no registers. A gateway that says its unit did not answer speaks of silence."""
    return "timeout" if result.error == REFUSED and result.code in NOBODY_BEHIND_GATEWAY else result.error


def _gravest(reasons: list[str]) -> str:
    """One reason for a unit that gave nothing: who refuses one block is there, whatever became of the others."""
    return REFUSED if REFUSED in reasons else reasons[0] if reasons else "unasked"


def _by_place(results: Iterable[BlockResult]) -> dict[tuple[str, int], dict[Block, BlockResult]]:
    """Results per unit and block; an answer of either round counts more than what failed."""
    by_place: dict[tuple[str, int], dict[Block, BlockResult]] = defaultdict(dict)
    for result in results:
        found = by_place[result.line, result.unit]
        known = found.get(result.block)
        if known is None or known.registers is None:
            found[result.block] = result
    return by_place


def _ask(unit: Unit, blocks: tuple[Block, ...]) -> SweepRequest:
    return SweepRequest(unit.line, unit.unit, blocks, unit.profile.limits.unit_bytes)


def _probe(unit: Unit) -> SweepRequest:
    return SweepRequest(unit.line, unit.unit, (probe_of(unit),), unit.profile.limits.unit_bytes, spare=True)


def _is_suspect(unit: Unit) -> bool:
    return unit.misses >= SUSPECT_AFTER


def silent_lines(units: Iterable[Unit], outcome: Outcome) -> set[str]:
    """Lines on which no unit could be reached because the line itself is away."""
    reasons: dict[str, set[str]] = defaultdict(set)
    for unit in units:
        reasons[unit.line].add(outcome.missed.get(unit.heater_id, "answered"))
    return {line for line, found in reasons.items() if found <= {"offline"}}


def _is_due(unit: Unit, now: float) -> bool:
    if not _is_suspect(unit):
        return True
    step = BACK_OFF_S[min(unit.misses - SUSPECT_AFTER, len(BACK_OFF_S) - 1)]
    # A fifth of jitter by heater keeps a hundred dead units from being asked in the same cycle.
    return now - unit.asked_at >= step * (0.9 + 0.2 * (unit.heater_id * 7919 % 100) / 100)


def _sample(unit: Unit, blocks: tuple[Block, ...], found: dict[Block, BlockResult]) -> Sample:
    answers = [found.get(block) for block in blocks]
    row, flags = compile_decoder(unit.profile, blocks, _POINTS).row([one.registers if one else None for one in answers])
    values: dict[str, int | bool | None] = dict(zip(MEASURED, row, strict=False))
    running, power = row[-2], row[-1]
    values["running"] = None if running is None else bool(running)
    values["power_w"] = None if power is None else power * 100  # tenths of a kilowatt
    for column in _SMALL:
        value = values[column]
        if value is not None and not SMALLEST <= value <= LARGEST:
            values[column] = None
    at = max(one.at for one in answers if one is not None and one.registers is not None)
    return Sample(unit.heater_id, at, values, flags)


def columns() -> Iterator[str]:
    """Value columns in the order in which they are stored."""
    yield from (*MEASURED, "running", "power_w")
