"""A simulated board: a register map after a profile over a house, answering RTU requests as a real one."""

from __future__ import annotations

from collections.abc import Callable

from devices.protocol.decoder import in_order
from devices.protocol.encoder import raw_of, words_of
from devices.protocol.frames import TABLES, Request, exception_answer, read_answer, write_answer
from devices.protocol.points import MODES
from devices.protocol.profiles import Profile, Write
from devices.simulator.house import House

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


class Slave:
    """One unit on a bus. ``clock`` gives epoch seconds; ``broken`` names points whose sensor is unplugged."""

    def __init__(self, unit: int, profile: Profile, house: House, clock: Callable[[], float]) -> None:
        self.unit, self.profile, self.house, self._clock = unit, profile, house, clock
        self.broken: frozenset[str] = frozenset()
        self._writes = {write.target.addr: write for write in profile.writes.values()}

    def answer(self, request: Request) -> bytes:
        """The frame a healthy board sends back, exceptions included."""
        self.house.advance(self._clock())
        if request.code in TABLES:
            return self._read(request)
        if request.code in (6, 16):
            return self._write(request)
        return exception_answer(self.unit, request.code, ILLEGAL_FUNCTION, request.unit_bytes)

    def _read(self, request: Request) -> bytes:
        table = TABLES[request.code]
        registers = self._registers(table)
        first, last = min(registers, default=0), max(registers, default=-1)
        end = request.addr + request.count
        in_hole = any(t == table and request.addr <= b and end > a for t, a, b in self.profile.limits.holes)
        if in_hole or request.addr < first or end - 1 > last:
            return exception_answer(self.unit, request.code, ILLEGAL_ADDRESS, request.unit_bytes)
        return read_answer(request, tuple(registers.get(addr, 0) for addr in range(request.addr, end)))

    def _registers(self, table: str) -> dict[int, int]:
        """The whole table as the board would show it now."""
        values = self.house.readings()
        values["mode"] = MODES.index(self.house.mode)
        registers: dict[int, int] = {}
        for point in self.profile.points.values():
            if point.table != table:
                continue
            raw = raw_of(point, None if point.name in self.broken else values[point.name])
            if point.bit is not None:
                registers[point.addr] = registers.get(point.addr, 0) | (raw & 1) << point.bit
            else:
                registers.update(zip(range(point.addr, point.end), words_of(point, raw), strict=True))
        return registers

    # --- writes ---

    def _write(self, request: Request) -> bytes:
        write = self._writes.get(request.addr)
        if write is None or request.count != write.target.length:
            return exception_answer(self.unit, request.code, ILLEGAL_ADDRESS, request.unit_bytes)
        raw = 0
        for word in in_order(list(request.values), write.target.words):
            raw = raw << 16 | word
        if not self._apply(write, raw):
            return exception_answer(self.unit, request.code, ILLEGAL_VALUE, request.unit_bytes)
        return write_answer(request)

    def _apply(self, write: Write, raw: int) -> bool:
        if write.name == "reset":
            self.house.fault = 0
            return raw == write.value
        if write.name in ("set_room_t", "set_water_t"):
            return self._set_temperature(write, raw)
        if write.name == "running":
            self.house.running = write.target.map.get(raw) != "off" if write.target.map else raw != 0
            return raw in (write.target.map or (0, 1))
        if raw in write.target.map:
            self.house.mode = write.target.map[raw]
        return raw in write.target.map

    def _set_temperature(self, write: Write, raw: int) -> bool:
        value = raw * write.target.scale
        if write.range and not write.range[0] <= value <= write.range[1]:
            return False
        setattr(self.house, "set_room_c" if write.name == "set_room_t" else "set_water_c", float(value))
        return True
