"""Modbus TCP: RTU frames with a number in front instead of a CRC behind. Bytes only; the clock is an argument.

    00 2a  00 00  00 06  01  03 00 64 00 0e
    number zero   length unit function and data

The number ties an answer to its request, so an answer that comes too late is recognised by itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from devices.protocol.crc import sealed
from devices.protocol.frames import MAX_FRAME

REMEMBERED = 16
_HEAD = struct.Struct(">HHH")
# An answer of this connection: an RTU frame, or no frame and the age in seconds of one that came too late, or neither
# for a number that was never given out.
Answer = tuple[bytes, float | None]


class BadStream(ValueError):
    """Bytes that can't be Modbus TCP; where the next frame begins is unknown."""


class Numbered:
    """One connection: gives out numbers, recognises them. ``wrap`` and ``unwrap`` are the only doors."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._number = clock, 0
        self._sent: dict[int, float] = {}  # number -> when, of the last requests
        self._part = b""

    def wrap(self, frame: bytes) -> bytes:
        """An RTU request as the gateway wants it; only the newest one may still be answered."""
        self._number = self._number % 0xFFFF + 1
        self._sent[self._number] = self._clock()
        if len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return _HEAD.pack(self._number, 0, len(frame) - 2) + frame[:-2]

    def unwrap(self, data: bytes) -> list[Answer]:
        """Complete answers in these and earlier bytes. Raises BadStream."""
        self._part += data
        answers: list[Answer] = []
        while len(self._part) >= _HEAD.size:
            number, zero, length = _HEAD.unpack_from(self._part)
            if zero or not 3 <= length <= MAX_FRAME:
                raise BadStream(f"a frame of protocol {zero} and length {length}")
            end = _HEAD.size + length
            if len(self._part) < end:
                break
            body, self._part = self._part[_HEAD.size : end], self._part[end:]
            answers.append(self._judged(number, body))
        return answers

    def _judged(self, number: int, body: bytes) -> Answer:
        sent_at = self._sent.pop(number, None)
        if sent_at is None:
            return b"", None
        return (sealed(body), None) if number == self._number else (b"", self._clock() - sent_at)
