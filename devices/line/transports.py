"""Sockets and serial ports under a `BusLine`: asyncio and the standard library, pyserial for port settings."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import serial

from devices.line.busline import BusLine
from devices.line.reactor import Reactor, dial, keep_alive
from devices.protocol.mbap import BadStream, Numbered

_SCRATCH = bytearray(4096)
_VIEW = memoryview(_SCRATCH)


class ByteProtocol(asyncio.BufferedProtocol):
    """Feeds bytes of a stream to ``receive`` without a new buffer per segment (one shared, copied out at once)."""

    __slots__ = ("lost", "receive", "transport")

    def __init__(self, receive: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self.receive, self.lost = receive, lost
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        keep_alive(transport.get_extra_info("socket"))

    def get_buffer(self, sizehint: int) -> memoryview:
        return _VIEW

    def buffer_updated(self, nbytes: int) -> None:
        self.receive(bytes(_VIEW[:nbytes]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.lost()


async def open_tcp(line: BusLine, reactor: Reactor, host: str, port: int, timeout_s: float = 5.0) -> None:
    """Connect RTU over TCP and attach it; OSError or TimeoutError when it can't be reached."""
    sock = await dial(host, port, timeout_s)
    line.attach(reactor.add(sock, line.received, line.detach))


class GatewayWire:
    """A Modbus TCP gateway as the wire of a line: RTU frames on our side, numbered ones on the gateway's."""

    def __init__(self, line: BusLine, reactor: Reactor, sock: socket.socket) -> None:
        self._line, self._numbers = line, Numbered(time.monotonic)
        self._stream = reactor.add(sock, self._received, line.detach)

    def write(self, data: bytes) -> None:
        self._stream.write(self._numbers.wrap(data))

    def close(self) -> None:
        self._stream.close()

    def _received(self, data: bytes) -> None:
        try:
            answers = self._numbers.unwrap(data)
        except BadStream:
            self.close()  # where the next frame begins can't be known any more
            return
        for frame, age_s in answers:
            if frame:
                self._line.received(frame)
            elif age_s is None:
                self._line.foreign_answer()
            else:
                self._line.late_answer(age_s)


async def open_gateway(line: BusLine, reactor: Reactor, host: str, port: int, timeout_s: float = 5.0) -> None:
    """Connect a Modbus TCP gateway and attach it; its line needs rules that are ``numbered``. Errors as `open_tcp`."""
    line.attach(GatewayWire(line, reactor, await dial(host, port, timeout_s)))


class SerialWire:
    """A serial port (or pseudo-terminal) as the wire of a line; opened exclusively."""

    def __init__(self, line: BusLine, settings: SerialUrl, folder: Path) -> None:
        self._line, self._loop = line, asyncio.get_running_loop()
        self._port: serial.Serial | None = serial.Serial(
            str(folder / settings.path),
            baudrate=settings.baud,
            parity=settings.parity,
            stopbits=settings.stop,
            timeout=0,
            write_timeout=0,
            exclusive=True,
        )
        self._loop.add_reader(self._port.fileno(), self._readable)

    def write(self, data: bytes) -> None:
        try:
            if self._port is None or os.write(self._port.fileno(), data) != len(data):
                self.close()
        except OSError:
            self.close()

    def close(self) -> None:
        if self._port is None:
            return
        port, self._port = self._port, None
        self._loop.remove_reader(port.fileno())
        port.close()
        # Never from inside write(): the line is in the middle of sending.
        self._loop.call_soon(self._line.detach)

    def _readable(self) -> None:
        assert self._port
        try:
            data = os.read(self._port.fileno(), 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._line.received(data)
        else:
            self.close()


class SerialUrl:
    """``/dev/ttyS0?baud=9600&parity=N&stop=1&gap_ms=30``; ValueError says which part is wrong."""

    def __init__(self, text: str) -> None:
        self.path, _, query = text.partition("?")
        given = {key: values[-1] for key, values in parse_qs(query).items()}
        unknown = set(given) - {"baud", "parity", "stop", "gap_ms"}
        if not self.path or unknown:
            raise ValueError(f"serial line {text!r}: wanted <path>?baud=9600&parity=N&stop=1&gap_ms=30")
        self.baud, self.stop = int(given.get("baud", 9600)), int(given.get("stop", 1))
        self.parity, self.gap_ms = given.get("parity", "N"), int(given.get("gap_ms", 0))
        if not 0 <= self.gap_ms <= 1000:
            raise ValueError(f"serial line {text!r}: gap_ms 0-1000")
        if self.parity not in "NEO" or self.stop not in (1, 2) or not 300 <= self.baud <= 921600:
            raise ValueError(f"serial line {text!r}: baud 300-921600, parity N, E or O, stop 1 or 2")

    @property
    def gap_s(self) -> float:
        """3.5 characters of 11 bits, or what the board's profile wants; above 19200 baud at least 1.75 ms."""
        return max(0.00175, 3.5 * 11 / self.baud, self.gap_ms / 1000)


def open_serial(line: BusLine, settings: SerialUrl, folder: Path = Path()) -> None:
    """Open the port (a relative path is seen from ``folder``) and attach it.

    OSError (serial.SerialException is one) when it can't be opened or somebody else holds it.
    """
    line.attach(SerialWire(line, settings, folder))
