"""Modbus-RTU frames: build and read requests and answers; no sockets, no clock.

An answer is recognised by its *head*, the bytes that are known before it arrives:

* read (1-4): unit, function, byte count
* write (5, 6, 15, 16): unit, function, address, value or count: the exact echo
* exception: unit, function | 0x80 (the code follows)

RTU has no transaction number, so this head is all that ties an answer to its request.

A unit number takes one byte. Some boards have a field of two (high byte first): then ``unit_bytes`` is 2 on every
request to them and on everything that reads their answers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache

from devices.protocol.crc import crc16, sealed
from devices.protocol.plain import PlainAnswer

READ_CODES = {"c": 1, "d": 2, "h": 3, "i": 4}
TABLES = {code: table for table, code in READ_CODES.items()}
TABLE_NAMES = {"c": "coils", "d": "discrete inputs", "h": "holding registers", "i": "input registers"}
MAX_REGISTERS = 125
MAX_WRITE_REGISTERS = 123
MAX_BITS = 2000
MAX_FRAME = 256
MAX_UNIT = {1: 247, 2: 65535}
_WORDS = tuple(struct.Struct(f">{n}H").unpack_from for n in range(MAX_REGISTERS + 1))

EXCEPTIONS = {
    1: "function not supported",
    2: "address does not exist",
    3: "value not allowed",
    4: "device failure",
    5: "accepted, still working",
    6: "busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target did not respond",
}


class BadRequest(ValueError):
    """A request that must not go on a line; the message says which value and what is allowed."""


@dataclass(frozen=True, order=True)
class Block:
    """A run of registers of one table: ``h`` holding, ``i`` input, ``c`` coils, ``d`` discrete inputs."""

    table: str
    addr: int
    count: int

    def __post_init__(self) -> None:
        if self.table not in READ_CODES:
            raise BadRequest(f"table {self.table!r} is not one of h, i, c, d")
        _check_span(self.addr, self.count, MAX_BITS if self.table in "cd" else MAX_REGISTERS)

    @property
    def end(self) -> int:
        """One past the last address."""
        return self.addr + self.count

    def read(self, unit: int, unit_bytes: int = 1) -> Request:
        """The request that reads it; the same object again for the same unit, because thousands share one block."""
        return _read(self, unit, unit_bytes)


@lru_cache(maxsize=16384)
def block_at(table: str, addr: int, count: int) -> Block:
    """A block, made and checked once."""
    return Block(table, addr, count)


@dataclass(frozen=True)
class Request:
    """One request to one unit. ``values`` only for writes: one for function 6, ``count`` for 16."""

    unit: int
    code: int
    addr: int
    count: int = 1
    values: tuple[int, ...] = ()
    unit_bytes: int = 1

    def __post_init__(self) -> None:
        if self.unit_bytes not in MAX_UNIT:
            raise BadRequest(f"a unit field of {self.unit_bytes!r} bytes is not one of 1 and 2")
        most = MAX_UNIT[self.unit_bytes]
        if type(self.unit) is not int or not 1 <= self.unit <= most:
            raise BadRequest(f"unit {self.unit!r} is outside 1-{most}")
        if self.code in (1, 2):
            _check_span(self.addr, self.count, MAX_BITS)
        elif self.code in (3, 4):
            _check_span(self.addr, self.count, MAX_REGISTERS)
        elif self.code in (6, 16):
            self._check_write()
        else:
            raise BadRequest(f"function {self.code} is not one of 1, 2, 3, 4, 6, 16")

    def _check_write(self) -> None:
        _check_span(self.addr, self.count, 1 if self.code == 6 else MAX_WRITE_REGISTERS)
        if len(self.values) != self.count:
            raise BadRequest(f"{len(self.values)} values for {self.count} registers")
        wrong = [v for v in self.values if not 0 <= v <= 0xFFFF]
        if wrong:
            raise BadRequest(f"register value {wrong[0]} is outside 0-65535")

    @property
    def is_write(self) -> bool:
        return self.code in (6, 16)

    @cached_property
    def frame(self) -> bytes:
        """The bytes of the request with CRC."""
        unit = self.unit.to_bytes(self.unit_bytes, "big")
        if self.code == 6:
            return sealed(unit + struct.pack(">BHH", 6, self.addr, self.values[0]))
        body = unit + struct.pack(">BHH", self.code, self.addr, self.count)
        if self.code == 16:
            body += bytes([2 * self.count]) + struct.pack(f">{self.count}H", *self.values)
        return sealed(body)

    @cached_property
    def byte_count(self) -> int:
        """Data bytes of the answer to a read."""
        return (self.count + 7) // 8 if self.code in (1, 2) else 2 * self.count

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the only answer that counts."""
        known = self.unit_bytes + (5 if self.is_write else 1)
        return self.frame[:known] if self.is_write else self.frame[:known] + bytes([self.byte_count])

    @cached_property
    def exception_head(self) -> bytes:
        return self.frame[: self.unit_bytes] + bytes([self.code | 0x80])

    @cached_property
    def answer_size(self) -> int:
        return self.unit_bytes + (7 if self.is_write else 4 + self.byte_count)

    def exception_in(self, answer: bytes) -> int:
        """The exception code of a matched answer; 0 when it is none."""
        return answer[self.unit_bytes + 1] if answer[self.unit_bytes] & 0x80 else 0

    @cached_property
    def plain(self) -> PlainAnswer | None:
        """The quick way to look for the answer; None where the request doesn't read registers."""
        return PlainAnswer(self.frame, self.head, self.count) if self.code in (3, 4) else None

    def registers(self, answer: bytes) -> tuple[int, ...]:
        """Values of a matched read answer: registers 0-65535, or coils as 0 and 1; empty for a write."""
        if self.is_write:
            return ()
        start = self.unit_bytes + 2
        if self.code in (3, 4):
            return _WORDS[self.count](answer, start)
        bits = int.from_bytes(answer[start:-2], "little")
        return tuple(bits >> i & 1 for i in range(self.count))


@lru_cache(maxsize=16384)
def _read(block: Block, unit: int, unit_bytes: int) -> Request:
    return Request(unit, READ_CODES[block.table], block.addr, block.count, unit_bytes=unit_bytes)


def _check_span(addr: int, count: int, most: int) -> None:
    if type(addr) is not int or type(count) is not int:
        raise BadRequest(f"address {addr!r} and count {count!r} must be whole numbers")
    if not 1 <= count <= most:
        raise BadRequest(f"count {count} is outside 1-{most}")
    if not 0 <= addr <= 0x10000 - count:
        raise BadRequest(f"addresses {addr} to {addr + count - 1} are outside 0-65535")


def answer_at(buffer: bytes, at: int, unit_bytes: int = 1) -> tuple[bytes, int] | None:
    """(head, size) of a complete well-formed answer that starts at ``at``; None when there is none."""
    place = at + unit_bytes  # of the function code
    if len(buffer) - place < 4:
        return None
    code = buffer[place]
    if 0x81 <= code <= 0x90:
        known, size = 1, unit_bytes + 4
    elif 1 <= code <= 4:
        known, size = 2, unit_bytes + 4 + buffer[place + 1]
    elif code in (5, 6, 15, 16):
        known, size = 5, unit_bytes + 7
    else:
        return None
    if len(buffer) - at < size or crc16(buffer[at : at + size]):
        return None
    return buffer[at : place + known], size


# --- the other side of the wire: what a unit reads and answers (simulator, tests) ---


def request_at(buffer: bytes, at: int = 0, unit_bytes: int = 1) -> tuple[Request, int] | None:
    """(request, size) of a complete well-formed request at ``at``; None when more bytes are needed or none is."""
    place = at + unit_bytes
    if len(buffer) - place < 7:
        return None
    code, addr, count = struct.unpack_from(">BHH", buffer, place)
    size = unit_bytes + (8 + buffer[place + 5] if code == 16 else 7)
    if not 1 <= code <= 16 or len(buffer) - at < size or crc16(buffer[at : at + size]):
        return None
    try:
        unit = int.from_bytes(buffer[at:place], "big")
        return _request(buffer[place : at + size], unit, code, addr, count, unit_bytes), size
    except BadRequest:
        return None


def _request(body: bytes, unit: int, code: int, addr: int, count: int, unit_bytes: int) -> Request:
    """``body`` begins with the function code."""
    if code == 6:
        return Request(unit, code, addr, 1, (count,), unit_bytes)
    if code == 16:
        if body[5] != 2 * count:
            raise BadRequest("byte count does not fit the register count")
        return Request(unit, code, addr, count, struct.unpack_from(f">{count}H", body, 6), unit_bytes)
    return Request(unit, code, addr, count, unit_bytes=unit_bytes)


def read_answer(request: Request, values: tuple[int, ...]) -> bytes:
    """What a healthy unit sends back for a read; ``values`` as long as the request asks."""
    if request.code in (1, 2):
        bits = sum((v & 1) << i for i, v in enumerate(values))
        data = bits.to_bytes((len(values) + 7) // 8, "little")
    else:
        data = struct.pack(f">{len(values)}H", *values)
    return sealed(request.frame[: request.unit_bytes] + bytes([request.code, len(data)]) + data)


def write_answer(request: Request) -> bytes:
    return sealed(request.head)


def exception_answer(unit: int, code: int, exception: int, unit_bytes: int = 1) -> bytes:
    return sealed(unit.to_bytes(unit_bytes, "big") + bytes([code | 0x80, exception]))
