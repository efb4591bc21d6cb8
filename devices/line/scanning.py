"""Bytes of a line -> frames, and what lies between them. Nothing here knows what was asked but by argument."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from devices.protocol.frames import Request, answer_at

SHORTEST = 5
LIMIT = 512


class Found(NamedTuple):
    """A complete well-formed frame: its place in the buffer and the head that says what it answers."""

    start: int
    end: int
    head: bytes


def frames_in(buffer: bytes, unit_bytes: int, heartbeats: Collection[bytes]) -> list[Found]:
    """Every frame from the left. What lies between them is no frame; behind the last one another may begin."""
    found, at = [], 0
    while at + SHORTEST <= len(buffer):
        seen = answer_at(buffer, at, unit_bytes)
        if seen is None or _is_interrupted(buffer, at, at + seen[1], heartbeats):
            at += 1
            continue
        found.append(Found(at, at + seen[1], seen[0]))
        at += seen[1]
    return found


def _is_interrupted(buffer: bytes, at: int, end: int, heartbeats: Collection[bytes]) -> bool:
    """A heartbeat inside a frame and more bytes behind it: the frame is longer than it looks, its CRC a coincidence
    (one in 65,536). Seen in the fuzz, seed 447.
    """
    return end < len(buffer) and any(literal in buffer[at:end] for literal in heartbeats)


def holds_damaged_answer(buffer: bytes, mark: int, asked: Request) -> bool:
    """Something as long as the answer begins as it does, behind ``mark``: then its CRC was wrong."""
    at = buffer.find(asked.head, mark)
    return at >= 0 and len(buffer) - at >= asked.answer_size


def contradicts(fence: tuple[int, ...], registers: tuple[int, ...]) -> bool:
    """The fence read the same address a moment ago. Other values now mean that one of the two answers was an older one
    in disguise (a board that answers both late and too short), or a value that just changed.
    """
    return any(a != b for a, b in zip(fence, registers, strict=False))
