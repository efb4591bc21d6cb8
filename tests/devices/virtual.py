"""A line in virtual time: a clock that jumps, a heap of events, a far end whose registers hold their own address."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from devices.line.busline import BusLine
from devices.line.rules import LineRules, Outcome
from devices.protocol.frames import Request, read_answer, request_at, write_answer

RULES = LineRules(timeout_s=0.3, ceiling_s=5.0, late_s=10.0, settle_s=0.0)


class World:
    """Clock and events. `run` plays events in order of time until ``until`` says stop or none are left."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def at(self, when: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._number), call))

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        while self._events and not until():
            when, _, call = heapq.heappop(self._events)
            self.now = max(self.now, when)
            call()

    def run_for(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.run_one()
        self.now = end

    def run_one(self) -> None:
        when, _, call = heapq.heappop(self._events)
        self.now = max(self.now, when)
        call()


class VirtualTimer:
    def __init__(self, world: World, line: BusLine) -> None:
        self._world, self._line = world, line

    def arm(self, due: float) -> None:
        self._world.at(due, self._line.tick)


class VirtualWire:
    """Hands every request to ``far_end``; remembers the frames."""

    def __init__(self, far_end: Callable[[Request], None]) -> None:
        self.far_end, self.frames, self.closed = far_end, list[bytes](), False

    def write(self, data: bytes) -> None:
        self.frames.append(data)
        found = request_at(data)
        assert found and found[1] == len(data), f"not one whole request: {data.hex()}"
        self.far_end(found[0])

    def close(self) -> None:
        self.closed = True


def make_line(
    world: World,
    far_end: Callable[[Request], None],
    rules: LineRules = RULES,
    kind: type[BusLine] = BusLine,
    heartbeats: tuple[bytes, ...] = (b"ping", b"www.usr.cn", b"\x01\x03\x04"),
) -> tuple[BusLine, VirtualWire]:
    """A connected and settled line."""
    line = kind(lambda: world.now, lambda one: VirtualTimer(world, one), rules, heartbeats)
    wire = VirtualWire(far_end)
    line.attach(wire)
    world.run_for(rules.settle_s)
    return line, wire


def right_registers(request: Request) -> tuple[int, ...]:
    return tuple((request.addr + i + 1000 * request.unit) & 0xFFFF for i in range(request.count))


def right_answer(request: Request) -> bytes:
    return write_answer(request) if request.is_write else read_answer(request, right_registers(request))


def ask(world: World, line: BusLine, request: Request) -> Outcome:
    """Submit and play the world until the request has ended."""
    ended: list[Outcome] = []
    line.submit(request, ended.append)
    world.run(lambda: bool(ended))
    assert ended, "the request never ended"
    return ended[0]
