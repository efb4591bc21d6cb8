"""A board that refuses a merged read as an illegal address: read its points by themselves, and learn where it stopped.

A profile may claim, or leave open, registers a board doesn't have. Asked for a block that holds one, the board answers
exception 2 and gives nothing; asked for the parts it gives all but the missing one (DEVICES §3.4). Pure: no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from devices.hub.client import BlockResult
from devices.protocol.frames import Block
from devices.protocol.profiles import Profile

ILLEGAL_ADDRESS = 2
Hole = tuple[str, int, int]
"""(table, first, last) as in `Limits.holes`; `last` = `first` - 1 is a border no block may cross."""


def is_illegal_address(result: BlockResult | None) -> bool:
    return result is not None and result.error == "refused" and result.code == ILLEGAL_ADDRESS


def parts(profile: Profile, block: Block, points: frozenset[str] | None = None) -> tuple[Block, ...]:
    """What to ask instead of a refused block: its runs without what lies between them, else each point by itself; ()
    where there is nothing to take apart. `points`: those wanted in this turn (None: all)."""
    spans = sorted({
        (point.addr, point.end) for name, point in profile.points.items()
        if (points is None or name in points) and point.table == block.table
        and point.addr >= block.addr and point.end <= block.end
    })  # fmt: skip
    for apart in (0, 1):  # touching spans are one run first, and then each its own
        found = tuple(Block(block.table, start, end - start) for start, end in _joined(spans, apart))
        if found and found != (block,):
            return found
    return ()


def _joined(spans: Iterable[tuple[int, int]], apart: int) -> list[tuple[int, int]]:
    """Spans that overlap (with `apart` 0 also those that touch) as one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start + apart <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def as_read(
    profile: Profile, blocks: Iterable[Block], points: frozenset[str] | None, found: Mapping[Block, BlockResult]
) -> tuple[Block, ...]:
    """The blocks of a plan as they were read in the end: refused ones by their parts."""
    return tuple(_instead(profile, blocks, points, found))


def _instead(
    profile: Profile, blocks: Iterable[Block], points: frozenset[str] | None, found: Mapping[Block, BlockResult]
) -> Iterator[Block]:
    for block in blocks:
        instead = parts(profile, block, points) if is_illegal_address(found.get(block)) else ()
        yield from instead if any(part in found for part in instead) else (block,)


def learnt(
    profile: Profile, blocks: Iterable[Block], points: frozenset[str] | None, found: Mapping[Block, BlockResult]
) -> set[Hole]:
    """Holes inside refused blocks of which a part was answered: no later block may reach over them."""
    holes: set[Hole] = set()
    for block in blocks:
        if not is_illegal_address(found.get(block)):
            continue
        instead = parts(profile, block, points)
        if any((one := found.get(part)) is not None and one.registers is not None for part in instead):
            holes |= set(_between(block, instead))
    return holes


def _between(block: Block, instead: tuple[Block, ...]) -> Iterator[Hole]:
    first, last = instead[0], instead[-1]
    if first.addr > block.addr:
        yield block.table, block.addr, first.addr - 1
    if last.end < block.end:
        yield block.table, last.end, block.end - 1
    for left, right in pairwise(instead):
        yield block.table, left.end, right.addr - 1


def with_holes(profile: Profile, holes: Iterable[Hole]) -> Profile:
    """The profile as its boards turned out to be; what it says of its points stays."""
    more = tuple(sorted(set(holes)))
    return replace(profile, limits=replace(profile.limits, holes=profile.limits.holes + more)) if more else profile
