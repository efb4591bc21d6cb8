"""DTUs that all lose the network and dial in again in the same moment, on one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from devices.protocol.frames import Request, read_answer, request_at

FIRST_ID = 861_990_000_000_000
REDIAL_S, REPLAY_S = 0.1, 0.05


def values_of(number: int, request: Request) -> tuple[int, ...]:
    """Every board shows other values, so that an answer of another line would be seen."""
    return tuple((31 * number + 7 * (request.addr + i)) & 0xFFFF for i in range(request.count))


class Dtu(asyncio.Protocol):
    """One connection of a DTU: says its id, answers in order. ``replayed`` is sent soon after the registration."""

    def __init__(self, number: int, storm: Storm, replayed: bytes) -> None:
        self.number, self.storm, self.replayed, self.strike = number, storm, replayed, storm.strikes
        self.silent, self.buffer, self.transport = False, b"", asyncio.Transport()  # until it is connected

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(f"{FIRST_ID + self.number:015d}".encode())
        if self.replayed:
            self.storm.loop.call_later(REPLAY_S, self._write, self.replayed)

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while found := request_at(self.buffer):
            request, size = found
            self.buffer = self.buffer[size:]
            if not self.silent:
                answer = read_answer(request, values_of(self.number, request))
                self.storm.loop.call_later(self.storm.turnaround_s, self._write, answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.silent:
            self.storm.redial(self.number)


class Storm:
    """``count`` DTUs. Of every seventh the old connection stays, dead; every fifth replays an answer it had held."""

    def __init__(self, port: int, count: int, seed: int, turnaround_s: float = 0.02) -> None:
        self.port, self.dice, self.turnaround_s = port, random.Random(seed), turnaround_s
        self.loop: asyncio.AbstractEventLoop
        self.lines: dict[int, Dtu] = {}
        self.dials, self.strikes, self.over, self._tasks = 0, 0, False, set[asyncio.Task[None]]()
        self._numbers = range(count)

    def start(self) -> None:
        for number in self._numbers:
            self._begin(number, b"", 0.0)

    def strike(self) -> None:
        """All at once: connections break in the middle of whatever is said on them, and all dial again at once."""
        self.strikes += 1
        for number, line in list(self.lines.items()):
            if number % 7 == 3:
                line.silent = True  # half-open: the hub learns nothing, the DTU dials anew
                self._begin(number, b"", 0.0)
            else:
                line.transport.abort()

    @property
    def renewed(self) -> int:
        """How many DTUs have dialled in anew since the last strike and are still connected."""
        lines = list(self.lines.values())
        return sum(line.strike == self.strikes and not line.transport.is_closing() for line in lines)

    def redial(self, number: int) -> None:
        if not self.over:
            old = Request(1, 3, 100, 4)
            replayed = read_answer(old, (9, 9, 9, 9)) if number % 5 == 2 else b""
            self._begin(number, replayed, self.dice.uniform(0, REDIAL_S))

    def _begin(self, number: int, replayed: bytes, pause_s: float) -> None:
        task = self.loop.create_task(self._dial(number, replayed, pause_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _dial(self, number: int, replayed: bytes, pause_s: float) -> None:
        if pause_s:
            await asyncio.sleep(pause_s)
        self.dials += 1
        made = Dtu(number, self, replayed)
        try:
            await self.loop.create_connection(lambda: made, "127.0.0.1", self.port)
        except OSError:
            self.redial(number)
        else:
            self.lines[number] = made


@contextmanager
def storm(port: int, count: int, seed: int) -> Iterator[Storm]:
    """The DTUs, dialling in."""
    made, ready = Storm(port, count, seed), threading.Event()
    stop = asyncio.Event()

    async def main() -> None:
        made.loop = asyncio.get_running_loop()
        made.start()
        ready.set()
        await stop.wait()
        made.over = True
        for line in made.lines.values():
            line.transport.abort()
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield made
    finally:
        made.loop.call_soon_threadsafe(stop.set)
        thread.join(10)
