"""Registers -> values. A value is a whole number or None, never a guess and never the last one again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from devices.protocol.points import MODES, Quality
from devices.protocol.profiles import Point, Profile

Registers = Mapping[tuple[str, int], int]


@dataclass
class Decoded:
    """One poll of one heater.

    ``values``: every point of the profile; measures in tenths of their unit, running 0 or 1, mode an index
    into MODES, fault a bit mask; None where there is no trustworthy value.
    ``flags``: Quality of each point that isn't good. ``quality``: all of them together.
    ``rejected``: tenths of the values that were dropped because they were outside the profile's range.
    """

    values: dict[str, int | None] = field(default_factory=dict)
    flags: dict[str, Quality] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def quality(self) -> Quality:
        total = Quality.GOOD
        for flag in self.flags.values():
            total |= flag
        return total


def decode(profile: Profile, registers: Registers, asked: Collection[str] | None = None) -> Decoded:
    """Values of all points, or of those ``asked`` for (the others are None without a flag: nobody wanted them).

    ``registers`` maps (table, address) to 0-65535 and may lack some (flag PARTIAL).
    """
    result = Decoded()
    for name, point in profile.points.items():
        if asked is not None and name not in asked:
            result.values[name] = None
            continue
        raw = raw_value(point, registers)
        if raw is None:
            result.values[name], result.flags[name] = None, Quality.PARTIAL
        elif raw in point.bad:
            result.values[name], result.flags[name] = None, Quality.SENSOR_BROKEN
        else:
            _interpret(point, raw, result)
    return result


def _interpret(point: Point, raw: int, result: Decoded) -> None:
    value, flag = value_of(point, raw), Quality.GOOD
    if point.map and raw not in point.map:
        flag = Quality.UNKNOWN_CODE
    elif not point.in_range(raw):
        flag = Quality.OUT_OF_RANGE
        result.rejected[point.name] = value
    result.values[point.name] = None if flag else value
    if flag:
        result.flags[point.name] = flag


def value_of(point: Point, raw: int) -> int:
    """The canonical value of a raw number, good or not."""
    if point.shape == "measure":
        return point.tenths(raw)
    if point.shape == "code":
        return MODES.index(point.map[raw]) if raw in point.map else raw
    if point.shape == "flag":
        return int(point.map[raw] != "off") if raw in point.map else int(raw != 0)
    return raw


def raw_value(point: Point, registers: Registers) -> int | None:
    """The point's raw number, signed where its type is; None when a register of it is missing."""
    total = 0
    try:
        words = [registers[point.table, addr] for addr in range(point.addr, point.end)]
    except KeyError:
        return None
    for word in words if point.words == "ABCD" else in_order(words, point.words):
        total = total << 16 | word
    if point.bit is not None:
        return total >> point.bit & 1
    return total - (1 << 16 * point.length) if point.signed and total >> (16 * point.length - 1) else total


def in_order(words: list[int], order: str) -> list[int]:
    """Registers as the board sends them -> high word first with high byte first; its own inverse."""
    if order in ("CDAB", "DCBA"):
        words = words[::-1]
    if order in ("BADC", "DCBA"):
        words = [(w & 0xFF) << 8 | w >> 8 for w in words]
    return words
