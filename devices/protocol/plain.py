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

# These bytes are the answer from the first to the last -> its registers; else None.
Reader = Callable[[bytes], "tuple[int, ...] | None"]
_SOURCE = """
def readers(unpack, step):
    def reader(head, crc, size):
        def read(data):
            if len(data) != size or not data.startswith(head):
                return None
            {words} = found = unpack(data)
            return None if {chain} else found[:-1]
        return read
    return reader
"""


class PlainAnswer:
    """What tells the answer to a read of registers from everything else. ``frame`` is the question."""

    __slots__ = ("frame", "read")

    def __init__(self, frame: bytes, head: bytes, count: int) -> None:
        self.frame = frame
        self.read: Reader = _readers(len(head), count)(head, _swapped(crc16(head)), len(head) + 2 * count + 2)


@lru_cache(maxsize=512)
def _readers(head: int, count: int) -> Callable[[bytes, int, int], Reader]:
    """Makes readers of answers with ``count`` registers behind ``head`` bytes, for a head, its CRC and a size."""
    words = [f"w{number}" for number in range(count + 1)]  # the last one is the CRC of the frame
    chain = "crc"
    for word in words:
        chain = f"step[{chain} ^ {word}]"
    made: dict[str, Callable[..., Callable[[bytes, int, int], Reader]]] = {}
    exec(_SOURCE.format(words=", ".join(words), chain=chain), made)  # noqa: S102 - made of two numbers
    return made["readers"](struct.Struct(f">{head}x{count + 1}H").unpack, STEP)


def _swapped(crc: int) -> int:
    return crc >> 8 | (crc & 0xFF) << 8
