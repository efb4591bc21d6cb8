"""The usual answer, exactly the wanted registers in one piece: read and checked in one pass over its words.

A hub looks at thousands of these a second. The registers are needed as words anyway, so the CRC runs over the same
words, from where the head of the answer leaves it, which is known beforehand. The chain of steps is written out for
each length by a generated function: half the time of `crc16` and unpacking one after the other (decision 0300).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache

from devices.protocol.crc import STEP, crc16

# Frame behind its head, swapped CRC of the head -> registers; None where the CRC is wrong.
Reader = Callable[[bytes, int], "tuple[int, ...] | None"]


class PlainAnswer:
    """What tells the answer to a read of registers from everything else. ``frame`` is the question."""

    __slots__ = ("_crc", "_read", "_size", "frame", "head")

    def __init__(self, frame: bytes, head: bytes, count: int) -> None:
        self.frame, self.head = frame, head
        self._size = len(head) + 2 * count + 2
        self._read, self._crc = reader(len(head), count), _swapped(crc16(head))

    def registers(self, data: bytes) -> tuple[int, ...] | None:
        """The registers, if these bytes are this answer from its first byte to its last; else None."""
        if len(data) != self._size or not data.startswith(self.head):
            return None
        read = self._read
        return read(data, self._crc)


@lru_cache(maxsize=512)
def reader(head: int, count: int) -> Reader:
    """A function for answers with ``count`` registers behind ``head`` bytes."""
    words = [f"w{number}" for number in range(count + 1)]  # the last one is the CRC of the frame
    chain = "crc"
    for word in words:
        chain = f"step[{chain} ^ {word}]"
    source = (
        "def read(data, crc, unpack=unpack, step=step):\n"
        f"    {', '.join(words)} = found = unpack(data)\n"
        f"    return None if {chain} else found[:-1]\n"
    )
    made: dict[str, Reader] = {}
    exec(source, {"unpack": struct.Struct(f">{head}x{count + 1}H").unpack, "step": STEP}, made)  # noqa: S102 - two numbers
    return made["read"]


def _swapped(crc: int) -> int:
    return crc >> 8 | (crc & 0xFF) << 8
