"""Register profiles: which register of a heater holds what. YAML in, checked dataclasses out.

    profile: acme-ashp-12
    version: 3
    kind: ashp
    medium: water
    serial: {baud: 9600, parity: N, stop: 1, gap_ms: 30, turnaround_ms: 50}
    limits: {max_regs: 40, holes: [[120, 127]], base: 0, unit_bytes: 1}
    points:
      supply_t: {reg: h100, type: i16, scale: 0.1, range: [-30, 85], bad: [32767]}
      running: {reg: h110, bit: 0}
      mode: {reg: h111, map: {0: heat, 1: cool}}
      fault: {reg: h112, len: 2, bits: {0: [E01, 高压保护, high pressure]}}
      energy_kwh: {reg: h140, type: u32, words: CDAB, scale: 0.01, every: 12}
    writes:
      set_room_t: {point: set_room_t, fc: 6, range: [5, 30], step: 0.5, settle_ms: 1500}
      reset: {reg: h130, fc: 6, value: 1, clears_itself: true}

`every` reads a slow point only in each n-th turn. `load_profile` lists every problem of a file at once, with its line.
Ranges, steps and scales are in the unit of the point (`devices.protocol.points`); they are kept as fractions, so no
value is ever rounded twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import ceil, floor

from devices.protocol.points import POINTS, REQUIRED_POINTS, REQUIRED_WRITES

KINDS = ("ashp", "hot_air", "direct_electric", "storage_electric", "eboiler", "gasboiler", "bundle")
MEDIA = ("water", "air")
WORD_ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
# type -> (registers, signed)
TYPES = {"u16": (1, False), "i16": (1, True), "u32": (2, False), "i32": (2, True)}


class ProfileError(ValueError):
    """A profile that can't be used. ``problems`` are sentences: where, which value, what is wanted."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(f"{source}: " + "; ".join(problems))
        self.source, self.problems = source, problems


@dataclass(frozen=True)
class SerialSettings:
    """Character format and pacing of the bus; times in milliseconds."""

    baud: int = 9600
    parity: str = "N"
    stop: int = 1
    gap_ms: int = 0
    turnaround_ms: int = 50


@dataclass(frozen=True)
class Limits:
    """What one read may ask: at most ``max_regs`` registers, never across a hole (table, first, last).

    ``unit_bytes`` 2: the board's frames begin with a unit number of two bytes, 1 to 65535 (annex 2 item 3, read
    literally); usual boards have one byte, 1 to 247.
    """

    max_regs: int = 40
    holes: tuple[tuple[str, int, int], ...] = ()
    unit_bytes: int = 1
    base: int = 0  # what the vendor calls the first register; addresses here are counted from 0

    @property
    def last_unit(self) -> int:
        return 65535 if self.unit_bytes == 2 else 247


@dataclass(frozen=True)
class FaultText:
    """One fault bit in words: the board's own code, and its meaning in both languages ("" where not given)."""

    code: str
    chinese: str = ""
    english: str = ""

    def meaning(self, language: str) -> str:
        """In that language, else in the other one: a fault without words helps nobody."""
        words = (self.chinese, self.english) if language.startswith("zh") else (self.english, self.chinese)
        return words[0] or words[1]


@dataclass(frozen=True)
class Point:
    """Where one value lives and how its raw number reads. ``every`` n: asked only in each n-th turn."""

    name: str
    table: str
    addr: int
    length: int = 1
    signed: bool = False
    words: str = "ABCD"
    scale: Fraction = Fraction(1)
    range: tuple[Fraction, Fraction] | None = None
    bad: frozenset[int] = frozenset()
    bit: int | None = None
    map: dict[int, str] = field(default_factory=dict)
    bits: dict[int, FaultText] = field(default_factory=dict)
    every: int = 1

    @property
    def shape(self) -> str:
        """measure, flag, code or bits."""
        return POINTS[self.name][0]

    @property
    def end(self) -> int:
        return self.addr + self.length

    def tenths(self, raw: int) -> int:
        """The raw number in tenths of the unit, halves away from zero; whole-number arithmetic, so exact."""
        times, over = self._tenths_scale
        size = (2 * abs(raw * times) + over) // (2 * over)
        return size if raw * times >= 0 else -size

    def in_range(self, raw: int) -> bool:
        """Is the raw number inside the plausible range (always, where none is given)?"""
        if self._range_over is None:
            return True
        low, high = self._range_over
        return low <= raw * self.scale.numerator <= high

    @cached_property
    def _tenths_scale(self) -> tuple[int, int]:
        return (10 * self.scale).numerator, (10 * self.scale).denominator

    @cached_property
    def _range_over(self) -> tuple[int, int] | None:
        """The range times the denominator of the scale, so that fractions stay out of every poll."""
        if self.range is None:
            return None
        return ceil(self.range[0] * self.scale.denominator), floor(self.range[1] * self.scale.denominator)

    @property
    def raw_inside(self) -> tuple[int, int]:
        """Smallest and largest raw number inside the plausible range; `raw_range` where none is given."""
        if self._range_over is None:
            return self.raw_range
        ends = [Fraction(end, self.scale.numerator) for end in self._range_over]
        return ceil(min(ends)), floor(max(ends))

    @property
    def raw_range(self) -> tuple[int, int]:
        """Smallest and largest raw number this point's registers can hold."""
        if self.table in "cd":
            return 0, 1
        bits = 16 * self.length
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.signed else (0, (1 << bits) - 1)


@dataclass(frozen=True)
class Write:
    """One allowed write. ``target`` tells place and encoding; ``value`` is set for a fixed command like reset."""

    name: str
    target: Point
    code: int
    range: tuple[Fraction, Fraction] | None = None
    step: Fraction | None = None
    value: int | None = None
    settle_ms: int = 1000
    clears_itself: bool = False


@dataclass(frozen=True)
class Profile:
    """A checked profile. ``digest`` is the SHA-256 of its content: comments and layout don't change it."""

    name: str
    version: int
    kind: str
    medium: str
    serial: SerialSettings
    limits: Limits
    points: dict[str, Point]
    writes: dict[str, Write]
    digest: str
    vendor: str = ""
    title: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Points and writes annex 2 demands and this profile lacks; writes are named ``write <name>``."""
        points = [name for name in REQUIRED_POINTS if name not in self.points]
        return (*points, *(f"write {name}" for name in REQUIRED_WRITES if name not in self.writes))

    @property
    def is_draft(self) -> bool:
        return bool(self.missing)

    def due(self, turn: int) -> frozenset[str] | None:
        """Names of the points to read in this turn (0, 1, 2 …); None when that is all of them, for `plan`."""
        names = frozenset(name for name, point in self.points.items() if turn % point.every == 0)
        return None if len(names) == len(self.points) else names

    def fault_texts(self, fault: int, language: str = "en") -> list[tuple[str, str]]:
        """(code, meaning) of every bit set in a fault value; bits the profile doesn't know come as ``bit n``."""
        known = self.points["fault"].bits if "fault" in self.points else {}
        found = [(i, known.get(i)) for i in range(fault.bit_length()) if fault >> i & 1]
        return [(text.code, text.meaning(language)) if text else (f"bit {i}", "") for i, text in found]

    def __hash__(self) -> int:
        return hash(self.digest)
