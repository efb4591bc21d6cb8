"""Which of several hubs owns a line: everybody computes it from the line's name."""

from __future__ import annotations

from zlib import crc32


def hub_of(line: str, hubs: int) -> int:
    """Number of the hub that owns a line, 0 to ``hubs`` - 1."""
    return crc32(line.encode()) % hubs
