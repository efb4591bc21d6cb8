"""Flags that only more than one poll can tell: a jump, values that stand still, a late turn. No Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.protocol.points import Quality

# The largest change in tenths of a degree that a house or a heater can make between two polls within ten minutes.
JUMPS_DC = {"supply_dc": 400, "return_dc": 400, "room_dc": 50, "outdoor_dc": 80}
JUMP_WITHIN_S = 600
STALE_AFTER_S = 6 * 3600


@dataclass(frozen=True, slots=True)
class Before:
    """The newest stored reading of a heater: when, what, and since when none of its temperatures has changed."""

    at: float
    values: Mapping[str, Any]
    changed_at: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for a heater in this turn. `due_by`: the end of the turn; a reading taken later is late."""

    due_by: float
    is_certified: bool = True
    maintenance: bool = False


def flags_of(
    at: float, values: Mapping[str, Any], flags: int, before: Before | None, around: Circumstances
) -> tuple[int, float]:
    """The flags of a reading with those of the decoder, and since when its temperatures have stood still."""
    if at > around.due_by:
        flags |= Quality.LATE
    if not around.is_certified:
        flags |= Quality.UNCERTIFIED
    if around.maintenance:
        flags |= Quality.MAINTENANCE
    if before is None or [values.get(name) for name in JUMPS_DC] != [before.values.get(name) for name in JUMPS_DC]:
        changed = at
    else:
        changed = before.changed_at
    if before is not None and at - before.at <= JUMP_WITHIN_S and _jumped(values, before.values):
        flags |= Quality.JUMP
    if values.get("running") and at - changed >= STALE_AFTER_S:
        flags |= Quality.STALE
    return int(flags), changed


def _jumped(values: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    pairs = ((values.get(name), before.get(name), most) for name, most in JUMPS_DC.items())
    return any(now is not None and then is not None and abs(now - then) > most for now, then, most in pairs)
