"""Simulated lines: DTUs that dial in, and a serial bus on a pseudo-terminal. Bytes in, answers out."""

from __future__ import annotations

import asyncio
import os
import tty
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devices.line.transports import ByteProtocol
from devices.protocol import ddp
from devices.protocol.frames import MAX_FRAME, Block, Request, request_at, write_answer
from devices.simulator.faults import OF_THE_BOARD, OF_THE_LINE, FaultSwitches
from devices.simulator.slave import Slave


class Bus:
    """Units behind one wire. Answers go out in order, one at a time, with turnaround and the bus's bit rate.

    ``pace`` multiplies these times: 1 as in the field, 0 at once. ``rtt_s``: what the mobile network adds to an answer,
    from half of it to one and a half, never out of order.
    """

    __slots__ = (
        "_buffer", "_dice", "_free_at", "_out_at", "_unit_bytes", "answered", "before", "faults", "held", "name",
        "pace", "registration", "rtt_s", "slaves", "write",
    )  # fmt: skip

    def __init__(
        self, name: str, slaves: list[Slave], faults: FaultSwitches, pace: float = 1.0, rtt_s: float = 0.0
    ) -> None:
        self.name, self.slaves, self.faults, self.pace = name, {s.unit: s for s in slaves}, faults, pace
        self.write: Callable[[bytes], None] | None = None
        self.answered = 0
        self.before = self.registration = b""  # what the DTU puts in front of every packet; what it says first
        self.held: list[bytes] = []  # answers kept while there was no connection, for a DTU that replays
        self._unit_bytes = slaves[0].profile.limits.unit_bytes if slaves else 1
        self._buffer = b""
        self._free_at = self._out_at = 0.0
        self.rtt_s = rtt_s
        self._dice = zlib.crc32(f"{faults.seed} {name}".encode())  # a generator each would be 2.5 KiB a line

    def received(self, data: bytes) -> None:
        self._buffer = (self._buffer + data)[-2 * MAX_FRAME :]
        at = 0
        while at + 8 <= len(self._buffer):
            found = request_at(self._buffer, at, self._unit_bytes)
            if found is None:
                at += 1
                continue
            self._asked(found[0])
            self._buffer, at = self._buffer[at + found[1] :], 0

    def _asked(self, request: Request) -> None:
        slave = self.slaves.get(request.unit)
        if slave is None or self.faults.strikes(self.name, "half_open"):
            return
        place = f"{self.name}/{request.unit}"
        slave.broken = self.faults.broken_sensors(place)
        answer = self._answer(slave, request, place)
        serial = slave.profile.serial
        on_wire = (8 + len(answer)) * 10 / serial.baud + serial.turnaround_ms / 1000
        loop = asyncio.get_running_loop()
        due = max(loop.time(), self._free_at) + self.pace * on_wire
        for delay, part in self.faults.sends(place, request, answer, self.registration):
            due += delay
            self._out_at = max(self._out_at, due + self._on_the_air())
            loop.call_at(self._out_at, self._send, part)
        self._free_at = due

    def _on_the_air(self) -> float:
        """Seconds this piece needs through the mobile network."""
        if not self.rtt_s:
            return 0.0
        self._dice = (self._dice * 1_664_525 + 1_013_904_223) % 2**32
        return self.pace * self.rtt_s * (0.5 + self._dice / 2**32)

    def _answer(self, slave: Slave, request: Request, place: str) -> bytes:
        wrong = self.faults.strikes(place, *OF_THE_BOARD)
        if wrong == "map_off_by_one" and not request.is_write and request.addr + request.count < 0xFFFF:
            beside = Request(request.unit, request.code, request.addr + 1, request.count, unit_bytes=request.unit_bytes)
            return slave.answer(beside)
        if wrong == "write_not_applied" and request.is_write:
            return write_answer(request)
        return slave.answer(request)

    def _send(self, data: bytes) -> None:
        if self.write:
            self.answered += 1
            self.write(self.before + data)
        elif self.faults.strikes(self.name, "replay"):
            self.held = [*self.held[-20:], data]


@dataclass(frozen=True)
class Manner:
    """How a DTU speaks: what it says first, when idle, and around every packet (``once``, ``prefix``, ``ddp``)."""

    packet: bytes
    heartbeat: bytes = b"ping"
    mode: str = "once"
    dtu_id: str = ""

    def wrapped(self, data: bytes) -> bytes:
        return ddp.frame(ddp.DATA, self.dtu_id, data) if self.mode == "ddp" else data


class DialledIn:
    """A DTU: dials the hub, says who it is, sends heartbeats, dials again when the line breaks."""

    def __init__(
        self, bus: Bus, packet: bytes | Manner, heartbeat: bytes = b"ping", heartbeat_s: float = 30.0,
        redial_s: float = 2.0,
    ) -> None:  # fmt: skip
        self.bus = bus
        self.manner = packet if isinstance(packet, Manner) else Manner(packet, heartbeat)
        self.heartbeat_s, self.redial_s = heartbeat_s, redial_s
        self.connects = 0
        self._twin: asyncio.Transport | None = None

    async def run(self, host: str, port: int) -> None:
        """Until cancelled. The pause between dials doubles up to 30 seconds while nobody answers."""
        pause = self.redial_s
        while True:
            try:
                if self._fault() != "outage":
                    await self._session(host, port, asyncio.Event())
                pause = self.redial_s
            except OSError:
                pause = min(30.0, 2 * pause)
            await asyncio.sleep(pause)

    async def _session(self, host: str, port: int, gone: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        stream = ddp.Unwrapper()
        received = (lambda data: self._unwrap(stream, data)) if self.manner.mode == "ddp" else self.bus.received
        made = await loop.create_connection(lambda: ByteProtocol(received, gone.set), host, port)
        transport = made[0]
        self._open(transport)
        try:
            await self._beat(host, port, transport, gone)
        finally:
            self.bus.write = None
            transport.close()
            if self._twin:
                self._twin.abort()
                self._twin = None

    def _open(self, transport: asyncio.Transport) -> None:
        self.connects += 1
        self.bus.registration = self.manner.packet
        self.bus.before = self.manner.packet if self.manner.mode == "prefix" else b""
        fault = self._fault()
        if fault != "never_registers":
            transport.write(b"REG:stranger-0001\r\n" if fault == "unknown_id" else self.manner.packet)
        self.bus.write = lambda data: self._answered(transport, data)
        held, self.bus.held = self.bus.held, []
        for data in held:
            transport.write(self.manner.wrapped(data))

    def _answered(self, transport: asyncio.Transport, data: bytes) -> None:
        if self._fault() == "reset_in_answer":
            transport.write(data[: len(data) // 2])
            transport.abort()
        else:
            transport.write(self.manner.wrapped(data))

    async def _beat(self, host: str, port: int, transport: asyncio.Transport, gone: asyncio.Event) -> None:
        """Heartbeats until the line is gone; what the unit does wrong by itself happens with them."""
        over = asyncio.ensure_future(gone.wait())
        try:
            while True:
                # Not wait_for nor timeout: they swallow a stop, or make one, where both come in the same moment.
                await asyncio.wait({over}, timeout=self.heartbeat_s)
                fault = self._fault()
                if gone.is_set() or fault in ("redial", "replay", "outage"):
                    return
                if fault == "duplicate_id" and self._twin is None:
                    await self._dial_twin(host, port)
                if fault == "auto_query":
                    transport.write(self.manner.wrapped(self._unasked()))
                if fault != "half_open":
                    transport.write(self.manner.heartbeat)
        finally:
            over.cancel()

    async def _dial_twin(self, host: str, port: int) -> None:
        """Another unit with the same id, which answers nothing."""
        loop = asyncio.get_running_loop()
        made = await loop.create_connection(lambda: ByteProtocol(lambda data: None, lambda: None), host, port)
        self._twin = made[0]
        self._twin.write(self.manner.packet)

    def _unasked(self) -> bytes:
        """The answer to a question the unit puts to its bus by itself."""
        slave = next(iter(self.bus.slaves.values()))
        point = next(p for p in slave.profile.points.values() if p.table in "hi")
        wide = slave.profile.limits.unit_bytes
        return slave.answer(Block(point.table, point.addr, 1).read(slave.unit, wide))

    def _unwrap(self, stream: ddp.Unwrapper, data: bytes) -> None:
        for kind, inner in stream.feed(data):
            if kind == ddp.TO_UNIT:
                self.bus.received(inner)

    def _fault(self) -> str:
        return self.bus.faults.strikes(self.bus.name, *OF_THE_LINE)


class PseudoSerial:
    """A serial bus as a pseudo-terminal; ``link`` becomes a symbolic link to the end the hub opens."""

    def __init__(self, bus: Bus, link: Path) -> None:
        self.bus, self.link = bus, link
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)  # stays open here, so that the hub may open and close its end as it likes
        self.path = os.ttyname(self._slave)

    def open(self) -> None:
        loop = asyncio.get_running_loop()
        os.set_blocking(self._master, False)
        loop.add_reader(self._master, self._readable)
        self.bus.write = self._write
        self.link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.link.with_name(self.link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.path)
        fresh.replace(self.link)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        self.bus.write = None
        os.close(self._master)
        os.close(self._slave)
        if self.link.is_symlink() and self.link.readlink() == Path(self.path):
            self.link.unlink()

    def _readable(self) -> None:
        try:
            self.bus.received(os.read(self._master, 4096))
        except BlockingIOError:
            return

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return  # nobody reads: a real bus loses the bytes as well
