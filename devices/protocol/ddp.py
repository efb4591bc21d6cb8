"""DDP frames, as some 4G units wrap every packet: bytes only.

7B type length(2, whole frame) id(11 digits) data 7B        from the unit: 01 registers, 09 carries data
                                                            to the unit: 81 registered, 89 carries data
"""

from __future__ import annotations

import struct

ID_BYTES, EMPTY = 11, 16
MARK = 0x7B
REGISTER, DATA, REGISTERED, TO_UNIT = 0x01, 0x09, 0x81, 0x89
MAX_DATA = 1024


def frame(kind: int, dtu_id: str, data: bytes = b"") -> bytes:
    return struct.pack(">BBH", MARK, kind, EMPTY + len(data)) + dtu_id.encode("ascii") + data + bytes([MARK])


class Unwrapper:
    """The stream of one unit: ``feed`` gives (kind, data) of every whole frame; foreign bytes are skipped."""

    def __init__(self) -> None:
        self._part = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        self._part += data
        found: list[tuple[int, bytes]] = []
        while True:
            start = self._part.find(bytes([MARK]))
            self._part = b"" if start < 0 else self._part[start:]
            if len(self._part) < 4:
                return found
            kind, length = self._part[1], int.from_bytes(self._part[2:4], "big")
            if not (1 <= kind & 0x7F <= 0x10 and EMPTY <= length <= EMPTY + MAX_DATA):
                self._part = self._part[1:]
            elif len(self._part) < length:
                return found
            elif self._part[length - 1] != MARK:
                self._part = self._part[1:]
            else:
                found.append((kind, self._part[4 + ID_BYTES : length - 1]))
                self._part = self._part[length:]
