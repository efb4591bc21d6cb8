"""Simulated lines: DTUs that dial in, and a serial bus on a pseudo-terminal. Bytes in, answers out."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path

from devices.line.transports import ByteProtocol
from devices.protocol.frames import MAX_FRAME, Request, request_at
from devices.simulator.faults import FaultSwitches
from devices.simulator.slave import Slave


class Bus:
    """Units behind one wire. Answers go out in order, one at a time, with turnaround and the bus's bit rate.

    ``pace`` multiplies these times: 1 as in the field, 0 at once.
    """

    def __init__(self, name: str, slaves: list[Slave], faults: FaultSwitches, pace: float = 1.0) -> None:
        self.name, self.slaves, self.faults, self.pace = name, {s.unit: s for s in slaves}, faults, pace
        self.write: Callable[[bytes], None] | None = None
        self.answered = 0
        self._buffer = b""
        self._free_at = 0.0

    def received(self, data: bytes) -> None:
        self._buffer = (self._buffer + data)[-2 * MAX_FRAME :]
        at = 0
        while at + 8 <= len(self._buffer):
            found = request_at(self._buffer, at)
            if found is None:
                at += 1
                continue
            self._asked(found[0])
            self._buffer, at = self._buffer[at + found[1] :], 0

    def _asked(self, request: Request) -> None:
        slave = self.slaves.get(request.unit)
        if slave is None:
            return
        place = f"{self.name}/{request.unit}"
        slave.broken = self.faults.broken_sensors(place)
        answer = slave.answer(request)
        serial = slave.profile.serial
        on_wire = (8 + len(answer)) * 10 / serial.baud + serial.turnaround_ms / 1000
        loop = asyncio.get_running_loop()
        due = max(loop.time(), self._free_at) + self.pace * on_wire
        for delay, part in self.faults.sends(place, request, answer):
            due += delay
            loop.call_at(due, self._send, part)
        self._free_at = due

    def _send(self, data: bytes) -> None:
        if self.write:
            self.answered += 1
            self.write(data)


class DialledIn:
    """A DTU: dials the hub, says who it is, sends heartbeats, dials again when the line breaks."""

    def __init__(self, bus: Bus, packet: bytes, heartbeat: bytes, heartbeat_s: float = 30.0, redial_s: float = 2.0):
        self.bus, self.packet, self.heartbeat = bus, packet, heartbeat
        self.heartbeat_s, self.redial_s = heartbeat_s, redial_s
        self.connects = 0

    async def run(self, host: str, port: int) -> None:
        """Until cancelled. The pause between dials doubles up to 30 seconds while nobody answers."""
        pause = self.redial_s
        while True:
            try:
                await self._session(host, port, asyncio.Event())
                pause = self.redial_s
            except OSError:
                pause = min(30.0, 2 * pause)
            await asyncio.sleep(pause)

    async def _session(self, host: str, port: int, gone: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        made = await loop.create_connection(lambda: ByteProtocol(self.bus.received, gone.set), host, port)
        transport = made[0]
        self.bus.write = transport.write
        self.connects += 1
        try:
            transport.write(self.packet)
            while not gone.is_set():
                try:
                    async with asyncio.timeout(self.heartbeat_s):  # wait_for may swallow a stop as the line breaks
                        await gone.wait()
                except TimeoutError:
                    transport.write(self.heartbeat)
        finally:
            self.bus.write = None
            transport.close()


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
