"""A profile as one generated function: registers of its blocks in, the values of a poll out, in about a microsecond.

Only the good case is generated: every expression either yields the value or gives up, and then `decoder.decode` says
what is wrong with which point. So the two can differ only in speed, which a property test holds them to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from devices.protocol.decoder import decode, value_of
from devices.protocol.frames import Block
from devices.protocol.planner import merge_results
from devices.protocol.points import POINTS
from devices.protocol.profiles import Point, Profile

Answers = Sequence[Sequence[int] | None]
Row = tuple[tuple[int | None, ...], int]


class _Odd(Exception):
    """A value that isn't good: the slow decoder has the words for it."""


@dataclass(frozen=True)
class CompiledDecoder:
    """``names``: the points in the order of the row. A point that no block holds is None without a flag."""

    profile: Profile
    blocks: tuple[Block, ...]
    names: tuple[str, ...]
    quick: Callable[..., tuple[int | None, ...]]
    source: str

    def row(self, answers: Answers) -> Row:
        """(values, quality flags of all of them) of the registers of each block in turn; None: not answered."""
        try:
            return self.quick(*answers), 0
        except (_Odd, TypeError, IndexError, KeyError):
            return self.slow(answers)

    def slow(self, answers: Answers) -> Row:
        """The same by the interpreter of the profile."""
        cells = merge_results((b, words) for b, words in zip(self.blocks, answers, strict=True) if words is not None)
        decoded = decode(self.profile, cells, asked=_inside(self.profile, self.blocks))
        return tuple(decoded.values.get(name) for name in self.names), int(decoded.quality)


@lru_cache(maxsize=512)
def compile_decoder(
    profile: Profile, blocks: tuple[Block, ...], names: tuple[str, ...] = tuple(POINTS)
) -> CompiledDecoder:
    """The decoder of a plan; ``names`` (default: every canonical point) is the order of the row."""
    letters = [f"b{i}" for i in range(len(blocks))]
    constants: dict[str, Any] = {"odd": _odd, "__builtins__": {}}  # the text has no other word to call
    inside = _inside(profile, blocks)
    parts = [_expression(profile.points[n], blocks, n, constants) if n in inside else "None" for n in names]
    source = f"def quick({', '.join(letters)}):\n    return ({', '.join(parts)},)\n"
    code = compile(source, f"<{profile.name} v{profile.version}>", "exec")
    exec(code, constants)  # noqa: S102 - the text is made of checked numbers and our own names
    return CompiledDecoder(profile, blocks, names, constants["quick"], source)


def _odd() -> int:
    raise _Odd


def _inside(profile: Profile, blocks: tuple[Block, ...]) -> frozenset[str]:
    """Points whose registers all lie in the blocks."""
    held = {(block.table, addr) for block in blocks for addr in range(block.addr, block.end)}
    places = {name: {(p.table, addr) for addr in range(p.addr, p.end)} for name, p in profile.points.items()}
    return frozenset(name for name, place in places.items() if place <= held)


def _expression(point: Point, blocks: tuple[Block, ...], name: str, constants: dict[str, Any]) -> str:
    """Python that yields the value of one point, or calls odd()."""
    raw = _raw(point, blocks)
    if point.bit is not None or point.map or point.table in "cd":
        constants[f"m_{name}"] = _all_values(point)
        return f"m_{name}[{raw}]"
    spans = _spans(point)
    bad = {number & (1 << 16 * point.length) - 1 for number in point.bad}
    bad = {number for number in bad if any(low <= number <= high for low, high, _ in spans)}
    refused = ""
    if bad:
        constants[f"n_{name}"], refused = frozenset(bad), f"odd() if {name} in n_{name} else "
    if not spans:
        return "odd()"
    chain = "odd()"
    for low, high, minus in reversed(spans):
        chain = f"{_scaled(point, name, minus)} if {_between(name, low, high, point)} else {chain}"
    return _with_name(f"({refused}{chain})", name, raw)


def _with_name(text: str, name: str, raw: str) -> str:
    """Give the raw number its name where it is looked at first: in the first condition."""
    at = text.index(" if ") + 4
    return text[:at] + text[at:].replace(name, f"({name} := {raw})", 1)


def _between(name: str, low: int, high: int, point: Point) -> str:
    top = (1 << 16 * point.length) - 1
    if high == top:
        return f"{name} >= {low}"
    return f"{name} <= {high}" if low == 0 else f"{low} <= {name} <= {high}"


def _spans(point: Point) -> list[tuple[int, int, int]]:
    """(lowest, highest register number, what to take away) of raw numbers in range: one span, two when signed."""
    low, high = point.raw_range
    inside_low, inside_high = point.raw_inside
    low, high = max(low, inside_low), min(high, inside_high)
    size = 1 << 16 * point.length
    spans = []
    if max(low, 0) <= high:
        spans.append((max(low, 0), high, 0))
    if low <= min(high, -1):
        spans.append((size + low, size + min(high, -1), size))
    return spans


def _scaled(point: Point, name: str, minus: int) -> str:
    """Tenths of a measure, halves away from zero; 0 or 1 of a flag; the number itself of a bit mask."""
    if point.shape == "flag":
        return f"+({name} > 0)"
    if point.shape != "measure":
        return f"{name} - {minus}" if minus else name
    times, over = (10 * point.scale).numerator, (10 * point.scale).denominator
    size = f"({minus} - {name})" if minus else name
    sign = "-" if (times < 0) != bool(minus) else ""
    if over == 1:
        return f"{sign}{size} * {abs(times)}" if abs(times) != 1 else f"{sign}{size}"
    return f"{sign}(({size} * {2 * abs(times)} + {over}) // {2 * over})"


def _raw(point: Point, blocks: tuple[Block, ...]) -> str:
    """Python that reads the point's registers from its block, without sign."""
    words = []
    for addr in range(point.addr, point.end):
        at, block = next((i, b) for i, b in enumerate(blocks) if _holds(b, point.table, addr))
        word = f"b{at}[{addr - block.addr}]"
        words.append(f"(({word} & 255) << 8 | {word} >> 8)" if point.words in ("BADC", "DCBA") else word)
    if point.words in ("CDAB", "DCBA"):
        words.reverse()
    shifted = [f"{word} << {16 * i}" if i else word for i, word in enumerate(reversed(words))]
    text = " | ".join(reversed(shifted))
    return text if point.bit is None else f"({text}) >> {point.bit} & 1"


def _holds(block: Block, table: str, addr: int) -> bool:
    return block.table == table and block.addr <= addr < block.end


def _all_values(point: Point) -> dict[int, int]:
    """Register number -> value of a point with few good numbers: a bit, a coil, a map."""
    size = 1 << 16 * point.length
    numbers = point.map or (0, 1)
    good = [raw for raw in numbers if raw not in point.bad and point.in_range(raw)]
    return {raw % size: value_of(point, raw) for raw in good}
