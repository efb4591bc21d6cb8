"""Values -> registers: allowed writes of a profile, and (for simulated heaters) the inverse of the decoder."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from devices.protocol.decoder import in_order
from devices.protocol.frames import Block, Request
from devices.protocol.points import MODES
from devices.protocol.profiles import Point, Profile, Write


class WriteRefused(ValueError):
    """The profile doesn't allow this write; the message says which value and what is allowed."""


def encode_write(profile: Profile, unit: int, name: str, value: int | str | None = None) -> Request:
    """The request that writes ``name`` on ``unit``.

    ``value``: tenths of a degree for temperatures, 0 or 1 for running, a mode name for mode, None for reset.
    Raises WriteRefused before anything is sent: unknown write, out of range, not on a step.
    """
    write = profile.writes.get(name)
    if write is None:
        raise WriteRefused(
            f"profile {profile.name} has no write {name!r}; it has {', '.join(profile.writes) or 'none'}"
        )
    raw = write.value if write.value is not None else _raw(write, value)
    words = tuple(words_of(write.target, raw))
    return Request(unit, write.code, write.target.addr, len(words), words, profile.limits.unit_bytes)


def read_back(profile: Profile, name: str) -> Block | None:
    """What to read after a write to see it applied: the point of that name, which may stand in another register.

    A reset shows in the fault, which it clears; None where the profile has no such point.
    """
    point = profile.points.get("fault" if name == "reset" else name)
    return None if point is None else Block(point.table, point.addr, point.length)


def _raw(write: Write, value: int | str | None) -> int:
    if write.target.shape == "measure":
        return _raw_measure(write, value)
    if write.target.shape == "flag":
        return _raw_flag(write, value)
    numbers = {mode: raw for raw, mode in write.target.map.items()}
    if value not in numbers:
        raise WriteRefused(f"{write.name} {value!r} is not one of {', '.join(numbers)}")
    return numbers[str(value)]


def _raw_flag(write: Write, value: int | str | None) -> int:
    if value not in (0, 1):
        raise WriteRefused(f"{write.name} {value!r} is not 0 or 1")
    if not write.target.map:
        return int(value)
    return next(raw for raw, mode in write.target.map.items() if (mode != "off") == bool(value))


def _raw_measure(write: Write, value: int | str | None) -> int:
    if type(value) is not int:
        raise WriteRefused(f"{write.name} {value!r} is not a whole number of tenths")
    wanted = Fraction(value, 10)
    low, high = write.range or (wanted, wanted)
    if not low <= wanted <= high:
        raise WriteRefused(f"{write.name} {float(wanted):g} is outside {float(low):g} to {float(high):g}")
    if write.step and (wanted - low) % write.step:
        raise WriteRefused(f"{write.name} {float(wanted):g} is not on a step of {float(write.step):g}")
    raw = wanted / write.target.scale
    if raw.denominator != 1:
        raise WriteRefused(f"{write.name} {float(wanted):g} can't be written exactly in this register")
    return int(raw)


def words_of(point: Point, raw: int) -> list[int]:
    """Registers of a raw number in the board's word order."""
    low, high = point.raw_range
    if not low <= raw <= high:
        raise WriteRefused(f"{point.name} {raw} does not fit {point.length} register(s)")
    bits = raw & (1 << 16 * point.length) - 1
    return in_order([bits >> 16 * i & 0xFFFF for i in reversed(range(point.length))], point.words)


def raw_of(point: Point, value: int | None) -> int:
    """Inverse of the decoder for simulated boards: canonical value -> raw number, None -> the first sentinel."""
    if value is None:
        return min(point.bad, default=0)
    if point.shape == "measure":
        low, high = point.raw_range
        return max(low, min(high, floor(Fraction(value, 10) / point.scale + Fraction(1, 2))))
    if point.shape == "code":
        return next((raw for raw, mode in point.map.items() if mode == MODES[value]), min(point.map))
    if point.shape == "flag" and point.map:
        return next(raw for raw, mode in point.map.items() if (mode != "off") == bool(value))
    return value
