"""Wanted points -> few block reads, cheapest on the wire, by dynamic programming. No sockets, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from devices.protocol.frames import Block
from devices.protocol.profiles import Limits, Profile


@dataclass(frozen=True)
class LineCost:
    """What a request and a register cost on a line, in character times of the bus.

    A request is 8 characters out, 5 around the answer, two silences of 3.5, the unit's turnaround and the
    round trip of the network; a register is two characters.
    """

    request: float
    register: float = 2.0

    @classmethod
    def of(cls, baud: int, turnaround_ms: float, rtt_ms: float = 0) -> LineCost:
        characters_per_ms = baud / 10 / 1000
        return cls(20 + (turnaround_ms + rtt_ms) * characters_per_ms)


@lru_cache(maxsize=512)
def plan(profile: Profile, points: frozenset[str] | None = None, rtt_ms: int = 100) -> tuple[Block, ...]:
    """Blocks that read ``points`` (all when None) of a profile; KeyError for a point it doesn't have.

    Blocks never cross a hole nor pass ``max_regs``. Where the map allows it, two blocks of one table get
    different lengths, so that their answers can't be mistaken for each other when one comes late.
    """
    wanted = [profile.points[name] for name in sorted(points if points is not None else profile.points)]
    cost = LineCost.of(profile.serial.baud, profile.serial.turnaround_ms, rtt_ms)
    blocks: list[Block] = []
    for table in sorted({point.table for point in wanted}):
        spans = sorted({(point.addr, point.end) for point in wanted if point.table == table})
        blocks += split(table, spans, profile.limits, cost)
    return tuple(_different_lengths(blocks, profile))


def split(table: str, spans: list[tuple[int, int]], limits: Limits, cost: LineCost) -> list[Block]:
    """Cheapest cut of sorted (start, end) spans of one table into blocks."""
    best = [0.0] + [float("inf")] * len(spans)
    cut = [0] * (len(spans) + 1)
    for last in range(1, len(spans) + 1):
        for first in range(last, 0, -1):
            start, end = spans[first - 1][0], max(end for _, end in spans[first - 1 : last])
            if not _legal(table, start, end, limits):
                break
            total = best[first - 1] + cost.request + cost.register * (end - start)
            if total < best[last]:
                best[last], cut[last] = total, first - 1
    return _blocks(table, spans, cut)


def _blocks(table: str, spans: list[tuple[int, int]], cut: list[int]) -> list[Block]:
    blocks, last = [], len(spans)
    while last:
        part = spans[cut[last] : last]
        blocks.append(Block(table, part[0][0], max(end for _, end in part) - part[0][0]))
        last = cut[last]
    return blocks[::-1]


def _legal(table: str, start: int, end: int, limits: Limits) -> bool:
    inside_hole = any(t == table and start <= last and end > first for t, first, last in limits.holes)
    return end - start <= limits.max_regs and not inside_hole


def _different_lengths(blocks: list[Block], profile: Profile) -> Iterable[Block]:
    used: set[tuple[str, int]] = set()
    for block in sorted(blocks, key=lambda b: -b.count):
        chosen = next((b for b in _paddings(block, profile) if (b.table, b.count) not in used), block)
        used.add((chosen.table, chosen.count))
        blocks[blocks.index(block)] = chosen
    return blocks


def _paddings(block: Block, profile: Profile) -> Iterable[Block]:
    """The block, then the block up to three registers longer where the profile shows that registers exist."""
    yield block
    places = [p for p in profile.points.values() if p.table == block.table]
    lowest, highest = min(p.addr for p in places), max(p.end for p in places)
    for extra in (1, 2, 3):
        for start, end in ((block.addr, block.end + extra), (block.addr - extra, block.end)):
            if lowest <= start and end <= highest and _legal(block.table, start, end, profile.limits):
                yield Block(block.table, start, end - start)


def merge_results(blocks: Iterable[tuple[Block, Iterable[int]]]) -> dict[tuple[str, int], int]:
    """(table, address) -> register of everything that was read; the shape the decoder takes."""
    return {(b.table, b.addr + i): value for b, values in blocks for i, value in enumerate(values)}
